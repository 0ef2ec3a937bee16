//! Types and rules: no serde, no AWS, no tokio.

pub mod clock;
