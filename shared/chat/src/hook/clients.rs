//! The clients of other systems.

use relay::messaging::{Buses, Queues, Topics};
use relay::outside::Outside;
use relay::services::Aws;

use crate::config::HookSettings;

/// The ways to other systems.
pub struct Hooks {
    pub(super) queues: Queues,
    pub(super) topics: Topics,
    pub(super) buses: Buses,
    /// The way to the receiver of webhooks; only in the function that sends them.
    pub(super) outside: Option<Outside>,
}

impl Hooks {
    /// Creates the clients. Only the function that sends webhooks gets a way out of AWS.
    #[must_use]
    pub fn new(settings: &HookSettings, aws: &Aws) -> Self {
        let outside = settings.webhook.as_ref().and_then(|_| aws.outside());
        Self { queues: aws.queues(), topics: aws.topics(), buses: aws.buses(), outside }
    }
}
