//! `echo`: both echo applications, each on a pocket cloud and a free port of its own, until the process is ended.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use echo::{MAX_PAYLOAD_BYTES, TURN_MILLIS};
use local::cloud::{Options, PocketCloud, Storage};
use local::code::of_application;
use local::connector::Way;
use local::faults::Faults;
use local::gateway::server::{self, Port};
use local::gateway::{BinaryFrames, Settings};
use local::latency::Latency;
use local::schedule;
use local::template::Schedule;
use relay::application::Application;
use relay::clock::Clock;
use relay::ctx::Ctx;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let filter = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "warn".to_owned());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    tokio::try_join!(serve("engine.io", echo::messages), serve("socket.io", echo::sockets))?;
    Ok(())
}

async fn serve<A: Application>(name: &str, adapt: fn(&mut Ctx<A>)) -> Result<(), Failure> {
    let listener = server::listen((Ipv4Addr::LOCALHOST, 0).into())?;
    let origin = format!("http://{}", listener.local_addr()?);
    let isolation = std::env::var("PARLANCE_ISOLATION").unwrap_or_else(|_| "separate".to_owned());
    let cloud = PocketCloud::boot(Options {
        storage: Storage::Memory,
        media: None,
        origin: origin.clone(),
        parameters: BTreeMap::from([("HandlerIsolation".to_owned(), isolation)]),
        gateway: Settings {
            binary_frames: BinaryFrames::PassedOn,
            frame_bytes: MAX_PAYLOAD_BYTES,
            message_bytes: MAX_PAYLOAD_BYTES,
            existence_lag_millis: 0..=0,
            rate_limits: false,
            ..Settings::default()
        },
        clock: Clock::system(),
        clock_skew_millis: 0,
        retry_scale: 1.0,
        faults: Faults::default(),
        way: Way::default(),
        latency: Latency::default(),
        code: of_application,
        outside: None,
        adapt,
        bootstraps: None,
    });
    let cloud = cloud.await?;
    let port = Port { listener, stage_variables: BTreeMap::new(), rest: cloud.http.clone() };
    say(&format!("{name} {origin}"));
    let serving = server::serve([port], Arc::clone(&cloud.gateway), std::future::pending());
    let often =
        |(schedule, function)| (Schedule { every: Duration::from_millis(TURN_MILLIS.into()), ..schedule }, function);
    let schedules = cloud.schedules().into_iter().map(often).collect();
    tokio::join!(serving, schedule::run(schedules, Arc::clone(&cloud.lambda), Clock::system()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what tells the tests where to connect")]
fn say(text: &str) {
    println!("{text}");
}
