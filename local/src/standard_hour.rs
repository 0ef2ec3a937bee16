//! An hour of chat whose cost is measured (docs/cost.md, "An hour").
//!
//! Pairs of people chat in a system in memory. Each message is typed, sent with an ack, heard and read. Steps take as
//! long as they typically take in an AWS region, so the functions' durations are near those of a deployment. The clock
//! of the system is moved on by an hour, minute by minute, with the heartbeats of each minute.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use chat::Chat;
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, Request, StatusCode};
use relay::clock::{Clock, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::cloud::{BootError, Options, PocketCloud};
use crate::code::of_chat;
use crate::gateway::{ConnectRequest, Outbound, Peer, Settings};
use crate::latency::Latency;
use crate::watch::Totals;
use crate::{meter, schedule, token};

/// The beginning of the hour: 2026-01-02T03:00:00Z.
const BEGINNING: Timestamp = Timestamp::from_millis(1_767_322_800_000);

const MINUTES: u32 = 60;
const MINUTE_MILLIS: i64 = 60_000;

/// How many pairs do something at the same time. More would wait for the processors, and that would count as duration.
const PAIRS_AT_ONCE: usize = 40;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes of an answer over REST.
const ANSWER_MAX_BYTES: usize = 1 << 20;

/// Who chats, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// The people, in pairs.
    pub people: u32,
    /// The devices of each of them, connected for the whole hour.
    pub devices: u32,
    /// The messages that each of them sends, 60 at most.
    pub messages: u32,
}

impl Hour {
    /// The hour that docs/cost.md shows.
    pub const STANDARD: Self = Self { people: 1_000, devices: 2, messages: 20 };

    /// The messages of all people.
    #[must_use]
    pub fn all_messages(&self) -> u32 {
        self.people / 2 * 2 * self.messages
    }

    /// Whether each of the two sends a message in this minute: they are spread over the hour.
    fn writes_in(&self, minute: u32) -> bool {
        minute * self.messages / MINUTES != (minute + 1) * self.messages / MINUTES
    }
}

/// Why an hour cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum HourError {
    /// The system does not start.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// A token cannot be signed.
    #[error("a token cannot be signed: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    /// A client was refused, or did not hear what it must.
    #[error("the system does not answer as it must: {0}")]
    Unexpected(String),
}

/// Two people with their devices, and their chat.
struct Pair {
    people: [Vec<Peer>; 2],
    chat: String,
    acks: u64,
}

/// Plays an hour, and tells what was counted. `isolation` is the value of the parameter `HandlerIsolation`, `latency`
/// how long steps take.
///
/// # Errors
/// [`HourError`].
pub async fn play(hour: Hour, isolation: &str, latency: Latency) -> Result<Totals, HourError> {
    let clock = Clock::manual(BEGINNING);
    let parameters = [("HandlerIsolation", isolation), ("RateLimits", "off"), ("RequestsPerSecond", "10000")];
    let cloud = PocketCloud::boot(Options {
        parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        gateway: Settings {
            rate_limits: false,
            existence_lag_millis: 0..=0,
            // Devices read what they have heard once a minute, where real ones read at once.
            outbound_buffer_bytes: usize::MAX,
            ..Settings::default()
        },
        latency,
        ..Options::<Chat>::in_memory("http://127.0.0.1:3000".to_owned(), clock.clone(), of_chat)
    });
    let cloud = Arc::new(cloud.await?);
    let streams = {
        let cloud = Arc::clone(&cloud);
        tokio::spawn(async move { cloud.services.streams.run(&cloud.lambda, &cloud.faults).await })
    };
    let opening = stream::iter(0..hour.people / 2).map(|number| opened(&cloud, &clock, hour, number));
    let mut pairs = Vec::new();
    for pair in opening.buffer_unordered(PAIRS_AT_ONCE).collect::<Vec<_>>().await {
        pairs.push(pair?);
    }
    for minute in 0..MINUTES {
        if hour.writes_in(minute) {
            let chatting = stream::iter(pairs).map(Pair::chat).buffer_unordered(PAIRS_AT_ONCE);
            pairs = chatting.collect::<Vec<_>>().await.into_iter().collect::<Result<_, _>>()?;
        }
        // A delivery that goes on while a minute passes would count as lost.
        settled(&cloud).await;
        clock.advance(MINUTE_MILLIS);
        for (_, name) in cloud.schedules() {
            cloud.lambda.run_scheduled(&name, schedule::event(clock.now())).await;
        }
        settled(&cloud).await;
        for pair in &mut pairs {
            pair.answer_pings().await;
        }
        settled(&cloud).await;
    }
    let connections = u64::from(hour.people / 2 * 2 * hour.devices);
    // The gateway counts by the clock of the machine, on which the hour is a few seconds.
    cloud.watch.counts().connection(Duration::from_secs(connections * 3_600).saturating_sub(cloud.gateway.open_time()));
    for pair in pairs {
        pair.people.into_iter().flatten().for_each(|device| device.close(None));
    }
    settled(&cloud).await;
    streams.abort();
    Ok(meter::totals(&cloud.services, &cloud.gateway, &cloud.template, &cloud.watch))
}

