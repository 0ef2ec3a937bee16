//! The tables: the engine in this process (the crate `engine`), or any other DynamoDB-compatible endpoint.
//!
//! With a file, the engine logs every write before it is answered: a killed process loses nothing that was answered; a
//! machine that loses power may lose the last moments.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use engine::{CreateError, Performed, Refusal, Request, Tables};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::data_folder::{DataFolder, DataFolderError};
use crate::template::{Resource, Table};
use crate::watch::{self, AwsCall};

/// The tables.
pub struct DynamoDb {
    engine: Engine,
    meter: Mutex<Meter>,
    down: AtomicBool,
    was_down: AtomicBool,
}

enum Engine {
    /// The engine in this process, with the folder of its file, if it has one.
    Here(Box<Tables>, #[expect(dead_code, reason = "held, so that no other process takes it")] Option<DataFolder>),
    There(Elsewhere),
}

struct Elsewhere {
    connector: SharedHttpConnector,
    endpoint: String,
}

/// The requests to DynamoDB, and their costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meter {
    /// The number of requests, by operation.
    pub requests: BTreeMap<String, u64>,
    /// Read units, by all operations that read.
    pub read_units: f64,
    /// Write units, indexes included, without those of writes that were refused.
    pub write_units: f64,
    /// Write units of writes that were refused because a condition did not hold.
    pub refused_write_units: f64,
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDb").finish_non_exhaustive()
    }
}

