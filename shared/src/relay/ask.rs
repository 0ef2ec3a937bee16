//! Asking a client (socketio.md, "Server-to-client acks"): an event with an ack id, whose answer comes in an invocation of its own.
//!
//! What is open is noted before it is asked, and taken off with the first answer; an answer to nothing, or one too late, is passed over.

use crate::application::Content;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::frame::socket::AckId;
use crate::relay::content::event_frames;
use crate::relay::reply::reply;
use crate::store::{Answering, Asking, Question, Session};

/// How long an answer is waited for.
const ANSWER_WITHIN_MILLIS: i64 = 60_000;

/// Emits an event to a socket that asks for an answer. `about` comes back with it. One write and one post per frame.
///
/// # Errors
/// `Error::Internal`.
pub async fn ask(
    ctx: &Ctx,
    session: &Session,
    (event, content): (&str, Content),
    about: String,
) -> Result<Asking, Error> {
    let now = ctx.clock.now();
    // Client libraries read ids as numbers, which are exact up to 53 bits.
    let [a, b, c, d, e, f] = ctx.clock.random::<6>();
    let digits = u64::from_be_bytes([0, 0, a, b, c, d, e, f]).to_string();
    let id = AckId::parse(&digits).map_err(Error::internal)?;
    let question = Question { id: digits, about, until: now.plus_millis(ANSWER_WITHIN_MILLIS) };
    let asking = ctx.store.ask(session, &question, now).await?;
    if asking == Asking::Noted {
        reply(ctx, session.recipient(), &event_frames(&session.namespace, event, content, Some(id))).await;
    }
    Ok(asking)
}

/// The question that an answer belongs to, the first time it is answered. One write; nothing for an answer to no question.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn take_question<'a>(
    ctx: &Ctx,
    session: &'a Session,
    id: &AckId,
) -> Result<Option<&'a Question>, Error> {
    let Some(question) = session.asked.iter().find(|question| question.id == id.as_str()) else { return Ok(None) };
    let answering = ctx.store.answer(session, question).await?;
    Ok((answering == Answering::First && ctx.clock.now() < question.until).then_some(question))
}
