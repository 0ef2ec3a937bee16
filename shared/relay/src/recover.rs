//! Connection state recovery (docs/recovery.md, "Returning"): a client that reconnects to its session receives first
//! the events that it missed, and then the new ones.
//!
//! The session moves to the new connection with a recovery buffer in front of it. New frames go into the buffer, so
//! that the client does not receive them before the missed events. The application then looks for the missed events.
//! The relay sends them, and after that the frames in the buffer, without those that belong to missed events.

use std::time::Duration;

use frame::socket::Body;
use serde_json::{Map, Value};

use crate::application::{Application, Denial, Leaving, packet_frame};
use crate::ctx::Ctx;
use crate::disconnect::{end_session, leave};
use crate::drain::drain;
use crate::error::Error;
use crate::id::ConnectionId;
use crate::invocation::{self, RECOVERIES, REPLAYED};
use crate::post::Delivery;
use crate::store::{Opened, Recipient, Restoring, Session};

/// After this many attempts, a session that other runs keep changing is not recovered.
const LOST_MAX: u32 = 3;
/// How often a frame that is not accepted is posted again. Meanwhile a polling client fetches what waits.
const POSTS_MAX: u32 = 40;
const POST_WAIT: Duration = Duration::from_millis(100);

/// A recovered session.
pub(crate) struct RecoveredSession<A: Application> {
    pub(crate) session: Session,
    /// What the application hands on to [`Application::returned`].
    pub(crate) joining: Option<A::Joining>,
    recovery_buffer: ConnectionId,
    missed: A::Missed,
    /// The frames of the missed events.
    frames: Vec<String>,
}

/// The result of a request to recover a session.
pub(crate) enum Recovery<A: Application> {
    /// The session is recovered, and nothing has been sent to its client yet.
    Recovered(Box<RecoveredSession<A>>),
    /// This client has no such session any more, or it missed more than the application can send again. A new session
    /// begins. The value is that of the recovery attempt, if it counted the session.
    NewSession(Option<A::Joining>),
    /// The client had already joined the namespace.
    Already(Box<Session>),
    /// The connection is gone.
    Gone,
}

/// Moves a session to the new connection with a recovery buffer in front of it, so that its client receives nothing
/// yet. `joining` is the session that would begin otherwise, `auth` the payload of the CONNECT packet.
///
/// # Errors
/// The [`Denial`] of the application, or `Error::Internal` in one.
pub(crate) async fn revive<A: Application>(
    ctx: &Ctx<A>,
    opened: &Opened,
    joining: &Session,
    identity: &A::Identity,
    auth: &Map<String, Value>,
) -> Result<Recovery<A>, Denial> {
    let recovery_buffer = ConnectionId::recovery_buffer(ctx.clock.random());
    let mut attempt = 0;
    loop {
        let Some((former, mut missed)) = A::former(ctx, joining, auth).await? else {
            return Ok(Recovery::NewSession(None));
        };
        if former.ended_at.is_none() && former.connection == joining.connection {
            // The packet came twice, or another CONNECT packet was first.
            let joined = ctx.store.session(&joining.connection, &joining.namespace).await?;
            return Ok(joined.map_or(Recovery::Gone, |joined| Recovery::Already(Box::new(joined))));
        }
        let session = Session { pid: former.pid.clone(), sid: former.sid.clone(), ..joining.clone() };
        if attempt == 0 {
            ctx.store.open_outbox(&recovery_buffer, ctx.clock.now()).await?;
        }
        let (writes, joining) = A::restore_writes(ctx, &former, &session, &recovery_buffer, identity).await?;
        match ctx.store.restore(opened, &former, &session, writes).await? {
            Restoring::Restored => {}
            Restoring::Already(session) => return Ok(Recovery::Already(session)),
            Restoring::Gone => return Ok(Recovery::Gone),
            Restoring::Lost if attempt >= LOST_MAX => return Ok(Recovery::NewSession(None)),
            // Another run changes the session at this moment. If its client returns to another namespace, too, that
            // run has found the old connection gone, and the session can still be recovered.
            Restoring::Lost | Restoring::Again => {
                ctx.store.db().backoff(attempt).await?;
                attempt += 1;
                continue;
            }
        }
        if former.ended_at.is_none() {
            // Nobody had noticed that the old connection is gone.
            ctx.close(Recipient { connection: &former.connection, opened_at: Some(former.opened_at) }).await;
        }
        let frames = match A::missed(ctx, &former, &session, identity, &mut missed).await {
            Ok(Some(frames)) => frames,
            Ok(None) => {
                end_session(ctx, &session, ctx.clock.now()).await?;
                return Ok(Recovery::NewSession(joining));
            }
            Err(Denial::Refused(payload)) => {
                // Others know of the session, which was live until now.
                let leaving = Leaving { session: &session, at: ctx.clock.now(), recoverable_until: None };
                Box::pin(leave(ctx, leaving)).await?;
                return Err(Denial::Refused(payload));
            }
            Err(failed) => return Err(failed),
        };
        invocation::count(RECOVERIES, 1);
        invocation::count(REPLAYED, frames.len() as u64);
        let recovered = RecoveredSession { session, joining, recovery_buffer, missed, frames };
        return Ok(Recovery::Recovered(Box::new(recovered)));
    }
}

impl<A: Application> RecoveredSession<A> {
    /// Confirms the session and sends the missed events. Returns whether the client is still there.
    pub(crate) async fn tell(&self, ctx: &Ctx<A>) -> bool {
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
    pub(crate) async fn release(&self, ctx: &Ctx<A>) -> Result<(), Error> {
        let Self { session, recovery_buffer, missed, .. } = self;
        A::settled(ctx, missed).await?;
        let is_there = drain(ctx, recovery_buffer, &session.connection, async |held| {
            for frame in held.iter().filter(|frame| !A::is_included(session, missed, frame)) {
                if !post(ctx, session.recipient(), frame).await {
                    return false;
                }
            }
            true
        });
        if !is_there.await? {
            return Ok(());
        }
        A::released(ctx, session, recovery_buffer).await
    }
}

/// The packet that confirms a session. It carries the private id of the session if the client may recover it.
pub(crate) fn confirmation<A>(ctx: &Ctx<A>, session: &Session) -> Option<String> {
    let mut payload = Map::from_iter([("sid".to_owned(), session.sid.to_string().into())]);
    if ctx.config.recovers(session.takes_offsets) {
        payload.insert("pid".to_owned(), session.pid.to_string().into());
    }
    packet_frame(&session.namespace, Body::Connect { payload: Some(payload) })
}

/// Posts a frame, and repeats the post while it is not accepted. Returns whether it was accepted. If the client does
/// not accept the frame, or it is unknown whether it received it, the function closes the connection.
async fn post<A>(ctx: &Ctx<A>, to: Recipient<'_>, frame: &str) -> bool {
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
