//! Parlance.

pub mod domain;
