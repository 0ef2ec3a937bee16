//! The codec: what is a packet, what is not, and what becomes of it on the way to text and back.
//!
//! Facts by example here; [`properties`] over everything that can be generated; [`oracle`] against two other
//! implementations.

#![cfg(test)]

mod facts;
mod generate;
mod oracle;
mod properties;
