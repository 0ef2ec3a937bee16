//! Connections and sessions, as the table Connections has them (docs/tables.md, "Connections"). Only for those who
//! develop: the functions do not read them this way.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use serde_json::{Value, json};

use crate::connector::Services;
use crate::dynamodb::DynamoDb;
use crate::watch::UserOf;

/// The table, by its logical name, which is its physical name here.
const TABLE: &str = "Connections";

/// The most connections that are listed.
const LISTED_MAX: usize = 1_000;

/// A connection with its sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredConnection {
    /// When it was opened, in milliseconds since the epoch.
    pub opened_at: Option<i64>,
    /// Whether it was closed, or has moved to a WebSocket.
    pub is_over: bool,
    /// The sessions that have not ended.
    pub sessions: Vec<StoredSession>,
}

/// A session: a client in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The namespace.
    pub namespace: String,
    /// The user.
    pub user: String,
    /// The Socket.IO sid.
    pub sid: String,
}

/// A function that finds the user of a connection. It finds nobody if the tables are at another endpoint.
pub(crate) fn user_of(services: &Arc<Services>) -> UserOf {
    let services = Arc::downgrade(services);
    Box::new(move |connection, namespace| find_user(&services, connection, namespace))
}

fn find_user(services: &Weak<Services>, connection: &str, namespace: Option<&str>) -> Option<String> {
    let asked = json!({
        "TableName": TABLE,
        "KeyConditionExpression": "connectionId = :id",
        "ExpressionAttributeValues": {":id": {"S": connection}},
    });
    let (_, answer) = services.upgrade()?.dynamodb.look_here("Query", asked)?;
    let rows = answer.get("Items")?.as_array()?;
    let user = |row: &Value| Some(text(row, "userId")?.to_owned());
    let exact = rows.iter().find(|row| namespace.is_some() && text(row, "namespace") == namespace).and_then(user);
    exact.or_else(|| rows.iter().find_map(user))
}

/// The connections that the table has rows of, by their ids; of very many, some.
///
/// # Errors
/// The answer of the table, if it cannot be read.
pub(crate) async fn connections(dynamodb: &DynamoDb) -> Result<BTreeMap<String, StoredConnection>, String> {
    let mut request = json!({"TableName": TABLE});
    let mut found: BTreeMap<String, StoredConnection> = BTreeMap::new();
    loop {
        let (status, answer) = dynamodb.look("Scan", request.clone()).await;
        if status != 200 {
            return Err(answer.to_string());
        }
        for row in answer.get("Items").and_then(Value::as_array).into_iter().flatten() {
            if let (Some(id), Some(namespace)) = (text(row, "connectionId"), text(row, "namespace")) {
                add(found.entry(id.to_owned()).or_default(), namespace, row);
            }
        }
        match (answer.get("LastEvaluatedKey"), request.as_object_mut()) {
            (Some(last), Some(request)) if found.len() < LISTED_MAX => {
                request.insert("ExclusiveStartKey".to_owned(), last.clone());
            }
            _ => return Ok(found),
        }
    }
}

fn add(connection: &mut StoredConnection, namespace: &str, row: &Value) {
    match namespace {
        "#" => {
            connection.opened_at = number(row, "openedAt");
            connection.is_over |= number(row, "closedAt").is_some();
        }
        "#outbox" => {
            connection.is_over |= text(row, "endedBy").is_some() || text(row, "upgradedTo").is_some();
        }
        _ => {
            if let (Some(user), Some(sid)) = (text(row, "userId"), text(row, "sid"))
                && number(row, "endedAt").is_none()
                && text(row, "movedTo").is_none()
            {
                let (namespace, user, sid) = (namespace.to_owned(), user.to_owned(), sid.to_owned());
                connection.sessions.push(StoredSession { namespace, user, sid });
            }
        }
    }
}

fn text<'a>(row: &'a Value, attribute: &str) -> Option<&'a str> {
    row.get(attribute)?.get("S")?.as_str()
}

fn number(row: &Value, attribute: &str) -> Option<i64> {
    row.get(attribute)?.get("N")?.as_str()?.parse().ok()
}
