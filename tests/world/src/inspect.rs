//! What a test can ask about connections, costs and permissions.

use std::collections::BTreeSet;

use local::connector::Permission;
use local::dynamodb::Meter;
use serde_json::{Value, json};

use crate::World;
use crate::client::Way;

impl World {
    /// The id of a client's connection.
    pub fn connection_id(&mut self, label: &str) -> String {
        match &self.client(label).way {
            Way::WebSocket(peer) => peer.connection_id().to_owned(),
            Way::Polling(poller) => poller.sid.clone(),
        }
    }

    /// Whether the gateway does not know a client's connection any more, or a polling client was told that its
    /// connection ended.
    pub fn is_closed(&mut self, label: &str) -> bool {
        if let Way::Polling(poller) = &self.client(label).way {
            return poller.is_closed;
        }
        let id = self.connection_id(label);
        self.cloud.gateway.get(&id).is_err()
    }

    /// The subprotocol that was chosen for a client's connection.
    pub fn subprotocol(&mut self, label: &str) -> Option<String> {
        match &self.client(label).way {
            Way::WebSocket(peer) => peer.subprotocol().map(str::to_owned),
            Way::Polling(_) => None,
        }
    }

    /// The requests to DynamoDB, and the number of posted frames, since the last call.
    pub fn spent(&mut self) -> (Meter, u64) {
        let meter = self.cloud.services.dynamodb.meter();
        self.cloud.services.dynamodb.reset_meter();
        (meter, std::mem::take(&mut self.posts))
    }

    /// All rows of a table, as DynamoDB's JSON has them. Faults do not concern this request.
    pub async fn rows(&self, table: &str) -> Vec<Value> {
        let (_, mut answer) = self.cloud.services.dynamodb.look("Scan", json!({"TableName": table})).await;
        match answer.get_mut("Items").map(Value::take) {
            Some(Value::Array(rows)) => rows,
            _ => panic!("{table} cannot be read: {answer}"),
        }
    }

    /// All permissions that were used so far.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<Permission> {
        self.cloud.services.used()
    }
}
