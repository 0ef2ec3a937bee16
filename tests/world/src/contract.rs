//! Checks what clients receive against the contracts of the dialects in `docs/api`: every event, every ack, every
//! CONNECT_ERROR and every REST answer. What the contract does not say ends the test.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chat::dialect;
use frame::engine;
use frame::socket::{self, Body};
use jsonschema::{Draft, Validator};
use relay::store::ADMIN_NAMESPACE;
use serde_json::{Map, Value, json};

/// The contracts of all dialects by their names.
static CONTRACTS: LazyLock<BTreeMap<&'static str, Contract>> =
    LazyLock::new(|| dialect::ALL.iter().map(|dialect| (dialect.name, Contract::read(dialect.name))).collect());

/// The events for which a client asked an ack: the namespace and the ack id, and the name of the event.
pub(super) type Asked = BTreeMap<(String, String), String>;

/// The contract of one dialect.
struct Contract {
    /// The name of the dialect.
    name: &'static str,
    /// The AsyncAPI document.
    events: Value,
    /// The OpenAPI document.
    rest: Value,
    /// The schemas that were compiled, by their place in a document.
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// Notes for which events a client asks an ack with this frame, or with this body of a polling client.
pub(super) fn note_asked(asked: &mut Asked, frame: &str) {
    for packet in frame.split('\u{1e}') {
        let Ok(engine::Packet::Message(text)) = engine::decode(packet) else { continue };
        let Ok(packet) = socket::decode(&text) else { continue };
        if let Body::Event { name, ack: Some(id), .. } | Body::BinaryEvent { name, ack: Some(id), .. } = packet.body {
            let key = (packet.namespace.as_str().to_owned(), id.as_str().to_owned());
            asked.insert(key, name.as_str().to_owned());
        }
    }
}

/// Checks a frame that a client received. `root` is the dialect of the root namespace.
pub(super) fn check_frame(root: &str, asked: &Asked, frame: &str) {
    let Ok(engine::Packet::Message(text)) = engine::decode(frame) else { return };
    let packet = socket::decode(&text).unwrap_or_else(|error| panic!("{error} in what a client hears: {text}"));
    let namespace = packet.namespace.as_str();
    // The Admin UI is no dialect: its protocol is that of npm's `@socket.io/admin-ui`.
    if namespace == ADMIN_NAMESPACE {
        return;
    }
    let name = if packet.namespace.is_root() { root } else { namespace.trim_start_matches('/') };
    let Some(contract) = CONTRACTS.get(name) else {
        assert!(matches!(packet.body, Body::ConnectError { .. }), "{name} is no dialect: {text}");
        return;
    };
    match packet.body {
        Body::Connect { payload } => contract.check_message("connected", &payload.unwrap_or_default().into()),
        Body::ConnectError { payload } => contract.check_connect_error(payload),
        Body::Event { name, arguments, .. } => {
            let (argument, offset) = match arguments.as_slice() {
                [argument] => (argument, None),
                [argument, offset] => (argument, Some(offset)),
                _ => panic!("an event has an argument and perhaps an offset: {text}"),
            };
            assert!(offset.is_none_or(Value::is_string), "an offset is a text: {text}");
            contract.check_message(&key("hear", name.as_str()), argument);
        }
        Body::Ack { id, arguments } => {
            let [answer] = arguments.as_slice() else { panic!("an ack has one argument: {text}") };
            let event = asked.get(&(namespace.to_owned(), id.as_str().to_owned()));
            let event = event.unwrap_or_else(|| panic!("nobody asked for this ack: {text}"));
            let is_failed = answer.get("success") == Some(&Value::Bool(false));
            contract.check_message(&if is_failed { "ack-failed".to_owned() } else { key("ack", event) }, answer);
        }
        Body::Disconnect => {}
        Body::BinaryEvent { .. } | Body::BinaryAck { .. } => panic!("no dialect sends attachments: {text}"),
    }
}

/// The OpenAPI document of the routes for services.
static MODERATION: LazyLock<Contract> = LazyLock::new(|| Contract {
    name: "moderation",
    events: Value::Null,
    rest: Contract::document("moderation", "openapi"),
    validators: Mutex::default(),
});

/// Checks a line of an export against the contract of the routes for services.
pub(super) fn check_export_line(line: &Value) {
    MODERATION.check(&MODERATION.rest, "/components/schemas/ExportLine", line);
}

/// Checks a REST answer. `root` is the dialect of paths without a prefix.
pub(super) fn check_answer(root: &str, method: &str, path: &str, status: u16, body: &Value) {
    let path = path.split('?').next().unwrap_or(path).trim_end_matches('/');
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default().to_ascii_lowercase();
    let is_socket = first == "socket.io";
    if is_socket || method == "OPTIONS" || method == "HEAD" {
        return;
    }
    if path.to_ascii_lowercase().starts_with("/moderation/") {
        return MODERATION.check_answer(method, path, status, body);
    }
    let (name, path) = match CONTRACTS.get_key_value(first.as_str()) {
        Some((name, _)) => (*name, path.trim_start_matches('/').split_at(first.len()).1),
        None => (root, path),
    };
    let Some(contract) = CONTRACTS.get(name) else { panic!("{name} is no dialect") };
    contract.check_answer(method, path, status, body);
}

/// The key of a message in the AsyncAPI document.
fn key(way: &str, event: &str) -> String {
    contracts::asyncapi::key(way, event)
}

impl Contract {
    fn read(name: &'static str) -> Self {
        let read = |form: &str| Self::document(name, form);
        Self { name, events: read("asyncapi"), rest: read("openapi"), validators: Mutex::default() }
    }

