//! The system's promises, one test each.

#[cfg(test)]
mod gateway;
