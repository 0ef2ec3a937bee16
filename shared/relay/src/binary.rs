//! Binary packets (docs/protocol.md, "Attachments"): a header frame, followed by one frame per attachment. Each frame
//! arrives in an invocation of its own. The relay keeps the frames in the tables until the packet is complete, but not
//! longer than a client may take to join a namespace. It then handles the complete packet like any other packet.
//!
//! Frames may overtake each other on their way to the functions. So the relay assembles a packet in the order in which
//! the gateway received its frames. A text frame that seems to come between the frames of a packet waits for a moment,
//! because the missing attachments may still arrive. One case cannot be told apart: the attachments of two packets that
//! a client sends without waiting in between, behind a gateway that hands on several frames at once.

use std::time::Duration;

use frame::socket::Attachments;

use crate::application::Application;
use crate::clock::Timestamp;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::incoming::Incoming;
use crate::store::{Collecting, Piece};
use crate::upgrade;
use crate::wait::{Checks, wait_until};

/// How often the relay checks whether attachments that are on their way have arrived: for two seconds in all, which is
/// enough for a function that is not running yet to start.
const CHECKS: Checks = Checks { max: 20, pause: Duration::from_millis(100) };

/// The result of taking a frame of a binary packet.
pub(crate) enum Taken {
    /// The packet is not complete yet, or there is no packet that this frame could complete.
    Waiting,
    /// The packet is complete with this frame. The value holds its frames, header first.
    Whole(Vec<String>),
    /// The frame breaks the protocol.
    Broken,
}

/// Takes the header frame of a packet. One read, one query, one write each for the connection and its sessions, and two
/// writes for the frame; no request for a packet without attachments.
pub(crate) async fn header<A: Application>(
    ctx: &Ctx<A>,
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
    let collected = wait_until(CHECKS, async || match collect(ctx, incoming, piece).await? {
        Collecting::Busy => Ok::<_, Error>(None),
        collected => Ok(Some(taken(collected))),
    });
    Ok(collected.await?.unwrap_or(Taken::Broken))
}

/// Takes an attachment frame. One read and two writes; the last attachment costs one more write, and one more read per
/// frame.
pub(crate) async fn attachment<A: Application>(ctx: &Ctx<A>, incoming: &Incoming) -> Result<Taken, Error> {
    if !has_joined(ctx, incoming).await? {
        return Ok(Taken::Broken);
    }
    let piece = piece(incoming, None);
    ctx.store.keep_frame(&incoming.connection, piece).await?;
    collect(ctx, incoming, piece).await.map(taken)
}

/// Whether the connection is open and a client has shown a token on it. The relay keeps no frames for clients without a
/// token.
async fn has_joined<A: Application>(ctx: &Ctx<A>, incoming: &Incoming) -> Result<bool, Error> {
    Ok(upgrade::opened(ctx, &incoming.connection).await?.is_some_and(|opened| opened.has_joined))
}

fn piece(incoming: &Incoming, announces: Option<u8>) -> Piece<'_> {
    Piece { frame: &incoming.body, invocation: &incoming.invocation, at: incoming.at, announces }
}

async fn collect<A: Application>(ctx: &Ctx<A>, incoming: &Incoming, piece: Piece<'_>) -> Result<Collecting, Error> {
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

/// Whether a text frame interrupts a packet whose attachments have not arrived. `until` is the time that the session or
/// the connection stores about such packets. If it is `None` or has passed, the function reads nothing.
pub(crate) async fn is_interrupted<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    until: Option<Timestamp>,
) -> Result<bool, Error> {
    if until.is_none_or(|until| until <= ctx.clock.now()) {
        return Ok(false);
    }
    let arrived = wait_until(CHECKS, async || {
        let header_at = ctx.store.awaiting(&incoming.connection).await?;
        let is_earlier = header_at.is_some_and(|header_at| header_at <= incoming.at);
        Ok::<_, Error>((!is_earlier).then_some(()))
    });
    Ok(arrived.await?.is_none())
}

/// How long a packet may take to be complete, in milliseconds: as long as a client may take to join a namespace. After
/// this time the sweep closes the connection in both cases.
fn packet_timeout_millis<A>(ctx: &Ctx<A>) -> i64 {
    i64::from(ctx.config.heartbeat.connect_timeout_millis)
}