async fn settled(cloud: &PocketCloud) {
    cloud.gateway.settled().await;
    cloud.lambda.settled().await;
    cloud.gateway.settled().await;
}

/// Connects the devices of a pair, and begins its chat.
async fn opened(cloud: &PocketCloud, clock: &Clock, hour: Hour, number: u32) -> Result<Pair, HourError> {
    let names = [format!("ann-{number}"), format!("ben-{number}")];
    let mut tokens = Vec::new();
    let mut people = [Vec::new(), Vec::new()];
    for (name, devices) in names.iter().zip(&mut people) {
        let token = token::mint(name, Some(name), None, clock.now())?;
        for _ in 0..hour.devices {
            devices.push(joined(cloud, &token).await?);
        }
        tokens.push(token);
    }
    let [_, other] = &names;
    let body = json!({"otherUserId": other}).to_string();
    let request = Request::post("/recruiting/api/chat/create-or-get")
        .header("authorization", tokens.first().map(String::as_str).unwrap_or_default())
        .header("content-type", "application/json")
        .body(Body::from(body))
        .map_err(|error| HourError::Unexpected(error.to_string()))?;
    let answer = cloud.http.clone().oneshot(request).await.unwrap_or_default();
    let answer = to_bytes(answer.into_body(), ANSWER_MAX_BYTES).await.unwrap_or_default();
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let chat = answer.pointer("/data/_id").and_then(Value::as_str).map(str::to_owned);
    let chat = chat.ok_or_else(|| HourError::Unexpected(format!("there is no chat: {answer}")))?;
    Ok(Pair { people, chat, acks: 0 })
}

/// A device in the root namespace.
async fn joined(cloud: &PocketCloud, token: &str) -> Result<Peer, HourError> {
    let request = ConnectRequest {
        path: "/socket.io/".to_owned(),
        query: Some("EIO=4&transport=websocket".to_owned()),
        headers: HeaderMap::new(),
        source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        stage_variables: BTreeMap::new().into(),
    };
    let refused = |status: StatusCode| HourError::Unexpected(format!("a connection is refused with {status}"));
    let mut device = cloud.gateway.connect(request).await.map_err(refused)?;
    hear(&mut device, "0").await?;
    device.send_text(format!("40{}", json!({"token": token}))).await;
    hear(&mut device, "40").await?;
    Ok(device)
}

impl Pair {
    /// Each of the two types, sends a message, and the other reads it.
    async fn chat(mut self) -> Result<Self, HourError> {
        for sender in [0, 1] {
            let chat = self.chat.clone();
            let typing = json!(["typing_start", {"chatId": chat}]);
            let text = json!(["send_message", {"chatId": chat, "content": "See you at the station at ten, then."}]);
            let read = json!(["mark_messages_read", {"chatId": chat}]);
            self.acks += 2;
            let (sent, marked) = (self.acks - 1, self.acks);
            let [one, other] = &mut self.people;
            let (from, to) = if sender == 0 { (one, other) } else { (other, one) };
            let (Some(from), Some(to)) = (from.first_mut(), to.first_mut()) else { continue };
            from.send_text(format!("42{typing}")).await;
            from.send_text(format!("42{sent}{text}")).await;
            hear(from, &format!("43{sent}")).await?;
            hear(to, "42[\"new_message\"").await?;
            to.send_text(format!("42{marked}{read}")).await;
            hear(to, &format!("43{marked}")).await?;
        }
        Ok(self)
    }

    /// Takes what waits for the devices, and answers the pings among it.
    async fn answer_pings(&mut self) {
        for device in self.people.iter_mut().flatten() {
            let mut pings = 0;
            while let Some(outbound) = device.try_next() {
                pings += u32::from(matches!(outbound, Outbound::Text(text) if text == "2"));
            }
            for _ in 0..pings {
                device.send_text("3").await;
            }
        }
    }
}

/// Waits for a frame that begins like this. Answers pings meanwhile.
async fn hear(device: &mut Peer, beginning: &str) -> Result<(), HourError> {
    let heard = async {
        while let Some(outbound) = device.next().await {
            match outbound {
                Outbound::Text(text) if text == "2" => device.send_text("3").await,
                Outbound::Text(text) if text.starts_with(beginning) => return Ok(()),
                _ => {}
            }
        }
        Err(HourError::Unexpected("a connection was closed".to_owned()))
    };
    let late = |_| HourError::Unexpected(format!("nothing that begins with {beginning} was heard"));
    tokio::time::timeout(PATIENCE, heard).await.map_err(late)?
}
