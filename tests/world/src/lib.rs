//! The whole system for a test: started from template.yaml in memory, with clients that need no sockets and a clock
//! that the test moves.
//!
//! Each call does one thing, waits until nothing runs any more, and returns a transcript of everything that any client
//! received because of it. So a test asserts who receives nothing as well as who receives something.
//! `PARLANCE_ISOLATION`, `PARLANCE_GATEWAY_MODE` and `PARLANCE_AWS` choose how the system is built. With
//! `PARLANCE_BOOTSTRAPS`, the functions are processes of the bootstraps in that folder, each of which handles as many
//! events at once as `PARLANCE_EVENTS_AT_ONCE` says; a world whose clock flows, or with another application, has them in
//! this process also then.
//!
//! This file defines the [`World`] and creates it. Most other files add methods to it, each for one purpose. In reading
//! order:
//!
//! - `connect`: connects clients by WebSocket, joins namespaces, and closes.
//! - `polling`: connects clients by long-polling, and moves them to a WebSocket.
//! - `send`: sends frames and emits events.
//! - `rest`: makes REST requests.
//! - `time`: moves the clock, runs what is due, and waits until nothing runs.
//! - `recover`: loses clients, and lets them come back.
//! - `transcript`: what all clients received.
//! - `inspect`: what a test can ask about connections, costs and permissions.
//! - `contract`: checks what clients receive against the contracts of the dialects.
//! - `client`, `poller`: a client, and how it polls.
//! - `receiver`: the receiver of webhooks.
//! - `bootstraps`: the functions as processes.
//! - `errors`: what the system logs as an error.
#![expect(clippy::expect_used, clippy::panic, reason = "for tests: what is not as expected ends the test")]

mod bootstraps;
mod client;
mod connect;
mod contract;
mod errors;
mod inspect;
mod poller;
mod polling;
pub mod receiver;
mod recover;
mod rest;
pub mod roles;
mod send;
mod time;
mod transcript;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chat::{Chat, dialect};
use local::bootstraps::Bootstraps;
use local::cloud::{self, Options, PocketCloud, Storage};
use local::code::{CodeOf, of_application, of_chat};
use local::connector::Way;
use local::faults::Faults;
use local::gateway::{DisconnectFault, Mode, Settings};
use local::latency::Latency;
use local::template::Template;
use relay::application::Application;
use relay::clock::{Clock, Timestamp};
use relay::ctx::Ctx;

use crate::client::Client;
use crate::receiver::Receiver;

pub use crate::client::{Former, stock_request};

/// The time at which a world begins: 2026-01-02T03:04:05.006Z.
const BEGINNING: Timestamp = Timestamp::from_millis(1_767_323_045_006);

/// The origin at which a world would be reached over HTTP.
pub const ORIGIN: &str = "http://127.0.0.1:3000";

/// The templates that were read, by parameters. Reading one takes four times as long as the rest of creating a world.
static TEMPLATES: Mutex<BTreeMap<BTreeMap<String, String>, Template>> = Mutex::new(BTreeMap::new());

/// The system and its clients, by label.
pub struct World {
    /// The system.
    pub cloud: PocketCloud,
    /// The clock of the system.
    pub clock: Clock,
    /// The clients that are connected, by label.
    clients: BTreeMap<String, Client>,
    /// The receiver of webhooks.
    pub receiver: Receiver,
    /// What each client keeps of its last session, by label. It stays when the client is gone.
    sessions: BTreeMap<String, Former>,
    /// The number of frames that were posted by WebSocket since the last call of [`World::spent`].
    posts: u64,
    /// Whether the clock moves with tokio's time.
    flowing: bool,
    /// Whether functions may log errors.
    expects_errors: bool,
    /// The dialect of the root namespace, if the application is the chat. What clients receive is then checked against
    /// the contracts of the dialects.
    contract: Option<&'static str>,
}

/// The settings of time in a world.
struct Time {
    clock: Clock,
    /// Whether the clock moves with tokio's time.
    is_flowing: bool,
    /// The largest difference between the clocks of two functions, in milliseconds.
    skew_millis: i64,
}

impl World {
    /// Creates a world with template.yaml's own parameters.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Creates a world with some other parameters.
    pub async fn with(parameters: &[(&str, &str)]) -> Self {
        Self::with_disconnects(DisconnectFault::None, parameters).await
    }

    /// Creates a world with some other parameters, whose clock moves with tokio's time: leases and timeouts end by
    /// themselves in virtual time. [`World::later`] lets time pass.
    pub async fn with_flowing_clock(parameters: &[(&str, &str)]) -> Self {
        let time = Time { clock: Clock::flowing(BEGINNING), is_flowing: true, skew_millis: 0 };
        Self::boot_by(time, DisconnectFault::None, parameters, CHAT).await
    }

    /// Creates a world as [`World::with_flowing_clock`] does, with functions whose clocks differ by up to a second.
    pub async fn with_clocks_that_disagree(parameters: &[(&str, &str)]) -> Self {
        let time = Time { clock: Clock::flowing(BEGINNING), is_flowing: true, skew_millis: 1_000 };
        Self::boot_by(time, DisconnectFault::None, parameters, CHAT).await
    }

    /// Creates a world with some other parameters, and with a fault of each `$disconnect`.
    pub async fn with_disconnects(disconnect_fault: DisconnectFault, parameters: &[(&str, &str)]) -> Self {
        Self::boot(disconnect_fault, parameters).await
    }

