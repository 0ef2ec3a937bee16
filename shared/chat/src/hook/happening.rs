//! What one write of a chat's row says about the chat: the events between the row before and the row after.

use relay::clock::Timestamp;

use crate::domain::chat::Chat;
use crate::domain::log::{Change, Position};

/// An event of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    /// The number of the chat's events up to this one, this one included. It never goes back.
    pub(super) number: u64,
    /// When the event was stored. The time of a message is in the message itself.
    pub(super) at: Timestamp,
    /// The event.
    pub(super) what: What,
}

/// The kind of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The message with this sort key was stored.
    Message(u64),
    /// A change.
    Change(Change),
    /// A change that the chat's log does not hold, because it would have been too long.
    Unlisted,
}

/// The events that turned `before` into `after`, in their order. Without `before` the chat was created.
pub(super) fn happened(before: Option<&Chat>, after: &Chat) -> Vec<Happening> {
    let log = &after.log.changes;
    let created_at = Position { seq: after.base, rev: after.rev.saturating_sub(length(log)) };
    let mut at = before.map_or(created_at, Chat::position);
    let changes = after.rev.saturating_sub(at.rev).min(length(log));
    let mut all = Vec::new();
    while at.rev + changes < after.rev {
        at.rev += 1;
        all.push(Happening { number: at.events(), at: after.moved_at, what: What::Unlisted });
    }
    let from = log.len().saturating_sub(usize::try_from(changes).unwrap_or(usize::MAX));
    for change in log.iter().skip(from) {
        messages_up_to(change.seq.min(after.seq), &mut at, after, &mut all);
        at.rev += 1;
        all.push(Happening { number: at.events(), at: change.at, what: What::Change(change.clone()) });
    }
    messages_up_to(after.seq, &mut at, after, &mut all);
    all
}

fn messages_up_to(seq: u64, at: &mut Position, after: &Chat, all: &mut Vec<Happening>) {
    while at.seq < seq {
        at.seq += 1;
        all.push(Happening { number: at.events(), at: after.moved_at, what: What::Message(at.seq) });
    }
}

fn length(log: &[Change]) -> u64 {
    u64::try_from(log.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::id::UserId;
    use crate::domain::log::ChangeKind;

    fn chat() -> (Chat, UserId) {
        let people = ["alice", "bob"].map(|id| UserId::parse(id).unwrap());
        let [alice, _] = people.clone();
        (Chat::between(&BTreeSet::from(people), None, 0, Timestamp::default()), alice)
    }

    fn kinds(before: Option<&Chat>, after: &Chat) -> Vec<(u64, String)> {
        let what = |what: What| match what {
            What::Message(seq) => format!("message {seq}"),
            What::Change(change) => format!("{:?}", change.what),
            What::Unlisted => "unlisted".to_owned(),
        };
        happened(before, after).into_iter().map(|one| (one.number, what(one.what))).collect()
    }

    #[test]
    fn a_write_is_the_events_between_two_rows() {
        let (mut chat, alice) = chat();
        chat.change(&alice, ChangeKind::Created, Timestamp::default());
        assert_eq!(kinds(None, &chat), [(1, "Created".to_owned())]);
        let mut sent = chat.clone();
        sent.seq += 1;
        assert_eq!(kinds(Some(&chat), &sent), [(2, "message 1".to_owned())]);
        let mut blocked = sent.clone();
        blocked.change(&alice, ChangeKind::Blocked, Timestamp::default());
        assert_eq!(kinds(Some(&sent), &blocked), [(3, "Blocked".to_owned())]);
        assert_eq!(kinds(Some(&blocked), &blocked), []);
        // A record of delivery changes neither number.
        let delivered = Chat { delivered_position: 3, ..blocked.clone() };
        assert_eq!(kinds(Some(&blocked), &delivered), []);
    }

    #[test]
    fn several_events_in_one_write_keep_their_order() {
        let (mut chat, alice) = chat();
        let before = chat.clone();
        chat.seq = 1;
        chat.change(&alice, ChangeKind::Blocked, Timestamp::default());
        chat.seq = 2;
        let expected = [(1, "message 1".to_owned()), (2, "Blocked".to_owned()), (3, "message 2".to_owned())];
        assert_eq!(kinds(Some(&before), &chat), expected);
    }

    #[test]
    fn a_change_that_the_log_does_not_hold_is_still_an_event() {
        let (mut chat, alice) = chat();
        let before = chat.clone();
        chat.change(&alice, ChangeKind::Read(vec![1]), Timestamp::default());
        chat.log.changes.clear();
        assert_eq!(kinds(Some(&before), &chat), [(1, "unlisted".to_owned())]);
    }
}
