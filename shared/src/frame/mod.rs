//! Packet ↔ text: the two protocols a client speaks, one inside the other.
//!
//! [`engine`] is Engine.IO v4, the outer layer; a message of it carries one packet of [`socket`], Socket.IO v5. Both are pure, strict and
//! total: whatever the text, the answer is a packet or an error, never a panic and never a guess. What is decoded can be encoded
//! and decoded again to the same packet.
//!
//! Deliberately absent: any state. Who may send what, and when, is the business of the handlers; here a packet is only well formed or not.

pub mod engine;
pub mod json;
pub mod socket;
