//! The words of moderation: the routes that only services may use, below `/moderation` (docs/moderation.md). They are
//! the same for every dialect.

#[cfg(feature = "contracts")]
pub mod contract;
mod cursor;
mod shapes;

use serde::Serialize;
use serde_json::Value;

use crate::dialect::Request;
use crate::dialect::envelope::{Data, failure};
use crate::dialect::fields::Fields;
use crate::dialect::json::{IsoTime, value};
use crate::dialect::shapes::Terms;
use crate::domain::id::UserId;
use crate::domain::moderation::{ExportEntry, ExportPart, Found, Inquiry, LIMIT_DEFAULT, Order};
use crate::domain::page::checked_limit;
use crate::error::{Error, Thing};
use cursor::Position;
use shapes::{Chat, Deletion, Disconnected, ExportLine, Message, Paged, Profile, Revoked, Socket};

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    /// The HTTP method: `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// Parses a request.
    pub read: fn(&Request<'_>) -> Result<Inquiry, Error>,
}

/// All routes.
pub const ROUTES: &[Route] = &[
    Route { method: "GET", path: "/moderation/users", read: list_users },
    Route { method: "GET", path: "/moderation/users/{userId}", read: |request| Ok(Inquiry::ShowUser(user(request)?)) },
    Route { method: "GET", path: "/moderation/users/{userId}/chats", read: list_chats },
    Route {
        method: "GET",
        path: "/moderation/users/{userId}/sockets",
        read: |request| Ok(Inquiry::ListSockets(user(request)?)),
    },
    Route {
        method: "POST",
        path: "/moderation/users/{userId}/disconnect",
        read: |request| Ok(Inquiry::Disconnect(user(request)?)),
    },
    Route {
        method: "POST",
        path: "/moderation/users/{userId}/revoke",
        read: |request| Ok(Inquiry::RevokeTokens(user(request)?)),
    },
    Route {
        method: "GET",
        path: "/moderation/users/{userId}/export",
        read: |request| Ok(Inquiry::Export { user: user(request)?, after: position(request.query)? }),
    },
    Route {
        method: "DELETE",
        path: "/moderation/users/{userId}",
        read: |request| Ok(Inquiry::DeleteUser(user(request)?)),
    },
    Route {
        method: "GET",
        path: "/moderation/chats/{chatId}",
        read: |request| Ok(Inquiry::ShowChat(request.path.chat("chatId")?)),
    },
    Route { method: "GET", path: "/moderation/chats/{chatId}/messages", read: list_messages },
];

/// The terms of errors.
const TERMS: Terms = Terms { chat: "chat", fields: &[] };

fn list_users(request: &Request<'_>) -> Result<Inquiry, Error> {
    Ok(Inquiry::ListUsers { limit: limit(request.query)?, after: position(request.query)? })
}

fn list_chats(request: &Request<'_>) -> Result<Inquiry, Error> {
    Ok(Inquiry::ListChats { user: user(request)?, limit: limit(request.query)?, after: position(request.query)? })
}

fn list_messages(request: &Request<'_>) -> Result<Inquiry, Error> {
    let order = match request.query.optional_text("order")? {
        None => Order::default(),
        Some(name) => Order::ALL
            .into_iter()
            .find(|order| order.name() == name)
            .ok_or_else(|| Error::validation("order", "must be one of newest, oldest"))?,
    };
    let chat = request.path.chat("chatId")?;
    Ok(Inquiry::ListMessages { chat, limit: limit(request.query)?, order, after: position(request.query)? })
}

/// The user in the path. Text that cannot be an id counts as a user who does not exist.
fn user(request: &Request<'_>) -> Result<UserId, Error> {
    request.path.user("userId").map_err(|_| Error::NotFound(Thing::User))
}

fn limit(query: &Fields<'_>) -> Result<u64, Error> {
    checked_limit(query.optional_number("limit")?.unwrap_or(LIMIT_DEFAULT))
}

fn position<P: Position>(query: &Fields<'_>) -> Result<Option<P>, Error> {
    query.optional_text("cursor")?.map(P::of_cursor).transpose()
}

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A JSON body.
    Json {
        /// The status.
        status: u16,
        /// The body.
        body: Value,
    },
    /// JSON Lines.
    Lines {
        /// The lines, each with its end.
        text: String,
        /// The cursor of the next part; `None` after the last part.
        next_cursor: Option<String>,
    },
}

/// The answer in words.
#[must_use]
pub fn answer(found: &Found) -> Answer {
    let ok = |body: Value| Answer::Json { status: 200, body };
    match found {
        Found::Chat(chat) => ok(data(Chat::new(chat))),
        Found::Chats(listed) => ok(value(&Paged::new(listed, Chat::new))),
        Found::Deletion(deleted) => {
            Answer::Json { status: if deleted.is_done { 200 } else { 202 }, body: data(Deletion::new(deleted)) }
        }
        Found::Disconnected(sockets) => ok(data(Disconnected { disconnected: *sockets })),
        Found::Export(part) => lines(part),
        Found::Messages { chat, messages } => ok(value(&Paged::new(messages, |message| Message::new(chat, message)))),
        Found::Revoked { at, sockets } => ok(data(Revoked { revoked_at: IsoTime(*at), disconnected: *sockets })),
        Found::Sockets(sockets) => ok(data(sockets.iter().map(Socket::new).collect::<Vec<_>>())),
        Found::User(user) => ok(data(Profile::new(user))),
        Found::Users(listed) => ok(value(&Paged::new(listed, Profile::new))),
    }
}

fn data(shape: impl Serialize) -> Value {
    value(&Data::new(shape))
}

fn lines(part: &ExportPart) -> Answer {
    let next_cursor = part.next.as_ref().map(Position::to_cursor);
    let last = match &next_cursor {
        Some(cursor) => ExportLine::Next { cursor },
        None => ExportLine::End,
    };
    let entries = part.entries.iter().map(|entry| match entry {
        ExportEntry::Profile(user) => ExportLine::Profile(Profile::new(user)),
        ExportEntry::Socket(socket) => ExportLine::Socket(Socket::new(socket)),
        ExportEntry::Chat(chat) => ExportLine::Chat(Chat::new(chat)),
        ExportEntry::Message(message) => ExportLine::Message(Message::new(&message.0, &message.1)),
    });
    let text = entries.chain([last]).map(|line| format!("{}\n", value(&line))).collect();
    Answer::Lines { text, next_cursor }
}

/// The body of an error.
#[must_use]
pub fn error(error: &Error) -> Value {
    failure(TERMS.error(error))
}
