//! The local gateway keeps to what Amazon API Gateway does: one test for each rule.

mod closes;
mod events;
mod handshake;
mod management;
mod messages;
mod sockets;
mod stage;
