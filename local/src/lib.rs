//! The pocket cloud: what AWS does for Parlance, on one machine.

pub mod gateway;
pub mod management;