    /// Creates a world with another application in place of the chat. `adapt` changes the context of each function.
    pub async fn with_application<A: Application>(adapt: fn(&mut Ctx<A>), parameters: &[(&str, &str)]) -> Self {
        let time = Time { clock: Clock::manual(BEGINNING), is_flowing: false, skew_millis: 0 };
        let deployed = Deployed { code: of_application, adapt, adapt_bootstraps: |_| {} };
        let mut world = Self::boot_by(time, DisconnectFault::None, parameters, deployed).await;
        world.contract = None;
        world
    }

    /// Creates a world with some other parameters. If functions are processes, `adapt` changes what they are like.
    pub async fn with_bootstraps(adapt: fn(&mut Bootstraps), parameters: &[(&str, &str)]) -> Self {
        let time = Time { clock: Clock::manual(BEGINNING), is_flowing: false, skew_millis: 0 };
        let deployed = Deployed { adapt_bootstraps: adapt, ..CHAT };
        Self::boot_by(time, DisconnectFault::None, parameters, deployed).await
    }

    async fn boot(disconnect_fault: DisconnectFault, parameters: &[(&str, &str)]) -> Self {
        let time = Time { clock: Clock::manual(BEGINNING), is_flowing: false, skew_millis: 0 };
        Self::boot_by(time, disconnect_fault, parameters, CHAT).await
    }

    async fn boot_by<A: Application>(
        Time { clock, is_flowing: flowing, skew_millis: clock_skew_millis }: Time,
        disconnect_fault: DisconnectFault,
        parameters: &[(&str, &str)],
        Deployed { code, adapt, adapt_bootstraps }: Deployed<A>,
    ) -> Self {
        errors::note();
        let is_chat = TypeId::of::<A>() == TypeId::of::<Chat>();
        // The errors of a world before this one in the same test are not this one's.
        drop(errors::take());
        let chosen = |name: &str| std::env::var(name).ok();
        let mut all = BTreeMap::new();
        if let Some(isolation) = chosen("PARLANCE_ISOLATION") {
            all.insert("HandlerIsolation".to_owned(), isolation);
        }
        all.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mode = match chosen("PARLANCE_GATEWAY_MODE").as_deref() {
            None | Some("serial") => Mode::Serial,
            Some("concurrent") => Mode::Concurrent,
            Some(other) => panic!("PARLANCE_GATEWAY_MODE is {other}, but must be serial or concurrent"),
        };
        let way = match chosen("PARLANCE_AWS").as_deref() {
            None | Some("direct") => Way::Direct,
            Some("sdk") => Way::Sdk,
            Some(other) => panic!("PARLANCE_AWS is {other}, but must be direct or sdk"),
        };
        // The SDK's waits before retries are drawn from this generator, and a run must be repeatable.
        fastrand::seed(0);
        let root = all.get("DefaultDialect").and_then(|name| dialect::named(name)).unwrap_or(dialect::FIRST);
        let gateway = Settings { mode, disconnect_fault, ..Settings::default() };
        let mut template = template(&all);
        roles::take_one(&mut template);
        let receiver = Receiver::default();
        let mut bootstraps = bootstraps::chosen(&clock, is_chat && !flowing);
        bootstraps.iter_mut().for_each(adapt_bootstraps);
        let options = Options {
            storage: Storage::Memory,
            media: None,
            origin: ORIGIN.to_owned(),
            parameters: all,
            gateway,
            clock: clock.clone(),
            clock_skew_millis,
            retry_scale: 0.0,
            faults: Faults::default(),
            way,
            latency: Latency::default(),
            code,
            outside: Some(receiver.connector()),
            adapt,
            bootstraps,
        };
        let cloud = PocketCloud::boot_from(template, options).await.expect("the system boots");
        let (clients, sessions) = (BTreeMap::new(), BTreeMap::new());
        let contract = Some(root.name);
        Self { cloud, clock, clients, receiver, sessions, posts: 0, flowing, expects_errors: false, contract }
    }

    fn client(&mut self, label: &str) -> &mut Client {
        self.clients.get_mut(label).unwrap_or_else(|| panic!("{label} is not connected"))
    }
}

impl Drop for World {
    /// If a test fails, prints the faults that had been injected, and the seed if they were random.
    #[expect(clippy::print_stderr, reason = "what whoever runs the test reads")]
    fn drop(&mut self) {
        roles::record(&self.permissions());
        let injected = self.cloud.faults.injected();
        if std::thread::panicking() && !injected.is_empty() {
            let seed = self.cloud.faults.seed().map(|seed| format!(" from the seed {seed}")).unwrap_or_default();
            eprintln!("{} faults had been injected{seed}:\n{}", injected.len(), injected.join("\n"));
        }
    }
}

/// The application of a world.
struct Deployed<A: 'static> {
    /// The code of the functions.
    code: CodeOf<A>,
    /// Changes the context of each function.
    adapt: fn(&mut Ctx<A>),
    /// Changes what processes are like.
    adapt_bootstraps: fn(&mut Bootstraps),
}

const CHAT: Deployed<Chat> = Deployed { code: of_chat, adapt: |_| {}, adapt_bootstraps: |_| {} };

/// The template with these parameters, read only once.
fn template(parameters: &BTreeMap<String, String>) -> Template {
    let mut known = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    let read = || cloud::template(parameters).expect("template.yaml can be read with these parameters");
    known.entry(parameters.clone()).or_insert_with(read).clone()
}
