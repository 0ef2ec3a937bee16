//! x

pub mod template;
