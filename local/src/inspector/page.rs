//! The page and its files, as they were built in.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;

use super::{Page, answer, problem};

pub(super) const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// The files that the page loads: name, type and content.
const FILES: [(&str, &str, &str); 10] = [
    ("icon.svg", SVG, include_str!("page/icon.svg")),
    ("style.css", CSS, include_str!("page/style.css")),
    ("main.js", JAVASCRIPT, include_str!("page/main.js")),
    ("dom.js", JAVASCRIPT, include_str!("page/dom.js")),
    ("stream.js", JAVASCRIPT, include_str!("page/stream.js")),
    ("live.js", JAVASCRIPT, include_str!("page/live.js")),
    ("invocations.js", JAVASCRIPT, include_str!("page/invocations.js")),
    ("tables.js", JAVASCRIPT, include_str!("page/tables.js")),
    ("functions.js", JAVASCRIPT, include_str!("page/functions.js")),
    ("transcript.js", JAVASCRIPT, include_str!("page/transcript.js")),
];

/// The place of the links in `index.html`.
const PLACE_OF_LINKS: &str = "<!-- pages -->";

/// The page, with links to these other pages.
pub(super) fn index(pages: &[Page]) -> String {
    let links = pages.iter().map(|Page { name, path }| format!("<a href=\"{path}\" target=\"_blank\">{name}</a>"));
    include_str!("page/index.html").replace(PLACE_OF_LINKS, &links.collect::<Vec<_>>().join("\n        "))
}

/// `GET /_local/page/{file}`.
pub(super) async fn file(Path(name): Path<String>) -> Response {
    match FILES.into_iter().find(|(file, ..)| *file == name) {
        Some((_, content_type, content)) => answer(StatusCode::OK, content_type, content),
        None => problem(StatusCode::NOT_FOUND, "the page has no file of this name"),
    }
}
