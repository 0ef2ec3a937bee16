//! Replies: frames for one connection, and what a handler returns to whoever invoked it.

use serde_json::{Value, json};

use crate::ctx::{Ctx, Delivery, own_event};
use crate::deliver::packet_frame;
use crate::error::Error;
use crate::frame::socket::Body;
use crate::store::{Recipient, Session};
use crate::telemetry;

/// What a handler gives back to whoever invoked it: never a failure, which would reach the client as a frame it cannot read.
#[must_use]
pub fn ok_response(result: Result<(), Error>) -> Value {
    if let Err(error) = result {
        telemetry::failed(None, &error);
    }
    json!({"statusCode": 200})
}

/// What a function gives back that answers nobody: an error fails the invocation, so that Lambda counts it, and invokes
/// the function again as often as template.yaml says.
///
/// # Errors
/// The error itself, once it is logged.
pub fn retried(result: Result<(), Error>) -> Result<Value, Error> {
    match result {
        Ok(()) => Ok(json!({"statusCode": 200})),
        Err(error) => {
            telemetry::failed(None, &error);
            Err(error)
        }
    }
}

/// What `$connect` gives back: its own answer, or a refusal of the upgrade.
#[must_use]
pub fn accepted(result: Result<Value, Error>) -> Value {
    result.unwrap_or_else(|error| {
        telemetry::failed(None, &error);
        json!({"statusCode": error.status()})
    })
}

/// Posts frames to a connection, in order; a connection that is gone is handed to the disconnect function.
pub(super) async fn reply<'a>(ctx: &Ctx, to: impl Into<Recipient<'a>>, frames: &[String]) {
    let to = to.into();
    for frame in frames {
        match ctx.post(to, frame).await {
            Delivery::Sent | Delivery::TooLarge => {}
            Delivery::NotAccepted | Delivery::Unknown => return ctx.close(to).await,
            Delivery::Gone => return ctx.report_gone(to.connection).await,
        }
    }
}

/// Ends a socket from our side: a DISCONNECT packet, after which its client does not come back by itself, and the same packet to the
/// disconnect function, as if the client had sent it.
pub(super) async fn end(ctx: &Ctx, session: &Session) {
    let Some(frame) = packet_frame(&session.namespace, Body::Disconnect) else { return };
    let event = own_event(&session.connection, "MESSAGE", Some(&frame), Some(ctx.clock.now()));
    reply(ctx, session.recipient(), &[frame]).await;
    if let Err(error) = ctx.invoke(&ctx.config.functions.disconnect, event).await {
        telemetry::failed(Some(&session.connection), &error);
    }
}
