//! Types and rules: no serde, no AWS, no tokio.

pub mod chat;
pub mod clock;
pub mod command;
pub mod id;
pub mod message;
pub mod notice;
pub mod page;
pub mod user;
