//! The engine of the tables: the same requests to it and to another engine, and what its log file survives.

mod draw;
mod log;
mod oracle;
mod protocol;
