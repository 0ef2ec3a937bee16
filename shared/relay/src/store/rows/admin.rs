//! The rows of the Admin UI. Their partition key is `#admin`.

use serde::{Deserialize, Serialize};

/// Connections · `session#<hash>`: until when a page can come back without the password.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct SessionEnd {
    pub(in crate::store) v: u32,
    pub(in crate::store) until: i64,
    pub(in crate::store) ttl: i64,
}

/// Connections · `socket#<pid>`: a socket of the Admin UI.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct AdminSocketRow {
    pub(in crate::store) v: u32,
    pub(in crate::store) connection: String,
    pub(in crate::store) opened_at: i64,
    /// When the socket left. The row is kept for a while, because DynamoDB deletes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) ended_at: Option<i64>,
    pub(in crate::store) ttl: i64,
}

/// A row of the index `slot`, as the Admin UI needs it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct ShownRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) namespace: String,
    /// Only connections have it.
    #[serde(default)]
    pub(in crate::store) source_ip: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dynamo::{read, write};

    #[test]
    fn rows_of_version_1_are_read() {
        let socket = json!({"connectionId": "#admin", "namespace": "socket#p", "v": 1, "connection": "w=", "openedAt": 5, "ttl": 9});
        let socket: AdminSocketRow = read(write(socket).unwrap()).unwrap();
        assert_eq!((socket.connection.as_str(), socket.opened_at, socket.ended_at), ("w=", 5, None));
        let session = json!({"connectionId": "#admin", "namespace": "session#h", "v": 1, "until": 7, "ttl": 9});
        assert_eq!(read::<SessionEnd>(write(session).unwrap()).unwrap().until, 7);
    }
}
