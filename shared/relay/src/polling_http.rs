//! The function `polling`: Engine.IO over HTTP long-polling, from requests of the HTTP API to the relay and back. It
//! handles the events that a client posts in this process, one after another.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::application::{Application, StageVariables};
use crate::ctx::Ctx;
use crate::http_event::{self, HttpFunction};
use crate::polling::{self, PollRequest, PollResponse};
use crate::switchboard;

/// The methods of a client that polls.
const METHODS: [Method; 2] = [Method::GET, Method::POST];

/// Creates the function, which answers events of the HTTP API. `stage` are the variables of the stage, which an HTTP
/// API does not hand over.
pub fn function<A: Application>(ctx: Arc<Ctx<A>>, stage: StageVariables) -> HttpFunction {
    let router = router(Arc::clone(&ctx), stage);
    http_event::function(ctx.config.edge.clone(), router, move |_| {
        Router::new()
            .fallback(async || written(bad_request()))
            .layer(http_event::cors(&ctx.config.allowed_origins, &METHODS))
    })
}

/// The router. It answers at every path, because the HTTP API chooses the paths.
fn router<A: Application>(ctx: Arc<Ctx<A>>, stage: StageVariables) -> Router {
    let cors = http_event::cors(&ctx.config.allowed_origins, &METHODS);
    let handler = move |request: extract::Request| async move { written(handle(&ctx, &stage, request).await) };
    Router::new().fallback(handler).layer(cors)
}

async fn handle<A: Application>(ctx: &Ctx<A>, stage: &StageVariables, request: extract::Request) -> PollResponse {
    let (parts, body) = request.into_parts();
    let query = http_event::query(&parts.uri);
    // API Gateway appends the address of the peer to those that the client claims.
    let forwarded = parts.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let peer = forwarded.and_then(|all| all.rsplit(',').next()).unwrap_or_default().trim();
    let source_ip = ctx.config.edge.client_address(&parts.headers, peer);
    let request = PollRequest { method: parts.method, query, headers: parts.headers, source_ip };
    if request.method != Method::POST {
        return polling::get(ctx, request).await;
    }
    let Ok(body) = to_bytes(body, ctx.config.host.max_payload_bytes).await else { return PollResponse::too_large() };
    match polling::post(ctx, &request, &body, stage).await {
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
