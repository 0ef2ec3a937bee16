//! Files of the pages of `local`, as they were when it was built.

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

/// The response with a file of a page. `content_policy` is what the page may load.
pub(crate) fn served(
    content_type: &'static str,
    content: &'static [u8],
    content_policy: &'static str,
) -> Response<Body> {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, content_policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // The next build may have other files.
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, content).into_response()
}
