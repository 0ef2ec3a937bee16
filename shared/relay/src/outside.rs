//! Requests to addresses outside of AWS, such as that of a receiver of webhooks or of the keys of an identity provider.
//!
//! A request is made once, takes a few seconds at most, and follows no redirection. Who makes it decides when to make it
//! again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use http::request::Builder;
use http::{Method, Uri};
use thiserror::Error as ThisError;

use crate::error::Error;

/// How long it may take to read a text, from the lookup of the name to the last byte.
const READ_MAX: Duration = Duration::from_secs(3);

/// The hosts that may be reached without TLS: this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Creates the connector, which may read the certificates of the machine.
pub type MakeConnector = Arc<dyn Fn() -> SharedHttpConnector + Send + Sync>;

/// An address: `https:`, or `http:` of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Uri);

impl Address {
    /// Takes an address; `None` if it is not absolute, has a user in it, or leaves this machine without TLS.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let is_safe = scheme == "https" || (scheme == "http" && LOOPBACK.contains(&authority.host()));
        let is_whole = !authority.host().is_empty() && !authority.as_str().contains('@');
        (is_safe && is_whole).then_some(Self(uri))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A client of addresses outside of AWS.
#[derive(Clone, Debug)]
pub struct Outside(SharedHttpConnector);

/// Why a request has no answer, or none that can be used.
#[derive(Debug, ThisError)]
pub enum OutsideError {
    /// The request has no valid form.
    #[error("the request is not valid")]
    Malformed,
    /// There was no whole answer in time.
    #[error("there is no whole answer after {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Failed(String),
    /// The answer has another status than 200.
    #[error("the answer has the status {0}")]
    Status(u16),
    /// The content of the answer cannot be used.
    #[error("{0}")]
    Content(String),
}

impl From<Error> for OutsideError {
    fn from(error: Error) -> Self {
        Self::Failed(causes(&error))
    }
}

impl Outside {
    /// Creates a client that sends its requests over this connector.
    #[must_use]
    pub const fn new(connector: SharedHttpConnector) -> Self {
        Self(connector)
    }

    /// Reads a text of at most `max_bytes`. One request, three seconds.
    ///
    /// # Errors
    /// [`OutsideError`], if there is no answer in time, if its status is not 200, or if it is larger or no text.
    pub async fn get(&self, address: &Address, max_bytes: usize) -> Result<String, OutsideError> {
        let request = http::Request::builder().method(Method::GET).header("accept", "application/json");
        // On the heap, so that the futures of functions stay small: such a request is rare.
        let reading = Box::pin(async {
            let answer = self.send(address, request, SdkBody::empty()).await?;
            match answer.status().as_u16() {
                200 => text(answer, max_bytes).await,
                status => Err(OutsideError::Status(status)),
            }
        });
        tokio::time::timeout(READ_MAX, reading).await.map_err(|_| OutsideError::TimedOut(READ_MAX))?
    }

    /// Posts a body, once. Returns the status of the answer, whose body is not read.
    ///
    /// # Errors
    /// [`OutsideError`], if there is no answer within `timeout`. It is then unknown whether the other side has the body.
    pub async fn post(
        &self,
        address: &Address,
        headers: &[(&str, String)],
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<u16, OutsideError> {
        let mut request = http::Request::builder().method(Method::POST).header("content-length", body.len());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let sending = self.send(address, request, SdkBody::from(body));
        let answer = tokio::time::timeout(timeout, sending).await.map_err(|_| OutsideError::TimedOut(timeout))?;
        Ok(answer?.status().as_u16())
    }

    async fn send(&self, address: &Address, request: Builder, body: SdkBody) -> Result<HttpResponse, OutsideError> {
        let request = request.uri(&address.0).body(body).map_err(|_| OutsideError::Malformed)?;
        let request = request.try_into().map_err(|_| OutsideError::Malformed)?;
        self.0.call(request).await.map_err(|error| OutsideError::Failed(causes(&error)))
    }
}

async fn text(answer: HttpResponse, max_bytes: usize) -> Result<String, OutsideError> {
    let (mut body, mut bytes) = (ByteStream::new(answer.into_body()), Vec::new());
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| OutsideError::Failed(causes(&error)))?);
        if bytes.len() > max_bytes {
            return Err(OutsideError::Content(format!("the answer is larger than {max_bytes} bytes")));
        }
    }
    String::from_utf8(bytes).map_err(|_| OutsideError::Content("the answer is not UTF-8".to_owned()))
}

/// An error with everything behind it.
fn causes(error: &dyn std::error::Error) -> String {
    match crate::telemetry::causes(error) {
        causes if causes.is_empty() => error.to_string(),
        causes => causes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_unless_it_is_of_this_machine() {
        for text in [
            "https://id.example/.well-known/jwks.json",
            "https://id.example:8443/keys?v=2",
            "https://id.example",
            "http://127.0.0.1:3000/keys",
            "http://[::1]:1/keys",
            "http://localhost:1",
        ] {
            assert!(Address::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "keys",
            "/keys",
            "id.example",
            "https://",
            "http://id.example/keys",
            "http://localhost.example/",
            "http://127.0.0.1.example",
            "ftp://localhost/keys",
            "https://user:password@id.example/keys",
            "http://localhost@id.example/keys",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
