//! The domain: types and rules. It uses no serde, no AWS and no tokio.

pub mod chat;

pub mod command;
pub mod directory;
pub mod extent;
pub mod id;
pub mod listing;
pub mod log;
pub mod media;
pub mod media_type;
pub mod message;
pub mod moderation;
pub mod notice;
pub mod offset;
pub mod page;
pub mod user;
