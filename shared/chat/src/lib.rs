//! Parlance's chat, an application of the crate [`relay`]. In reading order:
//!
//! - [`domain`]: chats, messages, users; commands and notices. Types and rules, nothing else.
//! - [`dialect`]: the events and requests of each client app. It translates and does not decide.
//! - [`app`]: the use cases, one file per capability: checks, one transaction, and what to send to whom.
//! - [`store`], the tables: DynamoDB.
//! - [`deliver`]: from audiences to sockets to posts.
//! - [`application`]: what the relay calls: from events and sessions to the use cases and back.
//! - [`followup`] and [`sweep`]: what happens after an invocation, and once per minute.
//! - [`hook`]: what other systems hear of, and webhooks.
//! - [`functions`]: the handlers of all functions.
//! - [`auth`], [`keyring`], [`limit`], [`config`], [`error`], [`telemetry`]: tokens, their keys, limits, settings, errors,
//!   logs.
//! - [`ctx`]: the context of an invocation.

pub mod app;
pub mod application;
pub mod auth;
pub mod config;
pub mod ctx;
pub mod deliver;
pub mod dialect;
pub mod domain;
pub mod error;
pub mod followup;
pub mod functions;
pub mod hook;
pub mod keyring;
pub mod limit;
pub mod store;
pub mod sweep;
mod takeover;
pub mod telemetry;

pub use ctx::Chat;
