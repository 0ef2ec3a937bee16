//! The keys that verify tokens, wherever they are: in the settings, or in a secret, which is read at the start and again
//! every few minutes. So a secret can be replaced without a deployment (docs/tokens.md).

use relay::cached::{Cached, Need};
use relay::clock::{Clock, Timestamp};
use relay::config::ConfigError;
use relay::secrets::{SecretError, Secrets};

use crate::auth::{Identity, Key, Keys, Signature, secrets, signature};
use crate::config::KeySettings;
use crate::error::Error;

/// The setting that names the secret.
const SECRET_ARN: &str = "JWT_SECRET_ARN";

/// The keys.
pub struct Keyring {
    /// Those of the settings.
    keys: Keys,
    shared: Option<SharedSecrets>,
}

/// The shared secrets of HS256, which are lines of one secret.
struct SharedSecrets {
    arn: String,
    manager: Secrets,
    read: Cached<Vec<Key>>,
}

impl SharedSecrets {
    async fn keys(&self) -> Result<std::sync::Arc<Vec<Key>>, SecretError> {
        let read = async || {
            let keys = secrets(&self.manager.read(&self.arn).await?);
            keys.ok_or_else(|| SecretError::Refused("the secret must have one to eight lines".to_owned()))
        };
        self.read.get(Need::Recent, read).await
    }
}

impl Keyring {
    /// The keys of these settings. Nothing is read yet.
    #[must_use]
    pub fn new(settings: KeySettings, manager: Secrets, clock: &Clock) -> Self {
        let KeySettings { keys, secret_arn } = settings;
        let shared = |arn| SharedSecrets { arn, manager, read: Cached::new(SECRET_ARN, clock.clone()) };
        Self { keys, shared: secret_arn.map(shared) }
    }

    /// Reads what the settings name, before the first token comes.
    ///
    /// # Errors
    /// [`ConfigError`], if it can never be read.
    pub async fn warm(&self) -> Result<(), ConfigError> {
        match &self.shared {
            Some(shared) => shared.keys().await.map(drop).or_else(|error| error.at_init(SECRET_ARN)),
            None => Ok(()),
        }
    }

    /// Verifies a token, with or without `Bearer ` in front of it. No request, but for the first one and one every few
    /// minutes. A token that needs no secret does not wait for one.
    ///
    /// # Errors
    /// `Error::Authentication`, or `Error::Internal` if the keys cannot be read at present.
    pub async fn verify(&self, token: Option<&str>, now: Timestamp) -> Result<Identity, Error> {
        let verified = match (signature(token), &self.shared) {
            (Some(Signature::Shared), Some(shared)) => {
                let keys = shared.keys().await.map_err(Error::internal)?;
                self.keys.verify_with(&keys, token, now)
            }
            _ => self.keys.verify(token, now),
        };
        verified.map_err(Error::Authentication)
    }
}
