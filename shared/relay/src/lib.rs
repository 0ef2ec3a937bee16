//! A Socket.IO server on Amazon API Gateway and AWS Lambda.
//!
//! Unmodified Socket.IO clients connect to an API Gateway WebSocket API, or poll an HTTP API. Each frame invokes a
//! Lambda function. This crate is what those functions do: it keeps connections and sessions in a DynamoDB table, and
//! calls an application of yours with what clients say.
//!
//! To write an application, implement [`application::Application`]. Then build one binary per function of the template,
//! which calls [`runtime`](https://docs.rs/lambda_runtime) with a handler of [`functions`]. The example `whiteboard`
//! shows both.
//!
//! In reading order:
//!
//! - The crate [`frame`]: Engine.IO and Socket.IO, between packet and text. Pure and total.
//! - [`application`]: the application, and what it hears and says.
//! - [`switchboard`]: `$default`, every frame of a WebSocket.
//! - [`connect`], [`disconnect`]: the beginning and the end of connections and sessions.
//! - [`event`], [`ask`]: events and acks, in both directions.
//! - [`polling`]: the second transport, and `polling_http`, its HTTP requests.
//! - [`heartbeat`], [`sweep`]: once per minute, pings and the end of overdue connections.
//! - [`handshake`], [`followup`]: the open packet, and events that a function failed to handle.
//! - [`post`], [`close`], [`invoke`]: requests to `@connections` and to Lambda.
//! - [`store`], over [`dynamo`]: the table.
//! - [`ctx`], [`config`], [`limit`], [`error`], [`telemetry`], [`clock`], [`id`], [`aws`]: what all of them use.

pub mod application;
pub mod ask;
pub mod aws;
mod binary;
pub mod clock;
pub mod close;
pub mod config;
pub mod connect;
mod content;
pub mod ctx;
pub mod disconnect;
pub mod dynamo;
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
pub mod invoke;
pub mod limit;
pub mod polling;
#[cfg(feature = "http")]
pub mod polling_http;
pub mod post;
mod recover;
pub mod reply;
#[cfg(feature = "lambda")]
pub mod runtime;
pub mod store;
mod strangers;
pub mod sweep;
pub mod switchboard;
pub mod telemetry;
mod upgrade;
pub mod wait;

use application::Application;
use aws_types::SdkConfig;
use clock::Clock;
use config::{Config, ConfigError, Settings};
use ctx::Ctx;

/// Creates the context of a function: reads its settings and starts the application.
///
/// # Errors
/// [`ConfigError`] with the name of the setting that is missing or wrong.
pub fn start<A: Application>(settings: &Settings<'_>, aws: &SdkConfig, clock: Clock) -> Result<Ctx<A>, ConfigError> {
    let app = A::start(settings, aws, &clock)?;
    Ok(Ctx::new(Config::read(settings)?, clock, aws, A::ENDING_ATTRIBUTES, app))
}
