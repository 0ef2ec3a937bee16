//! Engine.IO over HTTP long-polling (docs/protocol.md, "Long-polling"). A GET opens a connection, or waits for frames
//! to the client. A POST carries packets from the client, which are handled one by one in order.
//!
//! A waiting request reads the outbox again and again, because nothing can wake it. If the client goes away during a
//! request, the server does not notice, because API Gateway does not report it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use frame::engine::{self, Packet, SEPARATOR};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::application::{Application, StageVariables};
use crate::connect::{is_foreign, opening};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::handshake::open;
use crate::id::{ConnectionId, hex};
use crate::invocation;
use crate::store::{Direction, Ender, Outbox, OutboxState, PollTurn};
use crate::strangers;
use crate::telemetry;

/// How long a GET waits before it answers that there is nothing: less than the 30 seconds after which an HTTP API gives
/// up.
const WAIT: Duration = Duration::from_secs(25);
/// How long a GET waits before the client has joined a namespace: long enough for the answer to a CONNECT packet, and
/// short enough that clients without a token cannot occupy many instances.
const WAIT_UNJOINED: Duration = Duration::from_millis(300);
/// How often a GET reads the outbox. During the first `EAGER`, while an answer to what the client just sent may be on
/// its way, the interval is `EAGER_CHECK`. After that it is `PATIENT_CHECK`.
const EAGER: Duration = Duration::from_secs(2);
const EAGER_CHECK: Duration = Duration::from_millis(100);
const PATIENT_CHECK: Duration = Duration::from_millis(500);
/// After this time, in milliseconds, a request that never finished no longer counts as running. No request can take
/// longer.
const TURN_MILLIS: i64 = 30_000;
/// How long, in milliseconds, a probed WebSocket makes GETs return early while the client has not moved to it.
const PROBE_MILLIS: i64 = 10_000;
/// The maximum age of a connection, in milliseconds: the same as of a WebSocket of API Gateway.
const AGE_MAX_MILLIS: i64 = 2 * 3_600_000;

/// A request to `/socket.io/`, without its body.
#[derive(Debug)]
pub struct PollRequest {
    /// The HTTP method.
    pub method: Method,
    /// The query parameters.
    pub query: HashMap<String, String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The IP address of the client.
    pub source_ip: String,
}

/// The response to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollResponse {
    /// The HTTP status.
    pub status: u16,
    /// Whether the body is JSON. Otherwise it holds packets.
    pub is_json: bool,
    /// The body.
    pub body: String,
}

/// Why the server refuses a request (docs/protocol.md, "Handshake"). The number is the code in the error body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PollRefusal {
    TransportUnknown = 0,
    SessionUnknown = 1,
    BadHandshakeMethod = 2,
    BadRequest = 3,
    Forbidden = 4,
    UnsupportedVersion = 5,
}

impl From<PollRefusal> for PollResponse {
    fn from(refusal: PollRefusal) -> Self {
        let (status, message) = match refusal {
            PollRefusal::TransportUnknown => (400, "Transport unknown"),
            PollRefusal::SessionUnknown => (400, "Session ID unknown"),
            PollRefusal::BadHandshakeMethod => (400, "Bad handshake method"),
            PollRefusal::BadRequest => (400, "Bad request"),
            PollRefusal::Forbidden => (403, "Forbidden"),
            PollRefusal::UnsupportedVersion => (400, "Unsupported protocol version"),
        };
        Self { status, is_json: true, body: json!({"code": refusal as u8, "message": message}).to_string() }
    }
}

impl From<Error> for PollResponse {
    fn from(error: Error) -> Self {
        telemetry::failed(None, &error);
        Self { status: 500, is_json: true, body: json!({"message": error.to_string()}).to_string() }
    }
}

impl PollResponse {
    fn packets(body: String) -> Self {
        Self { status: 200, is_json: false, body }
    }

    /// The response to one more connection from an address with many connections that have not joined a namespace.
    fn too_many() -> Self {
        let body = json!({"code": PollRefusal::Forbidden as u8, "message": "Too many connections"});
        Self { status: 429, is_json: true, body: body.to_string() }
    }

