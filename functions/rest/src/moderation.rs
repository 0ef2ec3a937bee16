//! The function `moderation`: the routes below `/moderation`, for tokens with the role `service` (docs/moderation.md).
//!
//! Each request with a valid token leaves one line in the log, with the target `audit`: who, what, whose data, and the
//! outcome. It has ids and no texts, names or addresses.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, on};
use chat::app;
use chat::application::moderation;
use chat::auth::Identity;
use chat::ctx::Ctx;
use chat::dialect::moderation::{Answer, ROUTES, Route, answer, error as words};
use chat::domain::moderation::Inquiry;
use chat::error::{Error, Thing};
use chat::telemetry;
use relay::http_event::{self, HttpFunction};
use relay::invocation;
use relay::telemetry::AUDIT;
use tower::ServiceExt as _;

use crate::answer::json_response;
use crate::path::Paths;
use crate::{method, request, respelled};

/// The header with the cursor of the next part of an export.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// The content type of JSON Lines.
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// Creates the function, which answers events of the HTTP API.
pub fn function(ctx: Arc<Ctx>) -> HttpFunction {
    let router = router(&ctx);
    http_event::function(ctx.config.edge.clone(), router, move |malformed| {
        let (field, problem) = malformed.field();
        let refusal = any(async move || refused(&Error::validation(field, problem)));
        Router::new().fallback(refusal).layer(cors(&ctx))
    })
}

/// The router. A path may end in a slash, and its fixed parts may be in any case.
fn router(ctx: &Arc<Ctx>) -> Router {
    let (mut router, mut paths) = (Router::new(), Paths::default());
    for route in ROUTES {
        paths.add(route.path);
        router = router.route(route.path, handler(ctx, route));
    }
    let router = router
        .fallback(any(async || refused(&Error::NotFound(Thing::Route))))
        .method_not_allowed_fallback(any(async || refused(&Error::Method)))
        .layer(cors(ctx));
    // A layer of the router itself would run after the router has chosen the route.
    let paths = Arc::new(paths);
    Router::new().fallback(move |request: Request| router.clone().oneshot(respelled(&paths, request)))
}

/// The CORS rules of moderation: those of REST, and the cursor of an export may be read.
fn cors(ctx: &Ctx) -> tower_http::cors::CorsLayer {
    let methods = [Method::GET, Method::POST, Method::DELETE];
    http_event::cors(&ctx.config.allowed_origins, &methods).expose_headers([NEXT_CURSOR])
}

fn handler(ctx: &Arc<Ctx>, route: &'static Route) -> MethodRouter {
    let ctx = Arc::clone(ctx);
    on(method(route.method), move |request: Request| async move { respond(&ctx, route, request).await })
}

async fn respond(ctx: &Ctx, route: &Route, request: Request) -> Response {
    invocation::note_event(&format!("{} {}", route.method, route.path));
    let actor = match identity(ctx, request.headers()).await {
        Ok(actor) => actor,
        // A stranger leaves no line in the audit, or could fill it.
        Err(error) => return refused(&error),
    };
    let request_id = http_event::request_id(request.extensions()).unwrap_or_default().to_owned();
    let audit = Audit { actor: &actor, request_id: &request_id, route };
    let inquiry = request::inquiry(route, request).await;
    let allowed = app::authenticate_service(actor.clone());
    let inquiry = match (allowed, inquiry) {
        (Ok(_), Ok(inquiry)) => inquiry,
        (Err(error), inquiry) => {
            audit.write(inquiry.as_ref().ok(), error.status());
            return refused(&error);
        }
        (Ok(_), Err(error)) => {
            audit.write(None, error.status());
            return refused(&error);
        }
    };
    let found = moderation::answer(ctx, inquiry.clone()).await;
    let response = match &found {
        Ok(found) => response(answer(found)),
        Err(error) => refused(error),
    };
    audit.write(Some(&inquiry), response.status().as_u16());
    response
}

/// The identity of a valid token, whatever its role.
async fn identity(ctx: &Ctx, headers: &HeaderMap) -> Result<Identity, Error> {
    app::verified(ctx, request::token(headers)).await
}

/// What the line of a request says.
struct Audit<'a> {
    actor: &'a Identity,
    request_id: &'a str,
    route: &'a Route,
}

impl Audit<'_> {
    /// Writes the line. `inquiry` is what was asked for, if that could be read.
    fn write(&self, inquiry: Option<&Inquiry>, status: u16) {
        let Self { actor, request_id, route } = self;
        let user = inquiry.and_then(Inquiry::user).map(ToString::to_string).unwrap_or_default();
        let chat = inquiry.and_then(Inquiry::chat).map(ToString::to_string).unwrap_or_default();
        let action = inquiry.map_or("malformed", Inquiry::action);
        tracing::info!(
            target: AUDIT,
            {
                actor.id = %actor.user,
                action = action,
                route.method = route.method,
                route.path = route.path,
                user.id = user,
                chat.id = chat,
                status = status,
                request.id = request_id
            },
            "moderation"
        );
    }
}

fn response(answer: Answer) -> Response {
    match answer {
        Answer::Json { status, body } => json_response(status, body),
        Answer::Lines { text, next_cursor } => {
            let mut response = (StatusCode::OK, Body::from(text)).into_response();
            response.headers_mut().insert(CONTENT_TYPE, LINES);
            if let Some(cursor) = next_cursor.and_then(|cursor| HeaderValue::try_from(cursor).ok()) {
                response.headers_mut().insert(NEXT_CURSOR, cursor);
            }
            response
        }
    }
}

/// An error as a response. It is logged here.
fn refused(error: &Error) -> Response {
    telemetry::failed(None, error);
    json_response(error.status(), words(error))
}
