//! Thousands of clients that are cut off at once, are written to while they are away, and all come back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, timeout_at};

use super::outcome::{Outcome, number, rounded};
use super::people;
use super::sizes::{PATIENCE, PAUSE, Sizes};
use crate::checker::{Findings, Heard, check};
use crate::client::{Client, Joining};
use crate::ear::{Event, What};
use crate::failure::Failure;
use crate::rest::Rest;
use crate::system::System;
use crate::words::Word;

/// One in so many clients is written to.
const WRITTEN_TO: usize = 10;

/// The most writers. A writer's messages wait for nothing, so a few are enough.
const WRITERS: usize = 20;

/// The first tag of a writer, behind all others.
const WRITER_TAG: usize = usize::MAX / 2;

/// How often a client tries to come back before it gives up.
const ATTEMPTS: usize = 100;

/// What the clients heard.
#[derive(Default)]
struct Heards {
    messages: BTreeMap<usize, Vec<Heard>>,
    offsets: BTreeMap<usize, String>,
    acks: usize,
    refused: u64,
    closed: u64,
}

impl Heards {
    fn take(&mut self, event: Event) {
        match event.what {
            What::Word(Word::Message(message)) if event.tag < WRITER_TAG => {
                let heard = Heard { seq: message.seq, number: message.number };
                self.messages.entry(event.tag).or_default().push(heard);
            }
            What::Word(Word::Ack { success, .. }) => {
                self.acks += 1;
                self.refused += u64::from(!success);
            }
            What::Offset(offset) => {
                self.offsets.insert(event.tag, offset);
            }
            What::Closed => self.closed += 1,
            What::Word(_) => {}
        }
    }

    /// Takes what arrives until `done`, or until the patience is at its end.
    async fn until(&mut self, inbox: &mut UnboundedReceiver<Event>, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self)
            && let Ok(Some(event)) = timeout_at(deadline, inbox.recv()).await
        {
            self.take(event);
        }
    }

    /// Takes what still arrives within a moment.
    async fn rest(&mut self, inbox: &mut UnboundedReceiver<Event>) {
        sleep(PAUSE).await;
        while let Ok(event) = inbox.try_recv() {
            self.take(event);
        }
    }

    /// Whether so many messages have arrived at each of these clients.
    fn have(&self, tags: &[usize], count: usize) -> bool {
        tags.iter().all(|tag| self.messages.get(tag).is_some_and(|heard| heard.len() >= count))
    }
}

/// The clients that stay and write, and the chats with those they write to.
struct Writers {
    clients: Vec<Client>,
    /// The tags of those who are written to, each with the id of the chat.
    chats: Vec<(usize, String)>,
}

impl Writers {
    /// Writes one message to each, and returns how many those are.
    fn write(&mut self, number: u64) -> usize {
        let count = self.clients.len();
        for (index, (_, chat)) in self.chats.iter().enumerate() {
            if let Some(writer) = self.clients.get_mut(index % count) {
                writer.send(chat, number);
            }
        }
        self.chats.len()
    }
}

