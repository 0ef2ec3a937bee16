//! Records of connections and their packets.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use http::HeaderMap;
use http::header::{AUTHORIZATION, USER_AGENT};

use super::record::{Direction, Packet, Record};
use super::secret::{self, Token};
use super::{Subject, Watch, packet};

/// The most clients whose tokens are remembered until they have joined or left.
const ASKING_MAX: usize = 1_000;

/// What the tokens of clients say that have not joined, by connection and namespace. The namespace is empty for the
/// token of a handshake.
pub(super) type Asking = BTreeMap<(String, String), Token>;

/// The request with which a client opens a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handshake<'a> {
    /// `websocket` or `polling`.
    pub(crate) transport: &'static str,
    /// The path, percent-decoded.
    pub(crate) path: &'a str,
    /// The query as it was sent.
    pub(crate) query: Option<&'a str>,
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
}

impl Handshake<'_> {
    fn user_agent(&self) -> Option<String> {
        self.headers.get(USER_AGENT).map(|value| secret::without_tokens(&String::from_utf8_lossy(value.as_bytes())))
    }
}

impl Watch {
    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.0.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token in the headers of a request.
    fn token_of(&self, handshake: Handshake<'_>) -> Option<Token> {
        let header = handshake.headers.get(AUTHORIZATION)?;
        Some(Token::read(&String::from_utf8_lossy(header.as_bytes()), self.now()))
    }

    /// Records that a connection was opened.
    pub(crate) fn opened(&self, connection: &str, handshake: Handshake<'_>) {
        if !self.is_on() {
            return;
        }
        let token = self.token_of(handshake);
        let record = Record::Opened {
            transport: handshake.transport,
            path: handshake.path.to_owned(),
            query: handshake.query.map(secret::query).unwrap_or_default(),
            user_agent: handshake.user_agent(),
            token: token.as_ref().map(|token| token.described.clone()),
        };
        if let Some(token) = token {
            self.remember(connection, "", token);
        }
        self.publish(Subject { connection: Some(connection), ..Subject::default() }, &record);
    }

    /// Records that a request to open a connection, or a request of long-polling, was refused with an HTTP status.
    /// `said` is what the client was told besides.
    pub(crate) fn refused(&self, handshake: Handshake<'_>, status: u16, said: Option<&str>) {
        if !self.is_on() {
            return;
        }
        let user = self.token_of(handshake).and_then(|token| token.user);
        let query = handshake.query.unwrap_or_default();
        let record = Record::Refused {
            transport: handshake.transport,
            path: handshake.path.to_owned(),
            query: secret::query(query),
            user_agent: handshake.user_agent(),
            status,
            why: said.map_or_else(|| why(status, query).to_owned(), secret::without_tokens),
        };
        self.publish(Subject { user: user.as_deref(), ..Subject::default() }, &record);
    }

    /// Records that a connection ended.
    pub(crate) fn closed(&self, connection: &str, code: u16, reason: &str, by_client: bool) {
        if !self.is_on() {
            return;
        }
        let record = Record::Closed { code, reason: secret::without_tokens(reason), by_client };
        let claimed = self.claimed_anywhere(connection);
        self.asking().retain(|(of, _), _| of != connection);
        let subject = Subject { connection: Some(connection), namespace: None, user: claimed.as_deref() };
        self.publish(subject, &record);
    }

    /// Records a text frame, which holds one packet.
    pub(crate) fn packet(&self, connection: &str, direction: Direction, frame: &str) {
        if !self.is_on() {
            return;
        }
        let (mut packet, token) = packet::read(frame, direction, self.now());
        let namespace = packet.namespace.clone();
        let user = match (direction, packet.kind) {
            (Direction::In, "connect") => {
                let user = token.as_ref().and_then(|token| token.user.clone());
                if let Some(token) = token {
                    self.remember(connection, namespace.as_deref().unwrap_or_default(), token);
                }
                user
            }
            // From here on the tables know the user.
            (Direction::Out, "connect") => {
                self.forget(connection, namespace.as_deref());
                None
            }
            (Direction::Out, "connect_error") => {
                let token = self.asked_with(connection, namespace.as_deref());
                packet.token = token.as_ref().map(|token| token.described.clone());
                token.and_then(|token| token.user)
            }
            _ => None,
        };
        let subject = Subject { connection: Some(connection), namespace: namespace.as_deref(), user: user.as_deref() };
        self.publish(subject, &Record::Packet { direction, packet });
    }

    /// Records a binary frame.
    pub(crate) fn binary_frame(&self, connection: &str, direction: Direction, bytes: usize) {
        if self.is_on() {
            let packet = Packet { kind: "binary", bytes, ..Packet::default() };
            let record = Record::Packet { direction, packet };
            self.publish(Subject { connection: Some(connection), ..Subject::default() }, &record);
        }
    }

    fn remember(&self, connection: &str, namespace: &str, token: Token) {
        let mut asking = self.asking();
        if asking.len() < ASKING_MAX {
            asking.insert((connection.to_owned(), namespace.to_owned()), token);
        }
    }

    fn forget(&self, connection: &str, namespace: Option<&str>) {
        self.asking().remove(&(connection.to_owned(), namespace.unwrap_or_default().to_owned()));
    }

    /// The token with which a client asked to join: that of its CONNECT packet, or else that of its handshake.
    fn asked_with(&self, connection: &str, namespace: Option<&str>) -> Option<Token> {
        let asking = self.asking();
        let token = |namespace: &str| asking.get(&(connection.to_owned(), namespace.to_owned())).cloned();
        token(namespace.unwrap_or_default()).or_else(|| token(""))
    }

    /// The user whom any token of a client names that has no answer yet, if the client has joined no namespace.
    fn claimed_anywhere(&self, connection: &str) -> Option<String> {
        if let Some(system) = self.0.system.get()
            && let Some(user) = (system.user_of)(connection, None)
        {
            return Some(user);
        }
        let asking = self.asking();
        asking.iter().find(|((of, _), _)| of == connection).and_then(|(_, token)| token.user.clone())
    }
}

/// Why a handshake is answered with this status, as far as the status and the query tell.
fn why(status: u16, query: &str) -> &'static str {
    let has = |name: &str, value: &str| {
        form_urlencoded::parse(query.as_bytes()).any(|(found, of)| found == name && of == value)
    };
    match status {
        400 if !has("EIO", "4") => {
            "the query needs EIO=4: the client does not speak Engine.IO 4, or is no Socket.IO client"
        }
        400 if !has("transport", "websocket") && !has("transport", "polling") => {
            "the query needs transport=websocket or transport=polling"
        }
        400 => "the request is not a WebSocket handshake, or names a session that does not exist",
        403 => "there is no API at this path, or the page's origin may not connect",
        429 => "too many connections are opened at once, or too many of this address have joined no namespace",
        502 => "the function connect failed",
        503 => "the system is shutting down",
        504 => "the function connect took too long",
        _ => "the function connect returned this status",
    }
}