/// Why the tables cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DynamoDbError {
    /// A table cannot be created in this process.
    #[error("{0}: start with another folder (--data DIR) or without one (--memory)")]
    Create(#[from] CreateError),
    /// A table cannot be created at another endpoint.
    #[error("the table {table} cannot be made: {answer}")]
    Table {
        /// The name of the table.
        table: String,
        /// The answer of DynamoDB.
        answer: String,
    },
    /// The data folder, or the file in it, cannot be used.
    #[error(transparent)]
    Folder(#[from] DataFolderError),
}

impl DynamoDb {
    /// Opens tables in a file of this folder, which keeps them from one start to the next. This process holds the
    /// folder as long as the value exists.
    ///
    /// # Errors
    /// If another process holds the folder, or the folder or the file cannot be used.
    pub fn in_folder(folder: &Path) -> Result<Self, DynamoDbError> {
        let folder = DataFolder::take(folder)?;
        Ok(Self::with(Engine::Here(Box::new(folder.tables()?), Some(folder))))
    }

    /// Creates tables in memory, which are lost when the process ends.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::with(Engine::Here(Box::new(Tables::in_memory()), None))
    }

    /// Uses the tables of another DynamoDB-compatible endpoint, `http` or `https`. Requests to it are not metered.
    #[must_use]
    pub fn elsewhere(endpoint: &str) -> Self {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let connector = aws_smithy_http_client::Connector::builder().tls_provider(provider).build();
        let connector = SharedHttpConnector::new(connector);
        Self::with(Engine::There(Elsewhere { connector, endpoint: endpoint.trim_end_matches('/').to_owned() }))
    }

    /// The endpoint to which requests must be addressed, if the tables are not in this process.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        match &self.engine {
            Engine::Here(..) => None,
            Engine::There(elsewhere) => Some(&elsewhere.endpoint),
        }
    }

    fn with(engine: Engine) -> Self {
        Self { engine, meter: Mutex::default(), down: AtomicBool::new(false), was_down: AtomicBool::new(false) }
    }

    /// Creates the tables that do not exist yet.
    ///
    /// # Errors
    /// If a table cannot be created.
    pub async fn make(&self, tables: &BTreeMap<String, Table>) -> Result<(), DynamoDbError> {
        for (name, table) in tables {
            if let Engine::Here(here, _) = &self.engine {
                here.create_table(table.schema.clone())?;
                continue;
            }
            self.admit("CreateTable", name, &table.create_table(), "ResourceInUseException").await?;
            if let Some(time_to_live) = table.update_time_to_live() {
                self.admit("UpdateTimeToLive", name, &time_to_live, "already").await?;
            }
        }
        *self.meter.lock().unwrap_or_else(PoisonError::into_inner) = Meter::default();
        Ok(())
    }

    async fn admit(&self, operation: &str, table: &str, request: &Value, fine: &str) -> Result<(), DynamoDbError> {
        let (status, answer) = self.call(operation, request.clone()).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        if status == 200 || answer.contains(fine) {
            return Ok(());
        }
        Err(DynamoDbError::Table { table: table.to_owned(), answer })
    }

    /// The requests and costs since the start or the last [`DynamoDb::reset_meter`].
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the meter to zero.
    pub fn reset_meter(&self) {
        *self.meter.lock().unwrap_or_else(PoisonError::into_inner) = Meter::default();
    }

    /// The permissions that an operation needs: IAM's action and the table or index, for each part of a transaction or
    /// batch. `request` is the JSON of the body: a request to another endpoint may have parameters that the engine's
    /// [`Request`] does not have.
    #[must_use]
    pub fn needs(&self, operation: &str, request: &Value) -> Vec<(String, Resource)> {
        let table = |value: &Value| value.get("TableName").and_then(Value::as_str).unwrap_or_default().to_owned();
        match operation {
            "TransactWriteItems" => {
                let items = request.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
                let parts = items.filter_map(Value::as_object).flatten().map(|(kind, part)| {
                    let action =
                        if kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") };
                    (action, Resource::Table(table(part)))
                });
                parts.collect()
            }
            "BatchGetItem" | "BatchWriteItem" => {
                let tables = request.get("RequestItems").and_then(Value::as_object).into_iter().flatten();
                tables.map(|(table, _)| (operation.to_owned(), Resource::Table(table.clone()))).collect()
            }
            _ => {
                let resource = match request.get("IndexName").and_then(Value::as_str) {
                    Some(index) => Resource::Index { table: table(request), index: index.to_owned() },
                    None => Resource::Table(table(request)),
                };
                vec![(operation.to_owned(), resource)]
            }
        }
    }

    /// Switches an outage on or off. While it is on, functions get an internal error for every request.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
        self.was_down.fetch_or(down, Ordering::SeqCst);
    }

    /// Whether there is an outage at present.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.down.load(Ordering::SeqCst)
    }

    /// Whether an outage was ever switched on with [`DynamoDb::set_down`].
    #[must_use]
    pub fn was_down(&self) -> bool {
        self.was_down.load(Ordering::SeqCst)
    }

    /// Answers a signed request of a function. `asked` is the content of its body.
    pub async fn serve(&self, operation: &str, asked: Value, request: HttpRequest) -> HttpResponse {
        if self.down.load(Ordering::SeqCst) {
            let body = json!({"__type": "InternalServerError", "message": DOWN}).to_string();
            return response(500, body.into());
        }
        match &self.engine {
            Engine::Here(tables, _) => {
                let (status, answer) = self.metered(tables, operation, asked);
                response(status, answer)
            }
            Engine::There(elsewhere) => {
                let answered = elsewhere.connector.call(request).await;
                answered.unwrap_or_else(|error| unreachable_endpoint(&elsewhere.endpoint, &error))
            }
        }
    }

    /// A request to tables elsewhere in the form of records, without its status. `None` for tables in this process,
    /// which record requests themselves, and if nobody watches.
    pub(crate) fn noted_elsewhere(&self, operation: &str, asked: &Value) -> Option<AwsCall> {
        if self.endpoint().is_none() || !watch::is_in_watched_invocation() {
            return None;
        }
        let targets = self.needs(operation, asked).into_iter().map(|(_, resource)| target(resource)).collect();
        Some(AwsCall { targets, ..AwsCall::of("DynamoDB", operation, "", 0) })
    }

    /// Answers a request that only looks, of somebody who develops: it is not metered, and not refused during an outage.
    /// Returns the HTTP status and the body.
    pub async fn look(&self, operation: &str, asked: Value) -> (u16, Value) {
        match &self.engine {
            Engine::Here(tables, _) => looked(tables, operation, asked),
            Engine::There(elsewhere) => {
                let (status, answer) = there(elsewhere, operation, asked.to_string().as_bytes()).await;
                (status, serde_json::from_slice(&answer).unwrap_or_default())
            }
        }
    }

    /// The same for tables in this process, without waiting. `None` if they are elsewhere.
    pub(crate) fn look_here(&self, operation: &str, asked: Value) -> Option<(u16, Value)> {
        match &self.engine {
            Engine::Here(tables, _) => Some(looked(tables, operation, asked)),
            Engine::There(_) => None,
        }
    }

    /// Answers one request of DynamoDB's JSON protocol. Returns the HTTP status and the body.
    pub async fn call(&self, operation: &str, asked: Value) -> (u16, Bytes) {
        match &self.engine {
            Engine::Here(tables, _) => self.metered(tables, operation, asked),
            Engine::There(elsewhere) => there(elsewhere, operation, asked.to_string().as_bytes()).await,
        }
    }

    /// Performs a request in the tables of this process, without JSON. It is metered, and refused during an outage.
    ///
    /// # Errors
    /// What the tables refuse; an internal error during an outage, and if the tables are at another endpoint.
    pub fn perform(&self, request: Request) -> Result<Performed, Refusal> {
        if self.down.load(Ordering::SeqCst) {
            return Err(Refusal::Internal(DOWN.to_owned()));
        }
        match &self.engine {
            Engine::Here(tables, _) => self.performed(tables, request),
            Engine::There(elsewhere) => Err(Refusal::Internal(format!("the tables are at {}", elsewhere.endpoint))),
        }
    }

    /// An item as it is now, null if it does not exist. The read is not metered.
    pub(crate) async fn image(&self, table: &str, key: &Value) -> Value {
        match &self.engine {
            Engine::Here(tables, _) => {
                let item = engine::json::item(key.clone()).ok().and_then(|key| tables.item(table, &key));
                item.map(|item| engine::json::item_json(&item)).unwrap_or_default()
            }
            Engine::There(elsewhere) => {
                let asked = json!({"TableName": table, "Key": key, "ConsistentRead": true});
                let (_, answer) = there(elsewhere, "GetItem", asked.to_string().as_bytes()).await;
                let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
                answer.get("Item").cloned().unwrap_or_default()
            }
        }
    }

    /// Performs a request of the JSON protocol. Returns the HTTP status and the body.
    fn metered(&self, tables: &Tables, operation: &str, asked: Value) -> (u16, Bytes) {
        let performed = engine::json::request(operation, asked).and_then(|request| self.performed(tables, request));
        match performed {
            Ok(performed) => (200, engine::json::response(&performed.response).to_string().into()),
            Err(refusal) => (refusal.status(), engine::json::refusal(&refusal).to_string().into()),
        }
    }

    /// Performs a request, and counts it.
    fn performed(&self, tables: &Tables, request: Request) -> Result<Performed, Refusal> {
        let operation = request.operation();
        let targets = if watch::is_in_watched_invocation() { needs(&request) } else { Vec::new() };
        let performed = tables.perform(request);
        watch::note_call(|| call(operation, targets, &performed));
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        *meter.requests.entry(operation.to_owned()).or_default() += 1;
        if let Ok(performed) = &performed {
            meter.read_units += performed.read_units;
            meter.write_units += performed.write_units;
        }
        if let Err(refusal) = &performed {
            meter.refused_write_units += charged(refusal);
        }
        performed
    }
}

