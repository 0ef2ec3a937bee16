//! Requests to addresses that are not of AWS, such as that of the keys of an identity provider.
//!
//! A request is made once, takes a few seconds at most, follows no redirection, and reads no more than it is told. Who
//! makes it decides when to make it again.

use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::{Error as ErasedError, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::ser_de::DeserializeResponse;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::timeout::TimeoutConfig;
use http::Uri;
use thiserror::Error as ThisError;

use crate::error::Error;

/// How long a request may take, from the lookup of the name to the last byte.
const REQUEST_MAX: Duration = Duration::from_secs(3);

/// The hosts that may be reached without TLS: this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Why there is no answer.
#[derive(Debug, ThisError)]
#[error("{0}")]
pub struct WebError(String);

impl WebError {
    /// The error of an answer whose content cannot be used.
    #[must_use]
    pub fn of_content(problem: &str) -> Self {
        Self(problem.to_owned())
    }
}

impl From<Error> for WebError {
    fn from(error: Error) -> Self {
        Self(crate::telemetry::causes(&error))
    }
}

/// An address: `https:`, or `http:` of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress {
    /// The scheme, the host and the port.
    origin: String,
    /// The path and the query.
    target: String,
}

impl WebAddress {
    /// Takes an address; `None` if it is not absolute, has a user in it, or leaves this machine without TLS.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let is_safe = scheme == "https" || (scheme == "http" && LOOPBACK.contains(&authority.host()));
        if !is_safe || authority.as_str().contains('@') {
            return None;
        }
        let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Some(Self { origin: format!("{scheme}://{authority}"), target })
    }
}

/// A client of such addresses.
#[derive(Clone, Debug)]
pub struct Web {
    client: Option<SharedHttpClient>,
}

impl Web {
    /// Creates a client that makes its requests with `client`; `None` if this host cannot make any.
    #[must_use]
    pub const fn new(client: Option<SharedHttpClient>) -> Self {
        Self { client }
    }

    /// Reads a text of at most `max_bytes`. One request, three seconds.
    ///
    /// # Errors
    /// [`WebError`], if there is no answer in time, if its status is not 200, or if it is larger or no text.
    pub async fn get(&self, address: &WebAddress, max_bytes: usize) -> Result<String, WebError> {
        let Some(client) = &self.client else { return Err(WebError("this host reaches no other one".to_owned())) };
        // On the heap, so that the futures of functions stay small: such a request is rare.
        let answered = tokio::time::timeout(REQUEST_MAX, Box::pin(read(client, address, max_bytes))).await;
        answered.map_err(|_| WebError(format!("no whole answer within {} s", REQUEST_MAX.as_secs())))?
    }
}

async fn read(client: &SharedHttpClient, address: &WebAddress, max_bytes: usize) -> Result<String, WebError> {
    let request = Operation::builder()
        .service_name("web")
        .operation_name("Get")
        .behavior_version(BehaviorVersion::latest())
        .http_client(client.clone())
        .endpoint_url(&address.origin)
        .no_auth()
        .no_retry()
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .sleep_impl(TokioSleep::new())
        .serializer(|target: String| {
            let request = http::Request::builder().uri(target).header("accept", "application/json");
            Ok::<HttpRequest, BoxError>(request.body(SdkBody::empty())?.try_into()?)
        })
        .deserializer_impl::<HttpResponse, WebError>(Unread)
        .build();
    let failed = |error: &dyn std::error::Error| {
        let causes = crate::telemetry::causes(error);
        WebError(if causes.is_empty() { error.to_string() } else { causes })
    };
    let answer = request.invoke(address.target.clone()).await.map_err(|error| failed(&error))?;
    let status = answer.status().as_u16();
    if status != 200 {
        return Err(WebError(format!("the answer has the status {status}")));
    }
    let (mut body, mut bytes) = (ByteStream::new(answer.into_body()), Vec::new());
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| failed(&error))?);
        if bytes.len() > max_bytes {
            return Err(WebError(format!("the answer is larger than {max_bytes} bytes")));
        }
    }
    String::from_utf8(bytes).map_err(|_| WebError("the answer is not UTF-8".to_owned()))
}

/// Hands over an answer whose body has not been read yet, whatever its status.
#[derive(Debug)]
struct Unread;

impl DeserializeResponse for Unread {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<ErasedError>>> {
        let mut whole = HttpResponse::new(response.status(), std::mem::replace(response.body_mut(), SdkBody::taken()));
        *whole.headers_mut() = response.headers().clone();
        Some(Ok(Output::erase(whole)))
    }

    fn deserialize_nonstreaming_with_config(
        &self,
        _: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<ErasedError>> {
        Err(OrchestratorError::other("every answer is taken before its body is read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_unless_it_is_of_this_machine() {
        for (text, origin, target) in [
            ("https://id.example/.well-known/jwks.json", "https://id.example", "/.well-known/jwks.json"),
            ("https://id.example:8443/keys?v=2", "https://id.example:8443", "/keys?v=2"),
            ("https://id.example", "https://id.example", "/"),
            ("http://127.0.0.1:3000/keys", "http://127.0.0.1:3000", "/keys"),
            ("http://[::1]/keys", "http://[::1]", "/keys"),
            ("http://localhost/keys", "http://localhost", "/keys"),
        ] {
            let expected = WebAddress { origin: origin.to_owned(), target: target.to_owned() };
            assert_eq!(WebAddress::parse(text), Some(expected), "{text}");
        }
        for text in
            ["", "keys", "/keys", "http://id.example/keys", "http://localhost.example/", "ftp://id.example/keys"]
        {
            assert_eq!(WebAddress::parse(text), None, "{text}");
        }
        assert_eq!(WebAddress::parse("https://user:password@id.example/keys"), None);
        assert_eq!(WebAddress::parse("http://localhost@id.example/keys"), None);
    }
}
