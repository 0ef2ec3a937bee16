//! The settings of a deployment, read once from the environment that template.yaml declares.
//!
//! A missing or malformed setting stops the start with a sentence that names the setting. No secret has a default.

use std::collections::HashSet;
use std::str::FromStr;

use thiserror::Error;

use crate::auth::Keys;
use crate::dialect::{self, Dialect};
use crate::domain::clock::Timestamp;

/// Why a deployment cannot start.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A setting without a default is not set.
    #[error("the setting {0} is missing: set it in the environment")]
    Missing(&'static str),
    /// A setting has a value that is not allowed.
    #[error("the setting {name} is {value:?}, but {allowed}")]
    Malformed {
        /// The name of the setting.
        name: &'static str,
        /// The value.
        value: String,
        /// The values that are allowed.
        allowed: String,
    },
    /// Neither kind of key for tokens is set.
    #[error("neither JWT_SECRET nor JWT_PUBLIC_KEY is set: one is needed to verify tokens")]
    NoKey,
    /// A key for tokens cannot be read.
    #[error("JWT_PUBLIC_KEY is neither a PEM public key of RSA, EC P-256 or Ed25519, nor Base64 of one")]
    BadKey,
}

/// Which process handles an event family (ARCHITECTURE.md, "The life of a message").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Each family has a function of its own, which is invoked asynchronously.
    Separate,
    /// The process of the switchboard handles all families.
    Inline,
}

/// The names of the tables.
#[derive(Clone, Debug)]
pub struct Tables {
    /// The table of users, their memberships, sockets, sends and limits.
    pub users: String,
    /// The table of chats.
    pub chats: String,
    /// The table of messages.
    pub messages: String,
    /// The table of connections and of the namespaces joined on them.
    pub connections: String,
    /// The table of listings, which chats can be about.
    pub listings: String,
}

/// The browser pages that may connect or call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Any page, and clients that are not browsers.
    Any,
    /// These pages, and clients that are not browsers.
    Only(HashSet<String>),
}

/// How often a connection is pinged, and how long silence is accepted.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat {
    /// The time between two turns of the heartbeat, as template.yaml schedules it.
    pub tick_millis: u32,
    /// The number of turns between two pings of a connection. It is also the number of slots.
    pub slots: u32,
    /// How long the client waits beyond the interval.
    pub timeout_millis: u32,
    /// How long a connection may stay without a namespace, and a binary packet without its attachments.
    pub connect_timeout_millis: u32,
    /// Whether the deployment records that a client answers pings, and closes a client that does not. One write per
    /// ping.
    pub notes_pongs: bool,
}

impl Heartbeat {
    /// The time from one ping of a connection to the next, in milliseconds.
    #[must_use]
    pub fn interval_millis(self) -> u64 {
        u64::from(self.tick_millis) * u64::from(self.slots)
    }

    /// The slot whose turn it is at this time. A connection gets the slot of the turn in which it was opened, so its
    /// first ping comes one interval later.
    #[must_use]
    pub fn slot(self, at: Timestamp) -> u32 {
        let turn = at.millis().div_euclid(i64::from(self.tick_millis)).rem_euclid(i64::from(self.slots));
        u32::try_from(turn).unwrap_or_default()
    }

    /// How long a silence must last before the other side counts as dead, in milliseconds.
    #[must_use]
    pub fn liveness_timeout_millis(self) -> i64 {
        i64::try_from(self.interval_millis()).unwrap_or(i64::MAX).saturating_add(i64::from(self.timeout_millis))
    }
}

/// The host that carries the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// Whether the host can send binary frames to a WebSocket. Otherwise, and by polling, binary data goes as base64
    /// text.
    pub binary_frames: bool,
    /// The most bytes in one frame of a client. A polling client may not send more either, so that the limit does not
    /// depend on the transport.
    pub max_payload_bytes: usize,
}

impl Host {
    /// Amazon API Gateway (docs/api-gateway.md, "Limits and closes"): a browser sends a message as one frame.
    pub const API_GATEWAY: Self = Self { binary_frames: false, max_payload_bytes: 32_768 };
}

/// One minute in milliseconds: the heartbeat runs once per minute.
const MINUTE_MILLIS: u32 = 60_000;

/// The clients that get offsets and a `pid` (docs/protocol.md, "Connection state recovery").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryOffsets {
    /// All clients except those whose listeners cannot take a second argument.
    Auto,
    /// All clients.
    On,
    /// No clients.
    Off,
}

