//! Requests to addresses outside of AWS.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_types::body::SdkBody;
use thiserror::Error as ThisError;

/// Creates the connector, which may read the certificates of the machine.
pub type MakeConnector = Arc<dyn Fn() -> SharedHttpConnector + Send + Sync>;

/// A client of addresses outside of AWS. It follows no redirects, and reads no bodies of answers.
#[derive(Clone, Debug)]
pub struct Outside(SharedHttpConnector);

/// Why a request has no answer.
#[derive(Debug, ThisError)]
pub enum OutsideError {
    /// The request has no valid form.
    #[error("the request is not valid")]
    Malformed,
    /// There was no answer in time.
    #[error("there is no answer after {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The connection failed.
    #[error("the connection failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Outside {
    /// Creates a client that sends its requests over this connector.
    #[must_use]
    pub const fn new(connector: SharedHttpConnector) -> Self {
        Self(connector)
    }

    /// Posts a body, once. Returns the status of the answer.
    ///
    /// # Errors
    /// [`OutsideError`], if there is no answer within `timeout`. It is then unknown whether the other side has the body.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<u16, OutsideError> {
        let mut request = http::Request::builder().method(http::Method::POST).uri(url);
        request = request.header(http::header::CONTENT_LENGTH, body.len());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(SdkBody::from(body)).map_err(|_| OutsideError::Malformed)?;
        let request = request.try_into().map_err(|_| OutsideError::Malformed)?;
        match tokio::time::timeout(timeout, self.0.call(request)).await {
            Ok(Ok(answer)) => Ok(answer.status().as_u16()),
            Ok(Err(error)) => Err(OutsideError::Failed(error.into())),
            Err(_) => Err(OutsideError::TimedOut(timeout)),
        }
    }
}
