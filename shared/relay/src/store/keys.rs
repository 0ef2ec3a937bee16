//! The keys of Connections. Each key is spelled here and nowhere else.

use std::collections::HashMap;

use super::Question;
use crate::clock::Timestamp;
use crate::dynamo::{Item, text};
use crate::id::Pid;

/// The sort key of a connection itself. It sorts before every namespace.
pub(super) const CONNECTION: &str = "#";
/// The sort key of a polling connection's outbox.
pub(super) const OUTBOX: &str = "#outbox";
/// The sort key of an incomplete binary packet.
pub(super) const BINARY: &str = "#binary";
/// The partition key of the turns of slots. No connection has such an id.
pub(super) const TURNS: &str = "#turns";
/// The partition key of the rows of the Admin UI. No connection has such an id.
pub(super) const ADMIN: &str = "#admin";
/// The prefix of the sort keys of the Admin UI's sockets.
pub(super) const ADMIN_SOCKETS: &str = "socket#";
/// The prefix of every namespace. None of the sort keys above has it.
pub(super) const NAMESPACES: &str = "/";
/// The most attachments of one packet, as in the protocol.
pub(super) const ATTACHMENTS_MAX: u8 = 10;

/// Connections: the sort key of a binary packet's frame, by the id of the event that carried it.
pub(super) fn frame(invocation: &str) -> String {
    format!("{BINARY}#{invocation}")
}

/// Connections: the entry in a session's set for a question that the client has not answered.
pub(super) fn question(question: &Question) -> String {
    let Question { id, about, until } = question;
    format!("{}#{id}#{about}", until.millis())
}

/// The question that an entry of a session's set stands for.
pub(super) fn question_of(entry: &str) -> Option<Question> {
    let (until, rest) = entry.split_once('#')?;
    let (id, about) = rest.split_once('#')?;
    let until = Timestamp::from_millis(until.parse().ok()?);
    Some(Question { id: id.to_owned(), about: about.to_owned(), until })
}

/// The key of a row of Connections.
pub(super) fn connection(id: impl ToString, namespace: impl ToString) -> Item {
    HashMap::from([("connectionId".to_owned(), text(id)), ("namespace".to_owned(), text(namespace))])
}

/// Connections: the key of a row of the Admin UI.
pub(super) fn admin(entry: &str) -> Item {
    connection(ADMIN, entry)
}

/// Connections: the sort key of a socket of the Admin UI.
pub(super) fn admin_socket(pid: &Pid) -> String {
    format!("{ADMIN_SOCKETS}{pid}")
}

/// Connections: the sort key of a session of the Admin UI, by the hash of its id.
pub(super) fn admin_session(hash: &str) -> String {
    format!("session#{hash}")
}

/// Connections: the sort key of the passwords that were tried from an address in one window of time.
pub(super) fn admin_tries(window: i64, address: &str) -> String {
    format!("tries#{window}#{address}")
}

/// Connections: the key of the last turn of a part of a slot. The first part has an empty name.
pub(super) fn turn(slot: u32, part: &str) -> Item {
    connection(TURNS, format!("{slot}#{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_spelled_as_it_always_was() {
        let until = Timestamp::from_millis(1_767_323_045_006);
        let question = question(&Question { id: "7".to_owned(), about: "a#b".to_owned(), until });
        let socket = admin_socket(&Pid::parse("p").unwrap());
        let admin = [ADMIN, &socket, &admin_session("h"), &admin_tries(7, "192.0.2.1")].join("\n");
        let spelled = [CONNECTION, OUTBOX, BINARY, &frame("e1="), &question, &admin].join("\n");
        insta::assert_snapshot!(spelled, @"
        #
        #outbox
        #binary
        #binary#e1=
        1767323045006#7#a#b
        #admin
        socket#p
        session#h
        tries#7#192.0.2.1
        ");
        let connection = connection("c=", "/");
        assert_eq!(
            connection,
            Item::from([("connectionId".to_owned(), text("c=")), ("namespace".to_owned(), text("/"))])
        );
    }

    #[test]
    fn an_entry_leads_back_to_its_question() {
        let asked =
            Question { id: "7".to_owned(), about: "a#b".to_owned(), until: Timestamp::from_millis(1_767_323_045_006) };
        assert_eq!(question_of(&question(&asked)), Some(asked));
    }
}
