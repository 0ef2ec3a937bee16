//! `$default`: every frame, sorted by who owns it (socketio.md). Answers what nobody owns.

use crate::ctx::Ctx;
use crate::deliver::{Emitted, error_frames};
use crate::dialect::{self, Family};
use crate::error::Error;
use crate::frame::engine;
use crate::frame::socket::{self, Body, Packet};
use crate::relay::{Incoming, Standing, end, reply, standing, upgrade};
use crate::telemetry;

/// Who is to handle a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// CONNECT packets, and the packets of a client that changes its transport.
    Connect,
    /// Events, and DISCONNECT packets.
    Family(Family),
}

/// Decodes a frame and names its owner; `None` for one that was dealt with here: a pong, a protocol error that closed the connection, an
/// event that nobody owns or that came too fast.
pub async fn sort(ctx: &Ctx, incoming: &Incoming) -> Option<Owner> {
    let packet = match engine::decode(&incoming.body) {
        Ok(engine::Packet::Message(text)) => socket::decode(&text),
        // An attachment: its header was answered with an error, and what belongs to it is passed over.
        Ok(engine::Packet::Pong | engine::Packet::Noop | engine::Packet::Binary(_)) => return None,
        // Only a WebSocket can be probed and moved to.
        Ok(engine::Packet::PingProbe | engine::Packet::Upgrade) if !incoming.connection.is_polling() => {
            return Some(Owner::Connect);
        }
        Ok(_) | Err(_) => return close(ctx, incoming).await,
    };
    let Ok(Packet { namespace, body }) = packet else { return close(ctx, incoming).await };
    match body {
        Body::Connect { .. } => Some(Owner::Connect),
        Body::Disconnect => Some(Owner::Family(Family::Disconnect)),
        Body::Event { name, ack, .. } => {
            let Some(dialect) = dialect::of_namespace(namespace.as_str(), incoming.default_dialect(ctx)) else {
                return close(ctx, incoming).await;
            };
            let event = Emitted { namespace: namespace.as_str(), dialect, event: name.as_str(), ack: ack.as_ref() };
            owner(ctx, incoming, event).await
        }
        Body::BinaryEvent { name, ack, .. } => {
            let refused = Error::validation("event", "has binary attachments, which are not supported");
            let Some(dialect) = dialect::of_namespace(namespace.as_str(), incoming.default_dialect(ctx)) else {
                return close(ctx, incoming).await;
            };
            let event = Emitted { namespace: namespace.as_str(), dialect, event: name.as_str(), ack: ack.as_ref() };
            answer(ctx, incoming, event, &refused).await
        }
        // Nobody asks clients for acks: there is nothing an answer could belong to.
        Body::Ack { .. } | Body::BinaryAck { .. } if joined(ctx, incoming, namespace.as_str()).await => None,
        Body::Ack { .. } | Body::BinaryAck { .. } | Body::ConnectError { .. } => close(ctx, incoming).await,
    }
}

async fn owner(ctx: &Ctx, incoming: &Incoming, emitted: Emitted<'_>) -> Option<Owner> {
    let Emitted { namespace, dialect, event, ack: _ } = emitted;
    let limit = ctx.config.limits.in_force(dialect).events_per_second;
    let socket = format!("{}{namespace}", incoming.connection);
    if let Err(full) = ctx.event_rates.count(socket, limit, incoming.at) {
        return answer(ctx, incoming, emitted, &full).await;
    }
    match dialect.owner(event) {
        Some(family) => Some(Owner::Family(family)),
        None => {
            let unknown = Error::validation("event", "is not one that this namespace knows");
            answer(ctx, incoming, emitted, &unknown).await
        }
    }
}

/// Replies with an error, if the namespace is joined; else the connection is closed. A socket whose token has ended is told that instead.
async fn answer(ctx: &Ctx, incoming: &Incoming, emitted: Emitted<'_>, error: &Error) -> Option<Owner> {
    match upgrade::session(ctx, &incoming.connection, emitted.namespace).await {
        Ok(None) => return close(ctx, incoming).await,
        Ok(Some(session)) => match standing(ctx, &session, incoming.at) {
            Standing::Live => {}
            Standing::Left => return None,
            Standing::Expired => {
                end(ctx, &session).await;
                return None;
            }
        },
        Err(error) => telemetry::failed(Some(&incoming.connection), &error),
    }
    telemetry::failed(Some(&incoming.connection), error);
    reply(ctx, &incoming.connection, &error_frames(ctx, emitted, error)).await;
    None
}

async fn joined(ctx: &Ctx, incoming: &Incoming, namespace: &str) -> bool {
    match upgrade::session(ctx, &incoming.connection, namespace).await {
        Ok(session) => session.is_some(),
        Err(error) => {
            telemetry::failed(Some(&incoming.connection), &error);
            true
        }
    }
}

async fn close(ctx: &Ctx, incoming: &Incoming) -> Option<Owner> {
    tracing::debug!(connection.id = %incoming.connection, "a frame broke the protocol");
    ctx.close(&incoming.connection).await;
    None
}

/// Replies to an event that could not be handed to its owner.
pub async fn not_handed_over(ctx: &Ctx, incoming: &Incoming, error: &Error) {
    telemetry::failed(Some(&incoming.connection), error);
    // Without an answer to a CONNECT, a DISCONNECT or a probe nothing can go on; a new connection may fare better.
    let Ok(engine::Packet::Message(text)) = engine::decode(&incoming.body) else {
        return ctx.close(&incoming.connection).await;
    };
    let Ok(Packet { namespace, body }) = socket::decode(&text) else { return };
    match body {
        Body::Event { name, ack, .. } => {
            let Some(dialect) = dialect::of_namespace(namespace.as_str(), incoming.default_dialect(ctx)) else {
                return;
            };
            let event = Emitted { namespace: namespace.as_str(), dialect, event: name.as_str(), ack: ack.as_ref() };
            reply(ctx, &incoming.connection, &error_frames(ctx, event, error)).await;
        }
        _ => ctx.close(&incoming.connection).await,
    }
}
