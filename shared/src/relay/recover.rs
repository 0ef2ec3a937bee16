//! Connection state recovery (docs/recovery.md, "Returning"): a client that reconnects to its session receives first the events that it
//! missed, and then the new ones.
//!
//! The session moves to the new connection with a recovery buffer in front of it. New frames go into the buffer, so
//! that the client does not receive them before the missed events. The relay then looks for the missed events, sends
//! them, and after that sends the frames in the buffer, without those that belong to missed events.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::app::recover::{Missing, RecoveringSocket, missing};
use crate::auth::Identity;
use crate::ctx::{Ctx, Delivery};
use crate::deliver::{Delivering, packet_frame, wait_until_delivered};
use crate::domain::id::{ConnectionId, Pid};
use crate::domain::notice::MissedEvent;
use crate::domain::offset::{GivenTo, Holder, Last, Offset, TELLING_MILLIS};
use crate::error::Error;
use crate::store::{Former, Opened, Recipient, Session, SessionRestore, Socket, Transition};
use frame::engine;
use frame::socket::{self, Body, Packet};

/// How many batches of buffered frames are sent to one client. If more keep coming, the client must reconnect once
/// more.
const BATCHES_MAX: u32 = 100;
/// How often a frame that is not accepted is posted again. Meanwhile a polling client fetches what waits.
const POSTS_MAX: u32 = 40;
const POST_WAIT: Duration = Duration::from_millis(100);

/// A client's request to recover a session that it had.
pub(super) struct RecoveryRequest {
    pid: Pid,
    /// What the client has received; `None` if it received no event since the session began.
    heard: Option<Offset>,
    /// To whom the offset was given.
    given_to: GivenTo,
}

/// A recovered session.
pub(super) struct RecoveredSession {
    pub(super) session: Session,
    /// The number of the user's sockets, this one included; `None` if the session replaces a live one.
    pub(super) sockets: Option<u64>,
    /// What the client has received after it was sent the missed events.
    pub(super) heard: Offset,
    recovery_buffer: ConnectionId,
    missing: Missing,
    /// The frames of the missed events.
    frames: Vec<String>,
}

/// The result of a request to recover a session.
pub(super) enum Recovery {
    /// The session is recovered, and nothing has been sent to its client yet.
    Recovered(Box<RecoveredSession>),
    /// This client has no such session any more, or it missed more than the relay can send again. A new session begins.
    /// The value is the number of the user's sockets with it, if the recovery attempt counted them.
    NewSession(Option<u64>),
    /// The client had already joined the namespace.
    Already(Box<Session>),
    /// The connection is gone.
    Gone,
}

/// The request to recover a session in a CONNECT payload; `None` if there is none, or if it is not valid.
pub(super) fn request(
    ctx: &Ctx,
    (opened, joining): (&Opened, &Session),
    payload: Option<&Map<String, Value>>,
) -> Option<RecoveryRequest> {
    if !ctx.config.recovers(opened.takes_offsets) {
        return None;
    }
    let payload = payload?;
    let pid = Pid::parse(payload.get("pid")?.as_str()?).ok()?;
    let holder = Holder { pid: &pid, user: &joining.user, namespace: &joining.namespace };
    let (heard, given_to) = match payload.get("offset") {
        None | Some(Value::Null) => (None, GivenTo::Session),
        Some(offset) => {
            let (heard, given_to) = Offset::parse(offset.as_str()?, holder)?;
            (Some(heard), given_to)
        }
    };
    Some(RecoveryRequest { heard, given_to, pid })
}