/// Answers a request of the JSON protocol without counting it.
fn looked(tables: &Tables, operation: &str, asked: Value) -> (u16, Value) {
    match engine::json::request(operation, asked).and_then(|request| tables.perform(request)) {
        Ok(performed) => (200, engine::json::response(&performed.response)),
        Err(refusal) => (refusal.status(), engine::json::refusal(&refusal)),
    }
}

/// The write units that DynamoDB charges for a write that it refuses.
fn charged(refusal: &Refusal) -> f64 {
    match refusal {
        Refusal::ConditionalCheckFailed { write_units, .. } | Refusal::TransactionCanceled { write_units, .. } => {
            *write_units
        }
        _ => 0.0,
    }
}

/// A request in the form of records.
fn call(operation: &str, targets: Vec<Need>, performed: &Result<Performed, Refusal>) -> AwsCall {
    let mut names: Vec<String> = targets.into_iter().map(|(_, resource)| target(resource)).collect();
    names.dedup();
    let (status, error, read_units, write_units) = match performed {
        Ok(performed) => (200, None, performed.read_units, performed.write_units),
        Err(refusal) => {
            let body = engine::json::refusal(refusal);
            let kind = body.get("__type").and_then(Value::as_str).and_then(|kind| kind.rsplit('#').next());
            (refusal.status(), kind.map(str::to_owned), 0.0, charged(refusal))
        }
    };
    AwsCall {
        service: "DynamoDB",
        operation: operation.to_owned(),
        targets: names,
        status,
        error,
        read_units,
        write_units,
    }
}

