//! Scenarios in which senders write to recipients: closed loop, open loop, many devices, polling.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::try_join_all;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::outcome::{Outcome, number, rounded};
use super::people;
use super::sizes::{PAUSE, Sizes};
use crate::checker::{Findings, Heard, check};
use crate::client::{Client, Joining, Transport};
use crate::ear::{Event, What};
use crate::failure::Failure;
use crate::latency::Latencies;
use crate::system::System;
use crate::words::Word;

/// How long after the last send an ack or a delivery may come before it counts as missing.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(20);

/// When a sender sends its next message.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// As soon as fewer than so many messages wait for their ack.
    Closed {
        /// The most messages that wait for their ack.
        in_flight: usize,
    },
    /// At fixed times, whatever the system does.
    Open {
        /// The time between two messages of one sender.
        interval: Duration,
    },
}

/// The times of one run.
#[derive(Clone, Copy)]
struct Window {
    /// The first message is sent.
    start: Instant,
    /// From here on it is measured.
    measured: Instant,
    /// No message is sent any more.
    end: Instant,
}

impl Window {
    fn contains(&self, at: Instant) -> bool {
        self.measured <= at && at < self.end
    }
}

/// A chat with the sender (tag 0), the sockets of its recipient (tags from 1), and what all of them hear.
struct Exchange {
    chat: String,
    sender: Client,
    recipients: Vec<Client>,
    inbox: UnboundedReceiver<Event>,
    gapless: bool,
}

/// What was seen of one chat.
#[derive(Default)]
struct Seen {
    acks: usize,
    acked: BTreeSet<u64>,
    ack_latencies: Latencies,
    delivery_latencies: Latencies,
    heard: BTreeMap<usize, Vec<Heard>>,
    /// When each message was sent or, in an open loop, should have been.
    due: BTreeMap<u64, Instant>,
    /// The messages that wait for their ack, by ack id.
    waiting: BTreeMap<u64, u64>,
    findings: Findings,
}

impl Seen {
    /// Whether each acked message has arrived at each of so many sockets.
    fn is_complete(&self, sockets: usize) -> bool {
        let arrived = self.heard.values().filter(|heard| heard.len() >= self.acked.len()).count();
        self.waiting.is_empty() && (self.acked.is_empty() || arrived == sockets)
    }

    fn take(&mut self, event: Event, window: &Window) {
        match event.what {
            What::Word(Word::Ack { id, success }) if event.tag == 0 => {
                let Some(number) = self.waiting.remove(&id) else { return };
                if !success {
                    self.findings.refused += 1;
                    return;
                }
                self.acked.insert(number);
                self.acks += usize::from(window.contains(event.at));
                if let Some(due) = self.due.get(&number).filter(|due| window.contains(**due)) {
                    self.ack_latencies.add(event.at - *due);
                }
            }
            What::Word(Word::Message(message)) if event.tag > 0 => {
                if let Some(due) = self.due.get(&message.number).filter(|due| window.contains(**due)) {
                    self.delivery_latencies.add(event.at - *due);
                }
                self.heard.entry(event.tag).or_default().push(Heard { seq: message.seq, number: message.number });
            }
            What::Closed => self.findings.closed += 1,
            What::Word(_) | What::Offset(_) => {}
        }
    }
}

impl Exchange {
    /// Sends until the end of the window, waits for what is still to come, and leaves.
    async fn run(mut self, pace: Pace, window: Window, phase: Duration) -> Seen {
        let mut seen = Seen::default();
        let (mut next, mut due) = (0, window.start + phase);
        sleep_until(due).await;
        let last = window.end + DELIVERY_PATIENCE;
        loop {
            let now = Instant::now();
            while now < window.end && seen.findings.closed == 0 {
                let sent_at = match pace {
                    Pace::Closed { in_flight } if seen.waiting.len() < in_flight => now,
                    Pace::Open { interval } if due <= now => {
                        due += interval;
                        due - interval
                    }
                    Pace::Closed { .. } | Pace::Open { .. } => break,
                };
                seen.due.insert(next, sent_at);
                seen.waiting.insert(self.sender.send(&self.chat, next), next);
                next += 1;
            }
            let ended = now >= window.end && seen.is_complete(self.recipients.len());
            if ended || now >= last || seen.findings.closed > 0 {
                break;
            }
            let wake = match pace {
                _ if now >= window.end => last,
                Pace::Closed { .. } => window.end,
                Pace::Open { .. } => due.min(window.end),
            };
            tokio::select! {
                event = self.inbox.recv() => match event {
                    Some(event) => seen.take(event, &window),
                    None => break,
                },
                () = sleep_until(wake) => {}
            }
        }
        // What arrives now is a message too many.
        tokio::time::sleep(PAUSE / 2).await;
        while let Ok(event) = self.inbox.try_recv() {
            seen.take(event, &window);
        }
        self.finish(seen)
    }

