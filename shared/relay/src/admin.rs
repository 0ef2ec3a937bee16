//! The Admin UI: the namespace `/admin`, to which the page of npm's `@socket.io/admin-ui` connects (docs/admin-ui.md).
//!
//! Everything here runs in the connect function, which alone has the password: the switchboard, the polling function
//! and the heartbeat invoke it. Without a password the namespace does not exist, and no function makes a request for
//! it.
//!
//! What a page receives contains ids, addresses and times. It never contains a token, the payload of a CONNECT packet,
//! or the arguments of an event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use frame::engine;
use frame::socket::{self, AckId, Body, EventName};
use serde_json::{Map, Value, json};

use crate::application::{Application, Emitted, Problem, StageVariables, ack_frame, event_frame, refusal};
use crate::cached::Need;
use crate::clock::Timestamp;
use crate::config::{AdminPassword, AdminUi, ConfigError};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::gate;
use crate::id::{ConnectionId, SocketId, UserId, hex, is_length};
use crate::incoming::Incoming;
use crate::post::{Delivery, POST_MAX_BYTES};
use crate::reply::{end, reply};
use crate::secrets::SecretError;
use crate::store::{ADMIN_NAMESPACE, LiveSockets, Opened, Session};
use crate::telemetry;

/// The only user name.
pub const USER: &str = "admin";

/// The event with which a page disconnects a socket, as the official server names it.
const DISCONNECT: &str = "_disconnect";

/// The most events of a page in one second.
pub(crate) const EVENTS_PER_SECOND: u64 = 10;

/// The most sockets that a page shows.
const SHOWN_MAX: usize = 500;
/// The most sockets among which one is looked for that is to be disconnected: also those that a page knows from events.
const SEARCHED_MAX: usize = 5_000;
/// The most rooms of one socket that a page shows.
const ROOMS_MAX: usize = 50;
/// The most bytes of the sockets in one frame. The rest of the frame is shorter than what this leaves of a post.
const SOCKETS_MAX_BYTES: usize = POST_MAX_BYTES - 1_024;
/// The longest password or session id that is looked at, in characters.
const SECRET_MAX_CHARACTERS: usize = 256;

/// Whether a namespace of this name exists: that of the Admin UI if it is on, or one of the application.
pub(crate) fn has_namespace<A: Application>(ctx: &Ctx<A>, stage: &StageVariables, namespace: &str) -> bool {
    if namespace == ADMIN_NAMESPACE { ctx.config.admin_ui.is_on } else { A::has_namespace(ctx, stage, namespace) }
}

/// Whether the connect function handles an event of this name in the namespace of the Admin UI.
pub(crate) fn knows(event: &str) -> bool {
    event == DISCONNECT
}

/// The frames that answer an event of a page which is not handled.
pub(crate) fn refused(emitted: Emitted<'_>, problem: &Problem<'_>) -> Vec<String> {
    answer(emitted.ack, Err(problem.to_string()))
}

/// The frames that answer an event of a page. The official page asks for no ack, so a success is told only to who does.
fn answer(ack: Option<&AckId>, done: Result<Value, String>) -> Vec<String> {
    let frame = match (ack, done) {
        (Some(id), Ok(done)) => ack_frame(ADMIN_NAMESPACE, id, done),
        (Some(id), Err(problem)) => ack_frame(ADMIN_NAMESPACE, id, json!({"error": {"message": problem}})),
        (None, Ok(_)) => None,
        (None, Err(problem)) => event_frame(ADMIN_NAMESPACE, "error", vec![json!({"message": problem})]),
    };
    frame.into_iter().collect()
}

/// How somebody was admitted.
pub(crate) enum Admitted {
    /// By the password. The value is the id of a new session, which the page stores.
    ByPassword(String),
    /// By the id of a session.
    BySession,
}

/// Reads the password before the first event needs it, in the function that has it.
///
/// # Errors
/// [`ConfigError`], if this function can never read the secret, or if it is no password.
pub(crate) async fn warm<A>(ctx: &Ctx<A>) -> Result<(), ConfigError> {
    match password(ctx).await {
        Ok(_) => Ok(()),
        Err(error) => error.at_init("ADMIN_PASSWORD_ARN"),
    }
}

/// The password; `None` in a function that has none. No request, but for the first one and one every few minutes.
async fn password<A>(ctx: &Ctx<A>) -> Result<Option<Arc<AdminPassword>>, SecretError> {
    let AdminUi { is_on: true, password_arn: Some(arn), live: _ } = &ctx.config.admin_ui else { return Ok(None) };
    let read = async || {
        let text = ctx.secrets.read(arn).await?;
        // The end of the line that an editor adds.
        let password = AdminPassword::new(text.trim_end_matches(['\r', '\n']));
        password.ok_or_else(|| SecretError::Refused("the secret must have 16 to 128 characters".to_owned()))
    };
    ctx.admin_password.get(Need::Recent, read).await.map(Some)
}