    /// The response to a body that is larger than the server accepts.
    #[must_use]
    pub fn too_large() -> Self {
        Self { status: 413, is_json: false, body: String::new() }
    }
}

/// The connection that a request is about.
enum Subject {
    /// A new connection that the client asks to open.
    New,
    /// An existing connection, according to the client.
    Known(ConnectionId),
}

fn subject<A>(ctx: &Ctx<A>, request: &PollRequest) -> Result<Subject, PollRefusal> {
    let query = |name| request.query.get(name).map(String::as_str);
    let polling = match query("transport") {
        Some("polling") => true,
        Some("websocket") => false,
        _ => return Err(PollRefusal::TransportUnknown),
    };
    if let Some(sid) = query("sid") {
        let id = ConnectionId::parse(sid).ok().filter(ConnectionId::is_polling).ok_or(PollRefusal::SessionUnknown)?;
        invocation::note_connection(&id, None);
        return if polling { Ok(Subject::Known(id)) } else { Err(PollRefusal::BadRequest) };
    }
    if request.method != Method::GET {
        return Err(PollRefusal::BadHandshakeMethod);
    }
    if !polling {
        return Err(PollRefusal::BadRequest);
    }
    if is_foreign(&ctx.config.allowed_origins, &request.headers) {
        return Err(PollRefusal::Forbidden);
    }
    if query("EIO") == Some("4") { Ok(Subject::New) } else { Err(PollRefusal::UnsupportedVersion) }
}

/// Answers every request that is not a POST: opens a connection, or waits for frames to the client.
pub async fn get<A: Application>(ctx: &Ctx<A>, request: PollRequest) -> PollResponse {
    let answered = match subject(ctx, &request) {
        Ok(Subject::New) => opened(ctx, request).await,
        Ok(Subject::Known(id)) if request.method == Method::GET => fetched(ctx, &id).await,
        Ok(Subject::Known(_)) => Ok(PollRefusal::BadRequest.into()),
        Err(refusal) => Ok(refusal.into()),
    };
    answered.unwrap_or_else(PollResponse::from)
}

/// Opens a connection. Two writes.
async fn opened<A: Application>(ctx: &Ctx<A>, request: PollRequest) -> Result<PollResponse, Error> {
    let id = ConnectionId::polling(ctx.clock.random());
    let at = ctx.clock.now();
    if !strangers::admits(ctx, &request.source_ip, at).await {
        return Ok(PollResponse::too_many());
    }
    let opened = opening(ctx, id, at, &request.headers, request.source_ip).await?;
    ctx.store.open_outbox(&opened.id, at).await?;
    ctx.store.open(&opened).await?;
    Ok(PollResponse::packets(open(ctx, opened.id.to_string(), &["websocket"]).encode()))
}

