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
use crate::relay::incoming::Incoming;
use crate::relay::upgrade;
use crate::store::{Collecting, Piece};

/// Looks at whether attachments that are on their way have come: two seconds in all, in which a function that is not running yet has started.
const CHECKS_MAX: u32 = 20;
const CHECK_WAIT: Duration = Duration::from_millis(100);

/// What became of a frame of a binary packet.
pub(super) enum Taken {
    /// There is more to come, or nobody to wait for it.
    Waiting,
    /// With it the packet is whole: the frames, header first.
    Whole(Vec<String>),
    /// It breaks the protocol.
    Broken,
}

/// Takes the header of a packet. One read, one query, a write each for connection and sessions, and two for the frame; none without attachments.
pub(super) async fn header(
    ctx: &Ctx,
    incoming: &Incoming,
    namespace: &str,
    attachments: Attachments,
) -> Result<Taken, Error> {
    if attachments.count() == 0 {
        return Ok(Taken::Whole(vec![incoming.body.clone()]));
    }
    if !has_joined(ctx, incoming).await? {
        return Ok(Taken::Broken);
    }
    let sessions = ctx.store.sessions(&incoming.connection).await?;
    if !sessions.iter().any(|session| session.namespace == namespace) {
        return Ok(Taken::Broken);
    }
    let until = ctx.clock.now().plus_millis(packet_timeout_millis(ctx));
    ctx.store.await_attachments(&incoming.connection, &sessions, until).await?;
    let piece = piece(incoming, Some(attachments.count()));
    ctx.store.keep_frame(&incoming.connection, piece).await?;
    for _ in 0..CHECKS_MAX {
        match collect(ctx, incoming, piece).await? {
            Collecting::Busy => tokio::time::sleep(CHECK_WAIT).await,
            collected => return Ok(taken(collected)),
        }
    }
    Ok(Taken::Broken)
}

/// Takes an attachment. One read and two writes; with the last, a write and a read per frame more.
pub(super) async fn attachment(ctx: &Ctx, incoming: &Incoming) -> Result<Taken, Error> {
    if !has_joined(ctx, incoming).await? {
        return Ok(Taken::Broken);
    }
    let piece = piece(incoming, None);
    ctx.store.keep_frame(&incoming.connection, piece).await?;
    collect(ctx, incoming, piece).await.map(taken)
}

/// Whether the connection is open and somebody has shown a token on it: nothing is kept for strangers.
async fn has_joined(ctx: &Ctx, incoming: &Incoming) -> Result<bool, Error> {
    Ok(upgrade::opened(ctx, &incoming.connection).await?.is_some_and(|opened| opened.has_joined))
}

fn piece(incoming: &Incoming, announces: Option<u8>) -> Piece<'_> {
    Piece { frame: &incoming.body, invocation: &incoming.invocation, at: incoming.at, announces }
}

async fn collect(ctx: &Ctx, incoming: &Incoming, piece: Piece<'_>) -> Result<Collecting, Error> {
    let dead = ctx.clock.now().plus_millis(-packet_timeout_millis(ctx));
    ctx.store.collect(&incoming.connection, piece, dead).await
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

/// How long a packet may take: as long as a client may take to join a namespace, which is when the sweep closes either.
fn packet_timeout_millis(ctx: &Ctx) -> i64 {
    i64::from(ctx.config.heartbeat.connect_timeout_millis)
}
