//! Parlance: a chat backend for unmodified Socket.IO clients on AWS Lambda. This crate holds what every function
//! shares. In reading order:
//!
//! - The crate [`frame`]: Engine.IO and Socket.IO, between packet and text. Pure and total.
//! - [`domain`]: chats, messages, users; commands and notices. Types and rules, nothing else.
//! - [`dialect`]: the events and requests of each client app. It translates and does not decide.
//! - [`app`]: the use cases, one file per capability: checks, one transaction, and what to send to whom.
//! - [`store`], the tables: DynamoDB.
//! - [`deliver`]: from audiences to sockets to posts.
//! - [`application`]: what runs in the namespaces: the chat, or another application.
//! - [`relay`]: the life of a connection, from API Gateway's events to the use cases and back.
//! - [`auth`], [`limit`], [`config`], [`error`], [`telemetry`]: tokens, limits, settings, errors, logs.
//! - `http_event`: requests of the HTTP API, from API Gateway's events to a router and back.
//! - [`ctx`]: the context of an invocation.
//! - `wait`: bounded waits.
//! - [`aws`]: timeouts and retries of the AWS clients.

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
#[cfg(feature = "http")]
pub mod http_event;
pub mod limit;
pub mod relay;
#[cfg(feature = "lambda")]
pub mod runtime;
pub mod store;
pub mod telemetry;
mod wait;
