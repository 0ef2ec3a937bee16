//! The REST routes of messenger: only those of every dialect. Envelope: `{success,message,data}`, as in marketplace.

use serde_json::{Value, json};

use crate::dialect::messenger::shapes;
use crate::dialect::{Route, every};
use crate::domain::notice::{Answer, Viewer};

pub(super) const ROUTES: &[Route] = &[];

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    let (status, message, data) = match answer {
        Answer::Listing(listing) => (200, "Listing", every::listing(listing)),
        Answer::Sent { chat, message, repeated } => {
            let status = if *repeated { 200 } else { 201 };
            (status, "Message sent", shapes::message(message, chat, viewer))
        }
        // No other route returns data.
        Answer::Block(_)
        | Answer::BlockedChats(_)
        | Answer::Chat { .. }
        | Answer::Chats { .. }
        | Answer::Done
        | Answer::Found { .. }
        | Answer::ChatDeleted(_)
        | Answer::MediaLink { .. }
        | Answer::MessageDeleted { .. }
        | Answer::Messages { .. }
        | Answer::Online(_)
        | Answer::Pong(_)
        | Answer::Read(_)
        | Answer::Unread(_)
        | Answer::Upload { .. }
        | Answer::User(_) => (200, "Done", Value::Null),
    };
    (status, json!({"success": true, "message": message, "data": data}))
}
