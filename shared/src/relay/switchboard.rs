//! `$default`: every frame, sorted by who owns it (socketio.md). Answers what nobody owns.

use serde_json::Value;

use crate::application::Application;
use crate::ctx::Ctx;
use crate::deliver::{Emitted, error_frames};
use crate::dialect::Family;
use crate::error::Error;
use crate::frame::engine;
use crate::frame::socket::{self, AckId, Body, Packet};
use crate::limit::Rate;
use crate::relay::application;
use crate::relay::binary::{self, Taken};
use crate::relay::gate::{self, current_session, pass_over};
use crate::relay::incoming::Incoming;
use crate::relay::reply::reply;
use crate::telemetry;

/// Who is to handle a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// CONNECT packets, and the packets of a client that changes its transport.
    Connect,
    /// Events, and DISCONNECT packets.
    Family(Family),
}

/// Decodes a frame, and names its owner and the event to hand on: the very same, or of a binary packet one with all of it. `None` for a frame
/// that was dealt with here: a pong, a protocol error that closed the connection, an event that nobody owns or that came too fast, a part of a
/// binary packet.
pub async fn sort(ctx: &Ctx, incoming: &Incoming, event: Value) -> Option<(Owner, Value)> {
    let packet = match (engine::decode(&incoming.body), ctx.application) {
        (Ok(packet @ (engine::Packet::Message(_) | engine::Packet::Binary(_))), Application::Messages(speak)) => {
            application::message(ctx, incoming, speak, &packet).await;
            return None;
        }
        (Ok(engine::Packet::Message(text)), _) => socket::decode(&text),
        (Ok(engine::Packet::Binary(_)), _) => {
            // A part that is not taken cannot be made up for.
            if counted(ctx, incoming) != Rate::Within {
                return close(ctx, incoming).await;
            }
            return whole(ctx, incoming, event, binary::attachment(ctx, incoming).await).await;
        }
        (Ok(engine::Packet::Pong), _) => {
            return match counted(ctx, incoming) {
                Rate::Within => note_pong(ctx, incoming).await,
                Rate::Over => None,
                Rate::FarOver => close(ctx, incoming).await,
            };
        }
        (Ok(engine::Packet::Noop), _) => return None,
        // Only a WebSocket can be probed and moved to.
        (Ok(engine::Packet::PingProbe | engine::Packet::Upgrade), _) if !incoming.connection.is_polling() => {
            return Some((Owner::Connect, event));
        }
        (Ok(_) | Err(_), _) => return close(ctx, incoming).await,
    };
    let Ok(packet) = packet else { return close(ctx, incoming).await };
    match packet.body {
        Body::BinaryEvent { attachments, .. } | Body::BinaryAck { attachments, .. } => {
            let taken = binary::header(ctx, incoming, packet.namespace.as_str(), attachments).await;
            whole(ctx, incoming, event, taken).await
        }
        _ => Some((of_packet(ctx, incoming, packet).await?, event)),
    }
}

/// Goes on with a binary packet once it is whole.
async fn whole(
    ctx: &Ctx,
    incoming: &Incoming,
    mut event: Value,
    taken: Result<Taken, Error>,
) -> Option<(Owner, Value)> {
    let frames = match taken {
        Ok(Taken::Waiting) => return None,
        Ok(Taken::Whole(frames)) => frames,
        Ok(Taken::Broken) => return close(ctx, incoming).await,
        // A part that is lost cannot be made up for.
        Err(error) => {
            telemetry::failed(Some(&incoming.connection), &error);
            return close(ctx, incoming).await;
        }
    };
    let Ok(engine::Packet::Message(header)) = engine::decode(frames.first()?) else { return None };
    let owner = of_packet(ctx, incoming, socket::decode(&header).ok()?).await?;
    let members = event.as_object_mut()?;
    members.insert("body".to_owned(), frames.join(engine::SEPARATOR).into());
    members.insert("isBase64Encoded".to_owned(), false.into());
    Some((owner, event))
}

/// Who is to handle a packet, its attachments included.
async fn of_packet(ctx: &Ctx, incoming: &Incoming, packet: Packet) -> Option<Owner> {
    let Packet { namespace, body } = packet;
    match body {
        // Who joins so many namespaces at once has no use for them.
        Body::Connect { .. } if counted(ctx, incoming) != Rate::Within => close(ctx, incoming).await,
        Body::Connect { .. } => Some(Owner::Connect),
        Body::Disconnect => Some(Owner::Family(Family::Disconnect)),
        Body::Event { name, ack, .. } | Body::BinaryEvent { name, ack, .. } => {
            let Some(dialect) = incoming.dialect(ctx, namespace.as_str()) else { return close(ctx, incoming).await };
            let event = Emitted { namespace: namespace.as_str(), dialect, event: name.as_str(), ack: ack.as_ref() };
            owner(ctx, incoming, event).await
        }
        Body::Ack { id, .. } | Body::BinaryAck { id, .. } => route_ack(ctx, incoming, namespace.as_str(), &id).await,
        Body::ConnectError { .. } => close(ctx, incoming).await,
    }
}

