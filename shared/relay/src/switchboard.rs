//! `$default`: receives every frame and finds the function that handles it (docs/protocol.md, "Socket.IO"). Answers the
//! events that no function handles.

use binary::Taken;
use frame::engine;
use frame::socket::{self, AckId, Body, Packet};
use serde_json::Value;

use crate::application::{Application, Emitted, Problem};
use crate::ctx::{Ctx, Target};
use crate::error::Error;
use crate::gate::{self, current_session, pass_over};
use crate::incoming::Incoming;
use crate::limit::Rate;
use crate::reply::reply;
use crate::store::ADMIN_NAMESPACE;
use crate::telemetry;
use crate::{admin, binary, connect, disconnect, event, invocation, upgrade};

/// The function that handles a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Owner {
    /// The function connect: CONNECT packets, and the packets of a client that changes its transport.
    Connect,
    /// The function connect, also if the switchboard handles all other frames: what concerns the Admin UI.
    Admin,
    /// The function disconnect: DISCONNECT packets.
    Disconnect,
    /// The function of this name: events and acks.
    Event(String),
}

/// Handles a frame of `$default`: answers it itself, or hands the event to its owner.
pub async fn handle<A: Application>(ctx: &Ctx<A>, event: Value) {
    let Ok(incoming) = Incoming::read(&event) else {
        invocation::note_failure();
        tracing::error!("an event of $default cannot be read");
        return;
    };
    let Some((owner, event)) = sort(ctx, &incoming, event).await else { return };
    let names = &ctx.config.functions;
    let name = match &owner {
        Owner::Connect | Owner::Admin => &names.connect,
        Owner::Disconnect => &names.disconnect,
        Owner::Event(name) => name,
    };
    let handled = match (ctx.target(name), &owner) {
        (Target::Function(_), _) | (Target::Here, Owner::Admin) => {
            ctx.invoke(name, event.to_string().into_bytes()).await
        }
        // The handlers are boxed because each of them is large, and the stack must hold the largest.
        (Target::Here, Owner::Connect) => Box::pin(connect::packet(ctx, &event)).await,
        (Target::Here, Owner::Disconnect) => match Box::pin(disconnect::handle(ctx, &event)).await {
            Ok(()) => Ok(()),
            // Lambda retries only a failure of the function itself.
            Err(error) => {
                telemetry::failed(Some(&incoming.connection), &error);
                ctx.invoke(name, event.to_string().into_bytes()).await
            }
        },
        (Target::Here, Owner::Event(_)) => Box::pin(event::handle(ctx, &event)).await,
    };
    if let Err(error) = handled {
        not_handed_over(ctx, &incoming, &error).await;
    }
}

