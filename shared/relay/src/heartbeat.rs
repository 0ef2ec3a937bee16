//! The heartbeat, once per minute: pings the connections of the slot whose turn it is, and closes connections with a
//! socket whose token has ended. The function `sweep` closes overdue connections.
//!
//! A ping needs no write. A connection belongs to a slot from its first CONNECT on, and minute m pings slot m modulo
//! the number of slots. The heartbeat records only that a slot had its turn. If a turn was left out or not finished,
//! the next minute makes up for it, because a client waits longer than that for a ping.
//!
//! The heartbeat reads a slot page by page. The invocation that reads the first page pings it. For each further page
//! the function invokes itself.

use std::collections::BTreeMap;

use frame::engine::Packet;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::admin;
use crate::application::Application;
use crate::clock::Timestamp;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::gate::expire;
use crate::id::ConnectionId;
use crate::invocation;
use crate::post::Delivery;
use crate::store::{HeartbeatRow, Part, Session, SlotRows};
use crate::sweep;
use crate::telemetry::Failures;

/// How many connections are pinged at the same time. A post takes about twenty milliseconds, so the connections of a
/// page take about three seconds.
const CONCURRENCY: usize = 64;

/// A turn of a slot that is due.
#[derive(Clone, Copy, Debug)]
struct DueTurn {
    slot: u32,
    /// The minute for which the turn was scheduled.
    at: Timestamp,
}

/// Runs the turn of one minute, or a part of a turn. The turn is that of the minute for which it was scheduled:
/// EventBridge may be late, and no slot may be left out then. If one connection fails, the function still pings the
/// others.
///
/// # Errors
/// `Error::Internal` if anything failed. The invocation is not tried again, because the next minute makes up for an
/// unfinished turn.
pub async fn handle<A: Application>(ctx: &Ctx<A>, event: &Value) -> Result<(), Error> {
    invocation::note_event("minute");
    let mut failures = Failures::default();
    if let Some((turn, part)) = part_of(event) {
        if let Some(rows) = failures.note(None, ctx.store.slot_part(turn.slot, &part).await) {
            ping(ctx, rows, Vec::new(), &mut failures).await;
            failures.note(None, ctx.store.record_turn(turn.slot, turn.at, &part, &[]).await);
        }
        return failures.result();
    }
    let now = ctx.clock.now();
    let scheduled_for = event.get("time").and_then(Value::as_str).and_then(Timestamp::parse).unwrap_or(now);
    for turn in due(ctx, scheduled_for, &mut failures).await {
        take_turn(ctx, turn, &mut failures).await;
    }
    failures.note(None, admin::ask_to_refresh(ctx).await);
    failures.result()
}

/// The turns of a minute: first the unfinished turns of the earlier minutes, since the last recorded turn of each slot,
/// and then the minute's own turn.
async fn due<A: Application>(ctx: &Ctx<A>, scheduled_for: Timestamp, failures: &mut Failures) -> Vec<DueTurn> {
    let heartbeat = ctx.config.heartbeat;
    let tick_millis = i64::from(heartbeat.tick_millis);
    let minute = scheduled_for.plus_millis(-scheduled_for.millis().rem_euclid(tick_millis));
    let noted = failures.note(None, ctx.store.turns().await).unwrap_or_default();
    let turns = (0..i64::from(heartbeat.slots)).rev().map(|back| {
        let at = minute.plus_millis(-back * tick_millis);
        DueTurn { slot: heartbeat.slot(at), at }
    });
    let is_due = |turn: &DueTurn| {
        // A slot that never had a turn has had no connections to ping.
        let noted = noted.get(&turn.slot);
        turn.at == minute || noted.is_some_and(|last| last.at < turn.at || (last.at == turn.at && !last.is_done))
    };
    turns.filter(is_due).collect()
}

/// Pings the first page of a slot, and invokes the function again for each further page.
async fn take_turn<A: Application>(ctx: &Ctx<A>, turn: DueTurn, failures: &mut Failures) {
    let heartbeat = ctx.config.heartbeat;
    // With a long connect timeout, connections that wait for their first CONNECT need pings too.
    let waiting = if u64::from(heartbeat.connect_timeout_millis) < heartbeat.interval_millis() {
        Vec::new()
    } else {
        let now = ctx.clock.now();
        let mut waiting = failures.note_all(Ok(ctx.store.waiting().await));
        waiting.retain(|row| row.beat == Some(turn.slot) && !sweep::is_overdue(ctx, row, now));
        waiting
    };
    let mut pages = ctx.store.slot_pages(turn.slot);
    let (mut own, mut parts, mut is_whole) = (Vec::new(), Vec::new(), true);
    let (mut part, mut carried) = (Part::default(), Vec::new());
    while let Some(page) = pages.next().await {
        let Some((page, is_followed)) = failures.note(None, page) else {
            is_whole = false;
            break;
        };
        let mut rows: SlotRows = std::mem::take(&mut carried);
        rows.extend(page);
        // The rows of the last connection may continue on the next page. The rows of one connection must stay together.
        let last = rows.iter().rev().find_map(|row| row.as_ref().ok()).map(|row| row.connection.clone());
        part.before = last.filter(|_| is_followed);
        if part.before.is_some() {
            (carried, rows) = rows.into_iter().partition(|row| is_of(row, part.before.as_ref()));
        }
        if part.from.is_none() || !is_handed_over(ctx, turn, &part, failures).await {
            own.extend(rows);
        } else {
            parts.push(part.clone());
        }
        if part.before.is_some() {
            part = Part { from: part.before.take(), before: None };
        }
    }
    own.append(&mut carried);
    ping(ctx, own, waiting, failures).await;
    if is_whole {
        failures.note(None, ctx.store.record_turn(turn.slot, turn.at, &Part::default(), &parts).await);
    }
}

