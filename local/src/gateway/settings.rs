//! What can be set about a gateway. Everything that Amazon neither documents nor lets one observe is a setting here, and says so.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::StatusCode;
use shared::domain::clock::Clock;

use crate::faults::Faults;

/// Whether two frames of one connection may run at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// One frame at a time, in the order in which they were sent; `$disconnect` comes after the last one.
    #[default]
    Serial,
    /// Frames start at once, each after a random delay, and `$disconnect` waits for none of them. API Gateway may do this.
    Concurrent,
}

/// What happens to binary frames of clients, and to what functions want to send as such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BinaryFrames {
    /// A client's binary frame closes the connection with 1003, and each post goes out as text, as with API Gateway.
    #[default]
    Refused,
    /// They are passed on both ways, as a host would that is not API Gateway: inwards as a base64 body with `isBase64Encoded`, outwards for a
    /// post that [`BINARY_POST_HEADER`](shared::ctx::BINARY_POST_HEADER) marks.
    PassedOn,
}

/// What befalls each `$disconnect`, which API Gateway delivers at best effort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DisconnectFault {
    /// It arrives once.
    #[default]
    None,
    /// It never arrives.
    Lost,
    /// It arrives twice, word for word.
    Doubled,
    /// It arrives so many milliseconds late.
    LateMillis(u64),
}

/// The settings of one gateway; [`Default`] is what Amazon API Gateway does.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The stage: the first segment of the API's own URL, and part of every event.
    pub stage: String,
    /// The API's id in every event.
    pub api_id: String,
    /// The host name in every event.
    pub domain_name: String,
    /// The mapping key of a custom domain: a second path at which the API answers. `socket.io` is the client's default path.
    pub mapping_key: Option<String>,
    /// Whether two frames of one connection may run at once.
    pub mode: Mode,
    /// What the idle limit and the age limit are multiplied with, so that a test can age a connection in seconds.
    pub timer_scale: f64,
    /// A connection without a message in either direction for so long is closed with 1001.
    pub idle_secs: u64,
    /// A connection of this age is closed with 1001.
    pub max_age_secs: u64,
    /// How long the gateway waits for a function. The function itself is not interrupted.
    pub integration_timeout_secs: u64,
    /// How long after the result of `$connect` a connection begins to exist for `@connections`. Inferred.
    pub existence_lag_millis: RangeInclusive<u64>,
    /// How long a frame or a `$disconnect` is held back in [`Mode::Concurrent`]. Inferred.
    pub concurrent_delay_millis: RangeInclusive<u64>,
    /// How many frames of one connection may run at once in [`Mode::Concurrent`]. Inferred.
    pub concurrent_frames: usize,
    /// How many bytes may wait for a client that reads slowly before posts to it answer 429. Inferred.
    pub outbound_buffer_bytes: usize,
    /// The largest frame; a larger one closes the connection with 1009.
    pub frame_bytes: usize,
    /// The largest message, in either direction; a larger one closes the connection with 1009, or is answered 413.
    pub message_bytes: usize,
    /// Whether binary frames exist.
    pub binary_frames: BinaryFrames,
    /// Whether the three rates below are enforced; a load test may want to do without.
    pub rate_limits: bool,
    /// New connections per second, and the size of their bucket. One more is answered 429.
    pub connections_per_second: u32,
    /// Messages and `@connections` calls per second, together.
    pub requests_per_second: u32,
    /// The size of the bucket for [`Settings::requests_per_second`].
    pub requests_burst: u32,
    /// Whether a ping or pong of the client postpones the idle limit. Inferred: it does not.
    pub control_frames_are_activity: bool,
    /// The text of the close frame at the age limit. Inferred.
    pub age_close_reason: String,
    /// What the handshake answers if `$connect` takes too long. Inferred.
    pub connect_timeout_status: StatusCode,
    /// The error frame's message for a frame over the rate. Inferred.
    pub throttled_message: String,
    /// Whether it is noticed at once that a client's TCP connection ended or was reset without a close frame, because the client's process was
    /// killed for instance; else only at the idle limit. Inferred, as is the code 1006 that `$disconnect` then hears.
    pub notices_tcp_ends: bool,
    /// What befalls each `$disconnect`.
    pub disconnect_fault: DisconnectFault,
    /// What goes wrong besides.
    pub faults: Faults,
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

/// A random duration out of a range of milliseconds.
pub(super) fn drawn(clock: &Clock, millis: &RangeInclusive<u64>) -> Duration {
    let width = millis.end().saturating_sub(*millis.start());
    let drawn = match width.checked_add(1) {
        Some(choices) if width > 0 => u64::from_le_bytes(clock.random()) % choices,
        _ => 0,
    };
    Duration::from_millis(millis.start().saturating_add(drawn))
}
