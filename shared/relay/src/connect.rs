//! `$connect`, CONNECT packets, and the packets of a client that changes its transport.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use frame::engine;
use frame::socket::{self, Body, Packet};
use http::HeaderMap;
use http::header::{ORIGIN, USER_AGENT};
use serde_json::{Map, Value, json};

use crate::admin::{self, Admitted};
use crate::application::{Admission, Application, Asking, Denial, packet_frame, refusal};
use crate::clock::Timestamp;
use crate::config::Origins;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::id::{ConnectionId, Pid, SocketId, UserId, hex};
use crate::incoming::Incoming;
use crate::recover::{self, RecoveredSession, Recovery};
use crate::reply::{accepted, reply};
use crate::store::{ADMIN_NAMESPACE, Attributes, Joining, Opened, Session};
use crate::telemetry;
use crate::upgrade::Offer;
use crate::{binary, event, handshake, invocation, strangers, upgrade};

/// Answers `$connect`, and handles what the switchboard handed over.
///
/// # Errors
/// `Error::Internal` if the event is not one of API Gateway's.
pub async fn handle<A: Application>(ctx: &Ctx<A>, event: &Value) -> Result<Value, Error> {
    if admin::is_refresh(event) {
        admin::refresh(ctx).await?;
        return Ok(json!({"statusCode": 200}));
    }
    let incoming = Incoming::read(event)?;
    if incoming.is_connect() {
        return Ok(accepted(opened(ctx, &incoming).await));
    }
    packet(ctx, event).await?;
    Ok(json!({"statusCode": 200}))
}

