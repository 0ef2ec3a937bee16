//! The function `rest`: the REST routes of every dialect with its prefix, and those of the default dialect also
//! without, see ARCHITECTURE.md. And [`moderation`], the function for services.

mod answer;
mod form;
mod media;
pub mod moderation;
mod path;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Uri;
use axum::response::Redirect;
use axum::routing::{MethodFilter, MethodRouter, any, get, on};
use chat::ctx::Ctx;
use chat::dialect::{self, Dialect, Route};
use chat::error::{Error, Thing};
use relay::http_event::{self, HttpFunction};
use tower::ServiceExt as _;

use crate::path::Paths;

/// Creates the function, which answers events of the HTTP API. Paths without a prefix have the dialect `default`.
pub fn function(ctx: Arc<Ctx>, default: &'static Dialect) -> HttpFunction {
    let router = router(Arc::clone(&ctx), default);
    http_event::function(ctx.config.edge.clone(), router, move |malformed| {
        let (field, problem) = malformed.field();
        let refusal = refusal(&ctx, default, move || Error::validation(field, problem));
        Router::new().fallback(refusal).layer(answer::cors(&ctx.config.allowed_origins))
    })
}

/// The router: the routes of each dialect below its name, and those of `default` also without a prefix. A path without
/// a route is answered with an error in the shape of the dialect that its prefix names. A path may end in a slash, and
/// its fixed parts may be in any case.
fn router(ctx: Arc<Ctx>, default: &'static Dialect) -> Router {
    let named = dialect::ALL.iter().map(|dialect| (format!("/{}", dialect.name), *dialect));
    let (mut router, mut paths) = (Router::new(), Paths::default());
    let health = Arc::new(answer::Health::new(Arc::clone(&ctx)));
    for (prefix, dialect) in named.chain([(String::new(), default)]) {
        let of_dialect = dialect.all_routes().map(|route| (route.path, handler(&ctx, dialect, route)));
        let of_all = [
            ("/api/media/{name}", media(&ctx, dialect)),
            ("/api/socket/health", get(answer::health).with_state(Arc::clone(&health))),
        ];
        for (path, handler) in of_dialect.chain(of_all) {
            let path = format!("{prefix}{path}");
            paths.add(&path);
            router = router.route(&path, handler);
        }
    }
    let router = router
        // It is not documented whether API Gateway's route `/socket.io/{proxy+}` takes this path, which leaves nothing
        // for the variable. If it does not, the request arrives here, and the client is redirected to the path that has
        // a route of its own.
        .route("/socket.io/", any(socket_io))
        .fallback(refusal(&ctx, default, || Error::NotFound(Thing::Route)))
        .method_not_allowed_fallback(refusal(&ctx, default, || Error::Method))
        .layer(answer::cors(&ctx.config.allowed_origins));
    // A layer of the router itself would run after the router has chosen the route.
    let paths = Arc::new(paths);
    Router::new().fallback(move |request: Request| router.clone().oneshot(respelled(&paths, request)))
}

/// The request with its path spelled as in the route that it means, if it means one.
fn respelled(paths: &Paths, mut request: Request) -> Request {
    let uri = request.uri();
    let Some(path) = paths.spelled(uri.path()).filter(|path| *path != uri.path()) else { return request };
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = format!("{path}{query}").parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

fn handler(ctx: &Arc<Ctx>, dialect: &'static Dialect, route: &'static Route) -> MethodRouter {
    let ctx = Arc::clone(ctx);
    on(method(route.method), move |request: Request| async move { answer::route(&ctx, dialect, route, request).await })
}

/// The filter of a route's method.
fn method(name: &str) -> MethodFilter {
    match name {
        "DELETE" => MethodFilter::DELETE,
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        _ => MethodFilter::GET,
    }
}

fn media(ctx: &Arc<Ctx>, dialect: &'static Dialect) -> MethodRouter {
    let ctx = Arc::clone(ctx);
    get(move |request: Request| async move { media::serve(&ctx, dialect, request).await })
}

async fn socket_io(uri: Uri) -> Redirect {
    Redirect::temporary(&format!("/socket.io?{}", uri.query().unwrap_or_default()))
}

fn refusal<F>(ctx: &Arc<Ctx>, default: &'static Dialect, error: F) -> MethodRouter
where
    F: Fn() -> Error + Clone + Send + Sync + 'static,
{
    let ctx = Arc::clone(ctx);
    any(move |uri: Uri| async move { answer::refused(&ctx, of_path(uri.path(), default), &error()) })
}

/// The dialect that the prefix of a path names, otherwise the default.
fn of_path(path: &str, default: &'static Dialect) -> &'static Dialect {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    dialect::named(&first.to_ascii_lowercase()).unwrap_or(default)
}