impl RecoveryOffsets {
    /// Parts of the `User-Agent` of clients whose listeners take exactly one argument.
    const ONE_ARGUMENT: [&'static str; 3] = ["Dart/", "Python/", "python-requests/"];

    /// Whether a client with this `User-Agent` gets offsets. A client without a `User-Agent` gets them.
    #[must_use]
    pub fn are_for(self, user_agent: Option<&str>) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            Self::Auto => user_agent.is_none_or(|agent| !Self::ONE_ARGUMENT.iter().any(|name| agent.contains(name))),
        }
    }
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
    /// The most connections per address that have not joined a namespace.
    pub strangers_per_address: u64,
}

/// The names of the functions that other functions invoke.
#[derive(Clone, Debug)]
pub struct Functions {
    /// The function for `$connect` and CONNECT packets.
    pub connect: String,
    /// The function for `$disconnect`, DISCONNECT packets, and connections that were found gone.
    pub disconnect: String,
    /// The function that posts the open packet.
    pub handshake: String,
    /// The function for sending, reading and listing.
    pub message: String,
    /// The function for typing.
    pub typing: String,
    /// The function for blocking.
    pub block: String,
    /// The function for presence.
    pub presence: String,
    /// The function for pings.
    pub heartbeat: String,
}

/// All settings of a deployment.
#[derive(Clone)]
pub struct Config {
    /// The names of the tables.
    pub tables: Tables,
    /// The name of the bucket with media.
    pub media_bucket: String,
    /// The names of the functions.
    pub functions: Functions,
    /// The endpoint of `@connections`, stage included.
    pub connections_endpoint: String,
    /// Whether one process handles all event families, or each has its own function.
    pub isolation: Isolation,
    /// The dialect of the root namespace and of paths without a prefix.
    pub default_dialect: &'static dyn Dialect,
    /// The keys that verify tokens; `None` in functions that verify none.
    pub keys: Option<Keys>,
    /// The roles that may use the service; empty means any role.
    pub allowed_roles: HashSet<String>,
    /// The pages that may connect.
    pub allowed_origins: Origins,
    /// The settings of the heartbeat.
    pub heartbeat: Heartbeat,
    /// The host that carries the connections: API Gateway, if all settings come from the environment.
    pub host: Host,
    /// How long a client may recover a session after its connection was lost, in seconds; 0 means never.
    pub recovery_window_secs: u32,
    /// The clients that get what they need to recover a session.
    pub recovery_offsets: RecoveryOffsets,
    /// While fewer people than this are online, everybody is told about everybody's presence.
    pub presence_everyone_below: u32,
    /// The limits.
    pub limits: LimitSettings,
}

impl Config {
    /// Reads the settings through `lookup`, which returns the value of a variable if it is set. An empty value counts
    /// as not set.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the setting.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let settings = Settings { lookup };
        Ok(Self {
            tables: Tables {
                users: settings.required("USERS_TABLE")?,
                chats: settings.required("CHATS_TABLE")?,
                messages: settings.required("MESSAGES_TABLE")?,
                connections: settings.required("CONNECTIONS_TABLE")?,
                listings: settings.required("LISTINGS_TABLE")?,
            },
            media_bucket: settings.required("MEDIA_BUCKET")?,
            functions: Functions {
                connect: settings.required("CONNECT_FUNCTION")?,
                disconnect: settings.required("DISCONNECT_FUNCTION")?,
                handshake: settings.required("HANDSHAKE_FUNCTION")?,
                message: settings.required("MESSAGE_FUNCTION")?,
                typing: settings.required("TYPING_FUNCTION")?,
                block: settings.required("BLOCK_FUNCTION")?,
                presence: settings.required("PRESENCE_FUNCTION")?,
                heartbeat: settings.required("HEARTBEAT_FUNCTION")?,
            },
            connections_endpoint: settings.required("CONNECTIONS_ENDPOINT")?,
            isolation: settings.isolation()?,
            default_dialect: settings.default_dialect()?,
            keys: settings.keys()?,
            allowed_roles: settings.list("ALLOWED_ROLES").into_iter().collect(),
            allowed_origins: settings.origins(),
            heartbeat: Heartbeat {
                tick_millis: MINUTE_MILLIS,
                slots: settings.number("PING_INTERVAL_MINUTES", 1..=8)?.unwrap_or(5),
                timeout_millis: settings.number("PING_TIMEOUT_SECONDS", 1..=86_400)?.unwrap_or(120) * 1_000,
                connect_timeout_millis: settings.number("CONNECT_TIMEOUT_SECONDS", 1..=3_600)?.unwrap_or(45) * 1_000,
                notes_pongs: settings.one_of("NOTE_PONGS", &[("on", true), ("off", false)], true)?,
            },
            host: Host::API_GATEWAY,
            recovery_window_secs: settings.number("RECOVERY_WINDOW_SECONDS", 0..=3_600)?.unwrap_or(120),
            recovery_offsets: settings.recovery_offsets()?,
            presence_everyone_below: settings.number("PRESENCE_EVERYONE_BELOW", 0..=1_000)?.unwrap_or(200),
            limits: LimitSettings {
                off: settings.rate_limits_off()?,
                events_per_second: settings.number("LIMIT_EVENTS_PER_SECOND", 1..=1_000_000)?,
                messages_per_minute: settings.number("LIMIT_MESSAGES_PER_MINUTE", 1..=1_000_000)?,
                chats_per_hour: settings.number("LIMIT_CHATS_PER_HOUR", 1..=1_000_000)?,
                sockets_per_person: settings.number("SOCKETS_PER_PERSON", 1..=1_000)?.unwrap_or(50),
                strangers_per_address: settings.number("STRANGERS_PER_ADDRESS", 1..=1_000_000)?.unwrap_or(300),
            },
        })
    }

    /// Whether a client may recover its session. `takes_offsets` says whether the client can receive offsets, which
    /// recovery needs.
    #[must_use]
    pub const fn recovers(&self, takes_offsets: bool) -> bool {
        takes_offsets && self.recovery_window_secs > 0
    }

    /// Reads the settings from the environment of the process.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the setting.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read(&|name| std::env::var(name).ok())
    }
}