/// Decides whether somebody may use the Admin UI: with the user name and the password, or with the id of a session that
/// the password began. `auth` is the payload of the CONNECT packet. One read for a session; two or three writes for a
/// password.
///
/// # Errors
/// `Error::Internal`. The inner error is the payload of the CONNECT_ERROR packet: `invalid credentials` as with the
/// official server, or that too many passwords were wrong.
pub(crate) async fn authenticate<A>(
    ctx: &Ctx<A>,
    opened: &Opened,
    auth: Option<&Map<String, Value>>,
) -> Result<Result<Admitted, Map<String, Value>>, Error> {
    let Some(password) = password(ctx).await? else { return Ok(Err(refusal("Invalid namespace"))) };
    let text = |name: &str| {
        let text = auth.and_then(|auth| auth.get(name)?.as_str());
        text.filter(|text| is_length(text, SECRET_MAX_CHARACTERS))
    };
    let now = ctx.clock.now();
    if let Some(id) = text("sessionId")
        && ctx.store.has_admin_session(&password.session_hash(id), now).await?
    {
        return Ok(Ok(Admitted::BySession));
    }
    let (Some(user), Some(tried)) = (text("username"), text("password")) else {
        return Ok(Err(refusal("invalid credentials")));
    };
    // A try is counted before it is compared: otherwise many at once would all be compared.
    if !ctx.store.count_admin_try(&opened.source_ip, now).await? {
        return Ok(Err(refusal("too many wrong passwords: try again in ten minutes")));
    }
    if !password.is(tried) || user != USER {
        return Ok(Err(refusal("invalid credentials")));
    }
    ctx.store.uncount_admin_try(&opened.source_ip, now).await?;
    let id = hex(&ctx.clock.random::<32>());
    ctx.store.open_admin_session(&password.session_hash(&id), now).await?;
    Ok(Ok(Admitted::ByPassword(id)))
}

/// Tells a page that has just joined its session, what it may do, and the sockets. A host that shows the sockets itself
/// does the last.
pub(crate) async fn joined<A: Application>(ctx: &Ctx<A>, session: &Session, admitted: Admitted) {
    tracing::info!(connection.id = session.connection.in_logs(), "somebody has joined the Admin UI");
    let live = &ctx.config.admin_ui.live;
    let mut frames = Vec::new();
    if let Admitted::ByPassword(id) = admitted {
        frames.extend(event_frame(ADMIN_NAMESPACE, "session", vec![id.into()]));
    }
    frames.extend(event_frame(ADMIN_NAMESPACE, "config", vec![config(live.is_some())]));
    if live.is_none() {
        match shown(ctx).await {
            Ok(shown) => frames.extend(shown.frames(&ctx.config.connections_endpoint)),
            Err(error) => telemetry::failed(Some(&session.connection), &error),
        }
    }
    reply(ctx, session.recipient(), &frames).await;
    if let Some(live) = live {
        live.notify_one();
    }
}

/// What a page may do and is going to hear, by the names of the official server.
fn config(is_live: bool) -> Value {
    let live: &[&str] = if is_live { &["AGGREGATED_EVENTS", "ALL_EVENTS"] } else { &[] };
    let features: Vec<&str> = ["DISCONNECT"].iter().chain(live).copied().collect();
    json!({"supportedFeatures": features})
}

/// Handles an event of a page.
///
/// # Errors
/// `Error::Internal` if the session cannot be read. The page receives an answer to every other failure.
pub(crate) async fn event<A: Application>(ctx: &Ctx<A>, incoming: &Incoming) -> Result<(), Error> {
    let Some((name, arguments, ack)) = read(&incoming.body) else { return Ok(()) };
    let emitted = Emitted { namespace: ADMIN_NAMESPACE, event: name.as_str(), ack: ack.as_ref() };
    let Some(session) = gate::admit(ctx, incoming, ADMIN_NAMESPACE, Some(emitted)).await? else { return Ok(()) };
    let done = match disconnect(ctx, &arguments).await {
        Ok(done) => done,
        Err(error) => {
            telemetry::failed(Some(&incoming.connection), &error);
            Err(Problem::Internal(&error).to_string())
        }
    };
    reply(ctx, session.recipient(), &answer(ack.as_ref(), done)).await;
    Ok(())
}

/// The name, the arguments and the ack id of an event. Attachments are left out.
fn read(body: &str) -> Option<(EventName, Vec<Value>, Option<AckId>)> {
    let mut frames = engine::decode_payload(body).ok()?.into_iter();
    let Some(engine::Packet::Message(text)) = frames.next() else { return None };
    match socket::decode(&text).ok()?.body {
        Body::Event { name, arguments, ack } | Body::BinaryEvent { name, arguments, ack, .. } => {
            Some((name, arguments, ack))
        }
        _ => None,
    }
}

