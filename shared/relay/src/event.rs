//! An event of a client, from its frame to the last post: its session, the application, and what the application says.

use frame::engine;
use frame::socket::{self, AckId, Body, Packet};
use serde_json::Value;

use crate::application::{Application, Emission, Emitted, Event, EventContent, Problem};
use crate::ask;
use crate::content::{ack_frames, event_frames};
use crate::ctx::Ctx;
use crate::dynamo::RowKey;
use crate::error::Error;
use crate::gate;
use crate::incoming::Incoming;
use crate::invocation;
use crate::reply::reply;
use crate::store::Session;
use crate::telemetry;

/// Handles an event or an ack that the switchboard handed over.
///
/// # Errors
/// `Error::Internal` if the event is not one of API Gateway's. The client receives an answer to every other failure.
pub async fn handle<A: Application>(ctx: &Ctx<A>, event: &Value) -> Result<(), Error> {
    let incoming = Incoming::read(event)?;
    let Some((Packet { namespace, body }, attachments)) = read(&incoming.body) else { return Ok(()) };
    invocation::note_packet(&body);
    let (name, arguments, ack) = match body {
        Body::Event { name, arguments, ack } | Body::BinaryEvent { name, arguments, ack, .. } => (name, arguments, ack),
        Body::Ack { id, arguments } | Body::BinaryAck { id, arguments, .. } => {
            let answer = EventContent { arguments, attachments };
            if let Err(error) = on_ack(ctx, &incoming, namespace.as_str(), &id, answer).await {
                // Nothing can replace a lost ack, so the connection is closed.
                telemetry::failed(Some(&incoming.connection), &error);
                ctx.close(incoming.recipient()).await;
            }
            return Ok(());
        }
        Body::Connect { .. } | Body::Disconnect | Body::ConnectError { .. } => return Ok(()),
    };
    invocation::note_event(name.as_str());
    invocation::note_frame(incoming.at);
    let emitted = Emitted { namespace: namespace.as_str(), event: name.as_str(), ack: ack.as_ref() };
    let content = EventContent { arguments, attachments };
    let admitted = match row_of(ctx, &incoming, emitted, &content) {
        Some(row) => {
            let admitted = gate::admit_with_row(ctx, &incoming, emitted, row).await;
            admitted.map(|admitted| admitted.map(|(session, row)| (session, Some(row))))
        }
        None => {
            let session = gate::admit(ctx, &incoming, namespace.as_str(), Some(emitted)).await;
            session.map(|session| session.map(|session| (session, None)))
        }
    };
    let (session, row) = match admitted {
        Ok(Some(admitted)) => admitted,
        Ok(None) => return Ok(()),
        Err(error) => {
            telemetry::failed(Some(&incoming.connection), &error);
            let frames = A::refusal(ctx, incoming.stage(), emitted, &Problem::Internal(&error));
            reply(ctx, incoming.recipient(), &frames).await;
            return Ok(());
        }
    };
    ctx.seen_users.remember(&incoming.connection, &session.namespace, &session.user);
    let event = Event {
        name: name.as_str(),
        content,
        ack: ack.as_ref(),
        at: incoming.at,
        invocation: &incoming.invocation,
        row,
    };
    let emissions = A::event(ctx, &session, event).await;
    emit(ctx, &session, ack.as_ref(), emissions).await;
    Ok(())
}

/// The row that the application needs for an event.
fn row_of<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    emitted: Emitted<'_>,
    content: &EventContent,
) -> Option<RowKey> {
    let user = ctx.seen_users.user(&incoming.connection, emitted.namespace);
    A::row_of_event(ctx, incoming.stage(), user.as_ref(), emitted, content)
}

/// The packet of a frame, with the attachments that the switchboard appended to it. `None` if the frame holds no
/// message packet.
fn read(body: &str) -> Option<(Packet, Vec<Vec<u8>>)> {
    let mut frames = engine::decode_payload(body).ok()?.into_iter();
    let Some(engine::Packet::Message(text)) = frames.next() else { return None };
    let attachments = frames.filter_map(|frame| match frame {
        engine::Packet::Binary(bytes) => Some(bytes),
        _ => None,
    });
    Some((socket::decode(&text).ok()?, attachments.collect()))
}

/// Passes a client's ack of a question to the application. Each question is answered once; the function ignores any
/// other ack.
async fn on_ack<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    namespace: &str,
    id: &AckId,
    answer: EventContent,
) -> Result<(), Error> {
    let Some(session) = gate::admit(ctx, incoming, namespace, None).await? else { return Ok(()) };
    let Some(question) = ask::take_question(ctx, &session, id).await? else { return Ok(()) };
    let emissions = A::ack(ctx, &session, &question.about, answer).await;
    emit(ctx, &session, None, emissions).await;
    Ok(())
}

/// Sends everything that an application returned to the socket of a session, in order.
pub(crate) async fn emit<A>(ctx: &Ctx<A>, session: &Session, ack: Option<&AckId>, emissions: Vec<Emission>) {
    for emission in emissions {
        let frames = match (emission, ack) {
            (Emission::Event(name, content), _) => event_frames(&session.namespace, &name, content, None),
            (Emission::Ack(content), Some(id)) => ack_frames(&session.namespace, id.clone(), content),
            (Emission::Ack(_), None) => continue,
            (Emission::Question(name, content, about), _) => {
                if let Err(error) = ask::ask(ctx, session, &name, content, about).await {
                    // The client would never be asked, and nobody would know.
                    telemetry::failed(Some(&session.connection), &error);
                    return ctx.close(session.recipient()).await;
                }
                continue;
            }
        };
        reply(ctx, session.recipient(), &frames).await;
    }
}
