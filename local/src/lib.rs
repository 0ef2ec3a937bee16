//! The pocket cloud: what AWS does for Parlance, in one process, started from template.yaml. In reading order:
//!
//! - [`template`]: the deployed system, as read from template.yaml.
//! - [`cloud`]: all parts, put together.
//! - [`code`]: what each function does.
//! - [`bootstraps`]: the functions as processes, in place of that.
//! - [`gateway`], [`management`]: API Gateway's WebSocket API and `@connections`.
//! - [`http_api`]: API Gateway's HTTP API.
//! - [`lambda`]: the functions, invoked synchronously and asynchronously.
//! - `concurrency`: how many invocations of a function may run at the same time.
//! - [`dynamodb`]: the tables.
//! - [`data_folder`]: the folder of their file, if they have one.
//! - [`storage`], [`presigned`]: the buckets, and addresses that functions signed.
//! - [`secrets`]: the secrets that the template makes.
//! - [`media_links`]: such addresses, as the client reaches this machine.
//! - [`stream`]: the streams of the tables, handed to functions.
//! - [`queue`]: queues, whose messages are handed to functions.
//! - [`schedule`]: functions and expirations that run by the clock.
//! - [`connector`]: the only connection to the AWS SDK, whose requests it answers.
//! - [`faults`]: the faults that a cloud can cause, on demand or from a seed.
//! - [`watch`]: what happens, as a stream of records.
//! - [`sessions`]: connections and sessions, as the tables have them.
//! - [`meter`]: what AWS would have counted and charged.
//! - [`standard_hour`]: an hour of chat, to measure that.
//! - [`inspector`]: a page that shows all of it, under `/_local`.
//! - [`admin`]: the Socket.IO Admin UI, which is shown sockets and events as they happen.
//! - [`published`]: what functions published to topics.
//! - `messaging`, `outside`: requests to SQS and SNS, and to addresses outside of AWS.
//! - [`run`]: the cloud until the process is asked to end.
//! - [`token`]: tokens for development.
//! - [`hint`]: what was probably meant by a refused request.
//! - [`playground`]: the page at `/`, on which people chat.
//! - [`docs`]: the contracts of the dialects, at `/docs`.
//!
//! What this emulation does not support is refused with 501, never approximated.

pub mod admin;
pub mod bootstraps;
pub mod cloud;
pub mod code;
mod concurrency;
pub mod connector;
pub mod data_folder;
pub mod direct;
pub mod docs;
pub mod dynamodb;
pub mod faults;
pub mod gateway;
pub mod hint;
pub mod http_api;
pub mod inspector;
pub mod lambda;
pub mod latency;
pub mod management;
pub mod media_links;
mod messaging;
pub mod meter;
mod outside;
mod page_file;
pub mod playground;
pub mod presigned;
pub mod published;
pub mod queue;
mod recorded;
pub mod run;
pub mod schedule;
pub mod secrets;
pub mod sessions;
pub mod standard_hour;
pub mod storage;
pub mod stream;
pub mod template;
pub mod token;
pub mod watch;