    fn finish(self, mut seen: Seen) -> Seen {
        seen.findings.refused += u64::try_from(seen.waiting.len()).unwrap_or(u64::MAX);
        for tag in 1..=self.recipients.len() {
            let heard = seen.heard.remove(&tag).unwrap_or_default();
            seen.findings = seen.findings.plus(check(&seen.acked, &heard, self.gapless));
        }
        self.sender.leave();
        self.recipients.into_iter().for_each(Client::leave);
        seen
    }
}

/// How many chats there are, and how their clients connect.
struct Cast {
    scenario: &'static str,
    chats: usize,
    sockets: usize,
    transport: Transport,
}

impl Cast {
    /// The exchanges of all chats. All clients have joined.
    async fn assemble(&self, system: &System) -> Result<Vec<Exchange>, Failure> {
        let names =
            |number| ["sender", "recipient"].map(|role| system.user(&format!("{}-{role}", self.scenario), number));
        let mut pairs = Vec::new();
        let mut exchanges = Vec::new();
        for chat in 0..self.chats {
            let [sender, recipient] = names(chat);
            pairs.push([sender.clone(), recipient.clone()]);
            let (inbox, heard) = unbounded_channel();
            let users = [sender].into_iter().chain(std::iter::repeat_n(recipient, self.sockets));
            let joinings = users.enumerate();
            let joinings = joinings.map(|(tag, user)| Joining { transport: self.transport, ..Joining::new(user, tag) });
            let mut clients = people::join_all(system, joinings.collect(), 4, &inbox).await?.into_iter();
            let sender = clients.next().ok_or("a chat without a sender")?;
            exchanges.push((sender, clients.collect(), heard));
        }
        let chats = people::chats(system, &pairs).await?;
        let all = exchanges.into_iter().zip(chats).map(|((sender, recipients, inbox), chat)| Exchange {
            chat,
            sender,
            recipients,
            inbox,
            gapless: system.gapless,
        });
        Ok(all.collect())
    }

    /// Runs all exchanges at the same time and adds up what was seen.
    async fn play(&self, system: &System, sizes: &Sizes, pace: Pace) -> Result<Outcome, Failure> {
        let exchanges = self.assemble(system).await?;
        let start = Instant::now() + PAUSE;
        let measured = start + Duration::from_secs_f64(sizes.warmup);
        let window = Window { start, measured, end: measured + Duration::from_secs_f64(sizes.seconds) };
        let count = exchanges.len();
        // Senders of an open loop do not all send in the same moment.
        let phase = |index: usize| match pace {
            Pace::Closed { .. } => Duration::ZERO,
            Pace::Open { interval } => interval.mul_f64(number(index) / number(count)),
        };
        let all = exchanges.into_iter().enumerate();
        let all = all.map(|(index, exchange)| tokio::spawn(exchange.run(pace, window, phase(index))));
        let all: Vec<_> = all.collect();
        sleep_until(window.measured).await;
        let cpu_before = system.cpu_millis()?;
        sleep_until(window.end).await;
        let cpu = system.cpu_millis()? - cpu_before;
        let mut sum = Seen::default();
        for seen in try_join_all(all).await? {
            sum.acks += seen.acks;
            sum.ack_latencies.append(seen.ack_latencies);
            sum.delivery_latencies.append(seen.delivery_latencies);
            sum.findings = sum.findings.plus(seen.findings);
        }
        let deliveries = number(sum.delivery_latencies.count());
        let (ack, delivery) = (sum.ack_latencies.summary(), sum.delivery_latencies.summary());
        let mut outcome = Outcome::new(
            self.scenario,
            &json!({
                "messages_per_s": rounded(number(sum.acks) / sizes.seconds),
                "deliveries_per_s": rounded(deliveries / sizes.seconds),
                "delivery_p50_ms": delivery.p50,
                "delivery_p99_ms": delivery.p99,
                "delivery_max_ms": delivery.max,
                "ack_p50_ms": ack.p50,
                "ack_p99_ms": ack.p99,
                "cpu_us_per_message": if sum.acks > 0 { rounded(cpu * 1e3 / number(sum.acks)) } else { json!(null) },
            }),
        );
        outcome.findings = sum.findings;
        if sum.acks == 0 {
            outcome.problems.push("no message was acked".to_owned());
        }
        Ok(outcome)
    }
}