/// Disconnects one socket: `_disconnect(nsp, close, id)`. With `close`, all sockets of its connection, and the
/// connection.
///
/// # Errors
/// `Error::Internal`. The inner error says what is wrong with the arguments.
async fn disconnect<A: Application>(ctx: &Ctx<A>, arguments: &[Value]) -> Result<Result<Value, String>, Error> {
    let text = |index: usize, name: &str| {
        let text = arguments.get(index).and_then(Value::as_str).filter(|text| is_length(text, SECRET_MAX_CHARACTERS));
        text.ok_or_else(|| format!("{name} must be a text of 1 to {SECRET_MAX_CHARACTERS} characters"))
    };
    let wanted = text(0, "the namespace").and_then(|namespace| Ok((namespace, text(2, "the id of the socket")?)));
    let (namespace, sid) = match wanted {
        Ok(wanted) => wanted,
        Err(problem) => return Ok(Err(problem)),
    };
    let Some(close) = arguments.get(1).and_then(Value::as_bool) else {
        return Ok(Err("close, the second argument, must be true or false".to_owned()));
    };
    let LiveSockets { sessions, is_whole: _ } =
        ctx.store.live_sockets(ctx.config.heartbeat.slots, SEARCHED_MAX).await?;
    let is_wanted = |session: &&Session| session.namespace == namespace && session.sid.to_string() == sid;
    let Some(session) = sessions.iter().map(|(session, _)| session).find(is_wanted) else {
        return Ok(Err(format!("there is no socket {sid} in the namespace {namespace}")));
    };
    tracing::info!(connection.id = session.connection.in_logs(), "a socket is disconnected by the Admin UI");
    if !close {
        end(ctx, session).await;
        return Ok(Ok(json!({"disconnected": 1})));
    }
    // Whoever is sent away from each namespace does not reconnect.
    let all: Vec<&Session> =
        sessions.iter().map(|(of, _)| of).filter(|of| of.connection == session.connection).collect();
    for session in &all {
        end(ctx, session).await;
    }
    ctx.close(session.recipient()).await;
    Ok(Ok(json!({"disconnected": all.len()})))
}

/// Asks the connect function to show the sockets again, if anybody uses the Admin UI. Once a minute. No request if the
/// Admin UI is off; one query if nobody uses it.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn ask_to_refresh<A>(ctx: &Ctx<A>) -> Result<(), Error> {
    let admin_ui = &ctx.config.admin_ui;
    if !admin_ui.is_on || admin_ui.live.is_some() || ctx.store.admins().await?.is_empty() {
        return Ok(());
    }
    ctx.invoke(&ctx.config.functions.connect, json!({"adminUi": "refresh"}).to_string().into_bytes()).await
}

/// Whether an event is that of [`ask_to_refresh`].
pub(crate) fn is_refresh(event: &Value) -> bool {
    event.get("adminUi").is_some()
}

/// Shows the sockets of this moment to everybody who uses the Admin UI.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn refresh<A: Application>(ctx: &Ctx<A>) -> Result<(), Error> {
    let admins = ctx.store.admins().await?;
    if admins.is_empty() {
        return Ok(());
    }
    let frames = shown(ctx).await?.frames(&ctx.config.connections_endpoint);
    for admin in &admins {
        for frame in &frames {
            match ctx.post_once(admin.recipient(), frame).await {
                // The next minute has the same again.
                Delivery::Sent | Delivery::NotAccepted | Delivery::Unknown | Delivery::TooLarge => {}
                Delivery::Gone => {
                    ctx.report_gone(&admin.connection).await;
                    break;
                }
            }
        }
    }
    Ok(())
}

/// A socket as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSocket {
    /// The connection. Whoever knows the id of a polling connection can act as its client, so a page gets only the
    /// beginning of it.
    pub connection: ConnectionId,
    /// The namespace, with its slash.
    pub namespace: String,
    /// The Socket.IO sid.
    pub sid: SocketId,
    /// The user.
    pub user: UserId,
    /// When the connection was opened.
    pub opened_at: Timestamp,
    /// The IP address of the client; empty if it is not known.
    pub address: String,
    /// The rooms, the first of which is that of the socket itself.
    pub rooms: Vec<String>,
}

/// The sockets of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The sockets, in the order in which their connections were opened.
    pub sockets: Vec<ShownSocket>,
    /// The number of sockets of each namespace, also of those without a socket.
    pub by_namespace: BTreeMap<String, usize>,
    /// Whether these are all sockets.
    pub is_whole: bool,
}

