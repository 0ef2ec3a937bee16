//! The life of a connection, from API Gateway's events to the use cases and back. One file per function of ARCHITECTURE.md, "Bird's eye view".
//!
//! A function that answers a client never fails towards API Gateway: it turns every error into a reply in the protocol,
//! or into a log line. The functions that answer nobody (disconnect, heartbeat and sweep) do fail: see [`retried`].

pub mod application;
pub mod ask;
mod binary;
pub mod connect;
mod content;
pub mod disconnect;
pub mod event;
pub mod followup;
mod gate;
pub mod handshake;
pub mod heartbeat;
mod incoming;
pub mod polling;
mod recover;
mod reply;
mod strangers;
pub mod sweep;
pub mod switchboard;
mod takeover;
mod upgrade;

pub use incoming::{DIALECT_VARIABLE, Incoming};
pub use reply::{accepted, ok_response, retried};