/// Handles `$connect`: stores what later frames do not carry, and invokes the function that posts the open packet. The
/// `statusCode` of the returned value is the HTTP status that answers the upgrade request.
///
/// # Errors
/// `Error::Internal`.
async fn opened<A: Application>(ctx: &Ctx<A>, incoming: &Incoming) -> Result<Value, Error> {
    let request = &incoming.request;
    if !ctx.config.edge.admits(&request.headers) {
        return Ok(json!({"statusCode": 403}));
    }
    if let Some(status) = refused(&ctx.config.allowed_origins, request) {
        return Ok(json!({"statusCode": status}));
    }
    let peer = request.request_context.identity.source_ip.as_deref().unwrap_or_default();
    let source_ip = ctx.config.edge.client_address(&request.headers, peer);
    let opened = opening(ctx, incoming.connection.clone(), incoming.at, &request.headers, source_ip).await?;
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
///
/// # Errors
/// `Error::Internal` if the application cannot tell what it keeps of them.
pub(crate) async fn opening<A: Application>(
    ctx: &Ctx<A>,
    id: ConnectionId,
    at: Timestamp,
    headers: &HeaderMap,
    source_ip: String,
) -> Result<Opened, Error> {
    let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Ok(Opened {
        id,
        slot: ctx.config.heartbeat.slot(at),
        at,
        source_ip,
        header: A::handshake(ctx, headers).await?,
        upgrade: None,
        attachments_until: None,
        takes_offsets: ctx.config.recovery_offsets.are_for(user_agent),
        has_joined: false,
    })
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
pub(crate) fn is_foreign(allowed: &Origins, headers: &HeaderMap) -> bool {
    let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    matches!((allowed, origin), (Origins::Only(allowed), Some(origin)) if !allowed.contains(origin))
}

/// Handles a CONNECT packet: joins the namespace, or refuses with CONNECT_ERROR and leaves the connection open. It
/// handles an event about a socket's credentials like any other event, and the packets with which a client changes its
/// transport.
///
/// # Errors
/// `Error::Internal` if the event is not one of API Gateway's. The client receives an answer to every other failure.
pub async fn packet<A: Application>(ctx: &Ctx<A>, event: &Value) -> Result<(), Error> {
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
    let namespace = namespace.as_str();
    invocation::note_packet(&body);
    let Body::Connect { payload } = body else {
        return if namespace == ADMIN_NAMESPACE {
            admin::event(ctx, &incoming).await
        } else {
            event::handle(ctx, event).await
        };
    };
    if !admin::has_namespace(ctx, incoming.stage(), namespace) {
        refuse(ctx, &incoming, namespace, refusal("Invalid namespace")).await;
        return Ok(());
    }
    match join(ctx, &incoming, namespace, payload.as_ref()).await {
        Ok(Joined::NewSession(begun)) => {
            let Begun { session, joining } = *begun;
            let confirmation = recover::confirmation(ctx, &session);
            reply(ctx, session.recipient(), &confirmation.into_iter().collect::<Vec<_>>()).await;
            let emissions = A::joined(ctx, &session, &payload.unwrap_or_default(), joining).await;
            event::emit(ctx, &session, None, emissions).await;
        }
        Ok(Joined::Admin(joined)) => {
            let (session, admitted) = *joined;
            let confirmation = recover::confirmation(ctx, &session);
            reply(ctx, session.recipient(), &confirmation.into_iter().collect::<Vec<_>>()).await;
            admin::joined(ctx, &session, admitted).await;
        }
        Ok(Joined::Recovered(recovered)) => welcome_back(ctx, *recovered).await,
        Ok(Joined::Over) => {}
        Ok(Joined::Refused(payload)) => {
            invocation::note_refused_credentials("REFUSED");
            tracing::debug!(connection.id = incoming.connection.in_logs(), "a client may not join");
            refuse(ctx, &incoming, namespace, payload).await;
        }
        // A client that receives CONNECT_ERROR does not reconnect by itself. So for an internal error the relay closes
        // the connection instead.
        Err(error) => {
            telemetry::failed(Some(&incoming.connection), &error);
            ctx.close(incoming.recipient()).await;
        }
    }
    Ok(())
}

/// A new session.
struct Begun<A: Application> {
    session: Session,
    /// What the application hands on to [`Application::joined`].
    joining: A::Joining,
}

/// The result of a CONNECT packet.
enum Joined<A: Application> {
    /// A new session has begun.
    NewSession(Box<Begun<A>>),
    /// A new session of the Admin UI has begun.
    Admin(Box<(Session, Admitted)>),
    /// A former session has been recovered.
    Recovered(Box<RecoveredSession<A>>),
    /// The client may not join. The value is the payload of CONNECT_ERROR.
    Refused(Map<String, Value>),
    /// Nothing is left to do: the connection is gone, the same event came twice, or the client had joined the namespace
    /// before.
    Over,
}

/// Joins the namespace. Recovers the session that the client had before, if that is possible.
async fn join<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    namespace: &str,
    payload: Option<&Map<String, Value>>,
) -> Result<Joined<A>, Error> {
    let Some(opened) = &upgrade::opened(ctx, &incoming.connection).await? else {
        // The tables hold nothing about this connection, or nothing any more, so nobody would ping it.
        ctx.close(incoming.recipient()).await;
        return Ok(Joined::Over);
    };
    if binary::is_interrupted(ctx, incoming, opened.attachments_until).await? {
        ctx.close(incoming.recipient()).await;
        return Ok(Joined::Over);
    }
    if namespace == ADMIN_NAMESPACE {
        return join_admin(ctx, incoming, opened, payload).await;
    }
    let asking = Asking { stage: incoming.stage(), namespace, auth: payload, handshake: opened.header.as_ref() };
    let admission = match A::authenticate(ctx, asking).await {
        Ok(admission) => admission,
        // Joining twice breaks the protocol, whatever the token is.
        Err(Denial::Refused(_)) if opened.has_joined && is_joined(ctx, incoming, namespace).await? => {
            ctx.close(incoming.recipient()).await;
            return Ok(Joined::Over);
        }
        Err(denial) => return refused_or_failed(denial),
    };
    match begin(ctx, (incoming, opened), (namespace, payload), admission).await {
        Ok(joined) => Ok(joined),
        Err(denial) => refused_or_failed(denial),
    }
}

fn refused_or_failed<A: Application>(denial: Denial) -> Result<Joined<A>, Error> {
    match denial {
        Denial::Refused(payload) => Ok(Joined::Refused(payload)),
        Denial::Failed(error) => Err(error),
    }
}

/// Begins a session for a client that may join, or recovers the one that it had before. The packet is its connection, its
/// namespace and its payload.
async fn begin<A: Application>(
    ctx: &Ctx<A>,
    (incoming, opened): (&Incoming, &Opened),
    (namespace, payload): (&str, Option<&Map<String, Value>>),
    admission: Admission<A::Identity>,
) -> Result<Joined<A>, Denial> {
    let Admission { user, expires_at, attributes, identity } = admission;
    let session = new_session(ctx, incoming, opened, namespace, user)?;
    let session = Session { expires_at, attributes, ..session };
    let mut counted = None;
    if let Some(auth) = payload.filter(|_| ctx.config.recovers(opened.takes_offsets)) {
        match recover::revive(ctx, opened, &session, &identity, auth).await? {
            Recovery::Recovered(recovered) => return Ok(Joined::Recovered(recovered)),
            Recovery::NewSession(joining) => counted = joining,
            Recovery::Already(joined) => return Ok(joined_before(ctx, incoming, &joined).await),
            Recovery::Gone => return Ok(Joined::Over),
        }
    }
    let mut attempt = 0;
    loop {
        let (writes, joining) = A::join_writes(ctx, &session, &identity).await?;
        match ctx.store.join(opened, &session, writes).await? {
            Joining::Joined => {
                let joining = counted.unwrap_or(joining);
                return Ok(Joined::NewSession(Box::new(Begun { session, joining })));
            }
            Joining::Gone => return Ok(Joined::Over),
            Joining::Already(joined) => return Ok(joined_before(ctx, incoming, &joined).await),
            Joining::Again => {}
        }
        ctx.store.db().backoff(attempt).await?;
        attempt += 1;
    }
}

/// Joins the namespace of the Admin UI, of which the application knows nothing. Its sessions are not recovered: a page
/// that returns receives everything again.
async fn join_admin<A: Application>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    opened: &Opened,
    payload: Option<&Map<String, Value>>,
) -> Result<Joined<A>, Error> {
    // This is looked at first, because an event that comes twice must not count as two tries of a password.
    if opened.has_joined
        && let Some(joined) = upgrade::session(ctx, &incoming.connection, ADMIN_NAMESPACE).await?
        && joined.ended_at.is_none()
    {
        return Ok(joined_before(ctx, incoming, &joined).await);
    }
    let admitted = match admin::authenticate(ctx, opened, payload).await? {
        Ok(admitted) => admitted,
        Err(refusal) => return Ok(Joined::Refused(refusal)),
    };
    let session = new_session(ctx, incoming, opened, ADMIN_NAMESPACE, UserId::parse(admin::USER)?)?;
    let session = Session { takes_offsets: false, ..session };
    let mut attempt = 0;
    loop {
        match ctx.store.join(opened, &session, ctx.store.admin_join_writes(&session)?).await? {
            Joining::Joined => return Ok(Joined::Admin(Box::new((session, admitted)))),
            Joining::Gone => return Ok(Joined::Over),
            Joining::Already(joined) => return Ok(joined_before(ctx, incoming, &joined).await),
            Joining::Again => {}
        }
        ctx.store.db().backoff(attempt).await?;
        attempt += 1;
    }
}

