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
use crate::frame::engine;
use crate::frame::socket::{self, Body, Packet};
use crate::relay::application;
use crate::relay::incoming::Incoming;
use crate::relay::recover::{self, RecoveredSession, Recovery};
use crate::relay::reply::reply;
use crate::relay::upgrade::Offer;
use crate::relay::{binary, event, handshake, upgrade};
use crate::store::{Joining, Opened, Recipient, Session};
use crate::telemetry;

/// Answers `$connect`: stores what later frames will not carry and has the open packet posted. The status is what the upgrade answers with.
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
    // A session id is that of a polling connection, whose client was told its open packet.
    if let Some(sid) = request.query_string_parameters.first("sid") {
        match upgrade::offered(ctx, opened, sid).await? {
            Offer::Made(opened) => ctx.store.open(&opened).await?,
            Offer::Refused => handshake::closes(ctx, &incoming.connection).await?,
            Offer::Unknown => return Ok(json!({"statusCode": 400})),
        }
    } else {
        if !ctx.strangers.admits(&opened.source_ip, ctx.config.limits.strangers(), incoming.at) {
            return Ok(json!({"statusCode": 429}));
        }
        ctx.store.open(&opened).await?;
        handshake::opens(ctx, &opened.id).await?;
    }
    // A client that offers subprotocols must be given one of them.
    let offered = request.headers.get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
    let chosen = offered.and_then(|offered| offered.split(',').next()).map(str::trim);
    Ok(match chosen {
        Some(protocol) => json!({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": protocol}}),
        None => json!({"statusCode": 200}),
    })
}

/// A connection as its handshake tells of it.
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

/// The status that refuses a handshake: a page of a foreign origin, or a request that is not Engine.IO v4 over WebSocket.
fn refused(allowed: &Origins, request: &ApiGatewayWebsocketProxyRequest) -> Option<u16> {
    if is_foreign(allowed, &request.headers) {
        return Some(403);
    }
    let query = |name| request.query_string_parameters.first(name);
    let opens = query("EIO") == Some("4") && query("transport") == Some("websocket");
    (!opens).then_some(400)
}

/// Whether this comes from a page that may not connect.
pub(super) fn is_foreign(allowed: &Origins, headers: &HeaderMap) -> bool {
    let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    matches!((allowed, origin), (Origins::Only(allowed), Some(origin)) if !allowed.contains(origin))
}

/// Answers a CONNECT packet: joins the namespace, or refuses with CONNECT_ERROR and leaves the connection open. An event that concerns a
/// socket's credentials is answered as any other. A client that changes its transport is helped along.
///
/// # Errors
/// `Error::Internal` if the event is none of API Gateway's; whatever else goes wrong is answered.
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
                application::say(ctx, &session, None, application.joined(&payload.unwrap_or_default())).await;
            } else {
                greet(ctx, dialect, (&session, sockets == 1), Offset::since(at), confirmation).await;
                close_excess(ctx, &session, sockets).await;
            }
        }
        Ok(Joined::Recovered(recovered)) => welcome_back(ctx, dialect, &recovered).await,
        Ok(Joined::Over) => {}
        Ok(Joined::Refused(error)) => {
            telemetry::failed(Some(connection), &error);
            refuse(ctx, &incoming, namespace.as_str(), refusal(ctx, dialect, &error)).await;
        }
        // A client that is refused does not come back by itself, so an error of ours closes the connection.
        Err(error) => {
            telemetry::failed(Some(connection), &error);
            ctx.close(incoming.recipient()).await;
        }
    }
    Ok(())
}

/// A session that began.
struct Begun {
    session: Session,
    /// How many sockets the user has with it.
    sockets: u64,
    at: Timestamp,
}

/// What became of a CONNECT packet.
enum Joined {
    /// A session began.
    NewSession(Box<Begun>),
    /// A former session is back.
    Recovered(Box<RecoveredSession>),
    /// The token is none that may join.
    Refused(Error),
    /// It is dealt with: the connection is gone, the event came twice, or the namespace was joined before.
    Over,
}

