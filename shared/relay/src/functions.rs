//! The functions of the relay, each as a handler of Lambda's events.

use serde_json::{Value, json};

use crate::application::Application;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::reply::{ok_response, retried};

/// `$connect`, CONNECT packets, and the packets of a client that changes its transport.
pub async fn connect<A: Application>(ctx: &Ctx<A>, event: Value) -> Value {
    crate::connect::handle(ctx, &event).await.unwrap_or_else(|error| ok_response(Err(error)))
}

/// `$default`: every frame.
pub async fn switchboard<A: Application>(ctx: &Ctx<A>, event: Value) -> Value {
    crate::switchboard::handle(ctx, event).await;
    json!({"statusCode": 200})
}

/// Events and acks that the switchboard handed over.
pub async fn event<A: Application>(ctx: &Ctx<A>, event: Value) -> Value {
    ok_response(crate::event::handle(ctx, &event).await)
}

/// The open packet of a connection that [`connect`] accepted.
pub async fn handshake<A: Application>(ctx: &Ctx<A>, event: Value) -> Value {
    ok_response(crate::handshake::handle(ctx, &event).await)
}

/// `$disconnect`, DISCONNECT packets, and connections that another function found gone.
///
/// # Errors
/// The error that prevented the event from being handled. The template says what Lambda does then.
pub async fn disconnect<A: Application>(ctx: &Ctx<A>, event: Value) -> Result<Value, Error> {
    retried(crate::disconnect::handle(ctx, &event).await)
}

/// The event of the schedule for one minute: pings.
///
/// # Errors
/// The error that prevented the event from being handled. The template says what Lambda does then.
pub async fn heartbeat<A: Application>(ctx: &Ctx<A>, event: Value) -> Result<Value, Error> {
    retried(crate::heartbeat::handle(ctx, &event).await)
}

/// The event of the schedule for one minute: connections that have waited too long.
///
/// # Errors
/// The error that prevented the event from being handled. The template says what Lambda does then.
pub async fn sweep<A: Application>(ctx: &Ctx<A>, _event: Value) -> Result<Value, Error> {
    retried(crate::sweep::handle(ctx).await)
}

/// The record of an event that a function failed to handle.
///
/// # Errors
/// The error that prevented the event from being handled. The template says what Lambda does then.
pub async fn followup<A: Application>(ctx: &Ctx<A>, event: Value) -> Result<Value, Error> {
    retried(crate::followup::handle(ctx, &event).await)
}
