//! Answers a REST request: returns the command's answer, and delivers its notices to sockets as if the command had come
//! from a socket.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_RANGE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chat::app::{self, Caller, Outcome, Then};
use chat::application::note_delivery;
use chat::ctx::Ctx;
use chat::deliver::Delivering;
use chat::dialect::{Dialect, Route};
use chat::error::Error;
use chat::telemetry;
use relay::clock::Timestamp;
use relay::config::Origins;
use relay::{http_event, invocation};
use serde_json::{Value, json};
use tower_http::cors::CorsLayer;

use crate::request;

/// The limits of the health route, which anybody may call: the most sockets that it counts, the number of sockets above
/// which it returns the same answer again, and for how many milliseconds.
const CONNECTED_MAX: u32 = 1_000;
const COUNTED_EACH_TIME_MAX: usize = 100;
const COUNT_GOOD_MILLIS: i64 = 10_000;

/// Serves one route.
pub(crate) async fn route(ctx: &Ctx, dialect: &'static Dialect, route: &Route, request: Request) -> Response {
    telemetry::note_dialect(dialect);
    invocation::note_event(&format!("{} {}", route.method, route.path));
    match run(ctx, dialect, route, request).await {
        Ok((status, body)) => json_response(status, body),
        Err(error) => refused(ctx, dialect, &error),
    }
}

async fn run(ctx: &Ctx, dialect: &'static Dialect, route: &Route, request: Request) -> Result<(u16, Value), Error> {
    let identity = request::identity(ctx, route.asker, request.headers()).await?;
    let command = request::command(route, request).await?;
    let caller =
        Caller { user: &identity.user, dialect, session: None, at: ctx.clock.now(), invocation: None, found: None };
    let Outcome { answer, envelopes, then } = app::run(ctx, &caller, command).await?;
    let mut delivering = Delivering::new(ctx, None);
    // The command has already run, so the function goes on after this error. Without profiles the answer shows ids.
    if let Err(error) = delivering.prepare(dialect, &answer, &envelopes).await {
        telemetry::failed(None, &error);
    }
    let said = dialect.rest_response(&answer, &delivering.caller(&identity.user));
    let posted = delivering.deliver(Vec::new(), &envelopes).await;
    if let Then::NoteDelivery(sent) = then {
        note_delivery(ctx, &mut delivering, &sent, posted).await;
    }
    Ok(said)
}

/// An error in the shape of the dialect.
pub(crate) fn refused(ctx: &Ctx, dialect: &Dialect, error: &Error) -> Response {
    telemetry::failed(None, error);
    let mut response = json_response(error.status(), (dialect.rest_error)(error, ctx.clock.now()));
    if let Error::RateLimit { retry_after_secs, .. } = error {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*retry_after_secs));
    }
    response
}

pub(crate) fn json_response(status: u16, body: Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(body)).into_response()
}

/// The number of live sockets, and the number of rooms that they joined.
#[derive(Clone, Copy)]
struct Count {
    sockets: usize,
    rooms: usize,
    good_until: Timestamp,
}

/// The state of the health route.
pub(crate) struct Health {
    ctx: Arc<Ctx>,
    last: Mutex<Option<Count>>,
}

impl Health {
    pub(crate) const fn new(ctx: Arc<Ctx>) -> Self {
        Self { ctx, last: Mutex::new(None) }
    }

    async fn count(&self) -> Result<Count, Error> {
        let now = self.ctx.clock.now();
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = last.filter(|count| now < count.good_until) {
            return Ok(count);
        }
        let (sockets, rooms) = self.ctx.app.store.sockets_and_rooms(CONNECTED_MAX).await?;
        let good_millis = if sockets > COUNTED_EACH_TIME_MAX { COUNT_GOOD_MILLIS } else { 0 };
        let count = Count { sockets, rooms, good_until: now.plus_millis(good_millis) };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(count);
        Ok(count)
    }
}

/// The health route. It needs no token. For up to 100 sockets the numbers are exact. For more they may be ten seconds
/// old, and more than 1,000 sockets are not counted.
pub(crate) async fn health(State(health): State<Arc<Health>>) -> Response {
    match health.count().await {
        Ok(Count { sockets, rooms, .. }) => {
            let socket = json!({"initialized": true, "connected": sockets, "rooms": rooms});
            json_response(200, json!({"status": "ok", "socket": socket}))
        }
        Err(error) => {
            telemetry::failed(None, &error);
            json_response(
                503,
                json!({"status": "unavailable", "socket": {"initialized": false, "connected": 0, "rooms": 0}}),
            )
        }
    }
}

/// The CORS rules of REST, and the headers that a page may read.
pub(crate) fn cors(origins: &Origins) -> CorsLayer {
    http_event::cors(origins, &[Method::GET, Method::POST, Method::PUT, Method::DELETE]).expose_headers([
        CONTENT_DISPOSITION,
        CONTENT_RANGE,
        RETRY_AFTER,
    ])
}
