//! DynamoDB's JSON protocol: bodies of requests and of answers. Bytes are base64 in it.

mod fields;
mod input;
mod output;
mod value;

pub use input::request;
pub use output::{refusal, response};
pub use value::{item, item_json};
