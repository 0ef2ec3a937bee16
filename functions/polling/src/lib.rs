//! The function `polling`: Engine.IO over HTTP long-polling, see ARCHITECTURE.md. It handles the events that a client
//! posts in this process, one after another.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use shared::ctx::Ctx;
use shared::dialect::Dialect;
use shared::http_event::{self, HttpFunction};
use shared::relay::polling::{self, PollRequest, PollResponse};

/// The methods of a client that polls.
const METHODS: [Method; 2] = [Method::GET, Method::POST];

/// Creates the function, which answers events of the HTTP API. `default` is the dialect of the root namespace.
pub fn function(ctx: Arc<Ctx>, default: &'static dyn Dialect) -> HttpFunction {
    let router = router(Arc::clone(&ctx), default);
    http_event::function(router, move |_| {
        Router::new()
            .fallback(async || written(bad_request()))
            .layer(http_event::cors(&ctx.config.allowed_origins, &METHODS))
    })
}

/// The router. It answers at every path, because the HTTP API chooses the paths.
fn router(ctx: Arc<Ctx>, default: &'static dyn Dialect) -> Router {
    let cors = http_event::cors(&ctx.config.allowed_origins, &METHODS);
    let handler = move |request: extract::Request| async move { written(handle(&ctx, default, request).await) };
    Router::new().fallback(handler).layer(cors)
}

async fn handle(ctx: &Ctx, default: &'static dyn Dialect, request: extract::Request) -> PollResponse {
    let (parts, body) = request.into_parts();
    let query = http_event::query(&parts.uri);
    // API Gateway appends the address of the peer to those that the client claims.
    let forwarded = parts.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let source_ip = forwarded.and_then(|all| all.rsplit(',').next()).unwrap_or_default().trim().to_owned();
    let request = PollRequest { method: parts.method, query, headers: parts.headers, source_ip };
    if request.method != Method::POST {
        return polling::get(ctx, request).await;
    }
    let Ok(body) = to_bytes(body, ctx.config.host.max_payload_bytes).await else { return PollResponse::too_large() };
    match polling::post(ctx, &request, &body, default).await {
        Ok(mut posted) => {
            while let Some(event) = posted.next(ctx).await {
                Box::pin(switchboard::handle(ctx, event)).await;
            }
            posted.finish(ctx).await
        }
        Err(answer) => answer,
    }
}

/// The answer to a request that cannot be read.
fn bad_request() -> PollResponse {
    PollResponse { status: 400, is_json: true, body: r#"{"code":3,"message":"Bad request"}"#.to_owned() }
}

fn written(answer: PollResponse) -> Response {
    let kind = if answer.is_json { "application/json" } else { "text/plain; charset=UTF-8" };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        // The same address returns something else each time.
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, headers, answer.body).into_response()
}
