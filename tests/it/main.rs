//! The tests of the whole: transcripts over the system in one process, and what holds it together.

mod template;
