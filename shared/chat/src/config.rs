//! The settings of the chat, read once from the environment that template.yaml declares. Those of the relay are in
//! [`relay::config`].

use std::collections::HashSet;

use relay::config::{ConfigError, Settings};
use relay::outside::Address;

use crate::auth::Keys;
use crate::dialect::{self, Dialect};

/// No kind of key for tokens is set.
const NO_KEY: &str = "none of JWT_SECRET_ARN, JWT_PUBLIC_KEY and JWT_KEYS_URL is set: one is needed to verify tokens";
/// The address of the keys is none.
const BAD_ADDRESS: &str = "JWT_KEYS_URL is not an https: address";
/// A key for tokens cannot be read.
const BAD_KEY: &str = "JWT_PUBLIC_KEY is neither a PEM public key of RSA, EC P-256 or Ed25519, nor Base64 of one";

/// The address for webhooks may not be used.
const BAD_WEBHOOK_URL: &str = "WEBHOOK_URL is no https address, and no http address of this machine";

/// The names of the tables.
#[derive(Clone, Debug)]
pub struct Tables {
    /// The table of users, their memberships, sockets, sends and limits.
    pub users: String,
    /// The table of chats.
    pub chats: String,
    /// The table of messages.
    pub messages: String,
    /// The table of listings, which chats can be about.
    pub listings: String,
}

/// How much one socket or one user may do; `None` leaves the number to the dialect.
#[derive(Clone, Copy, Debug)]
pub struct LimitSettings {
    /// Whether all limits are off: `RATE_LIMITS=off`.
    pub off: bool,
    /// The most events per socket.
    pub events_per_second: Option<u64>,
    /// The most messages per user.
    pub messages_per_minute: Option<u64>,
    /// The most new chats per user.
    pub chats_per_hour: Option<u64>,
    /// The most live sockets per user. One more closes the socket that was heard from longest ago.
    pub sockets_per_person: usize,
}

/// The names of the functions that handle a family of events. The relay's own functions handle the other families.
#[derive(Clone, Debug)]
pub struct Functions {
    /// The function for typing.
    pub typing: String,
    /// The function for blocking.
    pub block: String,
    /// The function for presence.
    pub presence: String,
}

/// Where the keys are that verify tokens.
#[derive(Clone)]
pub struct KeySettings {
    /// The public keys that are given themselves, and what else a token must have.
    pub keys: Keys,
    /// The ARN of the secret with the shared secrets of HS256.
    pub secret_arn: Option<String>,
    /// The address of a JSON Web Key Set.
    pub keys_url: Option<Address>,
}

/// The settings of the chat.
#[derive(Clone)]
pub struct Config {
    /// The names of the tables.
    pub tables: Tables,
    /// The name of the bucket with media.
    pub media_bucket: String,
    /// The names of the functions.
    pub functions: Functions,
    /// The dialect of the root namespace and of paths without a prefix.
    pub default_dialect: &'static Dialect,
    /// Where the keys are that verify tokens; `None` in functions that verify none.
    pub keys: Option<KeySettings>,
    /// The roles that may use the service; empty means any role.
    pub allowed_roles: HashSet<String>,
    /// While fewer people than this are online, everybody is told about everybody's presence.
    pub presence_everyone_below: u32,
    /// Whether pictures of listings may have `http:` addresses. No deployment has them: only the local system says so,
    /// because pictures of development are on `http://localhost`.
    pub allows_http_pictures: bool,
    /// The limits.
    pub limits: LimitSettings,
    /// What other systems hear of.
    pub hooks: HookSettings,
}

/// The settings of what other systems hear of (docs/hooks.md). Without any, nobody hears of anything.
#[derive(Clone, Debug, Default)]
pub struct HookSettings {
    /// The address of the queue of events for webhooks, in the function that puts them there.
    pub webhook_queue: Option<String>,
    /// The receiver of webhooks, in the function that sends them.
    pub webhook: Option<Webhook>,
    /// The name of the event bus.
    pub event_bus: Option<String>,
    /// Where push events go.
    pub push: Option<PushSettings>,
}

/// The settings of push events.
#[derive(Clone, Debug)]
pub struct PushSettings {
    /// The ARN of the topic.
    pub topic: String,
    /// How many characters of a message are shown; 0 means none.
    pub preview_characters: usize,
}

/// The receiver of webhooks.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The address.
    pub address: Address,
    /// The ARN of the secret with what signs.
    pub secret_arn: String,
    /// The queues of events.
    pub queues: WebhookQueues,
}

