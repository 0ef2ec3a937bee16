//! The settings of the relay, read once from the environment that the template of a deployment declares.
//!
//! A missing or malformed setting stops the start with a sentence that names the setting. No secret has a default.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::sync::Notify;

use crate::clock::Timestamp;
use crate::edge::Edge;
use crate::id::hex;

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
    /// A setting names a secret or an address that cannot be used. The cause does not contain what was read there.
    #[error("the setting {name} names what cannot be used: {cause}")]
    Unusable {
        /// The name of the setting.
        name: &'static str,
        /// Why it cannot be used.
        cause: String,
    },
    /// A setting of the application is wrong. The value is the sentence that says so. It does not contain the value of
    /// the setting, which may be a secret.
    #[error("{0}")]
    Application(&'static str),
}

/// Which process handles a frame (ARCHITECTURE.md, "The life of a message").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Functions of their own, which are invoked asynchronously.
    Separate,
    /// The process of the switchboard handles all frames.
    Inline,
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

/// The names of the functions that other functions invoke.
#[derive(Clone, Debug)]
pub struct Functions {
    /// The function for `$connect` and CONNECT packets.
    pub connect: String,
    /// The function for `$disconnect`, DISCONNECT packets, and connections that were found gone.
    pub disconnect: String,
    /// The function that posts the open packet.
    pub handshake: String,
    /// The function for events, unless the application names another one, and for acks.
    pub event: String,
    /// The function for pings.
    pub heartbeat: String,
}

/// The most characters of the password of the Admin UI, and the fewest.
const ADMIN_PASSWORD_MAX: usize = 128;
/// A password that nobody guesses with the tries that one address has.
const ADMIN_PASSWORD_MIN: usize = 16;

/// The settings of the Admin UI (docs/admin-ui.md).
#[derive(Clone, Debug, Default)]
pub struct AdminUi {
    /// Whether the namespace exists.
    pub is_on: bool,
    /// The ARN of the secret with the password. Only the connect function has it, and may read the secret.
    pub password_arn: Option<String>,
    /// If the host shows the sockets and events itself, as they happen: what is notified after a page has joined.
    /// `local` has it. A deployment shows the sockets once a minute.
    pub live: Option<Arc<Notify>>,
}

/// The password of the Admin UI. Only its SHA-256 hash is kept.
#[derive(Clone)]
pub struct AdminPassword([u8; 32]);

impl AdminPassword {
    /// Takes a password of 16 to 128 characters; `None` if it has another length.
    #[must_use]
    pub fn new(password: &str) -> Option<Self> {
        let characters = password.chars().count();
        (ADMIN_PASSWORD_MIN..=ADMIN_PASSWORD_MAX).contains(&characters).then(|| Self(Sha256::digest(password).into()))
    }

    /// Whether this is the password. The time that the comparison takes says nothing about the password: hashes are
    /// compared, and all bytes of them.
    #[must_use]
    pub fn is(&self, password: &str) -> bool {
        let hash: [u8; 32] = Sha256::digest(password).into();
        self.0.iter().zip(hash).fold(0, |differences, (one, other)| differences | (one ^ other)) == 0
    }

    /// What stands for a session id in the table. It depends on the password, so that another password ends all
    /// sessions.
    #[must_use]
    pub fn session_hash(&self, id: &str) -> String {
        hex(&Sha256::new().chain_update(self.0).chain_update(id).finalize())
    }
}

impl std::fmt::Debug for AdminPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdminPassword")
    }
}

/// What each invocation writes to the log (docs/operating.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationLog {
    /// One line, of which CloudWatch makes metrics in this namespace.
    Metrics {
        /// The namespace.
        namespace: String,
    },
    /// One line.
    Lines,
    /// Nothing, except for what fails.
    Off,
}

/// The settings of the relay.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name of the table of connections and of the namespaces joined on them.
    pub connections_table: String,
    /// The names of the functions.
    pub functions: Functions,
    /// The endpoint of `@connections`, stage included.
    pub connections_endpoint: String,
    /// Whether one process handles all frames, or several functions do.
    pub isolation: Isolation,
    /// The pages that may connect.
    pub allowed_origins: Origins,
    /// The edge through which clients must come.
    pub edge: Edge,
    /// The settings of the heartbeat.
    pub heartbeat: Heartbeat,
    /// The host that carries the connections: API Gateway, if all settings come from the environment.
    pub host: Host,
    /// How long a client may recover a session after its connection was lost, in seconds; 0 means never.
    pub recovery_window_secs: u32,
    /// The clients that get what they need to recover a session.
    pub recovery_offsets: RecoveryOffsets,
    /// The most connections per address that have not joined a namespace; `None` means no limit.
    pub strangers_per_address: Option<u64>,
    /// The settings of the Admin UI.
    pub admin_ui: AdminUi,
    /// What each invocation writes to the log.
    pub invocation_log: InvocationLog,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the setting.
    pub fn read(settings: &Settings<'_>) -> Result<Self, ConfigError> {
        let strangers = settings.number("STRANGERS_PER_ADDRESS", 1..=1_000_000)?.unwrap_or(300);
        Ok(Self {
            connections_table: settings.required("CONNECTIONS_TABLE")?,
            functions: Functions {
                connect: settings.required("CONNECT_FUNCTION")?,
                disconnect: settings.required("DISCONNECT_FUNCTION")?,
                handshake: settings.required("HANDSHAKE_FUNCTION")?,
                event: settings.required("EVENT_FUNCTION")?,
                heartbeat: settings.required("HEARTBEAT_FUNCTION")?,
            },
            connections_endpoint: settings.required("CONNECTIONS_ENDPOINT")?,
            isolation: settings.isolation()?,
            allowed_origins: settings.origins(),
            edge: settings.edge()?,
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
            strangers_per_address: (!settings.rate_limits_are_off()?).then_some(strangers),
            admin_ui: settings.admin_ui()?,
            invocation_log: settings.invocation_log()?,
        })
    }

    /// Whether a client may recover its session. `takes_offsets` says whether the client can receive offsets, which
    /// recovery needs.
    #[must_use]
    pub const fn recovers(&self, takes_offsets: bool) -> bool {
        takes_offsets && self.recovery_window_secs > 0
    }
}

