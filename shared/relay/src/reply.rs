//! Replies: frames for one connection, and what a handler returns to whoever invoked it.

use frame::socket::Body;
use serde_json::{Value, json};

use crate::application::packet_frame;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::invoke::own_event;
use crate::post::Delivery;
use crate::store::{Recipient, Session};
use crate::telemetry;

/// The response of a handler to its invoker. It is never a failure, because the client would receive a failure as a
/// frame that it cannot read.
#[must_use]
pub fn ok_response(result: Result<(), Error>) -> Value {
    if let Err(error) = result {
        telemetry::failed(None, &error);
    }
    json!({"statusCode": 200})
}

/// The result of a function that answers nobody. An error fails the invocation, so that Lambda counts it and invokes
/// the function again as often as template.yaml says.
///
/// # Errors
/// The given error, after it is logged.
pub fn retried(result: Result<(), Error>) -> Result<Value, Error> {
    match result {
        Ok(()) => Ok(json!({"statusCode": 200})),
        Err(error) => {
            telemetry::failed(None, &error);
            Err(error)
        }
    }
}

/// The response to `$connect`: its own answer, or for an error the status that refuses the upgrade.
#[must_use]
pub fn accepted(result: Result<Value, Error>) -> Value {
    result.unwrap_or_else(|error| {
        telemetry::failed(None, &error);
        json!({"statusCode": 500})
    })
}

/// Posts frames to a connection, in order. Reports a connection that is gone to the disconnect function, and closes one
/// that does not accept a frame.
pub async fn reply<'a, A>(ctx: &Ctx<A>, to: impl Into<Recipient<'a>>, frames: &[String]) {
    let to = to.into();
    for frame in frames {
        match ctx.post(to, frame).await {
            Delivery::Sent | Delivery::TooLarge => {}
            Delivery::NotAccepted | Delivery::Unknown => return ctx.close(to).await,
            Delivery::Gone => return ctx.report_gone(to.connection).await,
        }
    }
}

/// Ends a socket from the server's side. The function posts a DISCONNECT packet, after which the client does not
/// reconnect by itself, and hands the same packet to the disconnect function, as if the client had sent it.
pub async fn end<A>(ctx: &Ctx<A>, session: &Session) {
    let Some(frame) = packet_frame(&session.namespace, Body::Disconnect) else { return };
    let event = own_event(&session.connection, "MESSAGE", Some(&frame), Some(ctx.clock.now()));
    reply(ctx, session.recipient(), &[frame]).await;
    if let Err(error) = ctx.invoke(&ctx.config.functions.disconnect, event).await {
        telemetry::failed(Some(&session.connection), &error);
    }
}
