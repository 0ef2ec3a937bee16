//! The client of `@connections`, API Gateway's management API: posting to a connection, and closing one.
//!
//! Deployed, each call is a request of the AWS SDK. The local system answers the same calls in the same process
//! ([`ConnectionService`]), without HTTP and signatures.

use std::sync::Arc;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::http::HttpRequest;
use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::operation::delete_connection::DeleteConnectionError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use futures_util::future::BoxFuture;

use crate::id::ConnectionId;
use crate::invocation;

/// The header that marks a post which goes out as a binary frame, for hosts that have binary frames. It is never sent
/// to API Gateway.
pub const BINARY_POST_HEADER: &str = "x-binary-frame";

/// The answer of a [`ConnectionService`]: what the SDK would return for the same call.
pub type ConnectionAnswer<'a, Failure> = BoxFuture<'a, Result<(), SdkError<Failure>>>;

/// The content of one post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostContent {
    /// Goes out as a text frame.
    Text(String),
    /// Goes out as a binary frame, on hosts that have binary frames.
    Binary(Vec<u8>),
}

/// Connections in this process, which take calls in place of the AWS SDK.
pub trait ConnectionService: std::fmt::Debug + Send + Sync {
    /// Whether calls may be made here at present. Otherwise they go through the SDK.
    fn is_available(&self) -> bool;

    /// Posts to a connection.
    fn post(&self, connection: String, content: PostContent) -> ConnectionAnswer<'_, PostToConnectionError>;

    /// Closes a connection.
    fn delete(&self, connection: String) -> ConnectionAnswer<'_, DeleteConnectionError>;
}

/// A client of `@connections`.
#[derive(Clone, Debug)]
pub struct Connections {
    sdk: Client,
    here: Option<Arc<dyn ConnectionService>>,
}

impl Connections {
    /// Creates a client that makes its calls through the SDK, or to `here` while that is available.
    #[must_use]
    pub fn new(sdk: Client, here: Option<Arc<dyn ConnectionService>>) -> Self {
        Self { sdk, here }
    }

    fn here(&self) -> Option<&Arc<dyn ConnectionService>> {
        self.here.as_ref().filter(|here| here.is_available())
    }

    /// Posts to a connection. One request.
    ///
    /// # Errors
    /// Those of the AWS SDK.
    pub async fn post(
        &self,
        connection: &ConnectionId,
        content: PostContent,
    ) -> Result<(), SdkError<PostToConnectionError>> {
        if let Some(here) = self.here() {
            invocation::note_request();
            return here.post(connection.to_string(), content).await;
        }
        let post = self.sdk.post_to_connection().connection_id(connection.to_string());
        match content {
            PostContent::Text(text) => post.data(Blob::new(text)).send().await.map(drop),
            PostContent::Binary(bytes) => {
                let mark = |request: &mut HttpRequest| drop(request.headers_mut().insert(BINARY_POST_HEADER, "true"));
                post.data(Blob::new(bytes)).customize().mutate_request(mark).send().await.map(drop)
            }
        }
    }

    /// Closes a connection. One request.
    ///
    /// # Errors
    /// Those of the AWS SDK.
    pub async fn delete(&self, connection: &ConnectionId) -> Result<(), SdkError<DeleteConnectionError>> {
        match self.here() {
            Some(here) => {
                invocation::note_request();
                here.delete(connection.to_string()).await
            }
            None => self.sdk.delete_connection().connection_id(connection.to_string()).send().await.map(drop),
        }
    }

    /// Opens the connection to API Gateway before the first event needs it. `unsigned` turns the request into one that
    /// no role has to allow.
    pub async fn warm(&self, unsigned: impl Intercept + 'static) {
        let post = self.sdk.post_to_connection().connection_id("nobody").data(Blob::new(""));
        let _ = post.customize().interceptor(unsigned).send().await;
    }
}
