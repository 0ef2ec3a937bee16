//! What an app would show that did nothing but listen, and what it may complain of.

use std::collections::{BTreeMap, BTreeSet};

use super::ear::{ACK, Ear, Heard};
use super::words::{ME, Reading, Told};

/// How old a message of another chat may be, at the last event before a cut, to come twice.
const TWICE_MILLIS: i64 = 5_000;
/// What greets a socket, once it was told what it missed.
const GREETINGS: [&str; 2] = ["connected", "connection"];

/// What there is to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Picture {
    /// The messages that are no placeholders, and whether their recipient read them.
    pub(super) messages: BTreeMap<String, bool>,
    /// Who blocks which chat: chat, person.
    pub(super) blocked: BTreeSet<(String, String)>,
}

impl Picture {
    /// What a client's events come to.
    pub(super) fn of(ear: &Ear, mine: &BTreeSet<String>) -> Self {
        let mut picture = Self::default();
        for heard in &ear.heard {
            picture.take(&heard.told, mine);
        }
        picture
    }

    /// Takes in what an event tells. `mine` are the messages by this user.
    fn take(&mut self, told: &Told, mine: &BTreeSet<String>) {
        match told {
            Told::Message { id, gone: true, .. } | Told::Deleted(id) => {
                self.messages.remove(id);
            }
            Told::Message { id, read, .. } => *self.messages.entry(id.clone()).or_default() |= read,
            Told::Confirmed(id) => {
                self.messages.entry(id.clone()).or_default();
            }
            Told::Read { reader, what } => {
                let is_to_reader = |id: &String| mine.contains(id) == (reader != ME);
                for (id, read) in self.messages.iter_mut().filter(|(id, _)| is_to_reader(id)) {
                    *read |= match what {
                        Reading::These(ids) => ids.contains(id),
                        Reading::UpTo(last) => chat_of(last) == chat_of(id) && id <= last,
                        Reading::All(chat) => chat == chat_of(id),
                    };
                }
            }
            Told::Blocked { chat, by } => {
                self.blocked.insert((chat.clone(), by.clone()));
            }
            Told::Unblocked { chat, by } => {
                self.blocked.remove(&(chat.clone(), by.clone()));
            }
            Told::ChatDeleted(chat) => {
                self.messages.retain(|id, _| chat_of(id) != chat);
                self.blocked.retain(|(blocked, _)| blocked != chat);
            }
            Told::Other => {}
        }
    }
}

/// The chat that a message belongs to.
pub(super) fn chat_of(message: &str) -> &str {
    message.split_at(24).0
}

/// What is repeated or out of order in what a client heard.
pub(super) fn disorder(ear: &Ear) -> Result<(), String> {
    // When each message came first, and the newest of each chat on this connection.
    let mut before: BTreeMap<&str, i64> = BTreeMap::new();
    let mut newest: BTreeMap<&str, &str> = BTreeMap::new();
    let mut connection = 0;
    let mut cut = Cut::default();
    let mut next = Cut::default();
    for heard in &ear.heard {
        if heard.connection != connection {
            connection = heard.connection;
            newest.clear();
            cut = std::mem::take(&mut next);
            next.last = cut.last;
        }
        if let Told::Message { id, .. } = &heard.told {
            if let Some(newer) = newest.insert(chat_of(id), id).filter(|newer| *newer >= id.as_str()) {
                return Err(format!("on one connection {id} comes after {newer}"));
            }
            match before.get(id.as_str()) {
                Some(at) => cut.may_repeat(id, *at)?,
                None => drop(before.insert(id, heard.at.millis())),
            }
        }
        next.welcomed |= GREETINGS.contains(&heard.event.as_str());
        if heard.offset.is_some() {
            next.last = Some(heard);
        }
    }
    Ok(())
}

/// Where a client was cut.
#[derive(Clone, Copy, Default)]
struct Cut<'a> {
    /// What it heard last.
    last: Option<&'a Heard>,
    /// Whether it had been told all that it missed before.
    welcomed: bool,
}

impl Cut<'_> {
    /// Whether a message that was first heard at this time may come again.
    fn may_repeat(self, id: &str, at: i64) -> Result<(), String> {
        let Some(last) = self.last else { return Err(format!("{id} comes twice without a cut")) };
        if last.said.to_string().contains(chat_of(id)) {
            return Err(format!("{id} comes twice, and is of the chat last heard of: {} {}", last.event, last.said));
        }
        // In the middle of what was missed, time stands where it was then.
        let age = last.at.millis() - at;
        if age > TWICE_MILLIS && self.welcomed {
            return Err(format!("{id} comes twice, and was {age} ms old at the cut"));
        }
        Ok(())
    }
}

/// Events that should carry an offset and do not, or the other way round: what may be missed carries none, what is told
/// again carries one.
pub(super) fn misplaced_offsets(ear: &Ear) -> Vec<&Heard> {
    let volatile = |heard: &Heard| ear.words.volatile.contains(&heard.event.as_str());
    let misplaced = |heard: &&Heard| match heard.offset {
        Some(_) => volatile(heard),
        None => heard.told != Told::Other && heard.event != ACK,
    };
    ear.heard.iter().filter(misplaced).collect()
}
