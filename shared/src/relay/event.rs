//! An event of a client: session, command, use case, and what is to be said. The functions message, typing, block and presence are this,
//! each for its own family.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::app::{self, Caller, Outcome, Then};
use crate::ctx::{Ctx, POST_MAX_BYTES};
use crate::deliver::{Delivering, Emitted, ack_frame, error_frames, event_frame};
use crate::dialect::{self, Dialect};
use crate::domain::chat::Chat;
use crate::domain::command::Command;
use crate::domain::id::UserId;
use crate::domain::message::Message;
use crate::domain::notice::Answer;
use crate::error::Error;
use crate::frame::engine;
use crate::frame::socket::{self, AckId, Body, Packet};
use crate::relay::application::{self, Application, Content};
use crate::relay::{Incoming, Standing, end, reply, speaker, standing};
use crate::store::Session;
use crate::telemetry;

/// Handles an event, from its frame to the last post.
///
/// # Errors
/// `Error::Internal` if the event is none of API Gateway's; whatever else goes wrong is answered.
pub async fn handle(ctx: &Ctx, event: &Value) -> Result<(), Error> {
    let incoming = Incoming::read(event)?;
    let Some((Packet { namespace, body }, attachments)) = read(&incoming.body) else { return Ok(()) };
    let (name, arguments, ack) = match body {
        Body::Event { name, arguments, ack } | Body::BinaryEvent { name, arguments, ack, .. } => (name, arguments, ack),
        Body::Ack { id, arguments } | Body::BinaryAck { id, arguments, .. } => {
            let answer = Content { arguments, attachments };
            let taken = application::answered(ctx, &incoming, (namespace.as_str(), &id), answer).await;
            if let Err(error) = taken {
                // An answer that is lost cannot be made up for.
                telemetry::failed(Some(&incoming.connection), &error);
                ctx.close(incoming.recipient()).await;
            }
            return Ok(());
        }
        Body::Connect { .. } | Body::Disconnect | Body::ConnectError { .. } => return Ok(()),
    };
    let session = match speaker(ctx, &incoming, namespace.as_str()).await {
        Ok(Some(session)) => session,
        Ok(None) => {
            ctx.close(incoming.recipient()).await;
            return Ok(());
        }
        Err(error) => {
            let Some(dialect) = incoming.dialect(ctx, namespace.as_str()) else { return Ok(()) };
            let emitted = Emitted { namespace: namespace.as_str(), dialect, event: name.as_str(), ack: ack.as_ref() };
            return refuse(ctx, &incoming, emitted, &error).await;
        }
    };
    match standing(ctx, &session, incoming.at) {
        Standing::Live => {}
        Standing::Left => return Ok(()),
        Standing::Expired => {
            end(ctx, &session).await;
            return Ok(());
        }
    }
    if let Application::Sockets(application) = ctx.application {
        let sayings = application.heard(name.as_str(), Content { arguments, attachments });
        application::say(ctx, &session, ack.as_ref(), sayings).await;
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
        dialect.asked(name.as_str(), &arguments)
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
            say(ctx, &caller, &session, emitted, outcome).await;
            Ok(())
        }
        Err(error) => refuse(ctx, &incoming, emitted, &error).await,
    }
}

/// The packet of a frame, with the attachments that the switchboard has put behind it.
fn read(body: &str) -> Option<(Packet, Vec<Vec<u8>>)> {
    let mut frames = engine::decode_payload(body).ok()?.into_iter();
    let Some(engine::Packet::Message(text)) = frames.next() else { return None };
    let attachments = frames.filter_map(|frame| match frame {
        engine::Packet::Binary(bytes) => Some(bytes),
        _ => None,
    });
    Some((socket::decode(&text).ok()?, attachments.collect()))
}

/// Replies with an error.
async fn refuse(ctx: &Ctx, incoming: &Incoming, emitted: Emitted<'_>, error: &Error) -> Result<(), Error> {
    telemetry::failed(Some(&incoming.connection), error);
    reply(ctx, incoming.recipient(), &error_frames(ctx, emitted, error)).await;
    Ok(())
}

/// Says a command's outcome: the answer first, then what everybody hears, then what follows from it.
async fn say(ctx: &Ctx, caller: &Caller<'_>, session: &Session, emitted: Emitted<'_>, outcome: Outcome) {
    let Outcome { answer, envelopes, then } = outcome;
    if matches!(then, Then::HandledBefore) && emitted.ack.is_none() {
        return;
    }
    let mut delivering = Delivering::new(ctx, Some(session));
    // What is done is done: without profiles the answer shows ids.
    if let Err(error) = delivering.prepare(caller.dialect, &answer, &envelopes).await {
        telemetry::failed(Some(&session.connection), &error);
    }
    let first = match answer_frame(caller.dialect, session, emitted.ack, &answer, &delivering) {
        // Only a list gets this long.
        Some(frame) if frame.len() > POST_MAX_BYTES => {
            let problem = format!("asks for more than the {POST_MAX_BYTES} bytes that one event can carry");
            error_frames(ctx, emitted, &Error::validation("limit", problem))
        }
        frame => frame.into_iter().collect(),
    };
    let reached = delivering.say(first, &envelopes).await;
    match then {
        Then::Nothing | Then::HandledBefore => {}
        Then::Leave => end(ctx, session).await,
        Then::NoteDelivery(sent) => note_delivery(ctx, &mut delivering, &sent, &reached).await,
    }
}

/// Notes to whom a message was posted, and tells its sender.
pub async fn note_delivery(
    ctx: &Ctx,
    delivering: &mut Delivering<'_>,
    (chat, message): &(Chat, Message),
    reached: &BTreeSet<UserId>,
) {
    match app::note_delivered(ctx, chat, message, reached).await {
        Ok(envelopes) => drop(delivering.say(Vec::new(), &envelopes).await),
        Err(error) => telemetry::failed(None, &error),
    }
}

/// The ack, or without one the event that carries the answer, if the dialect has one.
fn answer_frame(
    dialect: &dyn Dialect,
    session: &Session,
    ack: Option<&AckId>,
    answer: &Answer,
    delivering: &Delivering<'_>,
) -> Option<String> {
    let viewer = delivering.caller(&session.user);
    match ack {
        Some(id) => ack_frame(&session.namespace, id, Value::Object(dialect.ack(answer, &viewer))),
        None => event_frame(&session.namespace, dialect.answer_event(answer, &viewer)?, None),
    }
}
