//! `$connect`, CONNECT packets, and the packets of a client that changes its transport.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use http::HeaderMap;
use http::header::{AUTHORIZATION, ORIGIN, USER_AGENT};
use serde_json::{Map, Value, json};

use crate::app::{self, presence};
use crate::application::Application;
use crate::auth::Identity;
use crate::config::Origins;
use crate::ctx::Ctx;
use crate::deliver::{Delivering, packet_frame};
use crate::dialect::Dialect;
use crate::domain::clock::Timestamp;
use crate::domain::id::{ConnectionId, Pid, SocketId, hex};
use crate::domain::notice::{Audience, Envelope, Notice};
use crate::domain::offset::Offset;
use crate::domain::user::Status;
use crate::error::Error;
use crate::relay::application;
use crate::relay::incoming::Incoming;
use crate::relay::recover::{self, RecoveredSession, Recovery};
use crate::relay::reply::reply;
use crate::relay::upgrade::Offer;
use crate::relay::{binary, event, handshake, strangers, upgrade};
use crate::store::{Joining, Opened, Recipient, Session};
use crate::telemetry;
use frame::engine;
use frame::socket::{self, Body, Packet};

/// Handles `$connect`: stores what later frames do not carry, and invokes the function that posts the open packet. The
/// `statusCode` of the returned value is the HTTP status that answers the upgrade request.
///
/// # Errors
/// `Error::Internal`.
pub async fn opened(ctx: &Ctx, incoming: &Incoming) -> Result<Value, Error> {
    let request = &incoming.request;
    if let Some(status) = refused(&ctx.config.allowed_origins, request) {
        return Ok(json!({"statusCode": status}));
    }
    let source_ip = request.request_context.identity.source_ip.clone().unwrap_or_default();
    let opened = opening(ctx, (incoming.connection.clone(), incoming.at), &request.headers, source_ip);
    // A `sid` in the query names a polling connection. Its client has already received the open packet by polling.
    if let Some(sid) = request.query_string_parameters.first("sid") {
        match upgrade::offered(ctx, opened, sid).await? {
            Offer::Made(opened) => ctx.store.open(&opened).await?,
            Offer::Refused => handshake::closes(ctx, &incoming.connection).await?,
            Offer::Unknown => return Ok(json!({"statusCode": 400})),
        }
    } else {
        if !strangers::admits(ctx, &opened.source_ip, incoming.at).await {
            return Ok(json!({"statusCode": 429}));
        }
        ctx.store.open(&opened).await?;
        handshake::opens(ctx, &opened.id).await?;
    }
    // The server must choose one of the subprotocols that a client offers.
    let offered = request.headers.get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
    let chosen = offered.and_then(|offered| offered.split(',').next()).map(str::trim);
    Ok(match chosen {
        Some(protocol) => json!({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": protocol}}),
        None => json!({"statusCode": 200}),
    })
}

/// Builds a connection from the headers of its handshake.
pub(super) fn opening(
    ctx: &Ctx,
    (id, at): (ConnectionId, Timestamp),
    headers: &HeaderMap,
    source_ip: String,
) -> Opened {
    let header = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    Opened {
        id,
        slot: ctx.config.heartbeat.slot(at),
        at,
        source_ip,
        header: header(AUTHORIZATION).map(|token| app::verified(ctx, Some(token))),
        upgrade: None,
        attachments_until: None,
        takes_offsets: ctx.config.recovery_offsets.are_for(header(USER_AGENT)),
        has_joined: false,
    }
}

/// Returns the HTTP status that refuses a handshake, or `None` if the handshake is accepted. The function refuses a
/// page of a foreign origin, and a request that is not Engine.IO v4 over WebSocket.
fn refused(allowed: &Origins, request: &ApiGatewayWebsocketProxyRequest) -> Option<u16> {
    if is_foreign(allowed, &request.headers) {
        return Some(403);
    }
    let query = |name| request.query_string_parameters.first(name);
    let opens = query("EIO") == Some("4") && query("transport") == Some("websocket");
    (!opens).then_some(400)
}

/// Whether the request comes from a page whose origin is not allowed to connect.
pub(super) fn is_foreign(allowed: &Origins, headers: &HeaderMap) -> bool {
    let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    matches!((allowed, origin), (Origins::Only(allowed), Some(origin)) if !allowed.contains(origin))
}

/// Handles a CONNECT packet: joins the namespace, or refuses with CONNECT_ERROR and leaves the connection open. It
/// handles an event about a socket's credentials like any other event, and the packets with which a client changes its
/// transport.
///
/// # Errors
/// `Error::Internal` if the event is not one of API Gateway's. The client receives an answer to every other failure.
pub async fn packet(ctx: &Ctx, event: &Value) -> Result<(), Error> {
    let incoming = Incoming::read(event)?;
    let text = match engine::decode(&incoming.body) {
        Ok(engine::Packet::Message(text)) => text,
        Ok(packet) => {
            upgrade::step(ctx, incoming.recipient(), &packet).await;
            return Ok(());
        }
        Err(_) => return Ok(()),
    };
    let Ok(Packet { namespace, body }) = socket::decode(&text) else { return Ok(()) };
    let Body::Connect { payload } = body else { return event::handle(ctx, event).await };
    let connection = &incoming.connection;
    let Some(dialect) = incoming.dialect(ctx, namespace.as_str()) else {
        refuse(ctx, &incoming, namespace.as_str(), json!({"message": "Invalid namespace"})).await;
        return Ok(());
    };
    match join(ctx, &incoming, (namespace.as_str(), dialect), payload.as_ref()).await {
        Ok(Joined::NewSession(begun)) => {
            let Begun { session, sockets, at } = *begun;
            let confirmation = recover::confirmation(ctx, &session);
            if let Application::Sockets(application) = ctx.application {
                reply(ctx, incoming.recipient(), &confirmation.into_iter().collect::<Vec<_>>()).await;
                application::emit(ctx, &session, None, application.joined(&payload.unwrap_or_default())).await;
            } else {
                greet(ctx, &session, Offset::since(at), confirmation).await;
                // Every other post to this socket waits for this record, or for a limited time.
                if let Err(error) = ctx.store.record_greeted(&session).await {
                    telemetry::failed(Some(connection), &error);
                }
                announce(ctx, dialect, &session, sockets == 1).await;
                close_excess(ctx, &session, sockets).await;
            }
        }
        Ok(Joined::Recovered(recovered)) => welcome_back(ctx, dialect, &recovered).await,
        Ok(Joined::Over) => {}
        Ok(Joined::Refused(error)) => {
            telemetry::failed(Some(connection), &error);
            refuse(ctx, &incoming, namespace.as_str(), refusal(ctx, dialect, &error)).await;
        }
        // A client that receives CONNECT_ERROR does not reconnect by itself. So for an internal error the relay closes
        // the connection instead.
        Err(error) => {
            telemetry::failed(Some(connection), &error);
            ctx.close(incoming.recipient()).await;
        }
    }
    Ok(())
}

/// A new session.
struct Begun {
    session: Session,
    /// The number of the user's sockets, this one included.
    sockets: u64,
    at: Timestamp,
}

/// The result of a CONNECT packet.
enum Joined {
    /// A new session has begun.
    NewSession(Box<Begun>),
    /// A former session has been recovered.
    Recovered(Box<RecoveredSession>),
    /// The client may not join with its token.
    Refused(Error),
    /// Nothing is left to do: the connection is gone, the same event came twice, or the client had joined the namespace
    /// before.
    Over,
}

/// Joins the namespace. Recovers the session that the client had before, if that is possible.
async fn join(
    ctx: &Ctx,
    incoming: &Incoming,
    (namespace, dialect): (&str, &dyn Dialect),
    payload: Option<&Map<String, Value>>,
) -> Result<Joined, Error> {
    let Some(opened) = &upgrade::opened(ctx, &incoming.connection).await? else {
        // The tables hold nothing about this connection, or nothing any more, so nobody would ping it.
        ctx.close(incoming.recipient()).await;
        return Ok(Joined::Over);
    };
    if binary::is_interrupted(ctx, incoming, opened.attachments_until).await? {
        ctx.close(incoming.recipient()).await;
        return Ok(Joined::Over);
    }
    let identity = match ctx.application {
        Application::Sockets(_) => application::anybody(ctx)?,
        Application::Chat | Application::Messages(_) => match app::authenticate(ctx, token(ctx, opened, payload)) {
            Ok(identity) => identity,
            // Joining twice breaks the protocol, whatever the token is.
            Err(_) if opened.has_joined && is_joined(ctx, incoming, namespace).await? => {
                ctx.close(incoming.recipient()).await;
                return Ok(Joined::Over);
            }
            Err(error) => return Ok(Joined::Refused(error)),
        },
    };
    let session = session(ctx, incoming, (namespace, dialect), (&identity, opened))?;
    let mut counted = None;
    if let Some(request) = recover::request(ctx, (opened, &session), payload) {
        match recover::revive(ctx, opened, (&session, &identity), request).await? {
            Recovery::Recovered(recovered) => return Ok(Joined::Recovered(recovered)),
            Recovery::NewSession(sockets) => counted = sockets,
            Recovery::Already(joined) => return Ok(joined_before(ctx, incoming, &joined).await),
            Recovery::Gone => return Ok(Joined::Over),
        }
    }
    let at = ctx.clock.now();
    Ok(match ctx.store.join(opened, &session, &identity).await? {
        Joining::Joined { sockets } => {
            let sockets = counted.unwrap_or(sockets);
            Joined::NewSession(Box::new(Begun { session, sockets, at }))
        }
        Joining::Gone => Joined::Over,
        Joining::Already(joined) => joined_before(ctx, incoming, &joined).await,
    })
}

async fn is_joined(ctx: &Ctx, incoming: &Incoming, namespace: &str) -> Result<bool, Error> {
    let session = upgrade::session(ctx, &incoming.connection, namespace).await?;
    Ok(session.is_some_and(|session| session.ended_at.is_none()))
}

/// Closes a connection whose client joins a namespace twice, unless the same event came twice.
async fn joined_before(ctx: &Ctx, incoming: &Incoming, joined: &Session) -> Joined {
    if joined.joined_by != incoming.invocation {
        tracing::debug!(connection.id = incoming.connection.in_logs(), "a namespace was joined twice");
        ctx.close(incoming.recipient()).await;
    }
    Joined::Over
}

/// Sends a recovered client the events that it missed, greets it, and releases the events that the recovery buffer
/// holds. Only then it tells the others: while the buffer is there, each post to this client is a write to DynamoDB.
/// On failure the function closes the connection, so that the client reconnects once more.
async fn welcome_back(ctx: &Ctx, dialect: &dyn Dialect, recovered: &RecoveredSession) {
    let connection = &recovered.session.connection;
    let told = async {
        if recovered.tell(ctx).await {
            greet(ctx, &recovered.session, recovered.heard.clone(), None).await;
            recovered.release(ctx).await?;
            announce(ctx, dialect, &recovered.session, recovered.sockets == Some(1)).await;
        }
        close_excess(ctx, &recovered.session, recovered.sockets.unwrap_or_default()).await;
        Ok::<(), Error>(())
    };
    if let Err(error) = told.await {
        telemetry::failed(Some(connection), &error);
        ctx.close(recovered.session.recipient()).await;
    }
}

/// The identity of the token in the CONNECT payload. Without one, the identity that the handshake's header proved,
/// provided that it has not expired.
fn token(ctx: &Ctx, opened: &Opened, payload: Option<&Map<String, Value>>) -> Result<Identity, crate::error::Refusal> {
    use crate::error::Refusal;
    let given = payload.and_then(|payload| payload.get("token")).filter(|token| !token.is_null());
    match (given, &opened.header) {
        (Some(Value::String(token)), _) if !token.trim().is_empty() => app::verified(ctx, Some(token)),
        (Some(Value::String(_)) | None, Some(Ok(identity))) => {
            let over = identity.expires_at.is_some_and(|expiry| expiry <= ctx.clock.now());
            if over { Err(Refusal::ExpiredToken) } else { Ok(identity.clone()) }
        }
        (Some(Value::String(_)) | None, Some(Err(refusal))) => Err(*refusal),
        (Some(Value::String(_)) | None, None) => Err(Refusal::NoToken),
        (Some(_), _) => Err(Refusal::InvalidToken),
    }
}

fn session(
    ctx: &Ctx,
    incoming: &Incoming,
    (namespace, dialect): (&str, &dyn Dialect),
    (identity, opened): (&Identity, &Opened),
) -> Result<Session, Error> {
    Ok(Session {
        connection: incoming.connection.clone(),
        namespace: namespace.to_owned(),
        dialect: dialect.name().to_owned(),
        user: identity.user.clone(),
        pid: Pid::parse(&hex(&ctx.clock.random::<16>()))?,
        sid: SocketId::parse(&hex(&ctx.clock.random::<12>()))?,
        joined_by: incoming.invocation.clone(),
        opened_at: opened.at,
        expires_at: identity.expires_at,
        ended_at: None,
        typing: Vec::new(),
        asked: Vec::new(),
        attachments_until: None,
        takes_offsets: opened.takes_offsets,
    })
}

/// Closes the user's connections that were heard from longest ago, if the user has more sockets than one person may
/// have (docs/dialects.md, "Sockets of one person"). Reads nothing while the number is within the limit.
async fn close_excess(ctx: &Ctx, session: &Session, sockets: u64) {
    let most = ctx.config.limits.sockets_per_person;
    if usize::try_from(sockets).is_ok_and(|sockets| sockets <= most) {
        return;
    }
    let closed = async {
        let own = ctx.store.person(&session.user).await?.sockets;
        let others =
            own.iter().map(|socket| &socket.connection).filter(|connection| **connection != session.connection);
        let mut heard = ctx.store.last_heard(&others.cloned().collect()).await?;
        heard.sort();
        let mut excess = own.len().saturating_sub(most);
        for (_, connection) in heard {
            if excess == 0 {
                break;
            }
            tracing::debug!(connection.id = connection.in_logs(), "a person has too many sockets");
            let opened_at = own.iter().find(|socket| socket.connection == connection).map(|socket| socket.opened_at);
            ctx.close(Recipient { connection: &connection, opened_at }).await;
            excess = excess.saturating_sub(own.iter().filter(|socket| socket.connection == connection).count());
        }
        Ok::<(), Error>(())
    };
    if let Err(error) = closed.await {
        telemetry::failed(Some(&session.connection), &error);
    }
}

/// Posts the confirmation, if there is one, and the greeting.
async fn greet(ctx: &Ctx, session: &Session, heard: Offset, confirmation: Option<String>) {
    let connected = Notice::Connected { user: session.user.clone(), socket: session.sid.clone() };
    let heard = Some(heard).filter(|_| ctx.config.recovers(session.takes_offsets));
    let connected = [Envelope::new(connected, Audience::Origin)];
    let first = confirmation.into_iter().collect();
    let _ = Delivering::greeting(ctx, session, heard).deliver(first, &connected).await;
}

/// Tells the client who is online, if its dialect wants to know. If this is the user's first socket, tells the others
/// that the user is online.
async fn announce(ctx: &Ctx, dialect: &dyn Dialect, session: &Session, first: bool) {
    if !first && !dialect.greets_with_online_users() {
        return;
    }
    let online = match presence::online(ctx, &session.user, dialect).await {
        Ok(online) => online,
        Err(error) => return telemetry::failed(Some(&session.connection), &error),
    };
    let others = online.iter().map(|user| &user.id).filter(|id| **id != session.user).cloned().collect();
    let mut envelopes = Vec::new();
    if dialect.greets_with_online_users() {
        envelopes.push(Envelope::new(Notice::OnlineUsers(online), Audience::Origin));
    }
    if first {
        let notice = Notice::Online { user: session.user.clone(), status: Status::Online, became_online: true };
        envelopes.push(Envelope::new(notice, Audience::People(others)));
    }
    let _ = Delivering::greeting(ctx, session, None).deliver(Vec::new(), &envelopes).await;
}

/// The payload of CONNECT_ERROR.
fn refusal(ctx: &Ctx, dialect: &dyn Dialect, error: &Error) -> Value {
    match error {
        Error::Authentication(refusal) => dialect.refusal(*refusal),
        other => json!({"message": other.to_string(), "data": dialect.error(other, ctx.clock.now())}),
    }
}

async fn refuse(ctx: &Ctx, incoming: &Incoming, namespace: &str, payload: Value) {
    let Value::Object(payload) = payload else { return };
    let frame = packet_frame(namespace, Body::ConnectError { payload });
    reply(ctx, incoming.recipient(), &frame.into_iter().collect::<Vec<_>>()).await;
}
