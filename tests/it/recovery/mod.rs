//! Connection state recovery, held to its contract on the wire (socketio.md, "Connection state recovery"): nothing here knows how it is done.
//!
//! A client is an [`ear::Ear`], which keeps what the stock client keeps and brings it back; what a dialect's events tell is in [`words`].

mod ear;
mod picture;
mod property;
mod stage;
mod words;
