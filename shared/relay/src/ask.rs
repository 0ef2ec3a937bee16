//! Questions to a client (docs/protocol.md, "Server-to-client acks"): events with an ack id. The client's ack arrives
//! in an invocation of its own.
//!
//! The relay stores a question before it emits the event, and removes it with the first ack. It ignores an ack that
//! belongs to no question, and an ack that arrives too late.

use frame::socket::AckId;

use crate::application::EventContent;
use crate::content::event_frames;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::reply::reply;
use crate::store::{Answering, Asking, Question, Session};

/// How long a question stays open for its ack.
const ANSWER_WITHIN_MILLIS: i64 = 60_000;

/// Emits an event that asks a socket for an ack. `about` is stored with the question and given back with the ack. One
/// write and one post per frame.
///
/// # Errors
/// `Error::Internal`.
pub async fn ask<A>(
    ctx: &Ctx<A>,
    session: &Session,
    event: &str,
    content: EventContent,
    about: String,
) -> Result<Asking, Error> {
    let now = ctx.clock.now();
    // Client libraries read ids as numbers, which are exact up to 53 bits. So the id has 48.
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

/// Returns the question that an ack belongs to, when its first ack arrives in time. One write; none if the ack belongs
/// to no question.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn take_question<'a, A>(
    ctx: &Ctx<A>,
    session: &'a Session,
    id: &AckId,
) -> Result<Option<&'a Question>, Error> {
    let Some(question) = session.asked.iter().find(|question| question.id == id.as_str()) else { return Ok(None) };
    let answering = ctx.store.answer(session, question).await?;
    Ok((answering == Answering::First && ctx.clock.now() < question.until).then_some(question))
}
