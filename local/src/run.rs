//! A pocket cloud that runs until the process is asked to end.

use std::sync::Arc;

use relay::clock::Clock;

use crate::admin::Live;
use crate::cloud::PocketCloud;
use crate::gateway::server::{self, Port};
use crate::schedule;

/// Serves these ports, runs the schedules, the streams and the queues, and lets rows expire, until Ctrl-C or SIGTERM. Then it calls
/// `closing`, and waits for the invocations that still run.
pub async fn run(cloud: &PocketCloud, ports: Vec<Port>, clock: Clock, closing: impl FnOnce()) {
    let schedules = tokio::spawn(schedule::run(cloud.schedules(), Arc::clone(&cloud.lambda), clock.clone()));
    let (services, lambda) = (Arc::clone(&cloud.services), Arc::clone(&cloud.lambda));
    let streams = tokio::spawn(async move { services.streams.run(&lambda, &services.faults).await });
    let (services, lambda) = (Arc::clone(&cloud.services), Arc::clone(&cloud.lambda));
    let queues = tokio::spawn(async move { services.queues.run(&lambda, &services.faults).await });
    let admin_ui = cloud.admin_ui.clone().map(|admin_ui| {
        let (gateway, watch) = (Arc::clone(&cloud.gateway), cloud.watch.clone());
        tokio::spawn(Live::new(admin_ui, gateway, watch, clock.clone()).run())
    });
    let expiring = tokio::spawn(schedule::expire(Arc::clone(&cloud.services), clock));
    let interrupted = async {
        stopped().await;
        closing();
        cloud.close();
    };
    server::serve(ports, Arc::clone(&cloud.gateway), interrupted).await;
    schedules.abort();
    streams.abort();
    queues.abort();
    expiring.abort();
    if let Some(admin_ui) = admin_ui {
        admin_ui.abort();
    }
    cloud.lambda.settled().await;
}

/// Waits for Ctrl-C, or until the process is asked to end.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// Prints a line for the user of a command line.
#[expect(clippy::print_stdout, reason = "what the user of a command line reads")]
pub fn say(text: &str) {
    println!("{text}");
}
