//! What a page shows of the sockets, and what it is told so that it shows another moment.

use std::collections::{BTreeMap, BTreeSet};

use relay::admin::{Shown, ShownSocket};
use relay::application::event_frame;
use relay::store::ADMIN_NAMESPACE;
use serde_json::{Map, Value, json};

/// What the gateway knows of a connection and the tables do not, by the id of the connection.
pub(super) type UserAgents = BTreeMap<String, String>;

/// A socket by its namespace and its sid.
type Id = (String, String);

/// The sockets of one moment.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    shown: Shown,
    /// The sids, by connection and namespace.
    sids: BTreeMap<(String, String), String>,
}

impl Sockets {
    pub(super) fn new(shown: Shown) -> Self {
        let sid =
            |socket: &ShownSocket| ((socket.connection.to_string(), socket.namespace.clone()), socket.sid.to_string());
        Self { sids: shown.sockets.iter().map(sid).collect(), shown }
    }

    /// The sid of the socket of this connection in this namespace.
    pub(super) fn sid(&self, connection: &str, namespace: &str) -> Option<&str> {
        self.sids.get(&(connection.to_owned(), namespace.to_owned())).map(String::as_str)
    }

    /// The number of sockets of each namespace, also of those without a socket.
    pub(super) fn by_namespace(&self) -> &BTreeMap<String, usize> {
        &self.shown.by_namespace
    }

    /// The number of clients that poll.
    pub(super) fn polling(&self) -> usize {
        let polling = self.shown.sockets.iter().map(|socket| &socket.connection).filter(|id| id.is_polling());
        polling.collect::<BTreeSet<_>>().len()
    }

    /// The frame that shows all sockets to a page that has just joined.
    pub(super) fn frame(&self, user_agents: &UserAgents) -> Option<String> {
        relay::admin::all_sockets_frame(self.shown.sockets.iter().map(|socket| json_of(socket, user_agents)))
    }

    /// The sockets that are not among those of `later`: connection and namespace.
    pub(super) fn gone_in<'a>(&'a self, later: &'a Self) -> impl Iterator<Item = (String, &'a str)> + 'a {
        let remain = later.by_id();
        let gone = self.by_id().into_iter().filter(move |(id, _)| !remain.contains_key(id));
        gone.map(|(_, socket)| (socket.connection.to_string(), socket.namespace.as_str()))
    }

    fn by_id(&self) -> BTreeMap<Id, &ShownSocket> {
        let id = |socket: &ShownSocket| (socket.namespace.clone(), socket.sid.to_string());
        self.shown.sockets.iter().map(|socket| (id(socket), socket)).collect()
    }

    /// The frames that bring a page from these sockets to those of `later`. `reason` says why the socket of a connection
    /// and a namespace has ended; `at` is the time.
    pub(super) fn changes(
        &self,
        later: &Self,
        user_agents: &UserAgents,
        reason: impl Fn(&str, &str) -> String,
        at: &str,
    ) -> Vec<String> {
        let (before, after) = (self.by_id(), later.by_id());
        let mut frames = Vec::new();
        let mut tell =
            |event: &str, arguments: Vec<Value>| frames.extend(event_frame(ADMIN_NAMESPACE, event, arguments));
        for ((namespace, sid), socket) in &before {
            let Some(now) = after.get(&(namespace.clone(), sid.clone())) else {
                let why = reason(&socket.connection.to_string(), namespace);
                tell(
                    "socket_disconnected",
                    vec![namespace.as_str().into(), sid.as_str().into(), why.into(), at.into()],
                );
                // The page keeps a room as long as somebody is in it.
                for room in &socket.rooms {
                    tell("room_left", room_change(namespace, room, sid, at));
                }
                continue;
            };
            if now.transport() != socket.transport() {
                tell("socket_updated", vec![json!({"id": sid, "nsp": namespace, "transport": now.transport()})]);
            }
            for room in now.rooms.iter().filter(|room| !socket.rooms.contains(room)) {
                tell("room_joined", room_change(namespace, room, sid, at));
            }
            for room in socket.rooms.iter().filter(|room| !now.rooms.contains(room)) {
                tell("room_left", room_change(namespace, room, sid, at));
            }
        }
        for (id, socket) in &after {
            if !before.contains_key(id) {
                tell("socket_connected", vec![json_of(socket, user_agents), at.into()]);
            }
        }
        frames
    }
}

fn room_change(namespace: &str, room: &str, sid: &str, at: &str) -> Vec<Value> {
    [namespace, room, sid, at].map(Value::from).into()
}

fn json_of(socket: &ShownSocket, user_agents: &UserAgents) -> Value {
    let user_agent = user_agents.get(&socket.connection.to_string());
    let headers = user_agent.map(|agent| ("user-agent".to_owned(), Value::from(agent.as_str())));
    socket.json(headers.into_iter().collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use relay::clock::Timestamp;
    use relay::id::{ConnectionId, SocketId, UserId};

    use super::*;

    fn socket(connection: &str, sid: &str, rooms: &[&str]) -> ShownSocket {
        ShownSocket {
            connection: ConnectionId::parse(connection).unwrap(),
            namespace: "/".to_owned(),
            sid: SocketId::parse(sid).unwrap(),
            user: UserId::parse("alice").unwrap(),
            opened_at: Timestamp::from_millis(0),
            address: "127.0.0.1".to_owned(),
            rooms: std::iter::once(&sid).chain(rooms).map(|room| (*room).to_owned()).collect(),
        }
    }

    fn sockets(sockets: Vec<ShownSocket>) -> Sockets {
        Sockets::new(Shown { sockets, is_whole: true, ..Shown::default() })
    }

    fn told(before: &Sockets, after: &Sockets) -> String {
        before.changes(after, &UserAgents::new(), |_, _| "transport close".to_owned(), "now").join("\n")
    }

    #[test]
    fn a_page_is_told_what_has_changed_between_two_moments_and_nothing_else() {
        let one = sockets(vec![
            socket("w1", "s1", &["red"]),
            socket("p.123456789", "s2", &[]),
            socket("w3", "s3", &["blue"]),
        ]);
        let other = sockets(vec![socket("w1", "s1", &["green"]), socket("w2", "s2", &[]), socket("w4", "s4", &[])]);
        let expected = [
            r#"42/admin,["room_joined","/","green","s1","now"]"#,
            r#"42/admin,["room_left","/","red","s1","now"]"#,
            r#"42/admin,["socket_updated",{"id":"s2","nsp":"/","transport":"websocket"}]"#,
            r#"42/admin,["socket_disconnected","/","s3","transport close","now"]"#,
            r#"42/admin,["room_left","/","s3","s3","now"]"#,
            r#"42/admin,["room_left","/","blue","s3","now"]"#,
        ];
        let told_in_order = told(&one, &other);
        let lines: Vec<&str> = told_in_order.lines().collect();
        assert_eq!(lines[..6], expected);
        assert!(lines[6].starts_with(r#"42/admin,["socket_connected",{"clientId":"w4""#), "{told_in_order}");
        assert_eq!(lines.len(), 7);
        assert_eq!(told(&other, &other), "");
        assert_eq!((other.sid("w2", "/"), other.sid("p.123456789", "/")), (Some("s2"), None));
        assert_eq!((one.polling(), other.polling()), (1, 0));
    }
}
