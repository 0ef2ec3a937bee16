//! Binary packets (socketio.md, "Socket.IO"): a header, and attachments as frames of their own, each in an invocation of its own. What has come
//! waits in the tables until the packet is whole, for as long as a client may take to join, and is then handled like any other.
//!
//! Frames may overtake each other on their way here, so a packet is put together in the order in which the gateway received its frames, and a text frame that
//! seems to come in between gets a moment. What cannot be told apart are the attachments of two packets that a client sends without
//! waiting in between, behind a gateway that hands on several frames at once.

use std::time::Duration;

use crate::ctx::Ctx;
use crate::domain::clock::Timestamp;
use crate::error::Error;
use crate::frame::socket::Attachments;
use crate::relay::{Incoming, upgrade};
use crate::store::{Collecting, Piece};

/// Looks at whether attachments that are on their way have come: half a second in all.
const CHECKS_MAX: u32 = 10;
const CHECK_WAIT: Duration = Duration::from_millis(50);

/// What became of a frame of a binary packet.
pub(super) enum Taken {
    /// There is more to come, or nobody to wait for it.
    Waiting,
    /// With it the packet is whole: the frames, header first.
    Whole(Vec<String>),
    /// It breaks the protocol.
    Broken,
}

/// Takes the header of a packet. One read, one query, and a write each for connection, sessions and packet; none without attachments.
pub(super) async fn header(
    ctx: &Ctx,
    incoming: &Incoming,
    namespace: &str,
    attachments: Attachments,
) -> Result<Taken, Error> {
    if attachments.count() == 0 {
        return Ok(Taken::Whole(vec![incoming.body.clone()]));
    }
    if upgrade::opened(ctx, &incoming.connection).await?.is_none() {
        return Ok(Taken::Waiting);
    }
    let sessions = ctx.store.sessions(&incoming.connection).await?;
    if !sessions.iter().any(|session| session.namespace == namespace) {
        return Ok(Taken::Broken);
    }
    let until = ctx.clock.now().plus_millis(patience_millis(ctx));
    ctx.store.await_attachments(&incoming.connection, &sessions, until).await?;
    for _ in 0..CHECKS_MAX {
        match collect(ctx, incoming, Some(attachments.count())).await? {
            Collecting::Busy => tokio::time::sleep(CHECK_WAIT).await,
            collected => return Ok(taken(collected)),
        }
    }
    Ok(Taken::Broken)
}

/// Takes an attachment. One read and one write; one write more with the last.
pub(super) async fn attachment(ctx: &Ctx, incoming: &Incoming) -> Result<Taken, Error> {
    if upgrade::opened(ctx, &incoming.connection).await?.is_none() {
        return Ok(Taken::Waiting);
    }
    collect(ctx, incoming, None).await.map(taken)
}

async fn collect(ctx: &Ctx, incoming: &Incoming, announces: Option<u8>) -> Result<Collecting, Error> {
    let Incoming { connection, invocation, at, body: frame, .. } = incoming;
    let dead = ctx.clock.now().plus_millis(-patience_millis(ctx));
    ctx.store.collect(connection, Piece { frame, invocation, at: *at, announces }, dead).await
}

fn taken(collected: Collecting) -> Taken {
    match collected {
        Collecting::Waiting => Taken::Waiting,
        Collecting::Whole(frames) => Taken::Whole(frames),
        Collecting::Busy | Collecting::Refused => Taken::Broken,
    }
}

/// Whether a text frame breaks into a packet whose attachments have not come. `until` is what the session or the connection says of such
/// packets; without, nothing is read.
pub(super) async fn is_interrupted(ctx: &Ctx, incoming: &Incoming, until: Option<Timestamp>) -> Result<bool, Error> {
    if until.is_none_or(|until| until <= ctx.clock.now()) {
        return Ok(false);
    }
    for _ in 0..CHECKS_MAX {
        match ctx.store.awaiting(&incoming.connection).await? {
            Some(header_at) if header_at <= incoming.at => tokio::time::sleep(CHECK_WAIT).await,
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// How long a packet may take: as long as a client may take to join a namespace, which is when the heartbeat closes either.
fn patience_millis(ctx: &Ctx) -> i64 {
    i64::from(ctx.config.heartbeat.connect_timeout_millis)
}
