//! The REST routes of messenger: only those of every dialect. Envelope: `{success,message,data}`, as in marketplace.

use serde::Serialize;
use serde_json::Value;

use crate::dialect::Route;
use crate::dialect::envelope::Told;
use crate::dialect::every::Listing;
use crate::dialect::json::value;
use crate::dialect::messenger::shapes::Message;
use crate::domain::notice::{Answer, Viewer};

pub(super) const ROUTES: &[Route] = &[];

fn told(message: &'static str, data: impl Serialize) -> Value {
    value(&Told::new(message, data))
}

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    match answer {
        Answer::Listing(listing) => (200, told("Listing", Listing::new(listing))),
        Answer::Sent { chat, message, repeated } => {
            let status = if *repeated { 200 } else { 201 };
            (status, told("Message sent", Message::new(message, chat, viewer)))
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
        | Answer::User(_) => (200, told("Done", ())),
    }
}
