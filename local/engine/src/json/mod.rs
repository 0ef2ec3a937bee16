//! DynamoDB's JSON protocol: reads the bodies of requests, and writes those of answers and refusals. Bytes are base64
//! in it.

mod fields;
mod input;
mod output;
mod value;

pub use input::request;
pub use output::{refusal, response};
pub use value::{item, item_json};
