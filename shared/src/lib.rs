//! Parlance: a chat backend for unmodified Socket.IO clients on AWS Lambda. What every function shares, in reading order:
//!
//! - [`frame`]: packet ↔ text, Engine.IO and Socket.IO. Pure and total.
//! - [`domain`]: chats, messages, people; commands and notices. Types and rules, nothing else.
//! - [`dialect`]: how each client app says all that. Words, no decisions.
//! - [`app`]: the use cases, one file per capability: checks, one transaction, what to say to whom.
//! - [`store`], the tables: DynamoDB.
//! - [`deliver`]: audiences → sockets → posts.
//! - [`application`]: what speaks in the namespaces: the chat, or another application.
//! - [`relay`]: the life of a connection: from API Gateway's events to the use cases and back.
//! - [`auth`], [`limit`], [`config`], [`error`], [`telemetry`]: tokens, limits, settings, errors, logs.
//! - `http_event`: requests of the HTTP API, from API Gateway's events to a router and back.
//! - [`ctx`]: what an invocation works with.
//! - [`aws`]: how long it waits for AWS, and how often it tries again.

pub mod app;
pub mod application;
pub mod auth;
pub mod aws;
pub mod config;
pub mod ctx;
pub mod deliver;
pub mod dialect;
pub mod domain;
pub mod error;
pub mod frame;
#[cfg(feature = "http")]
pub mod http_event;
pub mod limit;
pub mod relay;
#[cfg(feature = "lambda")]
pub mod runtime;
pub mod store;
pub mod telemetry;
