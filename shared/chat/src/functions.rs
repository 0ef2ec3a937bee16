//! The functions of the chat, each as a handler of Lambda's events.
//!
//! The relay's handlers are generic over the application, and an `async` function is compiled where it is awaited. So
//! each bootstrap would compile all that its handler does. Here all of it is compiled once, and the bootstraps link it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use relay::application::StageVariables;
use relay::error::Error;
use relay::functions;
use relay::http_event::HttpFunction;
use serde_json::Value;

use crate::ctx::Ctx;

/// The answer of a handler that answers every event.
pub type Answer<'a> = BoxFuture<'a, Value>;

/// The answer of a handler that fails if Lambda is to try again.
pub type Outcome<'a> = BoxFuture<'a, Result<Value, Error>>;

/// `$connect`, CONNECT packets, and the packets of a client that changes its transport.
pub fn connect(ctx: &Ctx, event: Value) -> Answer<'_> {
    Box::pin(functions::connect(ctx, event))
}

/// `$default`: every frame.
pub fn switchboard(ctx: &Ctx, event: Value) -> Answer<'_> {
    Box::pin(functions::switchboard(ctx, event))
}

/// Events and acks that the switchboard handed over, of every family.
pub fn event(ctx: &Ctx, event: Value) -> Answer<'_> {
    Box::pin(functions::event(ctx, event))
}

/// The open packet of a connection that [`connect`] accepted.
pub fn handshake(ctx: &Ctx, event: Value) -> Answer<'_> {
    Box::pin(functions::handshake(ctx, event))
}

/// `$disconnect`, DISCONNECT packets, and connections that another function found gone.
pub fn disconnect(ctx: &Ctx, event: Value) -> Outcome<'_> {
    Box::pin(functions::disconnect(ctx, event))
}

/// The event of the schedule for one minute: pings.
pub fn heartbeat(ctx: &Ctx, event: Value) -> Outcome<'_> {
    Box::pin(functions::heartbeat(ctx, event))
}

/// The event of the schedule for one minute: overdue connections and deleted chats, see [`crate::sweep`].
pub fn sweep(ctx: &Ctx, event: Value) -> Outcome<'_> {
    Box::pin(crate::sweep::handle(ctx, event))
}

/// The stream of the table Chats, and events that a function failed to handle, see [`crate::followup`].
pub fn followup(ctx: &Ctx, event: Value) -> Outcome<'_> {
    Box::pin(crate::followup::handle(ctx, event))
}

/// Events for the receiver of webhooks, from their queue, see [`crate::hook::webhook`].
pub fn webhook(ctx: &Ctx, event: Value) -> Outcome<'_> {
    Box::pin(crate::hook::webhook::handle(ctx, event))
}

/// Long-polling: requests of the HTTP API, for a stage with these variables.
#[must_use]
pub fn polling(ctx: Arc<Ctx>, stage: StageVariables) -> HttpFunction {
    relay::polling_http::function(ctx, stage)
}
