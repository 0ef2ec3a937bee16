//! What other systems hear of: events of chats, in the order in which each chat stored them, at least once
//! (docs/hooks.md).
//!
//! The function followup gets every write of a chat's row from the stream of the table Chats. What happened is the
//! difference between the row before and the row after. So no request of a client waits for any of this, and an event is
//! announced also if the function that stored it was killed.
//!
//! - `clients`: the ways to other systems.
//! - `happening`: from two rows to events.
//! - `event`: their form in JSON.
//! - `presence`: who is online.
//! - `push`: push notifications.
//! - `signature`: signatures of webhooks.
//! - `webhook`: the function that sends webhooks.

pub mod clients;
mod event;
mod happening;
pub(crate) mod presence;
mod push;
pub mod signature;
pub mod webhook;

use std::collections::BTreeMap;

use relay::messaging::BusEvent;
use serde_json::Value;

use crate::ctx::Ctx;
use crate::domain::chat::Chat;
use crate::error::Error;

pub use event::HookEvent;
use happening::{Happening, What, happened};

/// What EventBridge calls the source of the events.
const SOURCE: &str = "parlance";

/// A write of a chat's row: the images before and after it, in DynamoDB's JSON.
pub(crate) struct ChatWrite<'a> {
    pub(crate) before: Option<&'a Value>,
    pub(crate) after: &'a Value,
}

/// Announces what writes of one chat's row say, to everybody who wants to hear of it. Without anybody nothing is read.
/// For webhooks and the event bus one query if there are messages among the events, and one request to each for up to ten
/// events; for push see `push`.
///
/// # Errors
/// `Error::Internal` if an event may not have been announced. All of them must then be announced again.
pub(crate) async fn announce(ctx: &Ctx, writes: &[ChatWrite<'_>]) -> Result<(), Error> {
    let settings = &ctx.app.config.hooks;
    let tells = settings.webhook_queue.is_some() || settings.event_bus.is_some();
    if !tells && settings.push.is_none() {
        return Ok(());
    }
    let mut newest: Option<Chat> = None;
    let mut happenings: BTreeMap<u64, Happening> = BTreeMap::new();
    for ChatWrite { before, after } in writes {
        let before = before.map(|image| ctx.app.store.chat_of_image(image)).transpose()?;
        let after = ctx.app.store.chat_of_image(after)?;
        happenings.extend(happened(before.as_ref(), &after).into_iter().map(|one| (one.number, one)));
        newest = Some(after);
    }
    let Some(chat) = newest.filter(|_| !happenings.is_empty()) else { return Ok(()) };
    let happenings: Vec<Happening> = happenings.into_values().collect();
    let told = if tells { describe_and_tell(ctx, &chat, &happenings).await } else { Ok(()) };
    let pushed = match &settings.push {
        Some(push) => push::publish(ctx, push, &chat, &happenings).await,
        None => Ok(()),
    };
    told.and(pushed)
}

async fn describe_and_tell(ctx: &Ctx, chat: &Chat, happenings: &[Happening]) -> Result<(), Error> {
    tell(ctx, &described(ctx, chat, happenings).await?).await
}

/// Hands events to those who hear of all of them: the queue for webhooks, and the event bus.
async fn tell(ctx: &Ctx, events: &[HookEvent]) -> Result<(), Error> {
    let settings = &ctx.app.config.hooks;
    let queued = async {
        match &settings.webhook_queue {
            Some(queue) => {
                let bodies: Vec<String> = events.iter().map(HookEvent::body).collect();
                ctx.app.hooks.queues.send(queue, &bodies).await
            }
            None => Ok(()),
        }
    };
    let put = async {
        match &settings.event_bus {
            Some(bus) => {
                let event = |event: &HookEvent| BusEvent {
                    source: SOURCE.to_owned(),
                    detail_type: event.kind.to_owned(),
                    detail: event.body(),
                    at: event.at,
                };
                ctx.app.hooks.buses.put(bus, &events.iter().map(event).collect::<Vec<_>>()).await
            }
            None => Ok(()),
        }
    };
    let (queued, put) = tokio::join!(queued, put);
    Ok(queued.and(put)?)
}

/// The events with what is stored about them.
async fn described(ctx: &Ctx, chat: &Chat, happenings: &[Happening]) -> Result<Vec<HookEvent>, Error> {
    let stored = happenings.iter().filter_map(|one| match one.what {
        What::Message(seq) => Some(seq),
        What::Change(_) | What::Unlisted => None,
    });
    let messages = match (stored.clone().min(), stored.max()) {
        (Some(from), Some(to)) => ctx.app.store.messages(chat, from, to).await?,
        _ => Vec::new(),
    };
    let event = |one: &Happening| {
        let message = match one.what {
            What::Message(seq) => messages.iter().find(|message| message.id.seq == seq),
            What::Change(_) | What::Unlisted => None,
        };
        event::of_chat(chat, one, message)
    };
    Ok(happenings.iter().map(event).collect())
}
