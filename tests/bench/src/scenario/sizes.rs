//! How large the scenarios are, and how long they wait.

use std::time::Duration;

use clap::Args;

/// How long it may take until thousands of clients are back, or are known to be gone.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How long a system may rest before and after a scenario, so that none bears the work of another.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// How large the scenarios are.
#[derive(Args, Clone, Debug)]
pub(crate) struct Sizes {
    /// Pairs of one sender and one recipient in `closed-1`, `closed-8` and `open`.
    #[arg(long, default_value_t = 50)]
    pub(crate) pairs: usize,
    /// How long the scenarios with messages are measured, in seconds.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) seconds: f64,
    /// How long they run before they are measured, in seconds.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) warmup: f64,
    /// Messages per second in `open`. Without it, half of the best of `closed-1` and `closed-8` of the same call.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Sockets of the one recipient in `devices`.
    #[arg(long, default_value_t = 50)]
    pub(crate) devices: usize,
    /// Pairs of clients in `polling`.
    #[arg(long, default_value_t = 20)]
    pub(crate) polling_pairs: usize,
    /// Clients in `crowd`.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) crowd: usize,
    /// How long the clients of `crowd` are idle before the memory is read, in seconds.
    #[arg(long, default_value_t = 4.0)]
    pub(crate) settle: f64,
    /// Clients in `storm`.
    #[arg(long, default_value_t = 2_000)]
    pub(crate) storm: usize,
    /// Handshakes that are open at the same time in `crowd` and `storm`.
    #[arg(long, default_value_t = 64)]
    pub(crate) at_once: usize,
}
