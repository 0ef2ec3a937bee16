//! The client of Secrets Manager: reading a secret.
//!
//! Deployed, each read is a signed request. The local system answers the same read in the same process
//! ([`SecretService`]), without HTTP and signatures.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use serde::{Deserialize, Serialize};
use thiserror::Error as ThisError;

use crate::aws::{Request, RequestError, SignedClient};
use crate::config::ConfigError;
use crate::error::Error;
use crate::telemetry::causes;

/// The most bytes of a secret, which is what Secrets Manager stores.
const SECRET_MAX_BYTES: usize = 65_536;

/// Secrets in this process, which are read in place of those of Secrets Manager.
pub trait SecretService: std::fmt::Debug + Send + Sync {
    /// Whether secrets may be read here at present. Otherwise they are read from Secrets Manager.
    fn is_available(&self) -> bool;

    /// The text of the secret with this ARN.
    fn read(&self, arn: &str) -> BoxFuture<'static, Result<String, SecretError>>;
}

/// Why a secret cannot be read. It does not contain the secret.
#[derive(Debug, ThisError)]
pub enum SecretError {
    /// Secrets Manager says that there is no such secret, or that the role may not read it; or the secret is not a text
    /// of at most 64 KB. Another read fails in the same way until somebody changes something.
    #[error("{0}")]
    Refused(String),
    /// Secrets Manager does not answer at present, or not in time.
    #[error("{0}")]
    Unavailable(String),
}

impl SecretError {
    /// What a function does that cannot read a secret at its start: it does not start if another read would fail, too.
    /// Otherwise it starts, and reads the secret when an event needs it.
    ///
    /// # Errors
    /// [`ConfigError::Unusable`] with the name of the setting.
    pub fn at_init(self, name: &'static str) -> Result<(), ConfigError> {
        match self {
            Self::Refused(cause) => Err(ConfigError::Unusable { name, cause }),
            Self::Unavailable(cause) => {
                tracing::error!(setting = name, error.cause = cause, "a secret cannot be read at present");
                Ok(())
            }
        }
    }
}

impl From<Error> for SecretError {
    fn from(error: Error) -> Self {
        Self::Unavailable(causes(&error))
    }
}

impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        Self::internal(error)
    }
}

impl From<RequestError> for SecretError {
    fn from(error: RequestError) -> Self {
        let is_throttled = error.code().is_some_and(|code| code.contains("Throttl") || code.contains("LimitExceeded"));
        match error.status() {
            Some(400..500) if !is_throttled => Self::Refused(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

#[derive(Serialize)]
struct GetSecretValue<'a> {
    #[serde(rename = "SecretId")]
    secret_id: &'a str,
}

#[derive(Deserialize)]
struct SecretValue {
    #[serde(rename = "SecretString")]
    secret_string: String,
}

/// A client of Secrets Manager.
#[derive(Clone, Debug)]
pub struct Secrets {
    manager: SignedClient,
    here: Option<Arc<dyn SecretService>>,
}

impl Secrets {
    /// Creates a client that reads from Secrets Manager, or from `here` while that is available.
    #[must_use]
    pub fn new(manager: SignedClient, here: Option<Arc<dyn SecretService>>) -> Self {
        Self { manager, here }
    }

    /// The text of the secret with this ARN. One request.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn read(&self, arn: &str) -> Result<String, SecretError> {
        let text = match self.here.as_ref().filter(|here| here.is_available()) {
            Some(here) => here.read(arn).await,
            // On the heap, so that the futures of functions stay small: a secret is read rarely.
            None => Box::pin(get_secret_value(&self.manager, arn)).await,
        }?;
        if text.len() > SECRET_MAX_BYTES {
            return Err(SecretError::Refused("the secret is larger than 64 KB".to_owned()));
        }
        Ok(text)
    }
}

async fn get_secret_value(manager: &SignedClient, arn: &str) -> Result<String, SecretError> {
    let asked = serde_json::to_vec(&GetSecretValue { secret_id: arn });
    let asked = asked.map_err(|error| SecretError::Refused(error.to_string()))?;
    let request = Request::new("GetSecretValue", Method::POST, "/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "secretsmanager.GetSecretValue")
        .body(asked);
    let answer = manager.send(request).await?.bytes().await;
    let answer = answer.map_err(|error| SecretError::Unavailable(error.to_string()))?;
    // The error of serde_json may show a part of the text.
    let value: Result<SecretValue, _> = serde_json::from_slice(&answer);
    value.map(|value| value.secret_string).map_err(|_| SecretError::Refused("the secret is not a text".to_owned()))
}
