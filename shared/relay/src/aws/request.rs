//! The form of requests to the services without an SDK crate, and of their answers.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error as ThisError;

use crate::error::Error;

/// What a path keeps as it is: RFC 3986's unreserved characters, and the slash.
const IN_PATH: AsciiSet = IN_QUERY.remove(b'/');
/// What a query keeps as it is: RFC 3986's unreserved characters.
const IN_QUERY: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request, not signed yet.
#[derive(Debug)]
pub struct Request {
    pub(super) operation: &'static str,
    pub(super) method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Request {
    /// Creates a request. `operation` is the name that AWS gives it, for errors. `path` begins with a slash and is not
    /// percent-encoded.
    #[must_use]
    pub fn new(operation: &'static str, method: Method, path: impl Into<String>) -> Self {
        let (query, headers, body) = Default::default();
        Self { operation, method, path: path.into(), query, headers, body }
    }

    /// Adds a parameter to the query. The value is not percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a header. The name is in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Path and query, percent-encoded.
    pub(super) fn target(&self) -> String {
        let mut target = utf8_percent_encode(&self.path, &IN_PATH).to_string();
        for (index, (name, value)) in self.query.iter().enumerate() {
            let sign = if index == 0 { '?' } else { '&' };
            target.push_str(&format!("{sign}{name}={}", utf8_percent_encode(value, &IN_QUERY)));
        }
        target
    }

    /// The request for the SDK's runtime. Its address has no scheme and no host yet.
    ///
    /// # Errors
    /// If a header or the path is not valid in HTTP.
    pub(super) fn into_http(self) -> Result<HttpRequest, BoxError> {
        let mut request = http::Request::builder().method(&self.method).uri(self.target());
        // S3 refuses a PUT that does not say how long it is, even if it is empty.
        if !matches!(self.method, Method::GET | Method::HEAD | Method::DELETE) {
            request = request.header(http::header::CONTENT_LENGTH, self.body.len());
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        Ok(request.body(SdkBody::from(self.body))?.try_into()?)
    }
}

/// A successful answer. Its body may not have been read yet.
#[derive(Debug)]
pub struct Answer(pub(super) HttpResponse);

impl Answer {
    /// The value of a header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)
    }

    /// Reads the body.
    ///
    /// # Errors
    /// `Error::Internal` if the connection ends before the body.
    pub async fn bytes(self) -> Result<Vec<u8>, Error> {
        let body = ByteStream::new(self.0.into_body());
        Ok(body.collect().await.map_err(Error::internal)?.to_vec())
    }
}

/// Why a request has no successful answer.
#[derive(Debug, ThisError)]
pub enum RequestError {
    /// The service refused the request.
    #[error("{service} refuses {operation}: {refusal}")]
    Refused {
        /// The service.
        service: &'static str,
        /// The operation.
        operation: &'static str,
        /// The answer of the service.
        refusal: Refusal,
    },
    /// The request could not be made, or its answer did not arrive. It is unknown whether the service has done it.
    #[error("{service} does not answer {operation}")]
    Failed {
        /// The service.
        service: &'static str,
        /// The operation.
        operation: &'static str,
        /// The reason.
        source: BoxError,
    },
}

impl RequestError {
    /// The HTTP status of the refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal.status),
            Self::Failed { .. } => None,
        }
    }

    /// The name that AWS gives to the refusal, such as `TooManyRequestsException`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { refusal, .. } => refusal.code(),
            Self::Failed { .. } => None,
        }
    }
}

/// The answer of a service that refuses a request.
#[derive(Debug)]
pub struct Refusal {
    status: u16,
    metadata: ErrorMetadata,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(code) = self.code() {
            write!(f, " {code}")?;
        }
        match self.message() {
            Some(message) => write!(f, ", {message}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }
}

impl Refusal {
    /// Reads an answer. S3 and SNS describe the error in XML, all others in JSON. The answer to
    /// HEAD has no body.
    pub(super) fn read(response: &HttpResponse) -> Self {
        let body = response.body().bytes().unwrap_or_default();
        let in_json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let in_xml = String::from_utf8_lossy(body);
        let json = |name: &str| in_json.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let code = response.headers().get("x-amzn-errortype").map(str::to_owned);
        let code = code.or_else(|| json("__type")).or_else(|| element(&in_xml, "Code"));
        let message = json("message").or_else(|| json("Message")).or_else(|| element(&in_xml, "Message"));
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = &code {
            // `namespace#Code:address`
            let code = code.split(':').next().unwrap_or_default();
            metadata = metadata.code(code.rsplit('#').next().unwrap_or_default());
        }
        if let Some(message) = message {
            metadata = metadata.message(message);
        }
        Self { status: response.status().as_u16(), metadata: metadata.build() }
    }
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.to_owned())
}
