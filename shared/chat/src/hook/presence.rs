//! Events about who is online and with which status, from the stream of the table Users.

use relay::clock::Timestamp;
use serde_json::{Value, json};

use super::event::HookEvent;
use super::tell;
use crate::ctx::Ctx;
use crate::domain::user::{Status, User};
use crate::error::Error;

/// The longest id of a record that becomes part of an event's id, in characters. Those of DynamoDB have 32.
const RECORD_ID_MAX: usize = 64;

/// Announces what a record of a user's profile says about the user's presence. Most records say nothing about it: those
/// of a second socket, of a new chat, of another name. One request to the queue, and one to the event bus.
///
/// # Errors
/// `Error::Internal` if the record is none of a profile, or if the event may not have been announced.
pub(crate) async fn announce(ctx: &Ctx, record: &Value) -> Result<(), Error> {
    match event(ctx, record)? {
        Some(event) => tell(ctx, &[event]).await,
        None => Ok(()),
    }
}

fn event(ctx: &Ctx, record: &Value) -> Result<Option<HookEvent>, Error> {
    let Some(image) = record.pointer("/dynamodb/NewImage") else { return Ok(None) };
    let user = |image: &Value| ctx.app.store.user_of_image(image);
    let (before, after) = (record.pointer("/dynamodb/OldImage").map(user).transpose()?, user(image)?);
    let former = before.as_ref().map_or((false, Status::default()), shown);
    let (online, status) = shown(&after);
    if former == (online, status) {
        return Ok(None);
    }
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let id: String = text("/eventID").chars().take(RECORD_ID_MAX).collect();
    let at = record.pointer("/dynamodb/ApproximateCreationDateTime").and_then(Value::as_i64);
    let at = at.map_or_else(|| ctx.clock.now(), |seconds| Timestamp::from_millis(seconds.saturating_mul(1_000)));
    let shown_status = if online { status } else { Status::Offline };
    let data = json!({
        "userId": after.id.to_string(),
        "online": online,
        "status": shown_status.name(),
        "sequence": text("/dynamodb/SequenceNumber"),
    });
    Ok(Some(HookEvent { id: format!("presence-{id}"), kind: "presence.changed", at, data }))
}

/// What others see of a user: whether they are online, and with which status. The status of somebody who is offline does
/// not matter.
fn shown(user: &User) -> (bool, Status) {
    if user.is_online() { (true, user.status) } else { (false, Status::default()) }
}
