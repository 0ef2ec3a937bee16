//! The contract of moderation: the routes that only services may use, which are the same for every dialect. As an
//! OpenAPI document and as a page.

use std::collections::BTreeSet;

use chat::dialect::contract::Call;
use chat::dialect::moderation::contract::{ERROR, EXPORT_LINE, EXPORT_PATH, calls};
use chat::dialect::moderation::{Answer, answer, error};
use chat::domain::chat::Chat;
use chat::domain::id::{SocketId, UserId};
use chat::domain::message::{Content, Draft, Message, MessageKind, TEXT_MAX_CHARACTERS};
use chat::domain::moderation::{
    Deleted, ExportCursor, ExportEntry, ExportPart, Found, LIMIT_DEFAULT, Listed, LiveSocket,
};
use chat::domain::user::{Claims, User};
use chat::error::Error;
use relay::clock::Timestamp;
use serde_json::{Map, Value, json};

use crate::description::{Draft as SchemaDraft, Part, RestRoute, Schemas};
use crate::openapi::{self, operation};
use crate::page::Page;

/// The time of the examples: 2026-01-02T03:04:05.006Z.
const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_006);

/// The page with the rules.
const RULES: &str = "moderation";

/// What moderation is, in a sentence.
const SAYS: &str = "What a service may read about users and chats, and do to users. Every request needs a token with \
                    the role `service`.";

/// The contract as data.
pub struct Moderation {
    /// The routes. The one of the export has no JSON answer.
    pub routes: Vec<RestRoute>,
    /// A line of an export.
    pub export_line: Part,
    /// The whole example of an export.
    pub export: String,
    /// The body of an error.
    pub error: Part,
    /// The types that schemas refer to, by their names.
    pub definitions: Map<String, Value>,
}

impl Moderation {
    /// The contract as an OpenAPI document.
    #[must_use]
    pub fn new() -> Self {
        let mut schemas = Schemas::new(SchemaDraft::Newest);
        let examples = Examples::new();
        let export = examples.export();
        let line = export.lines().next().and_then(|line| serde_json::from_str(line).ok()).expect("a first line");
        let route = |call: Call, schemas: &mut Schemas| {
            let answers = call.answers.iter().map(|(status, body)| {
                (*status, Part { schema: schemas.of(*body), example: examples.answer(&call, *status) })
            });
            RestRoute { answers: answers.collect(), takes_file: false, body: None, call }
        };
        let routes = calls().into_iter().map(|call| route(call, &mut schemas)).collect();
        let refusal = error(&Error::Forbidden("only a service may do this"));
        Self {
            routes,
            export_line: Part { schema: schemas.of(EXPORT_LINE), example: line },
            export,
            error: Part { schema: schemas.of(ERROR), example: refusal },
            definitions: schemas.definitions(),
        }
    }

    /// The OpenAPI document.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut paths: Map<String, Value> = Map::new();
        for route in &self.routes {
            let mut operation = operation(route);
            if route.call.path == EXPORT_PATH {
                operation["responses"]["200"] = self.export_response();
            }
            let item = paths.entry(route.call.path).or_insert_with(|| json!({}));
            item.as_object_mut().expect("an item").insert(route.call.method.to_lowercase(), operation);
        }
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Parlance: moderation",
                "version": env!("CARGO_PKG_VERSION"),
                "description": SAYS,
                "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
            },
            "servers": [{"url": "http://localhost:3000", "description": "The local system."}],
            "security": [{"token": []}],
            "paths": paths,
            "components": {
                "schemas": self.definitions,
                "responses": openapi::errors(&self.error),
                "securitySchemes": {"token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token with the role `service`.",
                }},
            },
        })
    }

    fn export_response(&self) -> Value {
        let cursor = json!({
            "description": "The cursor of the next part. Absent with the last part.",
            "schema": {"type": "string"},
        });
        json!({
            "description": "JSON Lines. The schema is that of each line.",
            "headers": {"X-Next-Cursor": cursor},
            "content": {"application/x-ndjson": {"schema": self.export_line.schema}},
        })
    }

    /// The contract as a page in Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = Page::titled("moderation: routes for services");
        page.paragraph(&format!(
            "{SAYS} This page is made from the code by `cargo run -p contracts`; the same is in \
             [moderation.openapi.json](moderation.openapi.json). [Moderation](../{RULES}.md) has the rules, and \
             [this folder's page](README.md) says how to read it."
        ));
        page.heading(2, "REST routes");
        page.paragraph("Each request has the header `Authorization: Bearer <token>`.");
        for route in &self.routes {
            page.route(route);
            if route.call.path == EXPORT_PATH {
                page.paragraph("Answer 200, as JSON Lines. Each line is an [ExportLine](#exportline):");
                page.code("json", &self.export);
            }
        }
        page.heading(3, "Errors over REST");
        page.part("Body", &self.error);
        page.objects(&self.definitions);
        page.text()
    }
}

