//! Thousands of clients that do nothing: what it costs to let them in, to keep them, and to lose them all at once.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep, timeout_at};

use super::outcome::{Outcome, number, rounded};
use super::people;
use super::sizes::{PATIENCE, Sizes};
use crate::client::{Client, Joining};
use crate::ear::{Event, What};
use crate::failure::Failure;
use crate::system::System;
use crate::words::Word;

/// Clients that join and leave before the memory is read for the first time, so that what a server allocates once does
/// not count.
const FIRST: usize = 20;

/// How many clients each watcher shares a chat with.
const WATCHED: usize = 100;

/// Runs the scenario. The outcomes are `connect`, `idle` and `gone`.
///
/// # Errors
/// If a client may not join, or a chat cannot be created.
pub(super) async fn run(system: &System, sizes: &Sizes) -> Result<Vec<Outcome>, Failure> {
    let (inbox, mut heard) = unbounded_channel();
    let first = joinings(system, "first", FIRST);
    people::join_all(system, first, sizes.at_once, &inbox).await?.into_iter().for_each(Client::leave);
    sleep(Duration::from_secs(1)).await;
    let memory_before = system.memory_kib()?;
    let cpu_before = system.cpu_millis()?;
    let start = Instant::now();
    let clients = people::join_all(system, joinings(system, "idle", sizes.crowd), sizes.at_once, &inbox).await?;
    let seconds = start.elapsed().as_secs_f64();
    // The greetings are a part of joining.
    sleep(Duration::from_secs_f64(sizes.settle / 2.0)).await;
    let cpu = system.cpu_millis()? - cpu_before;
    sleep(Duration::from_secs_f64(sizes.settle / 2.0)).await;
    let memory = system.memory_kib()? - memory_before;
    let count = number(sizes.crowd);
    let mut connect = Outcome::new(
        "connect",
        &json!({"joins_per_s": rounded(count / seconds), "cpu_ms_per_join": rounded(cpu / count)}),
    );
    let idle = Outcome::new("idle", &json!({"kib_per_connection": rounded(memory / count)}));
    while let Ok(event) = heard.try_recv() {
        connect.findings.closed += u64::from(matches!(event.what, What::Closed));
    }
    drop((inbox, heard));
    let gone = lose(system, sizes, clients).await?;
    Ok(vec![connect, idle, gone])
}

fn joinings(system: &System, role: &str, count: usize) -> Vec<Joining> {
    (0..count).map(|index| Joining::new(system.user(role, index), index)).collect()
}

/// Ends all connections at once. Each user shares a chat with one watcher, who must hear of each user that they are
/// offline.
async fn lose(system: &System, sizes: &Sizes, clients: Vec<Client>) -> Result<Outcome, Failure> {
    let watchers = clients.len().div_ceil(WATCHED);
    let (inbox, mut heard) = unbounded_channel();
    let joined = people::join_all(system, joinings(system, "watcher", watchers), sizes.at_once, &inbox).await?;
    let watched: Vec<[String; 2]> =
        (0..clients.len()).map(|index| [system.user("watcher", index / WATCHED), system.user("idle", index)]).collect();
    people::chats(system, &watched).await?;
    let expected: BTreeSet<(usize, String)> =
        watched.iter().enumerate().map(|(index, [_, user])| (index / WATCHED, user.clone())).collect();

    let mut problems = Vec::new();
    let cpu_before = system.cpu_millis()?;
    let cut = Instant::now();
    drop(clients);
    let missing = wait_for_goodbyes(&mut heard, expected, cut + PATIENCE).await;
    let seconds = cut.elapsed().as_secs_f64();
    let cpu = system.cpu_millis()? - cpu_before;
    if !missing.is_empty() {
        problems.push(format!("of {} users nobody heard that they are offline", missing.len()));
    }
    joined.into_iter().for_each(Client::leave);
    problems.extend(presence_problems(system, watchers, sizes.at_once).await?);
    let count = number(watched.len());
    let values = json!({"seconds_until_all_offline": rounded(seconds), "cpu_ms_per_leave": rounded(cpu / count)});
    Ok(Outcome { problems, ..Outcome::new("gone", &values) })
}

/// Waits until each of these users was called offline at their watcher, and returns those who were not.
async fn wait_for_goodbyes(
    heard: &mut UnboundedReceiver<Event>,
    mut expected: BTreeSet<(usize, String)>,
    deadline: Instant,
) -> BTreeSet<(usize, String)> {
    while !expected.is_empty()
        && let Ok(Some(event)) = timeout_at(deadline, heard.recv()).await
    {
        if let What::Word(Word::Offline(user)) = event.what {
            expected.remove(&(event.tag, user));
        }
    }
    expected
}

/// Lets the watchers join again: none of the users who are gone may be online.
async fn presence_problems(system: &System, watchers: usize, at_once: usize) -> Result<Vec<String>, Failure> {
    let (inbox, mut heard) = unbounded_channel();
    let joined = people::join_all(system, joinings(system, "watcher", watchers), at_once, &inbox).await?;
    let idle = system.user("idle", 0);
    let idle = idle.trim_end_matches('0');
    let (mut lists, mut ghosts) = (0, 0);
    let deadline = Instant::now() + PATIENCE;
    while lists < watchers
        && let Ok(Some(event)) = timeout_at(deadline, heard.recv()).await
    {
        if let What::Word(Word::Online(users)) = event.what {
            lists += 1;
            ghosts += users.iter().filter(|user| user.starts_with(idle)).count();
        }
    }
    joined.into_iter().for_each(Client::leave);
    let mut problems = Vec::new();
    if lists < watchers {
        problems.push(format!("{} watchers were not told who is online", watchers - lists));
    }
    if ghosts > 0 {
        problems.push(format!("{ghosts} users are called online who are gone"));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_goodbye_that_does_not_come_is_missed() {
        let (inbox, mut heard) = unbounded_channel();
        let said = |tag: usize, user: &str| Event {
            tag,
            at: Instant::now(),
            what: What::Word(Word::Offline(user.to_owned())),
        };
        inbox.send(said(0, "a")).unwrap();
        inbox.send(said(1, "b")).unwrap();
        let expected = [(0, "a"), (0, "b")].map(|(tag, user)| (tag, user.to_owned()));
        let missing = wait_for_goodbyes(&mut heard, expected.into(), Instant::now() + PATIENCE).await;
        assert_eq!(missing, [(0, "b".to_owned())].into());
    }
}