async fn owner(ctx: &Ctx, incoming: &Incoming, emitted: Emitted<'_>) -> Option<Owner> {
    let Emitted { namespace, dialect, event, ack: _ } = emitted;
    // What an application of its own does with an event is said by the function message.
    if let Application::Sockets(_) = ctx.application {
        return Some(Owner::Family(Family::Message));
    }
    let limit = ctx.config.limits.in_force(dialect).events_per_second;
    let socket = format!("{}{namespace}", incoming.connection);
    match ctx.event_rates.count(socket, limit, incoming.at) {
        Rate::Within => {}
        Rate::Over => {
            let full = Error::RateLimit { what: "events", retry_after_secs: 1 };
            return answer(ctx, incoming, emitted, &full).await;
        }
        Rate::FarOver => return close(ctx, incoming).await,
    }
    match dialect.owner(event) {
        Some(family) => Some(Owner::Family(family)),
        None => {
            let unknown = Error::validation("event", "is not one that this namespace knows");
            answer(ctx, incoming, emitted, &unknown).await
        }
    }
}

/// Replies with an error, if the namespace is joined; else the connection is closed. A socket whose token has ended is told that instead, and its
/// connection is closed.
async fn answer(ctx: &Ctx, incoming: &Incoming, emitted: Emitted<'_>, error: &Error) -> Option<Owner> {
    match gate::admit(ctx, incoming, emitted.namespace, Some((emitted.event, emitted.ack))).await {
        Ok(Some(_)) => {}
        Ok(None) => return None,
        Err(error) => telemetry::failed(Some(&incoming.connection), &error),
    }
    telemetry::failed(Some(&incoming.connection), error);
    reply(ctx, incoming.recipient(), &error_frames(ctx, emitted, error)).await;
    None
}

/// An answer belongs to a question that is open, or to nothing: then it is passed over.
async fn route_ack(ctx: &Ctx, incoming: &Incoming, namespace: &str, id: &AckId) -> Option<Owner> {
    match current_session(ctx, incoming, namespace).await {
        Ok(Some(session)) => {
            if session.ended_at.is_some() {
                pass_over(ctx, incoming).await;
                return None;
            }
            let asked = session.asked.iter().any(|question| question.id == id.as_str());
            asked.then_some(Owner::Family(Family::Message))
        }
        Ok(None) => close(ctx, incoming).await,
        // An answer that is lost cannot be made up for.
        Err(error) => {
            telemetry::failed(Some(&incoming.connection), &error);
            close(ctx, incoming).await
        }
    }
}

/// Counts a frame that is no event against what its connection may send.
fn counted(ctx: &Ctx, incoming: &Incoming) -> Rate {
    let limit = ctx.config.limits.in_force(incoming.default_dialect(ctx)).frames_per_second();
    // An application of its own has limits of its own.
    let limit = limit.filter(|_| matches!(ctx.application, Application::Chat));
    ctx.event_rates.count(incoming.connection.to_string(), limit, incoming.at)
}

/// Notes that a client lives, where that is wanted. A connection that nothing is known of any more is closed.
async fn note_pong<T>(ctx: &Ctx, incoming: &Incoming) -> Option<T> {
    if !ctx.config.heartbeat.notes_pongs {
        return None;
    }
    match ctx.store.note_pong(&incoming.connection, incoming.at).await {
        Ok(true) => None,
        Ok(false) => close(ctx, incoming).await,
        Err(error) => {
            telemetry::failed(Some(&incoming.connection), &error);
            None
        }
    }
}

async fn close<T>(ctx: &Ctx, incoming: &Incoming) -> Option<T> {
    tracing::debug!(connection.id = incoming.connection.in_logs(), "a client breaks the protocol, or sends too much");
    ctx.close(incoming.recipient()).await;
    None
}

/// Replies to an event that could not be handed to its owner.
pub async fn not_handed_over(ctx: &Ctx, incoming: &Incoming, error: &Error) {
    telemetry::failed(Some(&incoming.connection), error);
    // Without an answer to a CONNECT, a DISCONNECT or a probe nothing can go on; a new connection may fare better.
    let Ok(engine::Packet::Message(text)) = engine::decode(&incoming.body) else {
        return ctx.close(incoming.recipient()).await;
    };
    let Ok(Packet { namespace, body }) = socket::decode(&text) else { return };
    match body {
        Body::Event { name, ack, .. } => {
            let Some(dialect) = incoming.dialect(ctx, namespace.as_str()) else { return };
            let event = Emitted { namespace: namespace.as_str(), dialect, event: name.as_str(), ack: ack.as_ref() };
            reply(ctx, incoming.recipient(), &error_frames(ctx, event, error)).await;
        }
        _ => ctx.close(incoming.recipient()).await,
    }
}
