//! The tests of the whole: transcripts over the system in one process, and what holds it together.

#[cfg(test)]
mod codec;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod recruiting;
#[cfg(test)]
mod template;