/// Pairs, each with so many messages in flight.
pub(super) async fn closed(system: &System, sizes: &Sizes, in_flight: usize) -> Result<Outcome, Failure> {
    let scenario = if in_flight == 1 { "closed-1" } else { "closed-8" };
    let cast = Cast { scenario, chats: sizes.pairs, sockets: 1, transport: Transport::WebSocket };
    cast.play(system, sizes, Pace::Closed { in_flight }).await
}

/// Pairs that send `rate` messages per second together, whatever the system does.
pub(super) async fn open(system: &System, sizes: &Sizes, rate: f64) -> Result<Outcome, Failure> {
    let cast = Cast { scenario: "open", chats: sizes.pairs, sockets: 1, transport: Transport::WebSocket };
    let interval = Duration::from_secs_f64(number(sizes.pairs) / rate.max(0.1));
    let mut outcome = cast.play(system, sizes, Pace::Open { interval }).await?;
    outcome.values.insert("rate_per_s".to_owned(), rounded(rate));
    Ok(outcome)
}

/// One sender, and one recipient with many sockets.
pub(super) async fn devices(system: &System, sizes: &Sizes) -> Result<Outcome, Failure> {
    let cast = Cast { scenario: "devices", chats: 1, sockets: sizes.devices, transport: Transport::WebSocket };
    cast.play(system, sizes, Pace::Closed { in_flight: 1 }).await
}

/// Pairs that poll.
pub(super) async fn polling(system: &System, sizes: &Sizes) -> Result<Outcome, Failure> {
    let cast = Cast { scenario: "polling", chats: sizes.polling_pairs, sockets: 1, transport: Transport::Polling };
    cast.play(system, sizes, Pace::Closed { in_flight: 1 }).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Message;

    /// A window that is measured from now on for ever, and what one sender has sent: the messages 0, 1 and 2.
    fn three_sent() -> (Window, Seen) {
        let now = Instant::now();
        let window = Window { start: now, measured: now, end: now + DELIVERY_PATIENCE };
        let mut seen = Seen::default();
        for number in 0..3 {
            seen.due.insert(number, now);
            seen.waiting.insert(number + 10, number);
        }
        (window, seen)
    }

    fn event(tag: usize, what: What) -> Event {
        Event { tag, at: Instant::now(), what }
    }

    fn ack(id: u64, success: bool) -> Event {
        event(0, What::Word(Word::Ack { id, success }))
    }

    fn message(tag: usize, number: u64) -> Event {
        event(tag, What::Word(Word::Message(Message { chat: "c".to_owned(), seq: number + 1, number })))
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_complete_when_each_socket_has_each_acked_message() {
        let (window, mut seen) = three_sent();
        for (id, number) in [(10, 0), (11, 1), (12, 2)] {
            seen.take(message(1, number), &window);
            assert!(!seen.is_complete(2));
            seen.take(ack(id, true), &window);
        }
        assert!(seen.is_complete(1) && !seen.is_complete(2));
        for number in 0..3 {
            seen.take(message(2, number), &window);
        }
        assert!(seen.is_complete(2));
        assert_eq!((seen.acks, seen.ack_latencies.count(), seen.delivery_latencies.count()), (3, 3, 6));
        assert!(seen.findings.is_clean());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_send_and_a_closed_connection_are_findings() {
        let (window, mut seen) = three_sent();
        seen.take(ack(10, false), &window);
        seen.take(event(1, What::Closed), &window);
        assert_eq!(seen.findings, Findings { refused: 1, closed: 1, ..Findings::default() });
        assert_eq!((seen.acks, seen.waiting.len()), (0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_outside_the_window_is_not_measured() {
        let (mut window, mut seen) = three_sent();
        window.measured += Duration::from_millis(1);
        seen.take(ack(10, true), &window);
        seen.take(message(1, 0), &window);
        assert_eq!((seen.acks, seen.ack_latencies.count(), seen.delivery_latencies.count()), (0, 0, 0));
        assert!(seen.acked.contains(&0));
    }
}
