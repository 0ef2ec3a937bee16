//! AsyncAPI 3.0: the events of a dialect, as the server receives and sends them.

use serde_json::{Map, Value, json};

use crate::description::{Description, Part};

const CHANNEL: &str = "#/channels/namespace";

/// The AsyncAPI document of a dialect.
#[must_use]
pub fn document(description: &Description) -> Value {
    let name = description.dialect.name;
    let mut messages = Map::new();
    let mut operations = Map::new();
    connecting(description, &mut messages, &mut operations);
    for emitted in &description.emitted {
        let (event, ack) = (key("emit", emitted.event), key("ack", emitted.event));
        messages.insert(event.clone(), message(emitted.event, emitted.says, emitted.argument.as_ref()));
        let title = format!("The ack of {}", emitted.event);
        messages.insert(ack.clone(), message(&title, "The event succeeded.", Some(&emitted.ack)));
        operations.insert(event.clone(), operation("receive", emitted.says, &[&event], &[&ack, "ack-failed"]));
    }
    messages.insert(
        "ack-failed".to_owned(),
        message("The ack of a failure", "The event failed.", Some(&description.failed_ack())),
    );
    for heard in &description.heard {
        let event = key("hear", heard.event);
        messages.insert(event.clone(), message(heard.event, heard.says, Some(&heard.argument)));
        operations.insert(event.clone(), operation("send", heard.says, &[&event], &[]));
    }
    let of_channel: Map<String, Value> =
        messages.keys().map(|key| (key.clone(), json!({"$ref": format!("#/components/messages/{key}")}))).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": format!("Parlance, dialect {name}: events"),
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "{} The events of the Socket.IO namespace `/{name}`, seen from the server: it receives what clients \
                 emit and sends what they hear. An event may ask for an ack. Then a failure is in the ack; otherwise \
                 it is the event `error`. Where a connection can be recovered, an event has a text as one more argument, \
                 which socket.io-client keeps for itself.",
                description.says
            ),
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "localhost:3000",
                "pathname": "/socket.io/",
                "protocol": "ws",
                "description": "`local`. Socket.IO v5 over Engine.IO v4.",
            },
        },
        "channels": {
            "namespace": {
                "address": format!("/{name}"),
                "title": format!("The namespace /{name}"),
                "description": "A Socket.IO namespace. The root namespace has the default dialect of the deployment.",
                "messages": of_channel,
            },
        },
        "operations": operations,
        "components": {"messages": messages, "schemas": description.definitions},
    })
}

/// Adds the packets with which a client joins the namespace.
fn connecting(description: &Description, messages: &mut Map<String, Value>, operations: &mut Map<String, Value>) {
    let token = json!({"type": "string", "description": "The token, with or without `Bearer ` in front of it."});
    let auth = Part {
        schema: json!({"type": "object", "properties": {"token": token}}),
        example: json!({"token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"}),
    };
    let sid = json!({"type": "string", "description": "The Socket.IO id of the socket."});
    let pid =
        json!({"type": "string", "description": "The private id of the session. Absent if it cannot be recovered."});
    let connected = Part {
        schema: json!({"type": "object", "properties": {"sid": sid, "pid": pid}, "required": ["sid"]}),
        example: json!({"sid": "x2xVPVBgZ9JHB2hYAAAB"}),
    };
    let says = "Joins the namespace. The token may also be in the `Authorization` header of the handshake.";
    messages.insert("connect".to_owned(), message("CONNECT", says, Some(&auth)));
    messages
        .insert("connected".to_owned(), message("CONNECT of the server", "The socket has joined.", Some(&connected)));
    messages.insert(
        "connect-error".to_owned(),
        message("CONNECT_ERROR", "The token is refused.", Some(&description.refusal)),
    );
    operations.insert("connect".to_owned(), operation("receive", says, &["connect"], &["connected", "connect-error"]));
}

/// The key of a message: `emit-message.send` for the event `message:send`.
#[must_use]
pub fn key(way: &str, event: &str) -> String {
    format!("{way}-{}", event.replace(':', "."))
}

fn message(name: &str, says: &str, payload: Option<&Part>) -> Value {
    let mut message = json!({"name": name, "title": name, "summary": says});
    if let (Some(Part { schema, example }), Value::Object(fields)) = (payload, &mut message) {
        fields.insert("payload".to_owned(), schema.clone());
        fields.insert("examples".to_owned(), json!([{"payload": example}]));
    }
    message
}

fn operation(action: &str, says: &str, messages: &[&str], reply: &[&str]) -> Value {
    let of_channel = |keys: &[&str]| -> Value {
        keys.iter().map(|key| json!({"$ref": format!("{CHANNEL}/messages/{key}")})).collect()
    };
    let mut operation = json!({
        "action": action,
        "channel": {"$ref": CHANNEL},
        "summary": says,
        "messages": of_channel(messages),
    });
    if let (false, Value::Object(fields)) = (reply.is_empty(), &mut operation) {
        fields.insert("reply".to_owned(), json!({"channel": {"$ref": CHANNEL}, "messages": of_channel(reply)}));
    }
    operation
}