/// The addresses of the queues of events for webhooks.
#[derive(Clone, Debug)]
pub struct WebhookQueues {
    /// The queue of events that must be sent.
    pub waiting: String,
    /// The queue of events that were given up.
    pub failures: String,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the setting.
    pub fn read(settings: &Settings<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: Tables {
                users: settings.required("USERS_TABLE")?,
                chats: settings.required("CHATS_TABLE")?,
                messages: settings.required("MESSAGES_TABLE")?,
                listings: settings.required("LISTINGS_TABLE")?,
            },
            media_bucket: settings.required("MEDIA_BUCKET")?,
            functions: Functions {
                typing: settings.required("TYPING_FUNCTION")?,
                block: settings.required("BLOCK_FUNCTION")?,
                presence: settings.required("PRESENCE_FUNCTION")?,
            },
            default_dialect: default_dialect(settings)?,
            keys: keys(settings)?,
            allowed_roles: settings.list("ALLOWED_ROLES").into_iter().collect(),
            presence_everyone_below: settings.number("PRESENCE_EVERYONE_BELOW", 0..=1_000)?.unwrap_or(200),
            allows_http_pictures: false,
            limits: LimitSettings {
                off: settings.rate_limits_are_off()?,
                events_per_second: settings.number("LIMIT_EVENTS_PER_SECOND", 1..=1_000_000)?,
                messages_per_minute: settings.number("LIMIT_MESSAGES_PER_MINUTE", 1..=1_000_000)?,
                chats_per_hour: settings.number("LIMIT_CHATS_PER_HOUR", 1..=1_000_000)?,
                sockets_per_person: settings.number("SOCKETS_PER_PERSON", 1..=1_000)?.unwrap_or(50),
            },
            hooks: hooks(settings)?,
        })
    }
}

fn hooks(settings: &Settings<'_>) -> Result<HookSettings, ConfigError> {
    let webhook_queue = settings.optional("WEBHOOK_QUEUE_URL");
    let preview_characters = settings.number("PUSH_PREVIEW_CHARACTERS", 0..=500)?.unwrap_or(100);
    let push = settings.optional("PUSH_TOPIC").map(|topic| PushSettings { topic, preview_characters });
    let event_bus = settings.optional("EVENT_BUS");
    Ok(HookSettings { webhook: webhook(settings)?, webhook_queue, event_bus, push })
}

/// Reads the receiver of webhooks. Only the function that sends them has it.
fn webhook(settings: &Settings<'_>) -> Result<Option<Webhook>, ConfigError> {
    let Some(url) = settings.optional("WEBHOOK_URL") else { return Ok(None) };
    let address = Address::parse(&url).ok_or(ConfigError::Application(BAD_WEBHOOK_URL))?;
    let secret_arn = settings.required("WEBHOOK_SECRET_ARN")?;
    let (waiting, failures) = (settings.required("WEBHOOK_QUEUE_URL")?, settings.required("WEBHOOK_FAILURES_URL")?);
    Ok(Some(Webhook { address, secret_arn, queues: WebhookQueues { waiting, failures } }))
}

fn default_dialect(settings: &Settings<'_>) -> Result<&'static Dialect, ConfigError> {
    let choices: Vec<(&str, &'static Dialect)> = dialect::ALL.iter().map(|one| (one.name, *one)).collect();
    settings.one_of("DEFAULT_DIALECT", &choices, dialect::FIRST)
}

/// Reads where the keys are. Only the functions that verify tokens have keys. They also have `JWT_REQUIRE_EXP`, and must
/// have a key.
fn keys(settings: &Settings<'_>) -> Result<Option<KeySettings>, ConfigError> {
    let verifies = settings.optional("JWT_REQUIRE_EXP").is_some();
    let require_exp = settings.one_of("JWT_REQUIRE_EXP", &[("true", true), ("false", false)], true)?;
    let secret_arn = settings.optional("JWT_SECRET_ARN");
    let public_key = settings.optional("JWT_PUBLIC_KEY");
    let keys_url = settings.optional("JWT_KEYS_URL");
    let keys_url = keys_url.map(|url| Address::parse(&url).ok_or(ConfigError::Application(BAD_ADDRESS)));
    let keys_url = keys_url.transpose()?;
    if secret_arn.is_none() && public_key.is_none() && keys_url.is_none() {
        return if verifies { Err(ConfigError::Application(NO_KEY)) } else { Ok(None) };
    }
    let keys = Keys::new(None, public_key.as_deref(), require_exp).ok_or(ConfigError::Application(BAD_KEY))?;
    let keys = keys.only_for(settings.optional("JWT_ISSUER"), settings.list("JWT_AUDIENCE"));
    Ok(Some(KeySettings { keys, secret_arn, keys_url }))
}
