//! The two protocols of a client, one inside the other, between packet and text.
//!
//! [`engine`] is Engine.IO v4, the outer layer. One of its messages carries one packet of [`socket`], Socket.IO v5.
//! Both codecs are pure, strict and total: for every text the result is a packet or an error, never a panic and never a
//! guess. A decoded packet can be encoded and decoded again to the same packet.
//!
//! The codecs have no state, on purpose. The handlers decide who may send which packet and when. Here a packet is only
//! well formed or not.

pub mod engine;
pub mod json;
pub mod socket;
