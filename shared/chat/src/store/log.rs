//! The event log of a chat, stored in the chat's own row: the number of events, the time of the last one, the latest
//! changes, and how many events have been delivered.
//!
//! The changes are one short text, so that the row stays below a kilobyte: `<forgotten>[
//! <after>.<seq>.<kind><member>[.<number>]*]*`. All numbers are in hex. Each time except the first is in milliseconds
//! after the time before it.

use std::fmt::Write as _;

use relay::clock::Timestamp;
use relay::dynamo::{Item, number, text};

use crate::domain::chat::Chat;
use crate::domain::id::UserId;
use crate::domain::log::{Change, ChangeKind, Log};

/// The longest text of a log, in bytes. With it and the ids of two people the row of a chat stays below a kilobyte.
const LOG_MAX_BYTES: usize = 480;

/// The parts that every write of an event adds to the update of a chat's row: the condition that no event happened
/// meanwhile, and the new position.
pub(super) struct PositionUpdate {
    /// The assignments, to be joined with others.
    pub(super) set: Vec<String>,
    /// The condition.
    pub(super) condition: String,
    /// The values of the assignments and of the condition.
    pub(super) values: Item,
}

/// The write that turns `chat` into `next`.
pub(super) fn position_update(chat: &Chat, next: &Chat) -> PositionUpdate {
    let mut set = vec!["movedAt = :moved".to_owned()];
    let mut values =
        Item::from([(":seq".to_owned(), number(chat.seq)), (":moved".to_owned(), number(next.moved_at.millis()))]);
    let rev = if chat.rev == 0 { "attribute_not_exists(rev)" } else { "rev = :rev" };
    if chat.rev > 0 {
        values.insert(":rev".to_owned(), number(chat.rev));
    }
    if chat.lease_until != next.lease_until {
        set.push("leaseUntil = :lease".to_owned());
        values.insert(":lease".to_owned(), number(next.lease_until.millis()));
    }
    if chat.seq != next.seq {
        set.push("seq = :next".to_owned());
        values.insert(":next".to_owned(), number(next.seq));
    }
    if chat.rev != next.rev {
        set.push("rev = :changes, recentChanges = :recent".to_owned());
        values.insert(":changes".to_owned(), number(next.rev));
        values.insert(":recent".to_owned(), text(written(&next.log, &next.people())));
    }
    let condition = format!("seq = :seq AND {rev} AND attribute_not_exists(deletedAt)");
    PositionUpdate { set, condition, values }
}

/// A log as text. Of a log that is too long, the text holds only the end.
pub(super) fn written(log: &Log, people: &[UserId]) -> String {
    let mut kept = log.changes.len();
    let mut bytes = 16;
    while let Some(change) = kept.checked_sub(1).and_then(|last| log.changes.get(last)) {
        bytes += entry(change, Timestamp::default(), people).len();
        if bytes > LOG_MAX_BYTES {
            break;
        }
        kept -= 1;
    }
    let (dropped, changes) = log.changes.split_at(kept);
    let forgotten = dropped.last().map_or(log.forgotten, |change| change.at);
    let mut written = format!("{:x}", forgotten.millis().max(0));
    let mut before = forgotten;
    for change in changes {
        written.push(' ');
        written.push_str(&entry(change, before, people));
        before = change.at;
    }
    written
}

fn entry(change: &Change, before: Timestamp, people: &[UserId]) -> String {
    let Change { at, seq, by, what } = change;
    let after = at.millis().saturating_sub(before.millis()).max(0);
    let member = people.iter().position(|user| user == by).unwrap_or(people.len());
    let (kind, numbers) = match what {
        ChangeKind::Blocked => ('b', Vec::new()),
        ChangeKind::Created => ('c', Vec::new()),
        ChangeKind::Deleted(message) => ('d', vec![*message]),
        ChangeKind::Erased => ('e', Vec::new()),
        ChangeKind::Hidden(message) => ('h', vec![*message]),
        ChangeKind::Read(messages) => ('r', messages.clone()),
        ChangeKind::ReadAll { after, marked, received } => {
            let late = at.millis().saturating_sub(received.millis());
            ('a', vec![*after, *marked, u64::try_from(late).unwrap_or(0)])
        }
        ChangeKind::Unblocked => ('u', Vec::new()),
    };
    let mut entry = format!("{after:x}.{seq:x}.{kind}{member:x}");
    for number in numbers {
        let _ = write!(entry, ".{number:x}");
    }
    entry
}

