//! The pocket cloud: what AWS does for Parlance, in one process, booted from template.yaml. In reading order:
//!
//! - [`template`]: the deployed system, read.
//! - [`cloud`]: all of it, put together.
//! - [`gateway`], [`management`]: API Gateway's WebSocket API and `@connections`.
//! - [`http_api`]: API Gateway's HTTP API.
//! - [`lambda`]: the functions, invoked synchronously and asynchronously.
//! - [`dynamodb`]: the tables.
//! - [`data_folder`]: where they are kept, if in files.
//! - [`storage`], [`presigned`]: the buckets, and addresses that functions signed.
//! - [`stream`]: the streams of the tables, handed to functions.
//! - [`schedule`]: what runs by the clock.
//! - [`connector`]: the one seam: the AWS SDK's requests, answered here.
//! - [`faults`]: what a cloud does to functions on a bad day, on demand or from a seed.
//! - [`token`]: tokens for development.
//! - [`errors`]: what is logged as an error, for tests.
//! - [`world`]: the whole system for a test, with clients that need no sockets.
//!
//! What this emulation does not support is refused with 501, never approximated.

pub mod cloud;
pub mod connector;
pub mod data_folder;
pub mod dynamodb;
pub mod errors;
pub mod faults;
pub mod gateway;
pub mod http_api;
pub mod lambda;
pub mod management;
pub mod presigned;
pub mod schedule;
pub mod storage;
pub mod stream;
pub mod template;
pub mod token;
pub mod world;