    /// A document of the folder `docs/api`.
    fn document(name: &str, form: &str) -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/api/{name}.{form}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        closed(serde_json::from_str(&text).expect("a contract is JSON"))
    }

    fn check_message(&self, key: &str, payload: &Value) {
        self.check(&self.events, &format!("/components/messages/{key}/payload"), payload);
    }

    /// A refused token has a reason. A user who may not connect has an error of the dialect. For a namespace that does
    /// not exist there is only a message.
    fn check_connect_error(&self, payload: Map<String, Value>) {
        match payload.get("data") {
            None => assert!(payload.get("message").is_some_and(Value::is_string) && payload.len() == 1, "{payload:?}"),
            Some(data) if data.get("reason").is_some() => self.check_message("connect-error", &payload.into()),
            Some(data) => self.check_message("hear-error", data),
        }
    }

    fn check_answer(&self, method: &str, path: &str, status: u16, body: &Value) {
        let Some(template) = self.template(path) else {
            return self.check(&self.rest, "/components/responses/NotFound/content/application~1json/schema", body);
        };
        let route = format!("/paths/{}/{}", escaped(template), method.to_lowercase());
        let Some(operation) = self.rest.pointer(&route) else {
            assert_eq!(status, 405, "{}: {method} {template} is no route: {body}", self.name);
            return self.check(&self.rest, "/components/responses/Invalid/content/application~1json/schema", body);
        };
        let Some(response) = operation.get("responses").and_then(|responses| responses.get(status.to_string())) else {
            panic!("{}: {method} {template} never answers {status}: {body}", self.name);
        };
        let place = match response.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference.trim_start_matches('#').to_owned(),
            None => format!("{route}/responses/{status}"),
        };
        // Media are no JSON.
        let schema = format!("{place}/content/application~1json/schema");
        if self.rest.pointer(&schema).is_some() {
            self.check(&self.rest, &schema, body);
        }
    }

    /// The path of the document that a path means: the one with the most fixed parts.
    fn template(&self, path: &str) -> Option<&str> {
        let parts: Vec<&str> = path.split('/').collect();
        let matches = |template: &&String| {
            let other: Vec<&str> = template.split('/').collect();
            let same = |(part, other): (&&str, &&str)| other.starts_with('{') || part.eq_ignore_ascii_case(other);
            parts.len() == other.len() && parts.iter().zip(&other).all(same)
        };
        let paths = self.rest.get("paths").and_then(Value::as_object)?;
        paths.keys().filter(matches).min_by_key(|template| template.matches('{').count()).map(String::as_str)
    }

    fn check(&self, document: &Value, place: &str, value: &Value) {
        let validator = self.validator(document, place);
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| format!("{} at {:?}", error, error.instance_path().as_str()))
            .collect();
        assert!(errors.is_empty(), "{}: {value} is not as {place} says: {}", self.name, errors.join("; "));
    }

    fn validator(&self, document: &Value, place: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let compile = || {
            let schema = document.pointer(place);
            let schema = schema.unwrap_or_else(|| panic!("{}: the contract has no {place}", self.name));
            let is_rest = document.get("openapi").is_some();
            let draft = if is_rest { Draft::Draft202012 } else { Draft::Draft7 };
            let whole = json!({
                "allOf": [schema],
                "components": {"schemas": document.pointer("/components/schemas")},
            });
            let options = jsonschema::options().with_draft(draft).should_validate_formats(true);
            Arc::new(options.build(&whole).unwrap_or_else(|error| panic!("{}: {place}: {error}", self.name)))
        };
        Arc::clone(validators.entry(place.to_owned()).or_insert_with(compile))
    }
}

fn escaped(path: &str) -> String {
    path.replace('~', "~0").replace('/', "~1")
}

/// The document with schemas that allow no fields beside those that they name. Published schemas allow them, so that a
/// field can be added without a change of the contract.
fn closed(document: Value) -> Value {
    match document {
        Value::Object(fields) => {
            let mut fields: Map<String, Value> = fields.into_iter().map(|(key, value)| (key, closed(value))).collect();
            if fields.get("type").is_some_and(|of| of == "object") && fields.contains_key("properties") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
            fields.into()
        }
        Value::Array(list) => list.into_iter().map(closed).collect(),
        other => other,
    }
}
