//! The client of Lambda: handing an event to another function.
//!
//! Deployed, each call is a signed request. The local system takes the same call in the same process
//! ([`FunctionService`]), without HTTP and signatures.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;

use crate::aws::{Request, RequestError, SignedClient};
use crate::error::Error;
use crate::invocation;

/// Functions in this process, which take events in place of Lambda.
pub trait FunctionService: std::fmt::Debug + Send + Sync {
    /// Whether events may be handed over here at present. Otherwise they go to Lambda.
    fn is_available(&self) -> bool;

    /// Hands an event to the function of this name, which is invoked later.
    fn invoke(&self, function: &str, event: Vec<u8>) -> BoxFuture<'static, Result<(), Error>>;
}

/// A client of Lambda.
#[derive(Clone, Debug)]
pub struct Functions {
    lambda: SignedClient,
    here: Option<Arc<dyn FunctionService>>,
}

impl Functions {
    /// Creates a client that hands events to Lambda, or to `here` while that is available.
    #[must_use]
    pub fn new(lambda: SignedClient, here: Option<Arc<dyn FunctionService>>) -> Self {
        Self { lambda, here }
    }

    /// Hands an event to a function, which is invoked later. One request.
    ///
    /// # Errors
    /// `Error::Internal` if the event is not accepted, or if it is unknown whether it was.
    pub async fn invoke(&self, function: &str, event: Vec<u8>) -> Result<(), Error> {
        match self.here.as_ref().filter(|here| here.is_available()) {
            Some(here) => {
                invocation::note_request();
                here.invoke(function, event).await
            }
            None => invoke_later(&self.lambda, function, event).await.map_err(Error::internal),
        }
    }
}

/// Hands an event to a function, which Lambda invokes later. One request.
///
/// # Errors
/// [`RequestError`] if Lambda does not accept the event, or if it is unknown whether it did.
pub async fn invoke_later(lambda: &SignedClient, function: &str, event: Vec<u8>) -> Result<(), RequestError> {
    let path = format!("/2015-03-31/functions/{function}/invocations");
    let invocation = Request::new("Invoke", Method::POST, path).header("x-amz-invocation-type", "Event");
    lambda.send(invocation.body(event)).await.map(drop)
}
