//! The clients of other systems.

use std::sync::Arc;

use relay::cached::{Cached, Need};
use relay::clock::Clock;
use relay::config::ConfigError;
use relay::messaging::{Buses, Queues, Topics};
use relay::outside::Outside;
use relay::secrets::{SecretError, Secrets};
use relay::services::Aws;

use super::signature::WebhookSecrets;
use crate::config::HookSettings;

/// The setting that names the secret with what signs webhooks.
const SECRET_ARN: &str = "WEBHOOK_SECRET_ARN";

/// The ways to other systems.
pub struct Hooks {
    pub(super) queues: Queues,
    pub(super) topics: Topics,
    pub(super) buses: Buses,
    /// The way to the receiver of webhooks; only in the function that sends them.
    pub(super) receiver: Option<Receiver>,
}

/// The way to the receiver of webhooks.
pub(super) struct Receiver {
    pub(super) outside: Outside,
    secret_arn: String,
    manager: Secrets,
    read: Cached<WebhookSecrets>,
}

impl Receiver {
    /// The secrets that sign. One request, if they were read more than a few minutes ago.
    ///
    /// # Errors
    /// [`SecretError`], if they have never been read.
    pub(super) async fn secrets(&self) -> Result<Arc<WebhookSecrets>, SecretError> {
        let read = async || {
            let secrets = WebhookSecrets::parse(self.manager.read(&self.secret_arn).await?.trim());
            secrets.ok_or_else(|| {
                let problem =
                    "the secret must be whsec_ and the Base64 of 24 to 64 bytes, or two of these with a comma";
                SecretError::Refused(problem.to_owned())
            })
        };
        self.read.get(Need::Recent, read).await
    }
}

impl Hooks {
    /// Creates the clients. Only the function that sends webhooks gets a way out of AWS.
    #[must_use]
    pub fn new(settings: &HookSettings, aws: &Aws, clock: &Clock) -> Self {
        let receiver = settings.webhook.as_ref().and_then(|webhook| {
            let (manager, read) = (aws.secrets(), Cached::new(SECRET_ARN, clock.clone()));
            Some(Receiver { outside: aws.outside()?, secret_arn: webhook.secret_arn.clone(), manager, read })
        });
        Self { queues: aws.queues(), topics: aws.topics(), buses: aws.buses(), receiver }
    }

    /// Reads the secrets that sign webhooks, before the first event comes.
    ///
    /// # Errors
    /// [`ConfigError`], if they can never be read.
    pub async fn warm(&self) -> Result<(), ConfigError> {
        match &self.receiver {
            Some(receiver) => receiver.secrets().await.map(drop).or_else(|error| error.at_init(SECRET_ARN)),
            None => Ok(()),
        }
    }
}