/// The sockets of this moment, at most five hundred. A query for each slot, and a read for each socket and for what the
/// application reads to tell its rooms.
///
/// # Errors
/// `Error::Internal`.
pub async fn shown<A: Application>(ctx: &Ctx<A>) -> Result<Shown, Error> {
    let LiveSockets { sessions, is_whole } = ctx.store.live_sockets(ctx.config.heartbeat.slots, SHOWN_MAX).await?;
    let (sessions, addresses): (Vec<Session>, Vec<String>) = sessions.into_iter().unzip();
    let of_application: Vec<Session> = sessions.iter().filter(|session| !session.is_admin()).cloned().collect();
    let mut rooms = A::rooms(ctx, &of_application).await?.into_iter();
    let sockets = sessions.into_iter().zip(addresses).map(|(session, address)| {
        let further = if session.is_admin() { Vec::new() } else { rooms.next().unwrap_or_default() };
        let Session { connection, namespace, user, sid, opened_at, .. } = session;
        let rooms = std::iter::once(sid.to_string()).chain(further).take(ROOMS_MAX).collect();
        ShownSocket { connection, namespace, sid, user, opened_at, address, rooms }
    });
    let sockets: Vec<ShownSocket> = sockets.collect();
    // The page shows only those namespaces that it is told at first.
    let names = A::namespaces().into_iter().chain([ADMIN_NAMESPACE.to_owned()]);
    let mut by_namespace: BTreeMap<String, usize> = names.map(|name| (name, 0)).collect();
    for socket in &sockets {
        *by_namespace.entry(socket.namespace.clone()).or_default() += 1;
    }
    Ok(Shown { sockets, by_namespace, is_whole })
}

impl ShownSocket {
    /// What a page shows in place of the id of the connection. As with the official server, it is the beginning.
    #[must_use]
    pub fn client_id(&self) -> &str {
        const SHOWN: usize = 12;
        let shown = self.connection.in_logs();
        shown.get(..SHOWN).unwrap_or(shown)
    }

    /// The transport.
    #[must_use]
    pub fn transport(&self) -> &'static str {
        if self.connection.is_polling() { "polling" } else { "websocket" }
    }

    /// The socket in the form of the official server, with these headers of the handshake.
    #[must_use]
    pub fn json(&self, headers: Map<String, Value>) -> Value {
        json!({
            "id": self.sid.to_string(),
            "clientId": self.client_id(),
            "transport": self.transport(),
            "nsp": self.namespace,
            "data": {"user": self.user.as_str()},
            "handshake": {
                "address": self.address,
                "headers": headers,
                "query": {},
                "issued": self.opened_at.millis(),
                "time": self.opened_at.iso(),
            },
            "rooms": self.rooms,
        })
    }
}

impl Shown {
    /// The frames that show the sockets: the numbers, and the sockets themselves.
    fn frames(&self, server: &str) -> Vec<String> {
        let stats = event_frame(ADMIN_NAMESPACE, "server_stats", vec![self.stats(server)]);
        let sockets = all_sockets_frame(self.sockets.iter().map(|socket| socket.json(Map::new())));
        stats.into_iter().chain(sockets).collect()
    }

    /// The numbers of the Admin UI. A deployment has no process that runs for longer than one event: so there is no
    /// time since its start, and its name is that of its endpoint.
    fn stats(&self, endpoint: &str) -> Value {
        let server = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
        let hostname =
            if self.is_whole { server.to_owned() } else { format!("{server} (the first {SHOWN_MAX} sockets)") };
        json!({
            "serverId": server,
            "hostname": hostname,
            "pid": 0,
            "uptime": 0,
            "clientsCount": self.clients(|_| true),
            "pollingClientsCount": self.clients(ConnectionId::is_polling),
            "namespaces": namespaces_json(&self.by_namespace),
        })
    }

    fn clients(&self, counts: impl Fn(&ConnectionId) -> bool) -> usize {
        let connections: BTreeSet<&ConnectionId> = self.sockets.iter().map(|socket| &socket.connection).collect();
        connections.into_iter().filter(|connection| counts(connection)).count()
    }
}

/// The number of sockets of each namespace, in the form of the official server.
#[must_use]
pub fn namespaces_json(by_namespace: &BTreeMap<String, usize>) -> Value {
    by_namespace.iter().map(|(name, count)| json!({"name": name, "socketsCount": count})).collect()
}

/// The frame that replaces all sockets of a page by these; by the first of them, if one frame cannot hold them all.
#[must_use]
pub fn all_sockets_frame(sockets: impl Iterator<Item = Value>) -> Option<String> {
    let mut bytes = 0;
    let fitting = sockets.take_while(|socket| {
        bytes += socket.to_string().len() + 1;
        bytes <= SOCKETS_MAX_BYTES
    });
    event_frame(ADMIN_NAMESPACE, "all_sockets", vec![fitting.collect()])
}
