//! The chat, and the context of its invocations.

use relay::clock::Clock;
use relay::config::{ConfigError, Settings};
use relay::dynamo::Dynamo;
use relay::services::Aws;

use crate::config::Config;
use crate::hook::clients::Hooks;
use crate::keyring::Keyring;
use crate::store::{Bucket, Store};

/// The chat: an application of the relay.
pub struct Chat {
    /// The settings.
    pub config: Config,
    /// The tables.
    pub store: Store,
    /// The bucket with media.
    pub bucket: Bucket,
    /// The ways to other systems.
    pub hooks: Hooks,
    /// The keys that verify tokens; `None` in functions that verify none.
    pub keyring: Option<Keyring>,
}

/// The relay's context with the chat as its application.
pub type Ctx = relay::ctx::Ctx<Chat>;

impl Chat {
    /// Creates the chat from the settings of a function.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the setting that is missing or wrong.
    pub fn new(settings: &Settings<'_>, aws: &Aws, clock: &Clock) -> Result<Self, ConfigError> {
        let config = Config::read(settings)?;
        let db = Dynamo::new(aws.tables(), clock.clone());
        let store = Store::new(db, config.tables.clone());
        let bucket = Bucket::new(&aws.sdk, config.media_bucket.clone(), clock.clone());
        let hooks = Hooks::new(&config.hooks, aws, clock);
        let keyring = config.keys.clone().map(|keys| Keyring::new(keys, aws, clock));
        Ok(Self { config, store, bucket, hooks, keyring })
    }
}