/// Runs the scenario.
///
/// # Errors
/// If the clients cannot join, or one does not come back.
pub(super) async fn run(system: &System, sizes: &Sizes) -> Result<Outcome, Failure> {
    let (inbox, mut incoming) = unbounded_channel();
    let mut heard = Heards::default();
    let joinings: Vec<Joining> = (0..sizes.storm)
        .map(|tag| Joining { with_offsets: true, ..Joining::new(system.user("storm", tag), tag) })
        .collect();
    let clients = people::join_all(system, joinings.clone(), sizes.at_once, &inbox).await?;
    let mut writers = assemble_writers(system, sizes, &inbox).await?;
    let tags: Vec<usize> = writers.chats.iter().map(|(tag, _)| *tag).collect();
    let mut acks = writers.write(0);
    heard.until(&mut incoming, |heard| heard.acks >= acks && heard.have(&tags, 1)).await;
    heard.rest(&mut incoming).await;

    let sessions = clients.iter().zip(joinings).map(|(client, joining)| {
        let offset = heard.offsets.get(&joining.tag).cloned();
        Joining { session: client.pid.clone().map(|pid| (pid, offset)), ..joining }
    });
    let sessions: Vec<Joining> = sessions.collect();
    let cpu_before = system.cpu_millis()?;
    let cut = Instant::now();
    drop(clients);
    acks += writers.write(1);
    let pids: Vec<_> = sessions.iter().map(|joining| joining.session.clone().map(|(pid, _)| pid)).collect();
    let back = come_back(system, sessions, sizes.at_once, &inbox).await?;
    let seconds = cut.elapsed().as_secs_f64();
    let cpu = system.cpu_millis()? - cpu_before;
    let recovered: BTreeSet<usize> = back
        .iter()
        .zip(&pids)
        .enumerate()
        .filter(|(_, (client, pid))| pid.is_some() && client.pid == **pid)
        .map(|(tag, _)| tag)
        .collect();
    heard.until(&mut incoming, |heard| heard.acks >= acks).await;
    let recovering: Vec<usize> = tags.iter().copied().filter(|tag| recovered.contains(tag)).collect();
    heard.until(&mut incoming, |heard| heard.have(&recovering, 2)).await;
    // What a new session hears of itself need not be fetched.
    heard.rest(&mut incoming).await;
    fetch_missed(system, &writers, &recovered, &mut heard).await?;
    acks += writers.write(2);
    heard.until(&mut incoming, |heard| heard.acks >= acks && heard.have(&tags, 3)).await;
    heard.rest(&mut incoming).await;

    let sent: BTreeSet<u64> = (0..3).collect();
    let none = Vec::new();
    let findings = tags.iter().map(|tag| check(&sent, heard.messages.get(tag).unwrap_or(&none), system.gapless));
    let findings = findings.fold(Findings::default(), Findings::plus);
    let unanswered = u64::try_from(acks - heard.acks.min(acks)).unwrap_or(u64::MAX);
    let values = json!({
        "seconds_until_all_back": rounded(seconds),
        "cpu_ms_per_return": rounded(cpu / number(sizes.storm)),
        "recovered": recovered.len(),
    });
    back.into_iter().chain(writers.clients).for_each(Client::leave);
    let findings = Findings { refused: heard.refused + unanswered, closed: heard.closed, ..findings };
    Ok(Outcome { findings, ..Outcome::new("storm", &values) })
}

/// Lets the writers join, and creates their chats.
async fn assemble_writers(system: &System, sizes: &Sizes, inbox: &UnboundedSender<Event>) -> Result<Writers, Failure> {
    let tags: Vec<usize> = (0..sizes.storm).step_by(WRITTEN_TO).collect();
    let count = tags.len().clamp(1, WRITERS);
    let joinings = (0..count).map(|index| Joining::new(system.user("writer", index), WRITER_TAG + index));
    let clients = people::join_all(system, joinings.collect(), sizes.at_once, inbox).await?;
    let pairs = tags.iter().enumerate();
    let pairs = pairs.map(|(index, tag)| [system.user("writer", index % count), system.user("storm", *tag)]);
    let chats = people::chats(system, &pairs.collect::<Vec<_>>()).await?;
    Ok(Writers { clients, chats: tags.into_iter().zip(chats).collect() })
}

/// Lets all come back, `at_once` at the same time. Who is refused tries again.
async fn come_back(
    system: &System,
    sessions: Vec<Joining>,
    at_once: usize,
    inbox: &UnboundedSender<Event>,
) -> Result<Vec<Client>, Failure> {
    people::each_at_once(sessions, at_once, |joining| async move {
        let mut attempt = 0;
        loop {
            match Client::join(system, joining.clone(), inbox).await {
                Ok(client) => return Ok(client),
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => attempt += 1,
            }
            sleep(PAUSE / 10).await;
        }
    })
    .await
}

/// Fetches for each client that began a new session what it has missed, as an app does.
async fn fetch_missed(
    system: &System,
    writers: &Writers,
    recovered: &BTreeSet<usize>,
    heard: &mut Heards,
) -> Result<(), Failure> {
    let mut rest = Rest::new(system);
    for (tag, chat) in writers.chats.iter().filter(|(tag, _)| !recovered.contains(tag)) {
        let own = heard.messages.entry(*tag).or_default();
        let last = own.last().map_or(0, |message| message.seq);
        for message in rest.messages_after(&system.user("storm", *tag), chat, last).await? {
            let message = Heard { seq: message.seq, number: message.number };
            // An app knows the messages that it has.
            if !own.contains(&message) {
                own.push(message);
            }
        }
    }
    Ok(())
}
