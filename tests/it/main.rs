//! The tests of the whole: transcripts over the system in one process, and what holds it together.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod binary;
#[cfg(test)]
mod bootstraps;
#[cfg(test)]
mod circles;
#[cfg(test)]
mod classroom;
#[cfg(test)]
mod codec;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod cross;
#[cfg(test)]
mod data_folder;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod expressions;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod heartbeat;
#[cfg(test)]
mod hook;
#[cfg(test)]
mod http_event;
#[cfg(test)]
mod inspector;
#[cfg(test)]
mod invocation;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod log;
#[cfg(test)]
mod marketplace;
#[cfg(test)]
mod media;
#[cfg(test)]
mod messenger;
#[cfg(test)]
mod model;
#[cfg(test)]
mod moderation;
#[cfg(test)]
mod monitoring;
#[cfg(test)]
mod order;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod polling;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod recruiting;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod template;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod transcript;
#[cfg(test)]
mod unkind;
#[cfg(test)]
mod workspace;
#[cfg(test)]
mod worlds;