impl Default for Moderation {
    fn default() -> Self {
        Self::new()
    }
}

/// A small chat of alice and bob.
struct Examples {
    user: User,
    chat: Chat,
    /// Two messages: the first by bob, the second by alice.
    messages: [Message; 2],
    socket: LiveSocket,
}

impl Examples {
    fn new() -> Self {
        let [alice, bob] = ["alice", "bob"].map(|id| UserId::parse(id).expect("an id of a user"));
        let chat = Chat::between(&BTreeSet::from([alice.clone(), bob.clone()]), None, 0, NOW);
        let draft = |text: &str| {
            let content = Content::new(MessageKind::Text, Some(text.to_owned()), Vec::new(), TEXT_MAX_CHARACTERS);
            Draft { content: content.expect("a text"), reply_to: None, client_message_id: None, via: None }
        };
        let (chat, first) = draft("Hello Alice").stored_in(&chat, &bob, NOW, NOW);
        let (chat, second) = draft("Hello Bob").stored_in(&chat, &alice, NOW, NOW);
        let claims =
            Claims { name: Some("Alice".to_owned()), email: Some("alice@example.com".to_owned()), ..Claims::default() };
        let user = User { claims, claims_at: NOW, sockets: 1, chats: 1, ..User::unknown(alice) };
        let socket = LiveSocket {
            sid: SocketId::parse("x2xVPVBgZ9JHB2hYAAAB").expect("an id of a socket"),
            polls: false,
            namespace: "/recruiting".to_owned(),
            dialect: "recruiting".to_owned(),
            since: NOW,
            expires_at: None,
            rooms: 0,
        };
        Self { user, chat, messages: [first, second], socket }
    }

    fn answer(&self, call: &Call, status: u16) -> Value {
        let found = match (call.method, call.path) {
            (_, "/moderation/users") => Found::Users(listed(vec![self.user.clone()])),
            ("DELETE", _) => {
                let is_done = status == 200;
                let messages = if is_done { 12 } else { 100 };
                Found::Deletion(Deleted { is_done, sockets: 1, messages, chats: u64::from(is_done) })
            }
            (_, "/moderation/users/{userId}/chats") => Found::Chats(listed(vec![self.chat.clone()])),
            (_, "/moderation/users/{userId}/sockets") => Found::Sockets(vec![self.socket.clone()]),
            (_, "/moderation/users/{userId}/disconnect") => Found::Disconnected(1),
            (_, "/moderation/users/{userId}/revoke") => Found::Revoked { at: NOW, sockets: 1 },
            (_, "/moderation/chats/{chatId}") => Found::Chat(self.chat.clone()),
            (_, "/moderation/chats/{chatId}/messages") => {
                let [first, second] = self.messages.clone();
                let messages = Listed { entries: vec![second, first], limit: LIMIT_DEFAULT, next: None };
                Found::Messages { chat: self.chat.clone(), messages }
            }
            _ => Found::User(self.user.clone()),
        };
        match answer(&found) {
            Answer::Json { body, .. } => body,
            Answer::Lines { .. } => Value::Null,
        }
    }

    fn export(&self) -> String {
        let [_, second] = &self.messages;
        let entries = vec![
            ExportEntry::Profile(self.user.clone()),
            ExportEntry::Socket(self.socket.clone()),
            ExportEntry::Chat(self.chat.clone()),
            ExportEntry::Message(Box::new((self.chat.clone(), second.clone()))),
        ];
        let next = Some(ExportCursor { chat: self.chat.id.clone(), seq: second.id.seq });
        match answer(&Found::Export(ExportPart { entries, next })) {
            Answer::Lines { text, .. } => text,
            Answer::Json { .. } => String::new(),
        }
    }
}

fn listed<T, C>(entries: Vec<T>) -> Listed<T, C> {
    Listed { entries, limit: LIMIT_DEFAULT, next: None }
}
