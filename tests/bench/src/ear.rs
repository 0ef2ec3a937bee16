//! What a client hears, on its way to the scenario.

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::words::{self, Word};

/// What one client heard.
#[derive(Debug)]
pub(crate) struct Event {
    /// The client's tag.
    pub(crate) tag: usize,
    /// When its frame had arrived.
    pub(crate) at: Instant,
    /// What was said.
    pub(crate) what: What,
}

/// What a client can pass on.
#[derive(Debug)]
pub(crate) enum What {
    /// A packet that matters to a scenario.
    Word(Word),
    /// The offset of an event, if the client was asked to pass them on.
    Offset(String),
    /// The connection has ended, and the client did not end it.
    Closed,
}

/// Passes on what a client hears.
#[derive(Clone)]
pub(crate) struct Ear {
    tag: usize,
    with_offsets: bool,
    inbox: UnboundedSender<Event>,
}

impl Ear {
    /// The ear of the client with this tag.
    pub(crate) fn new(tag: usize, with_offsets: bool, inbox: UnboundedSender<Event>) -> Self {
        Self { tag, with_offsets, inbox }
    }

    /// Reads one packet that arrived, and passes on what matters.
    pub(crate) fn hear(&self, packet: &str) {
        let at = Instant::now();
        if self.with_offsets
            && let Some(offset) = words::offset(packet)
        {
            self.pass(at, What::Offset(offset.to_owned()));
        }
        match words::read(packet) {
            Word::Other => {}
            word => self.pass(at, What::Word(word)),
        }
    }

    /// Says that the connection has ended.
    pub(crate) fn closed(&self) {
        self.pass(Instant::now(), What::Closed);
    }

    fn pass(&self, at: Instant, what: What) {
        // Nobody listens any more when the scenario is over.
        let _ = self.inbox.send(Event { tag: self.tag, at, what });
    }
}
