//! A Socket.IO server on Amazon API Gateway and AWS Lambda.
//!
//! Unmodified Socket.IO clients connect to an API Gateway WebSocket API, or poll an HTTP API. Each frame invokes a
//! Lambda function. This crate is what those functions do: it keeps connections and sessions in a DynamoDB table, and
//! calls an application of yours with what clients say.
//!
//! An application is a type that implements [`application::Application`]. This one sends every event back:
//!
//! ```
//! use relay::application::{Admission, Application, Asking, Denial, Emission, Event, StageVariables};
//! use relay::services::Aws;
//! use relay::clock::Clock;
//! use relay::config::{ConfigError, Settings};
//! use relay::ctx::Ctx;
//! use relay::store::Session;
//!
//! struct Echo;
//!
//! impl Application for Echo {
//!     type Identity = ();
//!     type Joining = ();
//!     type Missed = ();
//!
//!     fn start(_: &Settings<'_>, _: &Aws, _: &Clock) -> Result<Self, ConfigError> {
//!         Ok(Self)
//!     }
//!
//!     fn has_namespace(_: &Ctx<Self>, _: &StageVariables, namespace: &str) -> bool {
//!         namespace == "/"
//!     }
//!
//!     async fn authenticate(ctx: &Ctx<Self>, _: Asking<'_>) -> Result<Admission<()>, Denial> {
//!         Admission::anybody(&ctx.clock)
//!     }
//!
//!     async fn event(_: &Ctx<Self>, _: &Session, event: Event<'_>) -> Vec<Emission> {
//!         vec![Emission::Event(event.name.to_owned(), event.content)]
//!     }
//! }
//! ```
//!
//! With the feature `lambda`, `runtime::run_named::<Echo>()` is the main function of every Lambda function. The
//! handlers themselves are in [`functions`].
//!
//! In reading order:
//!
//! - The crate [`frame`]: Engine.IO and Socket.IO, between packet and text. Pure and total.
//! - [`application`]: the application, and what it hears and says.
//! - [`switchboard`]: `$default`, every frame of a WebSocket.
//! - [`connect`], [`disconnect`]: the beginning and the end of connections and sessions.
//! - [`event`], [`ask`]: events and acks, in both directions.
//! - [`polling`]: the second transport, and `polling_http`, its HTTP requests.
//! - [`admin`]: the namespace of the Admin UI.
//! - [`heartbeat`], [`sweep`]: once per minute, pings and the end of overdue connections.
//! - [`handshake`], [`followup`]: the open packet, and events that a function failed to handle.
//! - [`post`], [`close`], [`invoke`]: requests to `@connections` and to Lambda, over [`connections`] and [`lambda`].
//! - [`messaging`], [`outside`]: messages to queues, topics and event buses, and requests to addresses outside of AWS.
//! - [`store`], over [`dynamo`]: the table.
//! - [`ctx`], [`config`], [`secrets`], [`cached`], [`limit`], [`seen`], [`error`], [`telemetry`], [`invocation`],
//!   [`clock`], [`id`], [`services`], [`aws`]: what all of them use.

pub mod admin;
pub mod application;
pub mod ask;
pub mod aws;
mod binary;
pub mod cached;
pub mod clock;
pub mod close;
pub mod config;
pub mod connect;
pub mod connections;
mod content;
pub mod ctx;
pub mod disconnect;
mod drain;
pub mod dynamo;
pub mod edge;
pub mod error;
pub mod event;
pub mod followup;
pub mod functions;
mod gate;
pub mod handshake;
pub mod heartbeat;
#[cfg(feature = "http")]
pub mod http_event;
pub mod id;
mod incoming;
pub mod invocation;
pub mod invoke;
pub mod lambda;
pub mod limit;
pub mod messaging;
pub mod outside;
pub mod polling;
#[cfg(feature = "http")]
pub mod polling_http;
pub mod post;
mod recover;
pub mod reply;
#[cfg(feature = "lambda")]
pub mod runtime;
pub mod secrets;
pub mod seen;
pub mod services;
pub mod store;
mod strangers;
pub mod sweep;
pub mod switchboard;
pub mod telemetry;
mod upgrade;
pub mod wait;

use application::Application;
use clock::Clock;
use config::{Config, ConfigError, Settings};
use ctx::Ctx;
use services::Aws;

/// Creates the context of a function: reads its settings and starts the application.
///
/// # Errors
/// [`ConfigError`] with the name of the setting that is missing or wrong.
pub fn start<A: Application>(settings: &Settings<'_>, aws: &Aws, clock: Clock) -> Result<Ctx<A>, ConfigError> {
    let app = A::start(settings, aws, &clock)?;
    Ok(Ctx::new(Config::read(settings)?, clock, aws, A::ENDING_ATTRIBUTES, app))
}

/// Prepares a function for its first event: opens its connections, and reads its secrets.
///
/// # Errors
/// [`ConfigError`], if a setting names a secret that this function can never read.
pub async fn warm<A: Application>(ctx: &Ctx<A>) -> Result<(), ConfigError> {
    let ((), read) = tokio::join!(ctx.open_connections(), read_secrets(ctx));
    read
}

/// Reads the secrets of a function before its first event needs them.
///
/// # Errors
/// [`ConfigError`], if a setting names a secret that this function can never read.
pub async fn read_secrets<A: Application>(ctx: &Ctx<A>) -> Result<(), ConfigError> {
    let (of_app, of_admin) = tokio::join!(A::warm(ctx), admin::warm(ctx));
    of_app.and(of_admin)
}
