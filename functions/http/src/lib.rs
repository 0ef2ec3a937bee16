//! The function `http`: the REST routes of every dialect, by prefix and by default, see ARCHITECTURE.md.

mod answer;
mod form;
mod media;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Uri;
use axum::response::Redirect;
use axum::routing::{MethodFilter, MethodRouter, any, get, on};
use shared::ctx::Ctx;
use shared::dialect::{self, Dialect, Route};
use shared::error::{Error, Thing};
use shared::http_event::{self, HttpFunction};

/// The function: it answers events of the HTTP API. Paths without a prefix speak `default`.
pub fn function(ctx: Arc<Ctx>, default: &'static dyn Dialect) -> HttpFunction {
    let router = router(Arc::clone(&ctx), default);
    http_event::function(router, move |malformed| {
        let refusal = refusal(&ctx, default, move || malformed.error());
        Router::new().fallback(refusal).layer(answer::cors(&ctx.config.allowed_origins))
    })
}

/// The router: each dialect's routes under its name, and those of `default` without a prefix too. What no route answers to gets an error
/// in the shape of the dialect whose prefix it has.
fn router(ctx: Arc<Ctx>, default: &'static dyn Dialect) -> Router {
    let named = dialect::ALL.iter().map(|dialect| (format!("/{}", dialect.name()), *dialect));
    let mut router = Router::new();
    for (prefix, dialect) in named.chain([(String::new(), default)]) {
        for route in dialect.all_routes() {
            router = router.route(&format!("{prefix}{}", route.path), handler(&ctx, dialect, route));
        }
        router = router.route(&format!("{prefix}/api/media/{{name}}"), media(&ctx, dialect));
        let health = get(answer::health).with_state(Arc::clone(&ctx));
        router = router.route(&format!("{prefix}/api/socket/health"), health);
    }
    router
        // Whether API Gateway's route `/socket.io/{proxy+}` takes this path, where nothing is left for the variable, is
        // not documented. If it does not, the request comes here, and the client is shown the path that is a route of
        // its own.
        .route("/socket.io/", any(socket_io))
        .fallback(refusal(&ctx, default, || Error::NotFound(Thing::Route)))
        .method_not_allowed_fallback(refusal(&ctx, default, || Error::Method))
        .layer(answer::cors(&ctx.config.allowed_origins))
}

fn handler(ctx: &Arc<Ctx>, dialect: &'static dyn Dialect, route: &'static Route) -> MethodRouter {
    let ctx = Arc::clone(ctx);
    let method = match route.method {
        "DELETE" => MethodFilter::DELETE,
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        _ => MethodFilter::GET,
    };
    on(method, move |request: Request| async move { answer::route(&ctx, dialect, route, request).await })
}

fn media(ctx: &Arc<Ctx>, dialect: &'static dyn Dialect) -> MethodRouter {
    let ctx = Arc::clone(ctx);
    get(move |request: Request| async move { media::serve(&ctx, dialect, request).await })
}

async fn socket_io(uri: Uri) -> Redirect {
    Redirect::temporary(&format!("/socket.io?{}", uri.query().unwrap_or_default()))
}

fn refusal<F>(ctx: &Arc<Ctx>, default: &'static dyn Dialect, error: F) -> MethodRouter
where
    F: Fn() -> Error + Clone + Send + Sync + 'static,
{
    let ctx = Arc::clone(ctx);
    any(move |uri: Uri| async move { answer::refused(&ctx, of_path(uri.path(), default), &error()) })
}

/// The dialect that a path's prefix names, else the default.
fn of_path(path: &str, default: &'static dyn Dialect) -> &'static dyn Dialect {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    dialect::named(first).unwrap_or(default)
}
