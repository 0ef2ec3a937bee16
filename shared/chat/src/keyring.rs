//! The keys that verify tokens, wherever they are: in the settings, in a secret, or at the address of an identity provider.
//! What is elsewhere is read at the start and again every few minutes. So keys can be replaced without a deployment
//! (docs/tokens.md).

use std::sync::Arc;

use relay::cached::{Cached, Need};
use relay::clock::{Clock, Timestamp};
use relay::config::ConfigError;
use relay::outside::{Address, Outside, OutsideError};
use relay::secrets::{SecretError, Secrets};
use relay::services::Aws;

use crate::auth::{Identity, Key, Keys, Signature, key_set, secrets, signature};
use crate::config::KeySettings;
use crate::error::{Error, Refusal};

/// The setting that names the secret.
const SECRET_ARN: &str = "JWT_SECRET_ARN";
/// The setting with the address of the key set.
const KEYS_URL: &str = "JWT_KEYS_URL";

/// The most bytes of a key set: far more than identity providers publish.
const KEY_SET_MAX_BYTES: usize = 131_072;

/// The keys.
pub struct Keyring {
    /// Those of the settings.
    keys: Keys,
    shared: Option<SharedSecrets>,
    published: Option<PublishedKeys>,
}

/// The shared secrets of HS256, which are lines of one secret.
struct SharedSecrets {
    arn: String,
    manager: Secrets,
    read: Cached<Vec<Key>>,
}

impl SharedSecrets {
    async fn keys(&self) -> Result<Arc<Vec<Key>>, SecretError> {
        let read = async || {
            let keys = secrets(&self.manager.read(&self.arn).await?);
            keys.ok_or_else(|| SecretError::Refused("the secret must have one to eight lines".to_owned()))
        };
        self.read.get(Need::Recent, read).await
    }
}

/// The public keys of an identity provider, a JSON Web Key Set at its address.
struct PublishedKeys {
    address: Address,
    /// `None` if this process reaches no other one.
    outside: Option<Outside>,
    read: Cached<Vec<Key>>,
}

impl PublishedKeys {
    async fn keys(&self, need: Need) -> Result<Arc<Vec<Key>>, OutsideError> {
        let read = async || {
            let outside = self.outside.as_ref();
            let outside = outside.ok_or_else(|| OutsideError::Failed("there is no way out of AWS".to_owned()))?;
            let keys = key_set(&outside.get(&self.address, KEY_SET_MAX_BYTES).await?);
            let not_a_set = || OutsideError::Content("the answer is not a JSON Web Key Set".to_owned());
            let keys = keys.ok_or_else(not_a_set)?;
            if keys.is_empty() {
                tracing::warn!(setting = KEYS_URL, "the key set has no key that verifies tokens");
            }
            Ok(keys)
        };
        self.read.get(need, read).await
    }
}

impl Keyring {
    /// The keys of these settings. Nothing is read yet.
    #[must_use]
    pub fn new(settings: KeySettings, aws: &Aws, clock: &Clock) -> Self {
        let KeySettings { keys, secret_arn, keys_url } = settings;
        let shared = secret_arn.map(|arn| {
            let read = Cached::new(SECRET_ARN, clock.clone());
            SharedSecrets { arn, manager: aws.secrets(), read }
        });
        let published = keys_url.map(|address| {
            let read = Cached::new(KEYS_URL, clock.clone());
            PublishedKeys { address, outside: aws.outside(), read }
        });
        Self { keys, shared, published }
    }

    /// Reads what the settings name, before the first token comes. An identity provider that does not answer prevents no
    /// start: its keys are read when a token needs them.
    ///
    /// # Errors
    /// [`ConfigError`], if a secret can never be read.
    pub async fn warm(&self) -> Result<(), ConfigError> {
        let shared = async {
            match &self.shared {
                Some(shared) => shared.keys().await.map(drop).or_else(|error| error.at_init(SECRET_ARN)),
                None => Ok(()),
            }
        };
        let published = async {
            if let Some(published) = &self.published
                && let Err(error) = published.keys(Need::Recent).await
            {
                tracing::error!(setting = KEYS_URL, error.cause = %error, "the keys cannot be read at present");
            }
        };
        tokio::join!(shared, published).0
    }

    /// Verifies a token, with or without `Bearer ` in front of it. No request, but for the first token, for one token every
    /// few minutes, and for one that names a key which is not known, at most twice a minute. A token waits for no keys that
    /// it does not need.
    ///
    /// # Errors
    /// `Error::Authentication`, or `Error::Internal` if the keys cannot be read at present.
    pub async fn verify(&self, token: Option<&str>, now: Timestamp) -> Result<Identity, Error> {
        let verified = match (signature(token), &self.shared, &self.published) {
            (Some(Signature::Shared), Some(shared), _) => {
                let keys = shared.keys().await.map_err(Error::internal)?;
                self.keys.verify_with(&keys, token, now)
            }
            (Some(Signature::Private(id)), _, Some(published)) => {
                match self.published(published, id.as_deref()).await {
                    Ok(keys) => self.keys.verify_with(&keys, token, now),
                    // It may be a token of a key in the settings.
                    Err(error) => match self.keys.verify(token, now) {
                        Err(Refusal::InvalidToken) => return Err(Error::internal(error)),
                        verified => verified,
                    },
                }
            }
            _ => self.keys.verify(token, now),
        };
        verified.map_err(Error::Authentication)
    }

    /// The published keys, which are newer ones if a token names a key that is not known.
    async fn published(&self, published: &PublishedKeys, id: Option<&str>) -> Result<Arc<Vec<Key>>, OutsideError> {
        let keys = published.keys(Need::Recent).await?;
        match id {
            Some(id) if !self.keys.has(&keys, id) => published.keys(Need::Newer).await,
            _ => Ok(keys),
        }
    }
}
