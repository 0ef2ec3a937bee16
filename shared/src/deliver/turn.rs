//! The order of telling: events of a chat are told in the order in which they were stored, although each is told by whoever stored it.
//!
//! Who has told an event notes so in the chat's row. Who is to tell the next one has read that row while storing it, and knows; only if the
//! two are so close that the note was not there yet, it looks again. A note that never comes holds nobody up for long.

use std::collections::HashMap;
use std::time::Duration;

use crate::ctx::Ctx;
use crate::domain::id::ChatId;
use crate::domain::notice::{Envelope, Notice};
use crate::domain::offset::TELLING_MILLIS;
use crate::telemetry;

/// How long after it was stored an event is waited for.
const WAIT_MILLIS: i64 = 1_000;
const CHECK_FIRST: Duration = Duration::from_millis(1);
const CHECK_MAX: Duration = Duration::from_millis(40);

/// The turns of one invocation's events, by chat.
pub(super) struct Turns(HashMap<ChatId, Turn>);

struct Turn {
    /// How many events are to be told before.
    after: u64,
    /// How long to wait for that; nothing if it is so, or will not be.
    patience: Duration,
    /// Whether all before has been told.
    in_order: bool,
    /// How many events have been told once these are.
    events: u64,
    /// Whether the caller notes it: of a message more is to be noted in the same write.
    noted_by_caller: bool,
}

impl Turns {
    /// The turns of what is to be told.
    pub(super) fn of(envelopes: &[Envelope]) -> Self {
        let mut turns: HashMap<ChatId, Turn> = HashMap::new();
        for Envelope { notice, to: _, step } in envelopes {
            let Some(step) = step else { continue };
            let age = step.at.millis().saturating_sub(step.before.millis());
            // What was stored that long ago has been told, or never will be.
            let in_order = step.told >= step.after || age >= TELLING_MILLIS;
            let patience = if in_order { 0 } else { WAIT_MILLIS.saturating_sub(age).max(0) };
            let patience = Duration::from_millis(u64::try_from(patience).unwrap_or(0));
            let first = Turn { after: step.after, patience, in_order, events: 0, noted_by_caller: false };
            let turn = turns.entry(step.chat.clone()).or_insert(first);
            turn.events = step.position.events();
            turn.noted_by_caller = matches!(notice, Notice::Sent { .. });
        }
        Self(turns)
    }

    /// Whether anything is to be waited for.
    pub(super) fn wait(&self) -> bool {
        self.0.values().any(|turn| !turn.patience.is_zero())
    }

    /// Waits until it is their turn, or no longer. A read per look.
    pub(super) async fn come(&mut self, ctx: &Ctx) {
        for (chat, turn) in &mut self.0 {
            let mut check = CHECK_FIRST;
            while !turn.patience.is_zero() && !turn.in_order {
                tokio::time::sleep(check).await;
                turn.patience = turn.patience.saturating_sub(check);
                check = check.saturating_mul(2).min(CHECK_MAX);
                match ctx.store.told(chat).await {
                    Ok(told) => turn.in_order = told >= turn.after,
                    Err(error) => {
                        telemetry::failed(None, &error);
                        break;
                    }
                }
            }
        }
    }

    /// Whether all that happened before in this chat has been told.
    pub(super) fn is_in_order(&self, chat: &ChatId) -> bool {
        self.0.get(chat).is_some_and(|turn| turn.in_order)
    }

    /// Notes that these have been told. One write per chat.
    pub(super) async fn over(&self, ctx: &Ctx) {
        for (chat, turn) in self.0.iter().filter(|(_, turn)| !turn.noted_by_caller) {
            if let Err(error) = ctx.store.note_told(chat, turn.events).await {
                telemetry::failed(None, &error);
            }
        }
    }
}
