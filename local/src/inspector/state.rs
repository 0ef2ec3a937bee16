//! The connections and sockets of this moment: what the gateway and the table Connections know.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use relay::clock::Timestamp;
use serde::Serialize;

use super::{Inspected, as_json, problem};
use crate::sessions::{self, StoredConnection};

/// A connection that is open.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    connection: String,
    /// `websocket` or `polling`.
    transport: &'static str,
    since: Option<String>,
    last_active: Option<String>,
    source_ip: Option<String>,
    user_agent: Option<String>,
    sockets: Vec<Socket>,
}

/// A client in a namespace.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Socket {
    namespace: String,
    user: String,
    sid: String,
}

/// `GET /_local/state`.
pub(super) async fn state(State(inspected): State<Inspected>) -> Response {
    let mut stored = match sessions::connections(&inspected.services.dynamodb).await {
        Ok(stored) => stored,
        Err(answer) => return problem(StatusCode::BAD_GATEWAY, &format!("the table Connections answers: {answer}")),
    };
    let mut connections = Vec::new();
    for (id, description) in inspected.gateway.connections() {
        let stored = stored.remove(&id).unwrap_or_default();
        connections.push(Connection {
            connection: id,
            transport: "websocket",
            since: Some(description.connected_at.iso()),
            last_active: Some(description.last_active_at.iso()),
            source_ip: Some(description.source_ip),
            user_agent: description.user_agent,
            sockets: sockets(stored),
        });
    }
    // The gateway knows all connections by WebSocket, so what is left polls, or is over.
    for (id, stored) in stored {
        if id.starts_with(POLLING) && !stored.is_over {
            connections.push(Connection {
                connection: id,
                transport: "polling",
                since: stored.opened_at.map(|at| Timestamp::from_millis(at).iso()),
                last_active: None,
                source_ip: None,
                user_agent: None,
                sockets: sockets(stored),
            });
        }
    }
    connections.sort_by(|one, other| one.since.cmp(&other.since));
    as_json(&serde_json::json!({"connections": connections}))
}

/// The beginning of the id of a connection by long-polling.
const POLLING: &str = "p.";

fn sockets(stored: StoredConnection) -> Vec<Socket> {
    let socket = |session: sessions::StoredSession| {
        let sessions::StoredSession { namespace, user, sid } = session;
        Socket { namespace, user, sid }
    };
    stored.sessions.into_iter().map(socket).collect()
}
