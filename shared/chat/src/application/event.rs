//! An event of a client: the parsed command, the use case, and the frames to send.

use frame::socket::AckId;
use relay::application::{Event, EventContent, ack_frame};
use relay::post::POST_MAX_BYTES;
use relay::reply::{end, reply};
use relay::store::Session;
use serde_json::Value;

use crate::app::{self, Caller, Outcome, Then};
use crate::ctx::Ctx;
use crate::deliver::{Delivering, Emitted, Posted, error_frames, event_frame, fit};
use crate::dialect::{self, Dialect};
use crate::domain::chat::Chat;
use crate::domain::command::Command;
use crate::domain::extent::Extent;
use crate::domain::message::Message;
use crate::domain::notice::{Answer, Viewer};
use crate::error::Error;
use crate::store::{FoundChat, dialect_of};
use crate::telemetry::{self, MESSAGES};

/// Handles an event, from its command to the last post.
pub(super) async fn handle(ctx: &Ctx, session: &Session, event: Event<'_>) {
    let Event { name, content: EventContent { arguments, attachments }, ack, at, invocation, row } = event;
    let Some(dialect) = dialect::named(dialect_of(session)) else { return };
    telemetry::note_dialect(dialect);
    let found = row.and_then(|row| FoundChat::read(row).inspect_err(|error| telemetry::failed(None, error)).ok());
    let caller = Caller {
        user: &session.user,
        dialect,
        session: Some(session),
        at,
        invocation: Some(invocation),
        found: found.as_ref(),
    };
    let asked = if attachments.is_empty() {
        dialect.parse_command(name, &arguments)
    } else {
        Err(Error::validation("event", "has binary attachments, which are not supported"))
    };
    let ran = match asked {
        Ok(Command::Type { .. }) if session.ended_at.is_some() => return,
        Ok(command) => app::run(ctx, &caller, command).await,
        Err(error) => Err(error),
    };
    let emitted = Emitted { namespace: &session.namespace, dialect, event: name, ack };
    match ran {
        Ok(outcome) => deliver_outcome(ctx, &caller, session, emitted, outcome).await,
        Err(error) => {
            telemetry::failed(Some(&session.connection), &error);
            reply(ctx, session.recipient(), &error_frames(ctx, emitted, &error)).await;
        }
    }
}

/// Sends the outcome of a command: first the answer, then the envelopes for everybody, then the step that follows from
/// it.
async fn deliver_outcome(ctx: &Ctx, caller: &Caller<'_>, session: &Session, emitted: Emitted<'_>, outcome: Outcome) {
    let Outcome { answer, envelopes, then } = outcome;
    let is_unanswered = matches!(then, Then::HandledBefore) && emitted.ack.is_none();
    if is_unanswered && envelopes.is_empty() {
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
    let first = if is_unanswered { Vec::new() } else { first };
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
    // Each stored message comes here once, from the invocation that stored it.
    telemetry::count(MESSAGES, 1);
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
    dialect: &Dialect,
    session: &Session,
    ack: Option<&AckId>,
    answer: &Answer,
    viewer: &Viewer<'_>,
) -> Option<String> {
    match ack {
        Some(id) => ack_frame(&session.namespace, id, Value::Object((dialect.ack)(answer, viewer))),
        None => event_frame(&session.namespace, (dialect.answer_event)(answer, viewer)?, None),
    }
}