/// The environment variables of a function. An empty value counts as not set.
pub struct Settings<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Settings<'a> {
    /// The settings behind `lookup`, which returns the value of a variable if it is set.
    #[must_use]
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup }
    }

    /// The environment of this process.
    #[must_use]
    pub fn environment() -> Settings<'static> {
        Settings { lookup: &|name| std::env::var(name).ok() }
    }

    /// The value of a variable, if it is set.
    #[must_use]
    pub fn optional(&self, name: &'static str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// The value of a variable that has no default.
    ///
    /// # Errors
    /// [`ConfigError::Missing`].
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }

    /// The entries of a list, which are separated by commas.
    #[must_use]
    pub fn list(&self, name: &'static str) -> Vec<String> {
        let value = self.optional(name).unwrap_or_default();
        value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
    }

    /// A whole number within these bounds, if the variable is set.
    ///
    /// # Errors
    /// [`ConfigError::Malformed`].
    pub fn number<T>(&self, name: &'static str, allowed: std::ops::RangeInclusive<T>) -> Result<Option<T>, ConfigError>
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

    /// The value that goes with one of these words.
    ///
    /// # Errors
    /// [`ConfigError::Malformed`].
    pub fn one_of<T: Copy>(&self, name: &'static str, choices: &[(&str, T)], default: T) -> Result<T, ConfigError> {
        let Some(value) = self.optional(name) else { return Ok(default) };
        let chosen = choices.iter().find(|(word, _)| *word == value).map(|(_, choice)| *choice);
        chosen.ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            ConfigError::Malformed { name, value, allowed: format!("must be one of {}", words.join(", ")) }
        })
    }

    /// Whether all rate limits are off.
    ///
    /// # Errors
    /// [`ConfigError::Malformed`].
    pub fn rate_limits_are_off(&self) -> Result<bool, ConfigError> {
        self.one_of("RATE_LIMITS", &[("on", false), ("off", true)], false)
    }

    fn isolation(&self) -> Result<Isolation, ConfigError> {
        let choices = [("separate", Isolation::Separate), ("inline", Isolation::Inline)];
        self.one_of("HANDLER_ISOLATION", &choices, Isolation::Separate)
    }

    fn recovery_offsets(&self) -> Result<RecoveryOffsets, ConfigError> {
        let choices = [("auto", RecoveryOffsets::Auto), ("on", RecoveryOffsets::On), ("off", RecoveryOffsets::Off)];
        self.one_of("RECOVERY_OFFSETS", &choices, RecoveryOffsets::Auto)
    }

    fn admin_ui(&self) -> Result<AdminUi, ConfigError> {
        let is_on = self.one_of("ADMIN_UI", &[("on", true), ("off", false)], false)?;
        Ok(AdminUi { is_on, password_arn: self.optional("ADMIN_PASSWORD_ARN"), live: None })
    }

    fn edge(&self) -> Result<Edge, ConfigError> {
        let text = self.optional("EDGE_SECRET_SHA256").unwrap_or_default();
        Edge::parse(&text).ok_or(ConfigError::Application(
            "EDGE_SECRET_SHA256 must be one or two SHA-256 digests in hexadecimal, separated by a comma",
        ))
    }

    /// Without a setting, lines without metrics: an application needs a namespace only for those.
    fn invocation_log(&self) -> Result<InvocationLog, ConfigError> {
        #[derive(Clone, Copy)]
        enum Word {
            Metrics,
            Lines,
            Off,
        }
        let choices = [("metrics", Word::Metrics), ("lines", Word::Lines), ("off", Word::Off)];
        Ok(match self.one_of("INVOCATION_LOG", &choices, Word::Lines)? {
            Word::Metrics => InvocationLog::Metrics { namespace: self.required("METRICS_NAMESPACE")? },
            Word::Lines => InvocationLog::Lines,
            Word::Off => InvocationLog::Off,
        })
    }

    fn origins(&self) -> Origins {
        let origins: HashSet<String> = self.list("ALLOWED_ORIGINS").into_iter().collect();
        if origins.is_empty() || origins.contains("*") { Origins::Any } else { Origins::Only(origins) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_the_admin_ui_has_16_to_128_characters_and_no_log_repeats_it() {
        assert!(AdminPassword::new("hunter2").is_none() && AdminPassword::new(&"x".repeat(129)).is_none());
        let password = AdminPassword::new("pässwörd ünd mehr").unwrap();
        assert_eq!(format!("{password:?}"), "AdminPassword");
        assert!(password.is("pässwörd ünd mehr") && !password.is("pässwörd und mehr") && !password.is(""));
    }

    #[test]
    fn a_session_of_the_admin_ui_ends_with_its_password() {
        let hash = |password| AdminPassword::new(password).unwrap().session_hash("5e55");
        assert_eq!(hash("correct horse battery"), hash("correct horse battery"));
        assert_ne!(hash("correct horse battery"), hash("correct horse stapler"));
    }
}
