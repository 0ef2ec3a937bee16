//! The settings of a gateway. Everything that Amazon does not document and that cannot be observed is a setting here,
//! and its comment says so.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::StatusCode;
use relay::clock::Clock;

use crate::faults::Faults;
use crate::watch::Watch;

/// Whether two frames of one connection may be handled at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// One frame at a time, in the order in which they were sent. `$disconnect` comes after the last one.
    #[default]
    Serial,
    /// Frames start at once, each after a random delay, and `$disconnect` waits for none of them. API Gateway may do
    /// this.
    Concurrent,
}

/// How the gateway treats binary frames of clients, and posts that functions want to send as binary frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BinaryFrames {
    /// A client's binary frame closes the connection with 1003, and each post goes out as text, as in API Gateway.
    #[default]
    Refused,
    /// Binary frames are passed on in both directions, as a host other than API Gateway would do: inwards as a base64
    /// body with `isBase64Encoded`, outwards for a post that [`BINARY_POST_HEADER`](relay::connections::BINARY_POST_HEADER)
    /// marks.
    PassedOn,
}

/// The fault of each `$disconnect`, which API Gateway delivers at best effort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DisconnectFault {
    /// It arrives once.
    #[default]
    None,
    /// It never arrives.
    Lost,
    /// It arrives twice, with the same content.
    Doubled,
    /// It arrives late by this many milliseconds.
    LateMillis(u64),
}

/// The settings of one gateway. [`Default`] is the behaviour of Amazon API Gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The stage: the first segment of the API's own URL, and part of every event.
    pub stage: String,
    /// The API's id in every event.
    pub api_id: String,
    /// The host name in every event.
    pub domain_name: String,
    /// The mapping key of a custom domain: a second path at which the API answers. `socket.io` is the client's default
    /// path.
    pub mapping_key: Option<String>,
    /// Whether two frames of one connection may be handled at once.
    pub mode: Mode,
    /// The factor of the idle limit and the age limit, so that a test can age a connection in seconds.
    pub timer_scale: f64,
    /// The idle limit: after this time without a message in either direction a connection is closed with 1001.
    pub idle_secs: u64,
    /// The age limit: a connection of this age is closed with 1001.
    pub max_age_secs: u64,
    /// How long the gateway waits for a function. The function itself is not interrupted.
    pub integration_timeout_secs: u64,
    /// How long after the result of `$connect` a connection begins to exist for `@connections`. Inferred.
    pub existence_lag_millis: RangeInclusive<u64>,
    /// How long a frame or a `$disconnect` is held back in [`Mode::Concurrent`]. Inferred.
    pub concurrent_delay_millis: RangeInclusive<u64>,
    /// How many frames of one connection may be handled at once in [`Mode::Concurrent`]. Inferred.
    pub concurrent_frames: usize,
    /// How many bytes may wait for a client that reads slowly before posts to it are answered with 429. Inferred.
    pub outbound_buffer_bytes: usize,
    /// The largest frame, in bytes. A larger one closes the connection with 1009.
    pub frame_bytes: usize,
    /// The largest message in either direction, in bytes. A larger one closes the connection with 1009, or is answered
    /// with 413.
    pub message_bytes: usize,
    /// Whether binary frames exist.
    pub binary_frames: BinaryFrames,
    /// Whether the three rates below are enforced. A load test may switch them off.
    pub rate_limits: bool,
    /// New connections per second, and the size of their bucket. One more is answered with 429.
    pub connections_per_second: u32,
    /// Messages and `@connections` calls per second, together.
    pub requests_per_second: u32,
    /// The size of the bucket for [`Settings::requests_per_second`].
    pub requests_burst: u32,
    /// Whether a ping or pong of the client postpones the idle limit. Inferred: it does not.
    pub control_frames_are_activity: bool,
    /// The text of the close frame at the age limit. Inferred.
    pub age_close_reason: String,
    /// The status of the handshake if `$connect` takes too long. Inferred.
    pub connect_timeout_status: StatusCode,
    /// The message of the error frame for a frame over the rate. Inferred.
    pub throttled_message: String,
    /// Whether the gateway notices at once that a client's TCP connection ended or was reset without a close frame, for
    /// example because the client's process was killed. Otherwise it notices only at the idle limit. Inferred, as is
    /// the code 1006 that `$disconnect` then gets.
    pub notices_tcp_ends: bool,
    /// The fault of each `$disconnect`.
    pub disconnect_fault: DisconnectFault,
    /// The fault layer, for all other faults.
    pub faults: Faults,
    /// The stream to which the gateway reports connections and frames.
    pub watch: Watch,
    /// How long [`shutdown`](super::Gateway::shutdown) waits for the last function.
    pub shutdown_secs: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stage: "prod".to_owned(),
            api_id: "parlance00".to_owned(),
            domain_name: "parlance00.execute-api.localhost".to_owned(),
            mapping_key: Some("socket.io".to_owned()),
            mode: Mode::Serial,
            timer_scale: 1.0,
            idle_secs: 600,
            max_age_secs: 7_200,
            integration_timeout_secs: 29,
            existence_lag_millis: 0..=100,
            concurrent_delay_millis: 0..=20,
            concurrent_frames: 128,
            outbound_buffer_bytes: 1_048_576,
            frame_bytes: 32_768,
            message_bytes: 131_072,
            binary_frames: BinaryFrames::Refused,
            rate_limits: true,
            connections_per_second: 500,
            requests_per_second: 10_000,
            requests_burst: 5_000,
            control_frames_are_activity: false,
            age_close_reason: super::GOING_AWAY.to_owned(),
            connect_timeout_status: StatusCode::GATEWAY_TIMEOUT,
            throttled_message: "Too Many Requests".to_owned(),
            notices_tcp_ends: true,
            disconnect_fault: DisconnectFault::None,
            faults: Faults::default(),
            watch: Watch::default(),
            shutdown_secs: 10,
        }
    }
}

impl Settings {
    /// Whether a client may connect at this path: the stage or the mapping key, with or without a slash at the end.
    pub(super) fn serves(&self, path: &str) -> bool {
        let key = path.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        key.is_some_and(|key| key == self.stage || Some(key) == self.mapping_key.as_deref())
    }

    /// The idle limit, scaled.
    pub(super) fn idle(&self) -> Duration {
        self.scaled(self.idle_secs)
    }

    /// The age limit, scaled.
    pub(super) fn max_age(&self) -> Duration {
        self.scaled(self.max_age_secs)
    }

    /// How long to wait for a function.
    pub(super) fn integration_timeout(&self) -> Duration {
        Duration::from_secs(self.integration_timeout_secs)
    }

    fn scaled(&self, secs: u64) -> Duration {
        let full = Duration::from_secs(secs);
        Duration::try_from_secs_f64(full.as_secs_f64() * self.timer_scale).unwrap_or(full)
    }
}

/// Draws a random duration from a range of milliseconds.
pub(super) fn drawn(clock: &Clock, millis: &RangeInclusive<u64>) -> Duration {
    let width = millis.end().saturating_sub(*millis.start());
    let drawn = match width.checked_add(1) {
        Some(choices) if width > 0 => u64::from_le_bytes(clock.random()) % choices,
        _ => 0,
    };
    Duration::from_millis(millis.start().saturating_add(drawn))
}