/// Moves a session to the new connection with a recovery buffer in front of it, so that its client receives nothing
/// yet. `joining` is the session that would begin otherwise.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn revive(
    ctx: &Ctx,
    opened: &Opened,
    (joining, identity): (&Session, &Identity),
    request: RecoveryRequest,
) -> Result<Recovery, Error> {
    let now = ctx.clock.now();
    let Some(former) = ctx.store.former_session(&joining.user, &request.pid).await? else {
        return Ok(Recovery::NewSession(None));
    };
    let window = i64::from(ctx.config.recovery_window_secs) * 1_000;
    let over = former.ended_at.is_some_and(|ended| ended.plus_millis(window) < now);
    if over || former.namespace != joining.namespace || former.dialect != joining.dialect {
        return Ok(Recovery::NewSession(None));
    }
    if former.ended_at.is_none() && former.connection == joining.connection {
        // The packet came twice, or another CONNECT packet was first.
        let joined = ctx.store.session(&joining.connection, &joining.namespace).await?;
        return Ok(joined.map_or(Recovery::Gone, |joined| Recovery::Already(Box::new(joined))));
    }
    // A stock client keeps the offset of an earlier session until it receives another one: this session began later.
    let is_earlier = request.heard.as_ref().is_some_and(|heard| heard.until <= former.began_at);
    let heard = match (request.given_to, is_earlier) {
        (GivenTo::Session, _) => request.heard,
        (GivenTo::User, true) => None,
        (GivenTo::User, false) | (GivenTo::Others, _) => return Ok(Recovery::NewSession(None)),
    };
    let session = Session { pid: request.pid, sid: former.sid.clone(), ..joining.clone() };
    let recovery_buffer = ConnectionId::recovery_buffer(ctx.clock.random());
    ctx.store.open_outbox(&recovery_buffer, now).await?;
    let sockets = match ctx.store.revive((opened, &recovery_buffer), &former, &session, identity).await? {
        SessionRestore::Restored { sockets } => sockets,
        SessionRestore::Already(session) => return Ok(Recovery::Already(session)),
        SessionRestore::Gone => return Ok(Recovery::Gone),
        SessionRestore::Lost => return Ok(Recovery::NewSession(None)),
    };
    found(ctx, (former, identity), (session, sockets, recovery_buffer), heard).await
}

/// Looks for the events that a recovered session missed. If they cannot be sent, the function ends the session.
async fn found(
    ctx: &Ctx,
    (former, identity): (Former, &Identity),
    (session, sockets, recovery_buffer): (Session, Option<u64>, ConnectionId),
    heard: Option<Offset>,
) -> Result<Recovery, Error> {
    if former.ended_at.is_none() {
        ctx.store.see(identity).await?;
        // Nobody had noticed that the old connection is gone.
        ctx.close(Recipient { connection: &former.connection, opened_at: Some(former.opened_at) }).await;
    }
    let heard = match heard {
        // An event that was stored in the same millisecond in which the session began may not have been sent to it, in
        // any chat.
        Some(heard) => Offset { until: heard.until.max(former.began_at.plus_millis(-1)), ..heard },
        None => Offset::since(former.began_at),
    };
    let settled = ctx.clock.now().plus_millis(-TELLING_MILLIS);
    let absent = RecoveringSocket { user: &session.user, socket: &session.sid, heard: &heard };
    let told = match missing(ctx, absent).await? {
        Some(missing) => retold(ctx, &session, &missing).await?.map(|frames| (missing, frames)),
        None => None,
    };
    let Some((missing, frames)) = told else {
        let _ = ctx.store.leave(&session, ctx.clock.now(), None).await?;
        return Ok(Recovery::NewSession(sockets));
    };
    // After all the missed events are sent, nothing else that was stored before is missing.
    let heard = match missing.events.last() {
        Some(MissedEvent { chat, position, .. }) => {
            Offset { until: settled, last: Some(Last { chat: chat.clone(), position: *position, frames: 0 }) }
        }
        None => Offset { until: heard.until.max(settled), ..heard },
    };
    Ok(Recovery::Recovered(Box::new(RecoveredSession { session, sockets, heard, recovery_buffer, missing, frames })))
}

/// The frames of the events that a session missed; `None` if the position that the client claims cannot come from this
/// server.
async fn retold(ctx: &Ctx, session: &Session, missing: &Missing) -> Result<Option<Vec<String>>, Error> {
    let own = ctx.store.person(&session.user).await?.sockets;
    let socket = own.into_iter().find(|socket| socket.is_of(session));
    let socket = socket.unwrap_or_else(|| Socket::of(session));
    Delivering::new(ctx, Some(session)).replay(&socket, &missing.events).await
}

