//! What runs by the clock: the schedules of template.yaml and the lifecycles of its buckets, as tokio intervals.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::clock::{Clock, Timestamp};

use crate::connector::Services;
use crate::lambda::Lambda;
use crate::template::Schedule;

/// How often objects are looked at that may be too old. S3 does it once a day, but is never switched off.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The event that EventBridge hands to a function that was to run at some time, as far as functions read it.
#[must_use]
pub fn event(time: Timestamp) -> Value {
    json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "time": time.iso(), "detail": {}})
}

/// Runs the schedules until the future is dropped. A turn that takes longer than the interval delays the next one.
pub async fn run(schedules: Vec<(Schedule, String)>, lambda: Arc<Lambda>, clock: Clock) {
    let all = schedules.into_iter().map(|(schedule, name)| {
        let lambda = Arc::clone(&lambda);
        let clock = clock.clone();
        async move {
            let mut ticks = tokio::time::interval(schedule.every);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                lambda.run_scheduled(&name, event(clock.now())).await;
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
