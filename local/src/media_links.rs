//! Addresses of media that a client was given, at the address by which that client reaches this machine.
//!
//! Functions sign addresses for the origin of the system, such as `http://127.0.0.1:3000`. A phone in the same network
//! reaches it by another one, which its requests name in the header `Host`.

use axum::Router;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue};

/// The largest answer that is searched for addresses, in bytes. Answers with an address are much smaller.
const BODY_MAX_BYTES: u64 = 64 * 1024;

/// The paths whose answers have addresses contain this.
const MEDIA_PATH: &str = "/api/media/";

/// The router, with addresses that begin with `origin` in its answers replaced by those of the client's `Host`.
pub fn following_host(router: Router, origin: &str) -> Router {
    let origin = origin.to_owned();
    router.layer(from_fn(move |request: Request, next: Next| {
        let origin = origin.clone();
        async move {
            let is_media = request.uri().path().to_ascii_lowercase().contains(MEDIA_PATH);
            let reached = is_media.then(|| reached_at(request.headers())).flatten();
            let response = next.run(request).await;
            match reached {
                Some(reached) if reached != origin => replaced(response, &origin, &reached).await,
                _ => response,
            }
        }
    }))
}

/// The origin by which the client reached the system, maybe through a proxy with TLS.
fn reached_at(headers: &HeaderMap) -> Option<String> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let host: Authority = headers.get(HOST).and_then(text)?.parse().ok()?;
    let is_https = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    Some(format!("{}://{host}", if is_https { "https" } else { "http" }))
}

async fn replaced(response: Response, origin: &str, reached: &str) -> Response {
    let is_json =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let is_small = response.body().size_hint().exact().is_some_and(|bytes| bytes <= BODY_MAX_BYTES);
    if !is_json || !is_small {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // A body of known size is in memory, so reading it does not fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body).replace(&format!("\"{origin}/"), &format!("\"{reached}/"));
    if parts.headers.contains_key(CONTENT_LENGTH) {
        parts.headers.insert(CONTENT_LENGTH, text.len().into());
    }
    Response::from_parts(parts, Body::from(text))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    const ORIGIN: &str = "http://127.0.0.1:3000";

    async fn asked(path: &str, headers: &[(&str, &str)]) -> String {
        let answer =
            || async { ([(CONTENT_TYPE, "application/json")], format!(r#"{{"url":"{ORIGIN}/Media/a?b=c"}}"#)) };
        let router = Router::new().route("/api/media/a/link", get(answer)).route("/api/other", get(answer));
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = following_host(router, ORIGIN).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        String::from_utf8(to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_address_of_media_is_at_the_host_of_the_request() {
        let link = "/api/media/a/link";
        assert_eq!(
            asked(link, &[("host", "192.168.1.5:3000")]).await,
            r#"{"url":"http://192.168.1.5:3000/Media/a?b=c"}"#
        );
        let proxied = [("host", "chat.test"), ("x-forwarded-proto", "https")];
        assert_eq!(asked(link, &proxied).await, r#"{"url":"https://chat.test/Media/a?b=c"}"#);
        let unchanged = format!(r#"{{"url":"{ORIGIN}/Media/a?b=c"}}"#);
        assert_eq!(asked(link, &[]).await, unchanged);
        assert_eq!(asked(link, &[("host", "a\"b")]).await, unchanged);
        assert_eq!(asked("/api/other", &[("host", "192.168.1.5:3000")]).await, unchanged);
    }
}
