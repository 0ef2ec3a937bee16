//! An event of a client: its session, the parsed command, the use case, and the frames to send. The functions message,
//! typing, block and presence all run this code, each for its own family of events.

use serde_json::Value;

use crate::app::{self, Caller, Outcome, Then};
use crate::application::{Application, EventContent};
use crate::ctx::{Ctx, POST_MAX_BYTES};
use crate::deliver::{Delivering, Emitted, Posted, ack_frame, error_frames, event_frame, fit};
use crate::dialect::{self, Dialect};
use crate::domain::chat::Chat;
use crate::domain::command::Command;
use crate::domain::extent::Extent;
use crate::domain::message::Message;
use crate::domain::notice::{Answer, Viewer};
use crate::error::Error;
use crate::relay::application;
use crate::relay::gate;
use crate::relay::incoming::Incoming;
use crate::relay::reply::{end, reply};
use crate::store::Session;
use crate::telemetry;
use frame::engine;
use frame::socket::{self, AckId, Body, Packet};

/// Handles an event, from its frame to the last post.
///
/// # Errors
/// `Error::Internal` if the event is not one of API Gateway's. The client receives an answer to every other failure.
pub async fn handle(ctx: &Ctx, event: &Value) -> Result<(), Error> {
    let incoming = Incoming::read(event)?;
    let Some((Packet { namespace, body }, attachments)) = read(&incoming.body) else { return Ok(()) };
    let (name, arguments, ack) = match body {
        Body::Event { name, arguments, ack } | Body::BinaryEvent { name, arguments, ack, .. } => (name, arguments, ack),
        Body::Ack { id, arguments } | Body::BinaryAck { id, arguments, .. } => {
            let answer = EventContent { arguments, attachments };
            let taken = application::on_ack(ctx, &incoming, (namespace.as_str(), &id), answer).await;
            if let Err(error) = taken {
                // Nothing can replace a lost ack, so the connection is closed.
                telemetry::failed(Some(&incoming.connection), &error);
                ctx.close(incoming.recipient()).await;
            }
            return Ok(());
        }
        Body::Connect { .. } | Body::Disconnect | Body::ConnectError { .. } => return Ok(()),
    };
    let session = match gate::admit(ctx, &incoming, namespace.as_str(), Some((name.as_str(), ack.as_ref()))).await {
        Ok(Some(session)) => session,
        Ok(None) => return Ok(()),
        Err(error) => {
            let Some(dialect) = incoming.dialect(ctx, namespace.as_str()) else { return Ok(()) };
            let emitted = Emitted { namespace: namespace.as_str(), dialect, event: name.as_str(), ack: ack.as_ref() };
            return refuse(ctx, &incoming, emitted, &error).await;
        }
    };
    if let Application::Sockets(application) = ctx.application {
        let emissions = application.on_event(name.as_str(), EventContent { arguments, attachments });
        application::emit(ctx, &session, ack.as_ref(), emissions).await;
        return Ok(());
    }
    let Some(dialect) = dialect::named(&session.dialect) else { return Ok(()) };
    let caller = Caller {
        user: &session.user,
        dialect,
        session: Some(&session),
        at: incoming.at,
        invocation: Some(&incoming.invocation),
    };
    let asked = if attachments.is_empty() {
        dialect.parse_command(name.as_str(), &arguments)
    } else {
        Err(Error::validation("event", "has binary attachments, which are not supported"))
    };
    let ran = match asked {
        Ok(Command::Type { .. }) if session.ended_at.is_some() => return Ok(()),
        Ok(command) => app::run(ctx, &caller, command).await,
        Err(error) => Err(error),
    };
    let emitted = Emitted { namespace: namespace.as_str(), dialect, event: name.as_str(), ack: ack.as_ref() };
    match ran {
        Ok(outcome) => {
            deliver_outcome(ctx, &caller, &session, emitted, outcome).await;
            Ok(())
        }
        Err(error) => refuse(ctx, &incoming, emitted, &error).await,
    }
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

/// Replies to an event with an error.
async fn refuse(ctx: &Ctx, incoming: &Incoming, emitted: Emitted<'_>, error: &Error) -> Result<(), Error> {
    telemetry::failed(Some(&incoming.connection), error);
    reply(ctx, incoming.recipient(), &error_frames(ctx, emitted, error)).await;
    Ok(())
}

/// Sends the outcome of a command: first the answer, then the envelopes for everybody, then the step that follows from
/// it.
async fn deliver_outcome(ctx: &Ctx, caller: &Caller<'_>, session: &Session, emitted: Emitted<'_>, outcome: Outcome) {
    let Outcome { answer, envelopes, then } = outcome;
    if matches!(then, Then::HandledBefore) && emitted.ack.is_none() {
        return;
    }
    let mut delivering = Delivering::new(ctx, Some(session));
    // The command has already run, so the function goes on after this error. Without profiles the answer shows ids.
    if let Err(error) = delivering.prepare(caller.dialect, &answer, &envelopes).await {
        telemetry::failed(Some(&session.connection), &error);
    }
    let viewer = delivering.caller(&session.user);
    let said = |extent: &Extent| {
        let viewer = Viewer { extent: *extent, ..viewer };
        answer_frame(caller.dialect, session, emitted.ack, &answer, &viewer)
    };
    let first = match &answer {
        Answer::Online(users) => fit::people(users.len(), said),
        _ => fit::messages(said),
    };
    let first = match first {
        // This happens for a hundred messages whose senders' ids alone are too long.
        Some(frame) if frame.len() > POST_MAX_BYTES => {
            let problem = format!("asks for more than the {POST_MAX_BYTES} bytes that one event can carry");
            error_frames(ctx, emitted, &Error::validation("limit", problem))
        }
        frame => frame.into_iter().collect(),
    };
    let posted = delivering.deliver(first, &envelopes).await;
    match then {
        Then::Nothing | Then::HandledBefore => {}
        Then::Leave => end(ctx, session).await,
        Then::NoteDelivery(sent) => note_delivery(ctx, &mut delivering, &sent, posted).await,
    }
}

/// Records to whom a message was posted, and tells its sender. Does nothing if another invocation delivers the message.
pub async fn note_delivery(
    ctx: &Ctx,
    delivering: &mut Delivering<'_>,
    (chat, message): &(Chat, Message),
    posted: Posted,
) {
    if !posted.is_complete {
        return;
    }
    match app::note_delivered(ctx, chat, message, &posted.reached).await {
        Ok(envelopes) => drop(delivering.deliver(Vec::new(), &envelopes).await),
        Err(error) => telemetry::failed(None, &error),
    }
}

/// The ack frame with the answer. If the client asked for no ack, the event that carries the answer, if the dialect has
/// one.
fn answer_frame(
    dialect: &dyn Dialect,
    session: &Session,
    ack: Option<&AckId>,
    answer: &Answer,
    viewer: &Viewer<'_>,
) -> Option<String> {
    match ack {
        Some(id) => ack_frame(&session.namespace, id, Value::Object(dialect.ack(answer, viewer))),
        None => event_frame(&session.namespace, dialect.answer_event(answer, viewer)?, None),
    }
}