/// Joins the namespace, in the session that the client had before if that can be.
async fn join(
    ctx: &Ctx,
    incoming: &Incoming,
    (namespace, dialect): (&str, &dyn Dialect),
    payload: Option<&Map<String, Value>>,
) -> Result<Joined, Error> {
    let Some(opened) = &upgrade::opened(ctx, &incoming.connection).await? else {
        // Nothing is known of it, or nothing any more, and nobody would ping it.
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
            // Joining twice breaks the protocol, whatever the token.
            Err(_) if opened.has_joined && is_joined(ctx, incoming, namespace).await? => {
                ctx.close(incoming.recipient()).await;
                return Ok(Joined::Over);
            }
            Err(error) => return Ok(Joined::Refused(error)),
        },
    };
    ctx.strangers.joined(&opened.source_ip, incoming.at);
    let session = session(ctx, incoming, (namespace, dialect), (&identity, opened))?;
    let mut counted = None;
    if let Some(request) = recover::request(ctx, opened, payload) {
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

/// Closes a connection whose client joins a namespace twice, unless it is the same event that came twice.
async fn joined_before(ctx: &Ctx, incoming: &Incoming, joined: &Session) -> Joined {
    if joined.joined_by != incoming.invocation {
        tracing::debug!(connection.id = incoming.connection.in_logs(), "a namespace was joined twice");
        ctx.close(incoming.recipient()).await;
    }
    Joined::Over
}

/// Tells a client that came back what it missed, greets it, and lets it hear what is new. If that fails it had better come back once more.
async fn welcome_back(ctx: &Ctx, dialect: &dyn Dialect, recovered: &RecoveredSession) {
    let connection = &recovered.session.connection;
    let told = async {
        if recovered.tell(ctx).await {
            let first = recovered.sockets == Some(1);
            greet(ctx, dialect, (&recovered.session, first), recovered.heard.clone(), None).await;
            recovered.release(ctx).await?;
        }
        close_excess(ctx, &recovered.session, recovered.sockets.unwrap_or_default()).await;
        Ok::<(), Error>(())
    };
    if let Err(error) = told.await {
        telemetry::failed(Some(connection), &error);
        ctx.close(recovered.session.recipient()).await;
    }
}

/// The token of the CONNECT payload, else what the handshake's header proved, provided that it is still good.
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

/// Closes those connections of a user that were heard from longest ago, if there are more sockets than one person may have (dialects.md,
/// section 9). Nothing is read as long as there are not.
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

/// Confirms and greets, and only then looks up who is here, and tells the others if this is the user's first socket.
async fn greet(
    ctx: &Ctx,
    dialect: &dyn Dialect,
    (session, first): (&Session, bool),
    heard: Offset,
    confirmation: Option<String>,
) {
    let connected = Notice::Connected { user: session.user.clone(), socket: session.sid.clone() };
    let mut delivering = if ctx.config.recovers(session.takes_offsets) {
        Delivering::greeting(ctx, session, heard)
    } else {
        Delivering::new(ctx, Some(session))
    };
    let connected = [Envelope::new(connected, Audience::Origin)];
    let is_new = confirmation.is_some();
    let _ = delivering.deliver(confirmation.into_iter().collect(), &connected).await;
    // Everything else waits for this, or for a moment.
    if is_new && let Err(error) = ctx.store.record_greeted(session).await {
        telemetry::failed(Some(&session.connection), &error);
    }
    let mut envelopes = Vec::new();
    if first || dialect.greets_with_online_users() {
        match presence::online(ctx, &session.user, dialect).await {
            Ok(online) => {
                let others = online.iter().map(|user| &user.id).filter(|id| **id != session.user).cloned().collect();
                if dialect.greets_with_online_users() {
                    envelopes.push(Envelope::new(Notice::OnlineUsers(online), Audience::Origin));
                }
                if first {
                    let notice =
                        Notice::Online { user: session.user.clone(), status: Status::Online, became_online: true };
                    envelopes.push(Envelope::new(notice, Audience::People(others)));
                }
            }
            Err(error) => telemetry::failed(Some(&session.connection), &error),
        }
    }
    let _ = delivering.deliver(Vec::new(), &envelopes).await;
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