struct Settings<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl Settings<'_> {
    fn optional(&self, name: &'static str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }

    fn list(&self, name: &'static str) -> Vec<String> {
        let value = self.optional(name).unwrap_or_default();
        value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
    }

    fn number<T>(&self, name: &'static str, allowed: std::ops::RangeInclusive<T>) -> Result<Option<T>, ConfigError>
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(value) = self.optional(name) else { return Ok(None) };
        match value.parse() {
            Ok(number) if allowed.contains(&number) => Ok(Some(number)),
            _ => {
                let allowed = format!("must be a whole number from {} to {}", allowed.start(), allowed.end());
                Err(ConfigError::Malformed { name, value, allowed })
            }
        }
    }

    fn one_of<T: Copy>(&self, name: &'static str, choices: &[(&str, T)], default: T) -> Result<T, ConfigError> {
        let Some(value) = self.optional(name) else { return Ok(default) };
        let chosen = choices.iter().find(|(word, _)| *word == value).map(|(_, choice)| *choice);
        chosen.ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            ConfigError::Malformed { name, value, allowed: format!("must be one of {}", words.join(", ")) }
        })
    }

    fn isolation(&self) -> Result<Isolation, ConfigError> {
        let choices = [("separate", Isolation::Separate), ("inline", Isolation::Inline)];
        self.one_of("HANDLER_ISOLATION", &choices, Isolation::Separate)
    }

    fn recovery_offsets(&self) -> Result<RecoveryOffsets, ConfigError> {
        let choices = [("auto", RecoveryOffsets::Auto), ("on", RecoveryOffsets::On), ("off", RecoveryOffsets::Off)];
        self.one_of("RECOVERY_OFFSETS", &choices, RecoveryOffsets::Auto)
    }

    fn rate_limits_off(&self) -> Result<bool, ConfigError> {
        self.one_of("RATE_LIMITS", &[("on", false), ("off", true)], false)
    }

    fn default_dialect(&self) -> Result<&'static dyn Dialect, ConfigError> {
        let choices: Vec<(&str, &'static dyn Dialect)> = dialect::ALL.iter().map(|one| (one.name(), *one)).collect();
        self.one_of("DEFAULT_DIALECT", &choices, dialect::FIRST)
    }

    fn origins(&self) -> Origins {
        let origins: HashSet<String> = self.list("ALLOWED_ORIGINS").into_iter().collect();
        if origins.is_empty() || origins.contains("*") { Origins::Any } else { Origins::Only(origins) }
    }

    /// Reads the keys. Only the functions that verify tokens have keys. They also have `JWT_REQUIRE_EXP`, and must have
    /// a key. The secret `none` counts as not set, because `sam deploy --guided` accepts no empty answer for it.
    fn keys(&self) -> Result<Option<Keys>, ConfigError> {
        let verifies = self.optional("JWT_REQUIRE_EXP").is_some();
        let require_exp = self.one_of("JWT_REQUIRE_EXP", &[("true", true), ("false", false)], true)?;
        let secret = self.optional("JWT_SECRET").filter(|secret| secret != "none");
        let public_key = self.optional("JWT_PUBLIC_KEY");
        if secret.is_none() && public_key.is_none() {
            return if verifies { Err(ConfigError::NoKey) } else { Ok(None) };
        }
        Keys::new(secret.as_deref(), public_key.as_deref(), require_exp).map(Some).ok_or(ConfigError::BadKey)
    }
}
