//! What runs by the clock: the schedules of template.yaml, as tokio intervals.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::lambda::Lambda;
use crate::template::Schedule;

/// The event that EventBridge hands to a scheduled function, as far as functions read it.
#[must_use]
pub fn event() -> Value {
    json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})
}

/// Runs the schedules until the future is dropped. A turn that takes longer than the interval delays the next one.
pub async fn run(schedules: Vec<(Schedule, String)>, lambda: Arc<Lambda>) {
    let all = schedules.into_iter().map(|(schedule, name)| {
        let lambda = Arc::clone(&lambda);
        async move {
            let mut ticks = tokio::time::interval(schedule.every);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                lambda.run_scheduled(&name, event()).await;
            }
        }
    });
    futures_util::future::join_all(all).await;
}
