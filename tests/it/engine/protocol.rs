//! Limits and refusals of the engine that random requests do not meet.
