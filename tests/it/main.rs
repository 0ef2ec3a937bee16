//! The system's promises, one test each.

#[cfg(test)]
mod codec;
#[cfg(test)]
mod gateway;
