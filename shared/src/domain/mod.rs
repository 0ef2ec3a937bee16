//! Types and rules: no serde, no AWS, no tokio.

pub mod chat;
pub mod clock;
pub mod command;
pub mod id;
pub mod media;
pub mod media_type;
pub mod message;
pub mod notice;
pub mod page;
pub mod user;