/// Decodes a frame, and returns its owner and the event to hand on. That event is the given one; for a binary packet it
/// holds all frames of the packet. `None` if the frame was handled here: a pong, a protocol error that closed the
/// connection, an event that no function handles or that came too fast, or a part of a binary packet.
async fn sort<A: Application>(ctx: &Ctx<A>, incoming: &Incoming, event: Value) -> Option<(Owner, Value)> {
    let packet = match engine::decode(&incoming.body) {
        Ok(packet @ (engine::Packet::Message(_) | engine::Packet::Binary(_))) if !A::USES_SOCKET_IO => {
            message(ctx, incoming, &packet).await;
            return None;
        }
        Ok(engine::Packet::Message(text)) => socket::decode(&text),
        Ok(engine::Packet::Binary(_)) => {
            invocation::note_event("attachment");
            // Nothing can replace a part of a packet that is not accepted.
            if counted(ctx, incoming) != Rate::Within {
                return close(ctx, incoming).await;
            }
            return whole(ctx, incoming, event, binary::attachment(ctx, incoming).await).await;
        }
        Ok(engine::Packet::Pong) => {
            invocation::note_event("pong");
            return match counted(ctx, incoming) {
                Rate::Within => note_pong(ctx, incoming).await,
                Rate::Over => None,
                Rate::FarOver => close(ctx, incoming).await,
            };
        }
        Ok(engine::Packet::Noop) => return None,
        // Only a client on a WebSocket can send a probe or move to it.
        Ok(engine::Packet::PingProbe | engine::Packet::Upgrade) if !incoming.connection.is_polling() => {
            invocation::note_event("upgrade");
            return Some((Owner::Connect, event));
        }
        Ok(_) | Err(_) => return close(ctx, incoming).await,
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
async fn whole<A: Application>(
    ctx: &Ctx<A>,
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
async fn of_packet<A: Application>(ctx: &Ctx<A>, incoming: &Incoming, packet: Packet) -> Option<Owner> {
    let Packet { namespace, body } = packet;
    invocation::note_packet(&body);
    match body {
        // A client that joins so many namespaces at once cannot have a use for them.
        Body::Connect { .. } if counted(ctx, incoming) != Rate::Within => close(ctx, incoming).await,
        Body::Connect { .. } if is_admin_ui(ctx, namespace.as_str()) => Some(Owner::Admin),
        Body::Connect { .. } => Some(Owner::Connect),
        Body::Disconnect => Some(Owner::Disconnect),
        Body::Event { name, ack, .. } | Body::BinaryEvent { name, ack, .. } => {
            if !admin::has_namespace(ctx, incoming.stage(), namespace.as_str()) {
                return close(ctx, incoming).await;
            }
            let event = Emitted { namespace: namespace.as_str(), event: name.as_str(), ack: ack.as_ref() };
            owner(ctx, incoming, event).await
        }
        Body::Ack { id, .. } | Body::BinaryAck { id, .. } => route_ack(ctx, incoming, namespace.as_str(), &id).await,
        Body::ConnectError { .. } => close(ctx, incoming).await,
    }
}

/// Whether this is the namespace of the Admin UI, and the Admin UI is on.
fn is_admin_ui<A>(ctx: &Ctx<A>, namespace: &str) -> bool {
    namespace == ADMIN_NAMESPACE && ctx.config.admin_ui.is_on
}

async fn owner<A: Application>(ctx: &Ctx<A>, incoming: &Incoming, emitted: Emitted<'_>) -> Option<Owner> {
    let Emitted { namespace, event, ack: _ } = emitted;
    let is_admin = namespace == ADMIN_NAMESPACE;
    let limit =
        if is_admin { Some(admin::EVENTS_PER_SECOND) } else { A::events_per_second(ctx, incoming.stage(), namespace) };
    let socket = format!("{}{namespace}", incoming.connection);
    match ctx.event_rates.count(socket, limit, incoming.at) {
        Rate::Within => {}
        Rate::Over => {
            invocation::note_refusal("RATE_LIMIT");
            return answer(ctx, incoming, emitted, &Problem::TooManyEvents).await;
        }
        Rate::FarOver => return close(ctx, incoming).await,
    }
    let owner = if is_admin {
        admin::knows(event).then_some(Owner::Admin)
    } else {
        A::function(ctx, incoming.stage(), namespace, event).map(|function| Owner::Event(function.to_owned()))
    };
    match owner {
        Some(owner) => {
            invocation::note_event(event);
            Some(owner)
        }
        None => {
            invocation::note_refusal("UNKNOWN_EVENT");
            answer(ctx, incoming, emitted, &Problem::UnknownEvent).await
        }
    }
}

/// Replies to an event with an error if the client has joined the namespace. If not, it closes the connection. If the
/// socket's token has ended, the function tells the socket that instead and closes its connection.
async fn answer<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    emitted: Emitted<'_>,
    problem: &Problem<'_>,
) -> Option<Owner> {
    match gate::admit(ctx, incoming, emitted.namespace, Some(emitted)).await {
        Ok(Some(_)) => {}
        Ok(None) => return None,
        Err(error) => telemetry::failed(Some(&incoming.connection), &error),
    }
    tracing::debug!(connection.id = incoming.connection.in_logs(), %problem, "an event was refused");
    reply(ctx, incoming.recipient(), &refusal(ctx, incoming, emitted, problem)).await;
    None
}

/// The frames that answer an event which is not handed on.
fn refusal<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    emitted: Emitted<'_>,
    problem: &Problem<'_>,
) -> Vec<String> {
    if emitted.namespace == ADMIN_NAMESPACE {
        return admin::refused(emitted, problem);
    }
    A::refusal(ctx, incoming.stage(), emitted, problem)
}

/// The owner of an ack that belongs to an open question. The relay ignores an ack that belongs to none.
async fn route_ack<A: Application>(ctx: &Ctx<A>, incoming: &Incoming, namespace: &str, id: &AckId) -> Option<Owner> {
    match current_session(ctx, incoming, namespace).await {
        Ok(Some(session)) => {
            if session.ended_at.is_some() {
                pass_over(ctx, incoming).await;
                return None;
            }
            let asked = session.asked.iter().any(|question| question.id == id.as_str());
            asked.then(|| Owner::Event(ctx.config.functions.event.clone()))
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
fn counted<A: Application>(ctx: &Ctx<A>, incoming: &Incoming) -> Rate {
    let limit = A::frames_per_second(ctx, incoming.stage());
    ctx.event_rates.count(incoming.connection.to_string(), limit, incoming.at)
}

/// Records that a client has answered a ping, if the deployment records pongs. Closes a connection that the tables do
/// not know any more.
async fn note_pong<T, A: Application>(ctx: &Ctx<A>, incoming: &Incoming) -> Option<T> {
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

async fn close<T, A>(ctx: &Ctx<A>, incoming: &Incoming) -> Option<T> {
    invocation::note_refusal("CLOSED");
    tracing::debug!(connection.id = incoming.connection.in_logs(), "a client breaks the protocol, or sends too much");
    ctx.close(incoming.recipient()).await;
    None
}

/// Replies to an event that could not be handed to its owner.
async fn not_handed_over<A: Application>(ctx: &Ctx<A>, incoming: &Incoming, error: &Error) {
    telemetry::failed(Some(&incoming.connection), error);
    // Without an answer to a CONNECT, a DISCONNECT or a probe the client cannot go on. A new connection may succeed.
    let Ok(engine::Packet::Message(text)) = engine::decode(&incoming.body) else {
        return ctx.close(incoming.recipient()).await;
    };
    let Ok(Packet { namespace, body }) = socket::decode(&text) else { return };
    match body {
        Body::Event { name, ack, .. } => {
            if !admin::has_namespace(ctx, incoming.stage(), namespace.as_str()) {
                return;
            }
            let event = Emitted { namespace: namespace.as_str(), event: name.as_str(), ack: ack.as_ref() };
            reply(ctx, incoming.recipient(), &refusal(ctx, incoming, event, &Problem::Internal(error))).await;
        }
        _ => ctx.close(incoming.recipient()).await,
    }
}

/// Passes a message of Engine.IO to the application and posts its reply, if the connection is open. One read.
async fn message<A: Application>(ctx: &Ctx<A>, incoming: &Incoming, packet: &engine::Packet<'_>) {
    match upgrade::opened(ctx, &incoming.connection).await {
        Ok(Some(_)) => {
            let frames: Vec<String> = A::message(ctx, packet).iter().map(engine::Packet::encode).collect();
            reply(ctx, incoming.recipient(), &frames).await;
        }
        Ok(None) => {}
        Err(error) => telemetry::failed(Some(&incoming.connection), &error),
    }
}
