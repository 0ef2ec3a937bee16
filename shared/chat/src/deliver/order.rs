//! The order of delivery: the events of a chat are delivered in the order in which they were stored, although each is
//! delivered by the invocation that stored it (docs/delivery-order.md).
//!
//! An invocation that stores an event learns from the chat's row whether all events before it have been delivered. If
//! so, it has the lease to deliver its event. If not, it waits until they are. If the invocation before it does not
//! deliver, the function followup takes over (docs/delivery-order.md).

use std::collections::HashMap;
use std::time::Duration;

use relay::clock::Timestamp;

use crate::ctx::Ctx;
use crate::domain::id::ChatId;
use crate::domain::log::{ChatEvent, LEASE_MILLIS};
use crate::domain::notice::{Envelope, Notice};
use crate::error::Error;
use crate::store::Delivered;
use crate::telemetry;

/// How long an invocation waits without progress, at most: for the lease of another invocation, the margin after it,
/// and a takeover.
const WAIT_MAX: Duration = Duration::from_secs(8);
const CHECK_FIRST: Duration = Duration::from_millis(1);
const CHECK_MAX: Duration = Duration::from_millis(100);
/// The pause between two reads of the row, per event that is still before. So the next invocation in the order reads
/// often, and one that is far behind does not.
const CHECK_PER_EVENT: Duration = Duration::from_millis(5);
/// How long an event waits for its turn in all, however fast the events before are delivered: less than the functions'
/// timeouts.
const TURN_MAX: Duration = Duration::from_secs(11);
/// The shortest remaining time of a lease, in milliseconds, with which a delivery may begin.
const LEASE_MIN_MILLIS: i64 = LEASE_MILLIS / 2;

/// Waits that double each time, up to a bound for all of them together.
pub(crate) struct Waits {
    left: Duration,
    next: Duration,
}

impl Waits {
    pub(crate) const fn new() -> Self {
        Self { left: WAIT_MAX, next: CHECK_FIRST }
    }

    /// Waits once. Returns `false`, without waiting, when the bound is reached.
    pub(crate) async fn wait(&mut self) -> bool {
        if self.left.is_zero() {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.left = self.left.saturating_sub(self.next);
        self.next = self.next.saturating_mul(2).min(CHECK_MAX);
        true
    }
}

/// Whether this invocation delivers the events that it stored in one chat.
#[derive(Clone, Copy, Debug)]
enum DeliveryTurn {
    /// As far as is known, the events before have not all been delivered.
    Waiting,
    /// This invocation delivers them. It must not begin a post after this time.
    Mine(Timestamp),
    /// Another invocation has delivered them, or will deliver them.
    Others,
}

struct Pending {
    /// How many events of the chat must be delivered before these.
    after: u64,
    /// How many events of the chat have been delivered after these.
    events: u64,
    /// When the last of them was stored.
    stored_at: Timestamp,
    turn: DeliveryTurn,
    /// Whether the caller records the delivery. This is so for a message, because the same write records more about it.
    recorded_by_caller: bool,
}

/// The envelopes of one invocation, in pieces: between two events of one piece in the same chat, nobody stored another
/// event. There is at least one piece.
pub(super) fn batches(envelopes: &[Envelope]) -> Vec<&[Envelope]> {
    let mut batches = Vec::new();
    let (mut begin, mut reached) = (0, HashMap::new());
    for (index, envelope) in envelopes.iter().enumerate() {
        let Some(step) = &envelope.step else { continue };
        if reached.get(&step.chat).is_some_and(|events| *events != step.after) {
            batches.extend(envelopes.get(begin..index));
            begin = index;
            reached.clear();
        }
        reached.insert(&step.chat, step.position.events());
    }
    batches.extend(envelopes.get(begin..));
    batches
}

/// The events that one invocation stored, by chat, and whether it delivers them.
pub(super) struct DeliveryOrder(HashMap<ChatId, Pending>);

impl DeliveryOrder {
    /// Builds the order from what is known without a request.
    pub(super) fn of(envelopes: &[Envelope], now: Timestamp) -> Self {
        let mut pending: HashMap<ChatId, Pending> = HashMap::new();
        for Envelope { notice, to: _, step } in envelopes {
            let Some(ChatEvent { chat, after, lease_until, position, at, .. }) = step else { continue };
            // Storing the event may have taken so long that the invocation needs another lease.
            let in_time = lease_until.filter(|until| now.plus_millis(LEASE_MIN_MILLIS) <= *until);
            let turn = in_time.map_or(DeliveryTurn::Waiting, DeliveryTurn::Mine);
            let first = Pending { after: *after, events: 0, stored_at: *at, turn, recorded_by_caller: false };
            let pending = pending.entry(chat.clone()).or_insert(first);
            pending.events = position.events();
            pending.stored_at = *at;
            pending.recorded_by_caller = matches!(notice, Notice::Sent { .. });
        }
        Self(pending)
    }

