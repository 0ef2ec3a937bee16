//! `$default`: receives every frame and finds the function that handles it (docs/protocol.md, "Socket.IO"). Answers the events that no
//! function handles.

use serde_json::Value;

use crate::application::Application;
use crate::ctx::Ctx;
use crate::deliver::{Emitted, error_frames};
use crate::dialect::Family;
use crate::error::Error;
use crate::limit::Rate;
use crate::relay::application;
use crate::relay::binary::{self, Taken};
use crate::relay::gate::{self, current_session, pass_over};
use crate::relay::incoming::Incoming;
use crate::relay::reply::reply;
use crate::telemetry;
use frame::engine;
use frame::socket::{self, AckId, Body, Packet};

/// The function that handles a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The function connect: CONNECT packets, and the packets of a client that changes its transport.
    Connect,
    /// The function of an event family: events, and DISCONNECT packets.
    Family(Family),
}

/// Decodes a frame, and returns its owner and the event to hand on. That event is the given one; for a binary packet it
/// holds all frames of the packet. `None` if the frame was handled here: a pong, a protocol error that closed the
/// connection, an event that no function handles or that came too fast, or a part of a binary packet.
pub async fn sort(ctx: &Ctx, incoming: &Incoming, event: Value) -> Option<(Owner, Value)> {
    let packet = match (engine::decode(&incoming.body), ctx.application) {
        (Ok(packet @ (engine::Packet::Message(_) | engine::Packet::Binary(_))), Application::Messages(speak)) => {
            application::message(ctx, incoming, speak, &packet).await;
            return None;
        }
        (Ok(engine::Packet::Message(text)), _) => socket::decode(&text),
        (Ok(engine::Packet::Binary(_)), _) => {
            // Nothing can replace a part of a packet that is not accepted.
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
        // Only a client on a WebSocket can send a probe or move to it.
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

/// Continues with a binary packet once it is complete.
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
        // Nothing can replace a lost part of a packet.
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

/// The owner of a packet and its attachments.
async fn of_packet(ctx: &Ctx, incoming: &Incoming, packet: Packet) -> Option<Owner> {
    let Packet { namespace, body } = packet;
    match body {
        // A client that joins so many namespaces at once cannot have a use for them.
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
    // For another application than the chat, the function message handles every event.
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

/// Replies to an event with an error if the client has joined the namespace. If not, it closes the connection. If the
/// socket's token has ended, the function tells the socket that instead and closes its connection.
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

/// The owner of an ack that belongs to an open question. The relay ignores an ack that belongs to none.
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
        // Nothing can replace a lost ack.
        Err(error) => {
            telemetry::failed(Some(&incoming.connection), &error);
            close(ctx, incoming).await
        }
    }
}

/// Counts a frame that is not an event against the rate that its connection may send.
fn counted(ctx: &Ctx, incoming: &Incoming) -> Rate {
    let limit = ctx.config.limits.in_force(incoming.default_dialect(ctx)).frames_per_second();
    // Another application than the chat has limits of its own.
    let limit = limit.filter(|_| matches!(ctx.application, Application::Chat));
    ctx.event_rates.count(incoming.connection.to_string(), limit, incoming.at)
}

/// Records that a client has answered a ping, if the deployment records pongs. Closes a connection that the tables do
/// not know any more.
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
    // Without an answer to a CONNECT, a DISCONNECT or a probe the client cannot go on. A new connection may succeed.
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