impl RecoveredSession {
    /// Confirms the session and sends the missed events. Returns whether the client is still there.
    pub(super) async fn tell(&self, ctx: &Ctx) -> bool {
        let Self { session, frames, .. } = self;
        for frame in confirmation(ctx, session).iter().chain(frames) {
            if !post(ctx, session.recipient(), frame).await {
                return false;
            }
        }
        true
    }

    /// Sends the frames in the recovery buffer, without those that were sent as missed events. From then on all frames
    /// go directly to the connection.
    pub(super) async fn release(&self, ctx: &Ctx) -> Result<(), Error> {
        let Self { session, recovery_buffer, .. } = self;
        self.settle(ctx).await?;
        let mut batches = 0;
        while ctx.store.redirect(recovery_buffer, &session.connection).await? == Transition::Refused {
            if batches == BATCHES_MAX {
                return Err(Error::internal("more keeps being held back for a client than it can be posted"));
            }
            for frame in ctx.store.flush(recovery_buffer).await?.iter().filter(|frame| !self.is_told(frame)) {
                if !post(ctx, session.recipient(), frame).await {
                    return Ok(());
                }
            }
            batches += 1;
        }
        ctx.store.release(session, recovery_buffer).await
    }

    /// Waits until everything that the recovery looked at has been delivered, so that none of it comes after the frames
    /// of the buffer.
    async fn settle(&self, ctx: &Ctx) -> Result<(), Error> {
        for chat in &self.missing.undelivered {
            let Some(looked) = self.missing.looked.get(chat) else { continue };
            wait_until_delivered(ctx, chat, looked.events()).await?;
        }
        Ok(())
    }

    /// Whether a frame in the buffer belongs to an event that the recovery looked at as missed.
    fn is_told(&self, frame: &str) -> bool {
        let offset = offset(frame, &self.session);
        let Some(Last { chat, position, frames }) = offset.and_then(|offset| offset.last) else { return false };
        let event = position.events() + u64::from(frames > 0);
        self.missing.looked.get(&chat).is_some_and(|looked| event <= looked.events())
    }
}

/// The packet that confirms a session. It carries the private id of the session if the client may recover it.
pub(super) fn confirmation(ctx: &Ctx, session: &Session) -> Option<String> {
    let mut payload = Map::from_iter([("sid".to_owned(), session.sid.to_string().into())]);
    if ctx.config.recovers(session.takes_offsets) {
        payload.insert("pid".to_owned(), session.pid.to_string().into());
    }
    packet_frame(&session.namespace, Body::Connect { payload: Some(payload) })
}

/// The offset that the frame of an event carries.
fn offset(frame: &str, session: &Session) -> Option<Offset> {
    let Ok(engine::Packet::Message(text)) = engine::decode(frame) else { return None };
    let Ok(Packet { body: Body::Event { arguments, .. }, .. }) = socket::decode(&text) else { return None };
    let holder = Holder { pid: &session.pid, user: &session.user, namespace: &session.namespace };
    Offset::parse(arguments.last()?.as_str()?, holder).map(|(offset, _)| offset)
}

/// Posts a frame, and repeats the post while it is not accepted. Returns whether it was accepted. If the client does
/// not accept the frame, or it is unknown whether it received it, the function closes the connection.
async fn post(ctx: &Ctx, to: Recipient<'_>, frame: &str) -> bool {
    for _ in 0..POSTS_MAX {
        match ctx.post(to, frame).await {
            Delivery::Sent | Delivery::TooLarge => return true,
            Delivery::Gone => {
                ctx.report_gone(to.connection).await;
                return false;
            }
            Delivery::NotAccepted => tokio::time::sleep(POST_WAIT).await,
            Delivery::Unknown => break,
        }
    }
    ctx.close(to).await;
    false
}
