//! The receiver of webhooks, outside of the system: it answers as a test says, and keeps what it was sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use relay::outside::MakeConnector;
use serde_json::Value;

/// How the receiver answers one post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// With this status.
    Status(u16),
    /// Not at all.
    Nothing,
    /// It refuses the connection.
    Refused,
}

/// A post that the receiver was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// The address.
    pub url: String,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
    /// The body.
    pub body: String,
}

impl Post {
    /// The body as JSON.
    #[must_use]
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// The receiver of webhooks. It passes on what is no post, such as the request for the keys of an identity provider, to
/// servers of this machine.
#[derive(Clone, Debug, Default)]
pub struct Receiver(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    replies: VecDeque<Reply>,
    posts: Vec<Post>,
}

impl Receiver {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the receiver answers the next posts like this, and those after them with 204.
    pub fn reply(&self, replies: &[Reply]) {
        self.state().replies = replies.iter().copied().collect();
    }

    /// Takes the posts since the last call, in the order of their ids.
    #[must_use]
    pub fn take(&self) -> Vec<Post> {
        let mut posts = std::mem::take(&mut self.state().posts);
        posts.sort_by(|one, other| one.id.cmp(&other.id));
        posts
    }

    /// What creates the connection to the receiver.
    pub(crate) fn connector(&self) -> MakeConnector {
        let receiver = self.clone();
        Arc::new(move || SharedHttpConnector::new(receiver.clone()))
    }
}

impl HttpConnector for Receiver {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.method() != "POST" {
            return Connector::builder().build_http().call(request);
        }
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let post = Post {
            url: request.uri().to_owned(),
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            body,
        };
        let mut state = self.state();
        state.posts.push(post);
        let reply = state.replies.pop_front().unwrap_or(Reply::Status(204));
        drop(state);
        match reply {
            Reply::Status(status) => {
                let status = StatusCode::try_from(status).expect("a reply has a status of HTTP");
                HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::empty())))
            }
            Reply::Nothing => HttpConnectorFuture::new(std::future::pending()),
            Reply::Refused => HttpConnectorFuture::ready(Err(ConnectorError::io("connection refused".into()))),
        }
    }
}