fn is_of(row: &Result<HeartbeatRow, Error>, connection: Option<&ConnectionId>) -> bool {
    row.as_ref().is_ok_and(|row| Some(&row.connection) == connection)
}

/// Whether another invocation was started to ping this part of a slot.
async fn is_handed_over<A: Application>(
    ctx: &Ctx<A>,
    turn: DueTurn,
    Part { from, before }: &Part,
    failures: &mut Failures,
) -> bool {
    let id = |id: &Option<ConnectionId>| id.as_ref().map(ToString::to_string);
    let event = json!({"slot": turn.slot, "turnAt": turn.at.millis(), "from": id(from), "before": id(before)});
    let event = json!({"part": event}).to_string().into_bytes();
    failures.note(None, ctx.invoke(&ctx.config.functions.heartbeat, event).await).is_some()
}

/// The part of a turn that an event of [`is_handed_over`] asks for.
fn part_of(event: &Value) -> Option<(DueTurn, Part)> {
    let part = event.get("part")?;
    let slot = u32::try_from(part.get("slot")?.as_u64()?).ok()?;
    let at = Timestamp::from_millis(part.get("turnAt")?.as_i64()?);
    let id = |name| part.get(name).and_then(Value::as_str).and_then(|id| ConnectionId::parse(id).ok());
    Some((DueTurn { slot, at }, Part { from: id("from"), before: id("before") }))
}

/// Pings the connections of these rows.
async fn ping<A: Application>(ctx: &Ctx<A>, rows: SlotRows, waiting: Vec<HeartbeatRow>, failures: &mut Failures) {
    let now = ctx.clock.now();
    let mut connections: BTreeMap<ConnectionId, Vec<HeartbeatRow>> = BTreeMap::new();
    for row in failures.note_all(Ok(rows)).into_iter().chain(waiting) {
        connections.entry(row.connection.clone()).or_default().push(row);
    }
    let pings =
        futures_util::stream::iter(connections).map(|(connection, rows)| ping_connection(ctx, connection, rows, now));
    let pings: Vec<_> = pings.buffer_unordered(CONCURRENCY).collect().await;
    for (connection, pinged) in pings {
        failures.note(Some(&connection), pinged);
    }
}

/// Pings a connection. Tells those of its sockets whose token has ended, which closes the connection. If the deployment
/// records pongs, it closes a connection whose client has stopped answering.
async fn ping_connection<A: Application>(
    ctx: &Ctx<A>,
    connection: ConnectionId,
    rows: Vec<HeartbeatRow>,
    now: Timestamp,
) -> (ConnectionId, Result<(), Error>) {
    if rows.iter().any(|row| is_silent(ctx, row, now)) {
        tracing::debug!(connection.id = connection.in_logs(), "a client has stopped answering");
        ctx.close(&connection).await;
        return (connection, Ok(()));
    }
    // The ping goes first: whatever else fails, the client stays connected.
    if !rows.iter().any(|row| is_new(ctx, row, now)) {
        match ctx.post(&connection, &Packet::Ping.encode()).await {
            Delivery::Sent | Delivery::NotAccepted | Delivery::Unknown | Delivery::TooLarge => {}
            Delivery::Gone => {
                ctx.report_gone(&connection).await;
                return (connection, Ok(()));
            }
        }
    }
    let mut ended = Ok(());
    for row in rows.iter().filter(|row| row.expires_at.is_some_and(|expiry| expiry <= now)) {
        match expired_session(ctx, row, now).await {
            Ok(Some(session)) => expire(ctx, &session, None).await,
            Ok(None) => {}
            Err(error) => ended = Err(error),
        }
    }
    (connection, ended)
}

/// The session of a row, if it is live and its token has ended. The function reads the session because the row may be
/// older than the latest renewal of the token.
async fn expired_session<A: Application>(
    ctx: &Ctx<A>,
    row: &HeartbeatRow,
    now: Timestamp,
) -> Result<Option<Session>, Error> {
    let session = ctx.store.session(&row.connection, &row.namespace).await?;
    let is_expired = |session: &Session| session.expires_at.is_some_and(|expiry| expiry <= now);
    Ok(session.filter(|session| session.ended_at.is_none() && is_expired(session)))
}

/// Whether a connection was opened so recently that it may wait for the next turn of its slot, which still comes in
/// time.
fn is_new<A>(ctx: &Ctx<A>, row: &HeartbeatRow, now: Timestamp) -> bool {
    let since = now.plus_millis(-i64::from(ctx.config.heartbeat.timeout_millis) / 2);
    row.is_connection() && !row.was_polling && row.opened_at > since
}

/// Whether a client has not answered the pings of an interval. For a client that polls, its requests show that it is
/// there, so this is always false.
fn is_silent<A>(ctx: &Ctx<A>, row: &HeartbeatRow, now: Timestamp) -> bool {
    let heartbeat = ctx.config.heartbeat;
    let counts = heartbeat.notes_pongs && row.is_connection() && !row.connection.is_polling();
    let heard_at = row.heard_at.unwrap_or(row.opened_at);
    counts && heard_at.plus_millis(heartbeat.liveness_timeout_millis()) <= now
}
