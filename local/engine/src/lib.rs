//! DynamoDB's tables in memory, with a log file.
//!
//! [`Tables`] performs requests in the types of the SDK, one at a time, without an async runtime. The semantics,
//! errors and capacity units are DynamoDB's. A request whose parameters the engine does not have is refused, with the
//! name of the parameter.
//!
//! What survives what: a request that was answered is in the log file, and survives the end of the process, however it
//! ends. If the machine loses power, the last moments may be lost, but never a part of a request. The tokens of
//! transactions are in memory only.

mod batch;
mod capacity;
mod error;
mod expression;
mod get;
pub mod json;
mod key;
mod log;
mod number;
mod page;
mod query;
mod record;
mod refusal;
mod request;
mod scan;
mod schema;
mod state;
mod table;
mod tables;
mod token;
mod transaction;
mod value;
mod write;

pub use log::{Compaction, LogFault, OpenError};
pub use refusal::{Reason, Refusal};
pub use request::{Performed, Request, Response, Written};
pub use schema::{IndexSchema, KeySchema, KeyType, Projection, TableSchema};
pub use tables::{CreateError, Tables};
pub use value::{Item, item_size};
