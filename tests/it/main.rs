//! x

mod codec;