    /// Whether the invocation must wait for other events before it delivers.
    pub(super) fn must_wait(&self) -> bool {
        self.0.values().any(|pending| matches!(pending.turn, DeliveryTurn::Waiting))
    }

    /// Waits until this invocation may deliver its events, or another one has delivered them. One read per check.
    pub(super) async fn wait(&mut self, ctx: &Ctx) {
        for (chat, pending) in &mut self.0 {
            if matches!(pending.turn, DeliveryTurn::Waiting) {
                pending.turn = turn(ctx, chat, pending).await;
            }
        }
    }

    /// The time after which no post of this chat's events may begin; `None` if this invocation must not deliver them.
    pub(super) fn lease(&self, chat: &ChatId) -> Option<Timestamp> {
        match self.0.get(chat)?.turn {
            DeliveryTurn::Mine(until) => Some(until),
            DeliveryTurn::Waiting | DeliveryTurn::Others => None,
        }
    }

    /// Whether this invocation delivers all of these events.
    pub(super) fn is_complete(&self) -> bool {
        self.0.values().all(|pending| matches!(pending.turn, DeliveryTurn::Mine(_)))
    }

    /// Records that these events have been delivered. One write per chat.
    pub(super) async fn record(&self, ctx: &Ctx) {
        for (chat, pending) in &self.0 {
            if matches!(pending.turn, DeliveryTurn::Mine(_))
                && !pending.recorded_by_caller
                && let Err(error) = ctx.app.store.record_delivered(chat, pending.events).await
            {
                telemetry::failed(None, &error);
            }
        }
    }

    /// Leaves the delivery to others, for example to the function followup. Call it before anything has been posted.
    /// One write per chat.
    pub(super) async fn release(&mut self, ctx: &Ctx) {
        for (chat, pending) in &mut self.0 {
            if let DeliveryTurn::Mine(until) = pending.turn
                && let Err(error) = ctx.app.store.release_delivery(chat, pending.after, until).await
            {
                telemetry::failed(None, &error);
            }
            pending.turn = DeliveryTurn::Others;
        }
    }
}

async fn turn(ctx: &Ctx, chat: &ChatId, pending: &Pending) -> DeliveryTurn {
    let (mut waited, mut without_progress, mut delivered_position) = (Duration::ZERO, Duration::ZERO, 0);
    while waited < TURN_MAX && without_progress < WAIT_MAX {
        let found = ctx.app.store.delivery(chat).await;
        let turn = match &found {
            Ok(found) => look(ctx, chat, pending, found).await,
            Err(_) => Ok(DeliveryTurn::Waiting),
        };
        match turn {
            Ok(DeliveryTurn::Waiting) => {}
            Ok(turn) => return turn,
            Err(error) => telemetry::failed(None, &error),
        }
        let found = found.unwrap_or_else(|error| {
            telemetry::failed(None, &error);
            Delivered { delivered_position, ..Delivered::default() }
        });
        if found.delivered_position > delivered_position {
            (delivered_position, without_progress) = (found.delivered_position, Duration::ZERO);
        }
        let before = u32::try_from(pending.after.saturating_sub(found.delivered_position)).unwrap_or(u32::MAX);
        let wait = CHECK_PER_EVENT.saturating_mul(before.max(1)).min(CHECK_MAX);
        tokio::time::sleep(wait).await;
        waited += wait;
        without_progress += wait;
    }
    tracing::warn!(chat.id = %chat, "events before have not been delivered; the function followup delivers");
    DeliveryTurn::Others
}

async fn look(ctx: &Ctx, chat: &ChatId, pending: &Pending, found: &Delivered) -> Result<DeliveryTurn, Error> {
    let now = ctx.clock.now();
    if found.delivered_position >= pending.events {
        return Ok(DeliveryTurn::Others);
    }
    if found.delivered_position >= pending.after && !found.is_claimed {
        // The lease ends in time, so that no offset says that the client has received everything up to a moment while
        // it has not received this event.
        let until = found.lease_until.unwrap_or(now).min(pending.stored_at.plus_millis(LEASE_MILLIS));
        if now.plus_millis(LEASE_MIN_MILLIS) <= until {
            return Ok(DeliveryTurn::Mine(until));
        }
        let claimed = ctx.app.store.claim_delivery(chat, found).await?;
        return Ok(claimed.map_or(DeliveryTurn::Waiting, DeliveryTurn::Mine));
    }
    Ok(DeliveryTurn::Waiting)
}

/// Waits until this number of events of a chat has been delivered by the invocations that should deliver them. One read
/// per check.
///
/// # Errors
/// `Error::Internal` if the events are not delivered after some seconds.
pub async fn wait_until_delivered(ctx: &Ctx, chat: &ChatId, events: u64) -> Result<(), Error> {
    let mut waits = Waits::new();
    while ctx.app.store.delivery(chat).await?.delivered_position < events {
        if !waits.wait().await {
            return Err(Error::internal("events of a chat are not being delivered"));
        }
    }
    Ok(())
}