/// A permission that a request needs: the action of IAM, and the resource.
pub(crate) type Need = (&'static str, Resource);

/// The permissions that a request to the tables needs: for each part of a transaction or batch one.
pub(crate) fn needs(request: &Request) -> Vec<Need> {
    let table = |name: Option<&str>| Resource::Table(name.unwrap_or_default().to_owned());
    match request {
        Request::GetItem(input) => vec![("dynamodb:GetItem", table(input.table_name()))],
        Request::PutItem(input) => vec![("dynamodb:PutItem", table(input.table_name()))],
        Request::UpdateItem(input) => vec![("dynamodb:UpdateItem", table(input.table_name()))],
        Request::DeleteItem(input) => vec![("dynamodb:DeleteItem", table(input.table_name()))],
        Request::Query(input) => vec![("dynamodb:Query", table_or_index(input.table_name(), input.index_name()))],
        Request::Scan(input) => vec![("dynamodb:Scan", table_or_index(input.table_name(), input.index_name()))],
        Request::BatchGetItem(input) => {
            let tables = input.request_items().into_iter().flat_map(|items| items.keys());
            tables.map(|name| ("dynamodb:BatchGetItem", table(Some(name)))).collect()
        }
        Request::BatchWriteItem(input) => {
            let tables = input.request_items().into_iter().flat_map(|items| items.keys());
            tables.map(|name| ("dynamodb:BatchWriteItem", table(Some(name)))).collect()
        }
        Request::TransactWriteItems(input) => {
            let parts = input.transact_items().iter().flat_map(|item| {
                let put = item.put().map(|put| ("dynamodb:PutItem", put.table_name()));
                let update = item.update().map(|update| ("dynamodb:UpdateItem", update.table_name()));
                let delete = item.delete().map(|delete| ("dynamodb:DeleteItem", delete.table_name()));
                let check = item.condition_check().map(|check| ("dynamodb:ConditionCheckItem", check.table_name()));
                [put, update, delete, check].into_iter().flatten()
            });
            parts.map(|(action, name)| (action, table(Some(name)))).collect()
        }
    }
}

fn table_or_index(table: Option<&str>, index: Option<&str>) -> Resource {
    let table = table.unwrap_or_default().to_owned();
    match index {
        Some(index) => Resource::Index { table, index: index.to_owned() },
        None => Resource::Table(table),
    }
}

/// The name of a table, or of an index after that of its table.
fn target(resource: Resource) -> String {
    match resource {
        Resource::Table(table) => table,
        Resource::Index { table, index } => format!("{table}/{index}"),
        other => other.to_string(),
    }
}

/// The message during an outage.
const DOWN: &str = "down, as a test wants it";

/// Sends a request to another endpoint. The signature has the right form only: emulators do not check signatures, and
/// AWS creates its tables from template.yaml.
async fn there(elsewhere: &Elsewhere, operation: &str, body: &[u8]) -> (u16, Bytes) {
    const UNSIGNED: &str = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, \
                            SignedHeaders=host;x-amz-target, Signature=unsigned";
    let request = http::Request::post(format!("{}/", elsewhere.endpoint))
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("x-amz-date", "20260101T000000Z")
        .header("authorization", UNSIGNED)
        .body(SdkBody::from(body));
    let request = request.ok().and_then(|request| HttpRequest::try_from(request).ok());
    let Some(request) = request else { return (400, Bytes::from_static(b"the endpoint is not an address")) };
    let answered = elsewhere.connector.call(request).await;
    let answer = answered.unwrap_or_else(|error| unreachable_endpoint(&elsewhere.endpoint, &error));
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    (status, body)
}

fn unreachable_endpoint(endpoint: &str, error: &dyn std::error::Error) -> HttpResponse {
    let message = format!("{endpoint} does not answer: {error}");
    tracing::error!(error.cause = message, "DynamoDB cannot be reached");
    let body = json!({"__type": "InternalServerError", "message": message}).to_string();
    response(500, body.into())
}

/// A response with a body.
pub(crate) fn response(status: u16, body: Bytes) -> HttpResponse {
    let status =
        StatusCode::try_from(status).unwrap_or_else(|_| StatusCode::from(http::StatusCode::INTERNAL_SERVER_ERROR));
    HttpResponse::new(status, SdkBody::from(body))
}
