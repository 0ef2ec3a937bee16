//! The contracts of the dialects at `/docs`: a page that shows them, and the AsyncAPI and OpenAPI documents that it
//! reads (docs/api/README.md). It exists in `local` only.
//!
//! The documents are those of the repository, as they were when `local` was built. They are no secret, so pages of
//! other origins may read them, such as an editor for OpenAPI.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::IntoResponse as _;
use axum::routing::get;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::page_file;

/// What the page may load: its own files and the documents.
const CONTENT_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// A file below `/docs`.
struct File {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
}

const PAGE: File = File { name: "index.html", content_type: HTML, content: include_str!("page/index.html") };

/// What the page loads, below `/docs/page/`.
const FILES: [File; 6] = [
    File { name: "icon.svg", content_type: SVG, content: include_str!("page/icon.svg") },
    File { name: "style.css", content_type: CSS, content: include_str!("page/style.css") },
    File { name: "main.mjs", content_type: SCRIPT, content: include_str!("page/main.mjs") },
    File { name: "elements.mjs", content_type: SCRIPT, content: include_str!("page/elements.mjs") },
    File { name: "entries.mjs", content_type: SCRIPT, content: include_str!("page/entries.mjs") },
    File { name: "schema.mjs", content_type: SCRIPT, content: include_str!("page/schema.mjs") },
];

/// A document of docs/api.
macro_rules! document {
    ($name:literal) => {
        File { name: $name, content_type: JSON, content: include_str!(concat!("../../../docs/api/", $name)) }
    };
}

/// The documents, in the order in which the page lists their dialects.
const DOCUMENTS: &[File] = &[
    document!("recruiting.asyncapi.json"),
    document!("recruiting.openapi.json"),
    document!("marketplace.asyncapi.json"),
    document!("marketplace.openapi.json"),
    document!("messenger.asyncapi.json"),
    document!("messenger.openapi.json"),
    document!("workspace.asyncapi.json"),
    document!("workspace.openapi.json"),
    document!("classroom.asyncapi.json"),
    document!("classroom.openapi.json"),
    document!("moderation.openapi.json"),
];

/// A router for a port whose other requests `rest` answers: the page at `/docs`, its files below `/docs/page/`, the
/// documents such as `/docs/recruiting.openapi.json`, and their names at `/docs/documents`.
pub fn in_front_of(rest: Router) -> Router {
    let page = || async { served(&PAGE) };
    let file = |Path(name): Path<String>| async move { found(&FILES, &name) };
    let document = |Path(name): Path<String>| async move {
        let mut answer = found(DOCUMENTS, &name);
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        answer
    };
    Router::new()
        .route("/docs", get(page))
        .route("/docs/", get(page))
        .route("/docs/page/{file}", get(file))
        .route("/docs/documents", get(names))
        .route("/docs/{document}", get(document))
        .fallback_service(rest)
}

/// `GET /docs/documents`: the names of all documents.
async fn names() -> Response<Body> {
    let names: Vec<&str> = DOCUMENTS.iter().map(|document| document.name).collect();
    ([(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-cache")], json!({"documents": names}).to_string()).into_response()
}

fn found(files: &'static [File], name: &str) -> Response<Body> {
    files.iter().find(|file| file.name == name).map_or_else(
        || {
            let message = format!("there is no {name} here; /docs/documents lists the documents");
            let body = json!({"message": message}).to_string();
            (StatusCode::NOT_FOUND, [(CONTENT_TYPE, JSON)], body).into_response()
        },
        served,
    )
}

fn served(file: &File) -> Response<Body> {
    page_file::served(file.content_type, file.content.as_bytes(), CONTENT_POLICY)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    fn names_in(folder: &str, end: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(end)).collect()
    }

    #[test]
    fn every_document_is_served() {
        let served: BTreeSet<String> = DOCUMENTS.iter().map(|document| document.name.to_owned()).collect();
        assert_eq!(served, names_in("../docs/api", ".json"));
    }

    #[test]
    fn every_file_of_the_page_is_served() {
        let files = FILES.iter().chain([&PAGE]);
        assert_eq!(files.map(|file| file.name.to_owned()).collect::<BTreeSet<_>>(), names_in("src/docs/page", ""));
    }
}