/// A session that has not begun yet, without the end of a token and without attributes of the application.
fn new_session<A>(
    ctx: &Ctx<A>,
    incoming: &Incoming,
    opened: &Opened,
    namespace: &str,
    user: UserId,
) -> Result<Session, Error> {
    Ok(Session {
        connection: incoming.connection.clone(),
        namespace: namespace.to_owned(),
        user,
        pid: Pid::parse(&hex(&ctx.clock.random::<16>()))?,
        sid: SocketId::parse(&hex(&ctx.clock.random::<12>()))?,
        joined_by: incoming.invocation.clone(),
        opened_at: opened.at,
        expires_at: None,
        ended_at: None,
        asked: Vec::new(),
        attachments_until: None,
        takes_offsets: opened.takes_offsets,
        attributes: Attributes::new(),
    })
}

async fn is_joined<A: Application>(ctx: &Ctx<A>, incoming: &Incoming, namespace: &str) -> Result<bool, Error> {
    let session = upgrade::session(ctx, &incoming.connection, namespace).await?;
    Ok(session.is_some_and(|session| session.ended_at.is_none()))
}

/// Closes a connection whose client joins a namespace twice, unless the same event came twice.
async fn joined_before<A: Application>(ctx: &Ctx<A>, incoming: &Incoming, joined: &Session) -> Joined<A> {
    if joined.joined_by != incoming.invocation {
        tracing::debug!(connection.id = incoming.connection.in_logs(), "a namespace was joined twice");
        ctx.close(incoming.recipient()).await;
    }
    Joined::Over
}

/// Sends a recovered client the events that it missed, and releases the events that the recovery buffer holds. Only
/// then it hands the session to the application: while the buffer is there, each post to this client is a write to
/// DynamoDB. On failure the function closes the connection, so that the client reconnects once more.
async fn welcome_back<A: Application>(ctx: &Ctx<A>, recovered: RecoveredSession<A>) {
    let is_there = recovered.tell(ctx).await;
    if is_there && let Err(error) = recovered.release(ctx).await {
        telemetry::failed(Some(&recovered.session.connection), &error);
        ctx.close(recovered.session.recipient()).await;
        return;
    }
    let RecoveredSession { session, joining, .. } = recovered;
    let emissions = A::returned(ctx, &session, joining).await;
    event::emit(ctx, &session, None, emissions).await;
}

async fn refuse<A>(ctx: &Ctx<A>, incoming: &Incoming, namespace: &str, payload: Map<String, Value>) {
    let frame = packet_frame(namespace, Body::ConnectError { payload });
    reply(ctx, incoming.recipient(), &frame.into_iter().collect::<Vec<_>>()).await;
}
