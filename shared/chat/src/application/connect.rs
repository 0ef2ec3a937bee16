//! A client that joins a namespace: its token, its greeting, and who is told that the user is online.

use relay::application::Denial;
use relay::clock::Timestamp;
use relay::store::{Recipient, Session};
use serde_json::{Map, Value, json};

use crate::app::{self, presence};
use crate::auth::Identity;
use crate::ctx::Ctx;
use crate::deliver::Delivering;
use crate::dialect::{self, Dialect};
use crate::domain::notice::{Audience, Envelope, Notice};
use crate::domain::offset::Offset;
use crate::domain::user::Status;
use crate::error::{Error, Refusal};
use crate::store::{SocketCount, dialect_of, verified_header};
use crate::telemetry;

/// The identity of a client that asks to join a namespace.
///
/// # Errors
/// `Error::Authentication`, `Error::Forbidden` for a role that is not allowed, or `Error::Internal` if the keys cannot be
/// read at present.
pub(super) async fn authenticate(
    ctx: &Ctx,
    auth: Option<&Map<String, Value>>,
    handshake: Option<&Value>,
) -> Result<Identity, Error> {
    let header = handshake.map(verified_header);
    app::authenticate(ctx, identity(ctx, header, auth).await?)
}

/// The identity of the token in the CONNECT payload. Without one, the identity that the handshake's header proved,
/// provided that it has not expired.
async fn identity(
    ctx: &Ctx,
    header: Option<Result<Identity, Refusal>>,
    payload: Option<&Map<String, Value>>,
) -> Result<Identity, Error> {
    let given = payload.and_then(|payload| payload.get("token")).filter(|token| !token.is_null());
    let refused = |refusal| Err(Error::Authentication(refusal));
    match (given, header) {
        (Some(Value::String(token)), _) if !token.trim().is_empty() => app::verified(ctx, Some(token)).await,
        (Some(Value::String(_)) | None, Some(Ok(identity))) => {
            let over = identity.expires_at.is_some_and(|expiry| expiry <= ctx.clock.now());
            if over { refused(Refusal::ExpiredToken) } else { Ok(identity) }
        }
        (Some(Value::String(_)) | None, Some(Err(refusal))) => refused(refusal),
        (Some(Value::String(_)) | None, None) => refused(Refusal::NoToken),
        (Some(_), _) => refused(Refusal::InvalidToken),
    }
}

/// The denial of an error: a failure of the server, which the relay logs, or the payload of CONNECT_ERROR.
pub(super) fn denial(ctx: &Ctx, dialect: &Dialect, error: Error) -> Denial {
    match error {
        Error::Internal(_) => Denial::Failed(error.into()),
        error => {
            telemetry::failed(None, &error);
            Denial::Refused(refusal(ctx, dialect, &error))
        }
    }
}

/// The payload of CONNECT_ERROR.
fn refusal(ctx: &Ctx, dialect: &Dialect, error: &Error) -> Map<String, Value> {
    let payload = match error {
        Error::Authentication(refusal) => (dialect.refusal)(*refusal),
        other => json!({"message": other.to_string(), "data": (dialect.error)(other, ctx.clock.now())}),
    };
    match payload {
        Value::Object(payload) => payload,
        _ => Map::new(),
    }
}

/// Greets a new socket, and then tells the others if it is the user's first.
pub(super) async fn joined(ctx: &Ctx, session: &Session, count: SocketCount) {
    let SocketCount { sockets, at, expired } = count;
    ctx.app.store.remove_sockets(&session.user, expired).await;
    greet(ctx, session, at).await;
    // Every other post to this socket waits for this record, or for a limited time.
    if let Err(error) = ctx.app.store.record_greeted(session).await {
        telemetry::failed(Some(&session.connection), &error);
    }
    announce(ctx, session, sockets == 1).await;
    close_excess(ctx, session, sockets).await;
}

/// Tells the others that a recovered client is online, if its socket is the user's first.
pub(super) async fn returned(ctx: &Ctx, session: &Session, count: Option<SocketCount>) {
    let sockets = count.map(|count| count.sockets).unwrap_or_default();
    announce(ctx, session, sockets == 1).await;
    close_excess(ctx, session, sockets).await;
}

/// Posts the greeting.
async fn greet(ctx: &Ctx, session: &Session, at: Timestamp) {
    let connected = Notice::Connected { user: session.user.clone(), socket: session.sid.clone() };
    let heard = Some(Offset::since(at)).filter(|_| ctx.config.recovers(session.takes_offsets));
    let connected = [Envelope::new(connected, Audience::Origin)];
    let _ = Delivering::greeting(ctx, session, heard).deliver(Vec::new(), &connected).await;
}

/// Tells the client who is online, if its dialect wants to know. If this is the user's first socket, tells the others
/// that the user is online.
async fn announce(ctx: &Ctx, session: &Session, first: bool) {
    let Some(dialect) = dialect::named(dialect_of(session)) else { return };
    if !first && !dialect.greets_with_online_users {
        return;
    }
    let online = match presence::online(ctx, &session.user, dialect).await {
        Ok(online) => online,
        Err(error) => return telemetry::failed(Some(&session.connection), &error),
    };
    let others = online.iter().map(|user| &user.id).filter(|id| **id != session.user).cloned().collect();
    let mut envelopes = Vec::new();
    if dialect.greets_with_online_users {
        envelopes.push(Envelope::new(Notice::OnlineUsers(online), Audience::Origin));
    }
    if first {
        let notice = Notice::Online { user: session.user.clone(), status: Status::Online, became_online: true };
        envelopes.push(Envelope::new(notice, Audience::People(others)));
    }
    let _ = Delivering::greeting(ctx, session, None).deliver(Vec::new(), &envelopes).await;
}

/// Closes the user's connections that were heard from longest ago, if the user has more sockets than one person may
/// have (docs/dialects.md, "Sockets of one person"). Reads nothing while the number is within the limit.
async fn close_excess(ctx: &Ctx, session: &Session, sockets: u64) {
    let most = ctx.app.config.limits.sockets_per_person;
    if usize::try_from(sockets).is_ok_and(|sockets| sockets <= most) {
        return;
    }
    let closed = async {
        let own = ctx.app.store.person(&session.user).await?.sockets;
        let others =
            own.iter().map(|socket| &socket.connection).filter(|connection| **connection != session.connection);
        let mut heard = ctx.store.last_heard(&others.cloned().collect()).await?;
        heard.sort();
        let mut excess = own.len().saturating_sub(most);
        for (_, connection) in heard {
            if excess == 0 {
                break;
            }
            tracing::debug!(connection.id = connection.in_logs(), "a person has too many sockets");
            let opened_at = own.iter().find(|socket| socket.connection == connection).map(|socket| socket.opened_at);
            ctx.close(Recipient { connection: &connection, opened_at }).await;
            excess = excess.saturating_sub(own.iter().filter(|socket| socket.connection == connection).count());
        }
        Ok::<(), Error>(())
    };
    if let Err(error) = closed.await {
        telemetry::failed(Some(&session.connection), &error);
    }
}