/// Waits until there are frames to return. One write at the beginning and one at the end, one read per check of the
/// outbox, and one more read before the first wait.
async fn fetched<A: Application>(ctx: &Ctx<A>, id: &ConnectionId) -> Result<PollResponse, Error> {
    let mut outbox = match begun(ctx, id, Direction::Get).await? {
        Ok(outbox) => outbox,
        Err(answer) => return Ok(answer),
    };
    let had_probed = outbox.probed_at.is_some();
    // What the checks take counts, too: the function must end before its timeout.
    let (begun_at, mut wait) = (Instant::now(), None);
    let mut has_waited = false;
    loop {
        match outbox.state {
            OutboxState::Ended { by: Ender::Server, .. } if !outbox.frames.is_empty() => {
                return closing(ctx, id, outbox).await;
            }
            OutboxState::Ended { by, .. } => return Ok(last(outbox, by)),
            // This GET was waiting when its client moved to the WebSocket. A client that waits for a probe's answer has
            // no GET left by then: it sent this one after `5`, and it arrived first. Other clients do not send a probe.
            OutboxState::Upgrading | OutboxState::Upgraded(_) if had_probed => {
                ctx.store.finish(id, Direction::Get, ctx.clock.now()).await?;
                return Ok(PollRefusal::BadRequest.into());
            }
            OutboxState::Upgrading | OutboxState::Upgraded(_) => break,
            OutboxState::Open => {}
        }
        if !outbox.frames.is_empty() {
            let frames = ctx.store.fetch(id, outbox, ctx.clock.now()).await?;
            if !frames.is_empty() {
                return Ok(PollResponse::packets(frames.join(SEPARATOR)));
            }
        } else if has_waited && is_released(ctx, &outbox) {
            break;
        }
        let wait = match wait {
            Some(wait) => wait,
            None => *wait.insert(longest_wait(ctx, id).await?),
        };
        let waited = begun_at.elapsed();
        if waited >= wait {
            break;
        }
        let pause = if waited < EAGER { EAGER_CHECK } else { PATIENT_CHECK };
        tokio::time::sleep(pause).await;
        has_waited = true;
        let Some(found) = ctx.store.outbox(id).await? else { return Ok(PollRefusal::SessionUnknown.into()) };
        outbox = found;
    }
    ctx.store.finish(id, Direction::Get, ctx.clock.now()).await?;
    Ok(PollResponse::packets(Packet::Noop.encode()))
}

/// Returns what a client is still to receive of a connection that the server has closed: the last frames, and to a
/// later GET the close packet. One write.
async fn closing<A: Application>(ctx: &Ctx<A>, id: &ConnectionId, outbox: Outbox) -> Result<PollResponse, Error> {
    if !outbox.frames.is_empty() {
        let frames = ctx.store.fetch_last(id, outbox, ctx.clock.now()).await?;
        if !frames.is_empty() {
            return Ok(PollResponse::packets(frames.join(SEPARATOR)));
        }
    }
    let is_pending = ctx.store.take_close(id).await?;
    Ok(if is_pending { PollResponse::packets(Packet::Close.encode()) } else { PollRefusal::SessionUnknown.into() })
}

/// How long a GET may wait. One read.
async fn longest_wait<A: Application>(ctx: &Ctx<A>, id: &ConnectionId) -> Result<Duration, Error> {
    // An application without namespaces has no clients that join.
    let is_stranger = A::USES_SOCKET_IO && !ctx.store.opened(id).await?.is_some_and(|opened| opened.has_joined);
    Ok(if is_stranger { WAIT_UNJOINED } else { WAIT })
}

/// Whether the client has a working WebSocket and should move to it, so that the GET must return.
fn is_released<A>(ctx: &Ctx<A>, outbox: &Outbox) -> bool {
    outbox.probed_at.is_some_and(|at| at.plus_millis(PROBE_MILLIS) > ctx.clock.now())
}

/// Begins a request. The function closes the connection if another request of the same kind is running, which breaks
/// the protocol, or if the connection is too old. The inner `Err` is the response for a request that cannot begin.
async fn begun<A: Application>(
    ctx: &Ctx<A>,
    id: &ConnectionId,
    direction: Direction,
) -> Result<Result<Outbox, PollResponse>, Error> {
    let liveness = ctx.liveness();
    Ok(match ctx.store.begin(id, direction, liveness, liveness.now.plus_millis(TURN_MILLIS)).await? {
        PollTurn::Taken(outbox) if outbox.opened_at.plus_millis(AGE_MAX_MILLIS) <= liveness.now => {
            ctx.close(id).await;
            Err(match direction {
                Direction::Get if outbox.frames.is_empty() => last(*outbox, Ender::Server),
                Direction::Get => closing(ctx, id, *outbox).await?,
                Direction::Post => PollRefusal::SessionUnknown.into(),
            })
        }
        PollTurn::Taken(outbox) => Ok(*outbox),
        PollTurn::Busy => {
            tracing::debug!(connection.id = id.in_logs(), "a client makes two requests at the same time");
            ctx.close(id).await;
            Err(PollRefusal::BadRequest.into())
        }
        PollTurn::Upgraded => Err(PollRefusal::BadRequest.into()),
        PollTurn::Closing(outbox) => Err(closing(ctx, id, *outbox).await?),
        PollTurn::Unknown => Err(PollRefusal::SessionUnknown.into()),
    })
}

