//! What runs by the clock: the schedules of template.yaml and the lifecycles of its buckets, as tokio intervals.

use std::sync::Arc;
use std::time::Duration;

use relay::clock::{Clock, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::connector::Services;
use crate::lambda::Lambda;
use crate::template::Schedule;

/// How often old objects are looked for. S3 does it once a day, but S3 is never switched off.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The event that EventBridge hands to a function that is scheduled for some time, with the members that functions
/// read.
#[must_use]
pub fn event(time: Timestamp) -> Value {
    json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "time": time.iso(), "detail": {}})
}

/// Runs the schedules, each when its interval begins by the clock, until the future is dropped. A turn that takes
/// longer than the interval delays the next one, but the next one still gets the time for which it was scheduled.
pub async fn run(schedules: Vec<(Schedule, String)>, lambda: Arc<Lambda>, clock: Clock) {
    let all = schedules.into_iter().map(|(schedule, name)| {
        let lambda = Arc::clone(&lambda);
        let clock = clock.clone();
        async move {
            let every = i64::try_from(schedule.every.as_millis()).unwrap_or(i64::MAX);
            let now = clock.now();
            let wait = every - now.millis().rem_euclid(every);
            let mut time = now.plus_millis(wait);
            let first = Instant::now() + Duration::from_millis(wait.unsigned_abs());
            let mut ticks = tokio::time::interval_at(first, schedule.every);
            loop {
                ticks.tick().await;
                lambda.run_scheduled(&name, event(time)).await;
                time = time.plus_millis(every);
            }
        }
    });
    futures_util::future::join_all(all).await;
}

/// Removes the objects that are too old, at once and each hour, until the future is dropped.
pub async fn expire(services: Arc<Services>, clock: Clock) {
    let mut ticks = tokio::time::interval(EXPIRY_INTERVAL);
    loop {
        ticks.tick().await;
        match services.storage.expire(clock.now()) {
            Ok(expired) => tracing::debug!(objects = expired.len(), "objects that were too old are removed"),
            Err(error) => tracing::warn!(%error, "objects that are too old cannot be removed"),
        }
    }
}
