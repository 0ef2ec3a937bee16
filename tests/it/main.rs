//! The tests of the whole: transcripts over the system in one process, and what holds it together.

#[cfg(test)]
mod codec;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod cross;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod model;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod polling;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod recruiting;
#[cfg(test)]
mod template;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod tokens;
