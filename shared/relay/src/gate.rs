//! The gate that every event and every ack passes: a session that is live, a token that has not ended, and no frame
//! inside a binary packet.

use crate::application::{Application, Emitted, FoundRow};
use crate::clock::Timestamp;
use crate::ctx::Ctx;
use crate::dynamo::RowKey;
use crate::error::Error;
use crate::incoming::Incoming;
use crate::reply::reply;
use crate::store::Session;
use crate::telemetry;
use crate::{binary, invocation, upgrade};

/// Admits what a client sends in a namespace, and returns its session. `event` is the event; `None` for an ack.
///
/// Returns `None` if it is not admitted. The function has then closed a connection without such a session, ignored what
/// came after the socket left, or told the socket that its token has ended. One read; more only if there is no session.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn admit<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    namespace: &str,
    event: Option<Emitted<'_>>,
) -> Result<Option<Session>, Error> {
    let session = current_session(ctx, incoming, namespace).await?;
    checked(ctx, incoming, session, event).await
}

/// Admits an event as [`admit`], and returns its session and the row of the application that `row` names. One request
/// if there is a session.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn admit_with_row<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    event: Emitted<'_>,
    row: RowKey,
) -> Result<Option<(Session, FoundRow)>, Error> {
    let (session, found) = upgrade::session_and_row(ctx, &incoming.connection, event.namespace, row.clone()).await?;
    let session = uninterrupted(ctx, incoming, session).await?;
    let admitted = checked(ctx, incoming, session, Some(event)).await?;
    Ok(admitted.map(|session| (session, FoundRow { row, item: found })))
}

/// Returns the session if it is live. Otherwise deals with what the client sent.
async fn checked<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    session: Option<Session>,
    event: Option<Emitted<'_>>,
) -> Result<Option<Session>, Error> {
    let Some(session) = session else {
        ctx.close(incoming.recipient()).await;
        return Ok(None);
    };
    match session_status(ctx, &session, incoming.at) {
        SessionStatus::Live => return Ok(Some(session)),
        SessionStatus::Left => pass_over(ctx, incoming).await,
        SessionStatus::Expired => expire(ctx, &session, event).await,
    }
    Ok(None)
}

/// The session to which an event belongs. `None` if there is none, or if the frame interrupts a binary packet. In both
/// cases the caller must close the connection.
pub(crate) async fn current_session<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    namespace: &str,
) -> Result<Option<Session>, Error> {
    let session = upgrade::session(ctx, &incoming.connection, namespace).await?;
    uninterrupted(ctx, incoming, session).await
}

/// The session, unless the frame interrupts a binary packet.
async fn uninterrupted<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    session: Option<Session>,
) -> Result<Option<Session>, Error> {
    let Some(session) = session else { return Ok(None) };
    let interrupted = binary::is_interrupted(ctx, incoming, session.attachments_until).await?;
    Ok((!interrupted).then_some(session))
}

/// How the relay treats an event, according to the state of its session.
enum SessionStatus {
    /// The relay handles the event.
    Live,
    /// The socket left before, so there is nobody to answer.
    Left,
    /// The token has ended. The relay closes the connection because of this event.
    Expired,
}

/// The status of a session for an event that the gateway received at this time. An event that the client sent before it
/// left is still handled. An event that came after that, or after the end of the token, is not.
fn session_status<A>(ctx: &Ctx<A>, session: &Session, at: Timestamp) -> SessionStatus {
    let expired = session.expires_at.is_some_and(|expiry| expiry <= ctx.clock.now());
    match session.ended_at {
        None if expired => SessionStatus::Expired,
        None => SessionStatus::Live,
        Some(ended) if expired || ended < at => SessionStatus::Left,
        Some(_) => SessionStatus::Live,
    }
}

/// Ignores an event in a namespace that its client has left. If the relay took the whole connection for gone although
/// it is not, nobody would ever answer the client. Then the function closes the connection, so that the client
/// reconnects.
pub(crate) async fn pass_over<A: Application>(ctx: &Ctx<A>, incoming: &Incoming) {
    match upgrade::opened(ctx, &incoming.connection).await {
        Ok(Some(_)) => {}
        Ok(None) => ctx.close(incoming.recipient()).await,
        Err(error) => telemetry::failed(Some(&incoming.connection), &error),
    }
}

/// Tells a socket that its token has ended, and closes the connection without a DISCONNECT packet, so that the client
/// reconnects by itself.
pub(crate) async fn expire<A: Application>(ctx: &Ctx<A>, session: &Session, emitted: Option<Emitted<'_>>) {
    invocation::note_refusal("TOKEN_ENDED");
    tracing::debug!(connection.id = session.connection.in_logs(), "a token has ended");
    reply(ctx, session.recipient(), &A::expired(ctx, session, emitted)).await;
    ctx.close(session.recipient()).await;
}
