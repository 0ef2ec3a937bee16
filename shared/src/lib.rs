//! Parlance.

pub mod domain;
pub mod frame;
