//! What the log file of the tables survives.
