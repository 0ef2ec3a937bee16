//! The playground: a page at `/`, on which two or more people chat side by side, each in a dialect of their own
//! (docs/playground.md). It exists in `local` only.
//!
//! The page is in `page`, and the stock client that it uses is in `vendor`. `token` makes tokens for the page.

mod files;
mod token;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::response::IntoResponse as _;
use axum::routing::{any, get, post};
use http::header::ACCEPT;
use http::{HeaderMap, Method, Response, StatusCode};
use tower::ServiceExt as _;

use files::File;
pub use token::TokenMaker;

use crate::page_file;

/// What the page may load: its own files, pictures and videos that it has fetched itself, and its own server.
const CONTENT_POLICY: &str = "default-src 'self'; connect-src 'self' ws:; img-src 'self' blob:; media-src 'self' blob:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A router with the playground, for a port whose other requests `rest` answers: the page at `/` for whoever accepts
/// HTML, its files below `/playground/`, and `POST /playground/token`.
pub fn in_front_of(rest: Router, tokens: TokenMaker) -> Router {
    let others = rest.clone();
    let root = move |request: Request| async move {
        let asks = matches!(*request.method(), Method::GET | Method::HEAD);
        if asks && accepts_html(request.headers()) {
            return served(&files::PAGE);
        }
        others.oneshot(request).await.into_response()
    };
    let file = |Path(path): Path<String>| async move {
        files::named(&path).map_or_else(|| StatusCode::NOT_FOUND.into_response(), served)
    };
    // Other methods get 405 here. `rest` would answer OPTIONS, and let other pages make tokens.
    Router::new()
        .route("/", any(root))
        .route("/playground/token", post(token::answer).with_state(tokens))
        .route("/playground/{*path}", get(file))
        .fallback_service(rest)
}

/// Whether a client wants a page, as browsers say when a person opens an address.
fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| {
        let name = kind.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("text/html")
    })
}

fn served(file: &File) -> Response<Body> {
    page_file::served(file.content_type, file.content, CONTENT_POLICY)
}
