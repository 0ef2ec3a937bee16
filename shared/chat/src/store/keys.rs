//! The keys of all tables. Each key is spelled here and nowhere else.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use relay::clock::Timestamp;
use relay::dynamo::{Item, number, text};
use sha2::{Digest as _, Sha256};

use crate::domain::chat::Place;
use crate::domain::id::{ChatId, ClientMessageId, ListingId, MessageId, Pid, UserId};

/// The sort key of a user's profile.
pub(super) const PROFILE: &str = "profile";
/// The prefix of every membership's sort key.
pub(super) const MEMBERSHIPS: &str = "chat#";
/// The prefix of every socket's sort key.
pub(super) const SOCKETS: &str = "socket#";
/// A sort key after every socket's sort key. Between a profile's key and this one there are only the user's profile and
/// sockets.
pub(super) const AFTER_SOCKETS: &str = "socket$";
/// The only value of the sparse keys `unread`, `blocked` and `erasing`, and the value of `online` for people.
pub(super) const FLAGGED: &str = "1";
/// The value of `online` for sockets.
pub(super) const SOCKET_FLAGGED: &str = "socket";
/// The prefix of a message's attributes that say when a user read it.
pub(super) const READ: &str = "read#";
/// The prefix of a message's attributes that say when a user deleted it for themselves.
pub(super) const HIDDEN: &str = "hidden#";

/// Users: the sort key of a user's membership in a chat.
pub(super) fn membership(chat: &ChatId) -> String {
    format!("{MEMBERSHIPS}{chat}")
}

/// Users: the sort key of a user's socket.
pub(super) fn socket(pid: &Pid) -> String {
    format!("{SOCKETS}{pid}")
}

/// Users: the sort key of a send with a client message id.
pub(super) fn sent(id: &ClientMessageId) -> String {
    format!("once#{id}")
}

/// Users: the sort key of a limit's count in one window of time.
pub(super) fn limit(what: &str, window: i64) -> String {
    format!("limit#{what}#{window}")
}

/// Users: the attribute of a limit's row for an event that it counted. It is 48 bits of a hash, because a row holds
/// many of them, and each kilobyte of the row costs one unit for every further event.
pub(super) fn counted_event(invocation: &str) -> String {
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(invocation));
    format!("e{}", digest.get(..8).unwrap_or(&digest))
}

/// Messages: the attribute that says when `user` read the message.
pub(super) fn read(user: &UserId) -> String {
    format!("{READ}{user}")
}

/// Messages: the attribute that says when `user` deleted the message for themselves.
pub(super) fn hidden(user: &UserId) -> String {
    format!("{HIDDEN}{user}")
}

/// Connections: the entry in a session's set for a place where the user types.
pub(super) fn typing(place: &Place) -> String {
    match place {
        Place::Chat(chat) => chat.to_string(),
        Place::With(user) => format!("@{user}"),
    }
}

/// The place that an entry of a session's set stands for.
pub(super) fn place_of_typing(entry: &str) -> Option<Place> {
    match entry.strip_prefix('@') {
        Some(user) => UserId::parse(user).ok().map(Place::With),
        None => ChatId::parse(entry).ok().map(Place::Chat),
    }
}

/// The value of a membership's `recent` key: the day of the chat's last activity.
pub(super) fn day(at: Timestamp) -> String {
    at.iso().chars().take(10).collect()
}

/// The key of a row of Users.
pub(super) fn user(id: &UserId, entry: impl ToString) -> Item {
    HashMap::from([("userId".to_owned(), text(id)), ("entry".to_owned(), text(entry))])
}

/// The key of a row of Chats.
pub(super) fn chat(id: &ChatId) -> Item {
    HashMap::from([("chatId".to_owned(), text(id))])
}

/// The key of a row of Messages.
pub(super) fn message(id: &MessageId) -> Item {
    HashMap::from([("chatId".to_owned(), text(&id.chat)), ("seq".to_owned(), number(id.seq))])
}

/// The key of a row of Listings.
pub(super) fn listing(id: &ListingId) -> Item {
    HashMap::from([("petId".to_owned(), text(id))])
}

/// The private id in a socket's sort key.
pub(super) fn pid_of_socket(entry: &str) -> Option<Pid> {
    Pid::parse(entry.strip_prefix(SOCKETS)?).ok()
}

/// The chat id in a membership's sort key.
pub(super) fn chat_of_membership(entry: &str) -> Option<ChatId> {
    ChatId::parse(entry.strip_prefix(MEMBERSHIPS)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::plain_chat_id;

    #[test]
    fn every_key_is_spelled_as_it_always_was() {
        let (alice, bob) = (UserId::parse("alice").unwrap(), UserId::parse("bob").unwrap());
        let chat = plain_chat_id(&bob, &alice);
        let message = MessageId { chat: chat.clone(), seq: 42 };
        let at = Timestamp::from_millis(1_767_323_045_006);
        let spelled = [
            PROFILE.to_owned(),
            membership(&chat),
            socket(&Pid::parse("p1").unwrap()),
            sent(&ClientMessageId::parse("mine").unwrap()),
            limit("messages", 29_455_384),
            counted_event("e1="),
            day(at),
            FLAGGED.to_owned(),
            message.to_string(),
        ];
        insta::assert_snapshot!(spelled.join("\n"), @"
        profile
        chat#e70c08a3288036ef87ef9f6e
        socket#p1
        once#mine
        limit#messages#29455384
        ewaZmlCzh
        2026-01-02
        1
        e70c08a3288036ef87ef9f6e00000000002a
        ");
        let attributes = [user(&alice, PROFILE), super::chat(&chat), super::message(&message)];
        let mut spelled: Vec<String> = attributes
            .iter()
            .map(|key| {
                let mut parts: Vec<String> = key.iter().map(|(name, value)| format!("{name} {value:?}")).collect();
                parts.sort();
                parts.join(", ")
            })
            .collect();
        spelled.sort();
        insta::assert_snapshot!(spelled.join("\n"), @r#"
        chatId S("e70c08a3288036ef87ef9f6e")
        chatId S("e70c08a3288036ef87ef9f6e"), seq N("42")
        entry S("profile"), userId S("alice")
        "#);
    }

    #[test]
    fn a_membership_leads_back_to_its_chat() {
        let chat = plain_chat_id(&UserId::parse("alice").unwrap(), &UserId::parse("bob").unwrap());
        assert_eq!(chat_of_membership(&membership(&chat)), Some(chat));
        assert_eq!(chat_of_membership(PROFILE), None);
    }
}
