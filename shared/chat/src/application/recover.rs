//! Connection state recovery (docs/recovery.md): which session a client asks for, and which events it missed.

use frame::engine;
use frame::socket::{self, Body, Packet};
use relay::clock::Timestamp;
use relay::id::Pid;
use relay::store::{Former, Session};
use serde_json::{Map, Value};

use crate::app::recover::{Missing, RecoveringSocket, missing};
use crate::auth::Identity;
use crate::ctx::Ctx;
use crate::deliver::{Delivering, wait_until_delivered};
use crate::domain::notice::{MissedEvent, Notice};
use crate::domain::offset::{GivenTo, Holder, Last, Offset, TELLING_MILLIS};
use crate::error::Error;
use crate::store::{FormerSocket, Socket, dialect_of};

/// What the chat remembers of a returning session.
pub struct Missed {
    /// What the socket has received, before and after the missed events are sent.
    heard: Offset,
    /// When the session began.
    began_at: Timestamp,
    missing: Missing,
}

/// The session that a client asks to recover. `None` if the request is not valid, or the session can no longer be
/// recovered.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn former(
    ctx: &Ctx,
    joining: &Session,
    auth: &Map<String, Value>,
) -> Result<Option<(Former, Missed)>, Error> {
    let Some(pid) = auth.get("pid").and_then(Value::as_str).and_then(|pid| Pid::parse(pid).ok()) else {
        return Ok(None);
    };
    let holder = Holder { pid: &pid, user: &joining.user, namespace: &joining.namespace };
    let (heard, given_to) = match auth.get("offset") {
        None | Some(Value::Null) => (None, GivenTo::Session),
        Some(offset) => {
            let Some((heard, given_to)) = offset.as_str().and_then(|offset| Offset::parse(offset, holder)) else {
                return Ok(None);
            };
            (Some(heard), given_to)
        }
    };
    let Some(former) = ctx.app.store.former_socket(&joining.user, &pid).await? else { return Ok(None) };
    let FormerSocket { session, namespace, dialect, began_at } = former;
    let window = i64::from(ctx.config.recovery_window_secs) * 1_000;
    let over = session.ended_at.is_some_and(|ended| ended.plus_millis(window) < ctx.clock.now());
    if over || namespace != joining.namespace || dialect != dialect_of(joining) {
        return Ok(None);
    }
    // A stock client keeps the offset of an earlier session until it receives another one: this session began later.
    let is_earlier = heard.as_ref().is_some_and(|heard| heard.until <= began_at);
    let heard = match (given_to, is_earlier) {
        (GivenTo::Session, _) => heard,
        (GivenTo::User, true) => None,
        (GivenTo::User, false) | (GivenTo::Others, _) => return Ok(None),
    };
    let heard = match heard {
        // An event that was stored in the same millisecond in which the session began may not have been sent to it, in
        // any chat.
        Some(heard) => Offset { until: heard.until.max(began_at.plus_millis(-1)), ..heard },
        None => Offset::since(began_at),
    };
    Ok(Some((session, Missed { heard, began_at, missing: Missing::default() })))
}

/// The frames of the events that a session missed, and of its greeting. `None` if they cannot be sent.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn missed(
    ctx: &Ctx,
    former: &Former,
    session: &Session,
    identity: &Identity,
    Missed { heard, began_at, missing: found }: &mut Missed,
) -> Result<Option<Vec<String>>, Error> {
    if former.ended_at.is_none() {
        ctx.app.store.see(identity).await?;
    }
    let settled = ctx.clock.now().plus_millis(-TELLING_MILLIS);
    let absent = RecoveringSocket { user: &session.user, socket: &session.sid, heard, began_at: *began_at };
    let Some(missing) = missing(ctx, absent).await? else { return Ok(None) };
    let own = ctx.app.store.person(&session.user).await?.sockets;
    let socket = own.into_iter().find(|socket| socket.is_of(session)).unwrap_or_else(|| Socket::of(session));
    let Some(mut frames) = Delivering::new(ctx, Some(session)).replay(&socket, &missing.events).await? else {
        return Ok(None);
    };
    // After all the missed events are sent, nothing else that was stored before `settled` is missing. This time may be
    // earlier than the beginning of the session: with a later one, an event of another chat could count as received that
    // is stored in the same millisecond.
    let until = match missing.events.last() {
        Some(MissedEvent { chat, position, .. }) => {
            Offset { until: settled, last: Some(Last { chat: chat.clone(), position: *position, frames: 0 }) }
        }
        None => Offset { until: heard.until.max(settled), ..heard.clone() },
    };
    let connected = Notice::Connected { user: session.user.clone(), socket: session.sid.clone() };
    frames.extend(Delivering::new(ctx, Some(session)).greeting_frames(&socket, &connected, &until));
    (*heard, *found) = (until, missing);
    Ok(Some(frames))
}

/// Waits until everything that the recovery looked at has been delivered, so that none of it comes after the frames of
/// the buffer.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn settled(ctx: &Ctx, Missed { missing, .. }: &Missed) -> Result<(), Error> {
    for chat in &missing.undelivered {
        let Some(looked) = missing.looked.get(chat) else { continue };
        wait_until_delivered(ctx, chat, looked.events()).await?;
    }
    Ok(())
}

/// Whether a frame of the recovery buffer belongs to an event that the recovery looked at as missed.
pub(super) fn is_included(session: &Session, Missed { missing, .. }: &Missed, frame: &str) -> bool {
    let offset = offset(frame, session);
    let Some(Last { chat, position, frames }) = offset.and_then(|offset| offset.last) else { return false };
    let event = position.events() + u64::from(frames > 0);
    missing.looked.get(&chat).is_some_and(|looked| event <= looked.events())
}

/// The offset that the frame of an event carries.
fn offset(frame: &str, session: &Session) -> Option<Offset> {
    let Ok(engine::Packet::Message(text)) = engine::decode(frame) else { return None };
    let Ok(Packet { body: Body::Event { arguments, .. }, .. }) = socket::decode(&text) else { return None };
    let holder = Holder { pid: &session.pid, user: &session.user, namespace: &session.namespace };
    Offset::parse(arguments.last()?.as_str()?, holder).map(|(offset, _)| offset)
}
