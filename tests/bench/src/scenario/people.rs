//! Many clients and chats at once.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::mpsc::UnboundedSender;

use crate::client::{Client, Joining};
use crate::ear::Event;
use crate::failure::Failure;
use crate::rest::Rest;
use crate::system::System;

/// Lets all join, `at_once` at the same time. The clients are in the order of `joinings`.
///
/// # Errors
/// If one may not join.
pub(super) async fn join_all(
    system: &System,
    joinings: Vec<Joining>,
    at_once: usize,
    inbox: &UnboundedSender<Event>,
) -> Result<Vec<Client>, Failure> {
    each_at_once(joinings, at_once, |joining| Client::join(system, joining, inbox)).await
}

/// Calls `work` for each of `all`, with `at_once` of them under way at the same time. The results are in the order of
/// `all`. (The order of `buffered` would hold up the next while one of those before it takes long.)
///
/// # Errors
/// The first that occurs.
pub(super) async fn each_at_once<T, R, F: Future<Output = Result<R, Failure>>>(
    all: Vec<T>,
    at_once: usize,
    work: impl Fn(T) -> F,
) -> Result<Vec<R>, Failure> {
    let work = &work;
    let numbered =
        all.into_iter().enumerate().map(|(number, one)| async move { Ok::<_, Failure>((number, work(one).await?)) });
    let mut done: Vec<(usize, R)> = stream::iter(numbered).buffer_unordered(at_once.max(1)).try_collect().await?;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// How many requests for chats are open at the same time.
const CHATS_AT_ONCE: usize = 8;

/// The chats of these pairs of users, in the same order. All users must have joined before.
///
/// # Errors
/// If the system refuses one.
pub(super) async fn chats(system: &System, pairs: &[[String; 2]]) -> Result<Vec<String>, Failure> {
    let part = pairs.len().div_ceil(CHATS_AT_ONCE).max(1);
    let parts = stream::iter(pairs.chunks(part)).map(|part| async move {
        let mut rest = Rest::new(system);
        let mut ids = Vec::new();
        for [user, other] in part {
            ids.push(rest.chat(user, other).await?);
        }
        Ok::<_, Failure>(ids)
    });
    let parts: Vec<Vec<String>> = parts.buffered(CHATS_AT_ONCE).try_collect().await?;
    Ok(parts.concat())
}