/// Reads a log; `None` if the text is not a log.
pub(super) fn read(text: &str, people: &[UserId]) -> Option<Log> {
    let mut words = text.split(' ');
    let forgotten = Timestamp::from_millis(i64::from_str_radix(words.next()?, 16).ok()?);
    let mut at = forgotten;
    let mut changes = Vec::new();
    for word in words {
        let change = change(word, at, people)?;
        at = change.at;
        changes.push(change);
    }
    Some(Log { forgotten, changes })
}

fn change(entry: &str, before: Timestamp, people: &[UserId]) -> Option<Change> {
    let mut parts = entry.split('.');
    let at = before.plus_millis(i64::from_str_radix(parts.next()?, 16).ok()?);
    let seq = hex(parts.next()?)?;
    let mut kind = parts.next()?.chars();
    let (kind, member) = (kind.next()?, kind.as_str());
    let by = people.get(usize::from_str_radix(member, 16).ok()?)?.clone();
    let numbers: Vec<u64> = parts.map(hex).collect::<Option<_>>()?;
    let what = match (kind, numbers.as_slice()) {
        ('b', []) => ChangeKind::Blocked,
        ('c', []) => ChangeKind::Created,
        ('d', [message]) => ChangeKind::Deleted(*message),
        ('e', []) => ChangeKind::Erased,
        ('h', [message]) => ChangeKind::Hidden(*message),
        ('r', messages) => ChangeKind::Read(messages.to_vec()),
        ('a', [after, marked, late]) => {
            let received = at.plus_millis(-i64::try_from(*late).ok()?);
            ChangeKind::ReadAll { after: *after, marked: *marked, received }
        }
        ('u', []) => ChangeKind::Unblocked,
        _ => return None,
    };
    Some(Change { at, seq, by, what })
}

fn hex(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<UserId> {
        ["alice", "bob"].map(|id| UserId::parse(id).unwrap()).to_vec()
    }

    fn log(whats: &[ChangeKind]) -> Log {
        let at = |index: usize| Timestamp::from_millis(1_767_323_045_006 + i64::try_from(index).unwrap() * 300);
        let by = |index: usize| people()[index % 2].clone();
        let change =
            |(index, what): (usize, &ChangeKind)| Change { at: at(index), seq: 7, by: by(index), what: what.clone() };
        Log { forgotten: Timestamp::default(), changes: whats.iter().enumerate().map(change).collect() }
    }

    #[test]
    fn a_log_comes_back_as_it_was_written() {
        let received = Timestamp::from_millis(1_767_323_045_000);
        let log = log(&[
            ChangeKind::Created,
            ChangeKind::Blocked,
            ChangeKind::Deleted(5),
            ChangeKind::Hidden(6),
            ChangeKind::Read(vec![3, 7]),
            ChangeKind::ReadAll { after: 3, marked: 4, received },
            ChangeKind::Unblocked,
            ChangeKind::Erased,
        ]);
        let text = written(&log, &people());
        insta::assert_snapshot!(text, @"0 19b7ca98c8e.7.c0 12c.7.b1 12c.7.d0.5 12c.7.h1.6 12c.7.r0.3.7 12c.7.a1.3.4.5e2 12c.7.u0 12c.7.e1");
        assert_eq!(read(&text, &people()), Some(log));
        assert_eq!(read("0 1.2.z0", &people()), None);
        assert_eq!(read("0", &people()), Some(Log::default()));
    }

    #[test]
    fn of_a_long_log_the_end_is_kept_and_when_the_rest_was() {
        let long = log(&vec![ChangeKind::Deleted(5); 100]);
        let text = written(&long, &people());
        assert!(text.len() <= LOG_MAX_BYTES, "{}", text.len());
        let kept = read(&text, &people()).unwrap();
        let dropped = long.changes.len() - kept.changes.len();
        assert!((1..90).contains(&dropped), "{dropped}");
        assert_eq!(kept.forgotten, long.changes[dropped - 1].at);
        assert_eq!(kept.changes, long.changes[dropped..]);
    }
}