/// The last response of a connection: the frames that still waited, and a close packet unless the client ended the
/// connection itself.
fn last(outbox: Outbox, by: Ender) -> PollResponse {
    let end = match by {
        Ender::Client => Packet::Noop,
        Ender::Server => Packet::Close,
    };
    let mut frames = outbox.frames;
    frames.push(end.encode());
    PollResponse::packets(frames.join(SEPARATOR))
}

/// A POST whose packets are being handled.
#[derive(Debug)]
pub struct PollPost {
    connection: ConnectionId,
    packets: VecDeque<String>,
    stage: StageVariables,
    handled: u32,
}

/// Takes the packets of a POST. `stage` are the variables of the stage through which the client connected.
///
/// # Errors
/// The response to the client, if the packets are not accepted.
pub async fn post<A: Application>(
    ctx: &Ctx<A>,
    request: &PollRequest,
    body: &[u8],
    stage: &StageVariables,
) -> Result<PollPost, PollResponse> {
    let connection = match subject(ctx, request)? {
        Subject::Known(id) => id,
        Subject::New => return Err(PollRefusal::BadHandshakeMethod.into()),
    };
    begun(ctx, &connection, Direction::Post).await.map_err(PollResponse::from)??;
    let Some(packets) = std::str::from_utf8(body).ok().and_then(|body| engine::decode_payload(body).ok()) else {
        ctx.close(&connection).await;
        return Err(PollRefusal::BadRequest.into());
    };
    let packets = packets.iter().map(Packet::encode).collect();
    Ok(PollPost { connection, packets, stage: stage.clone(), handled: 0 })
}

impl PollPost {
    /// The next event to handle, in the form of API Gateway's events. Call it after the event before has been handled.
    /// `None` if there are no more packets, or if the connection has ended. One read between two events.
    pub async fn next<A: Application>(&mut self, ctx: &Ctx<A>) -> Option<Value> {
        while let Some(frame) = self.packets.pop_front() {
            match engine::decode(&frame) {
                // Nothing waits for these packets.
                Ok(Packet::Pong | Packet::Noop) => {}
                Ok(Packet::Close) => {
                    ctx.end_polling(&self.connection, Ender::Client).await;
                    return None;
                }
                _ if self.handled > 0 && !self.goes_on(ctx).await => return None,
                _ => {
                    self.handled += 1;
                    return Some(self.event(ctx, &frame));
                }
            }
        }
        None
    }

    async fn goes_on<A>(&self, ctx: &Ctx<A>) -> bool {
        match ctx.store.outbox(&self.connection).await {
            Ok(outbox) => outbox.is_some_and(|outbox| !outbox.state.has_ended()),
            Err(error) => {
                telemetry::failed(Some(&self.connection), &error);
                true
            }
        }
    }

    /// The event that API Gateway would send for this frame.
    fn event<A>(&self, ctx: &Ctx<A>, frame: &str) -> Value {
        json!({
            "requestContext": {
                "routeKey": "$default",
                "eventType": "MESSAGE",
                "connectionId": self.connection.to_string(),
                "messageId": hex(&ctx.clock.random::<16>()),
                "connectedAt": 0,
                "requestTimeEpoch": ctx.clock.now().millis(),
                "identity": {},
            },
            "stageVariables": self.stage,
            "body": frame,
            "isBase64Encoded": false,
        })
    }

    /// Finishes the POST and returns its response.
    pub async fn finish<A>(self, ctx: &Ctx<A>) -> PollResponse {
        match ctx.store.finish(&self.connection, Direction::Post, ctx.clock.now()).await {
            Ok(()) => PollResponse::packets("ok".to_owned()),
            Err(error) => error.into(),
        }
    }
}
