//! What cannot be recovered is not recovered in part: the reply has a new pid, and nothing of what was missed follows.

use local::token;
use serde_json::{Value, json};

use super::ear::{Ear, Transport};
use super::words;
use super::{Pair, TRANSPORTS};

/// The client is back with a new session, told nothing of what was missed, and hears what comes.
async fn begins_anew(pair: &mut Pair, pid: Option<&str>, what: &str) {
    assert!(!pair.ear.recovered, "{what}");
    let new = pair.ear.reply.as_ref().unwrap().pid.clone();
    assert!(new.is_some() && new.as_deref() != pid, "{what}: {:?}", pair.ear.reply);
    assert_eq!(pair.heard(), Vec::<String>::new(), "{what}");
    pair.say("bob", "live").await;
    assert_eq!(pair.heard().len(), 1, "{what}");
}

#[tokio::test(start_paused = true)]
async fn past_the_window_a_client_begins_anew() {
    for words in words::ALL {
        for transport in TRANSPORTS {
            let mut pair = Pair::new(words, transport).await;
            pair.say("bob", "heard").await;
            pair.ear.listen(&mut pair.world);
            let pid = pair.ear.pid.clone();
            pair.world.close("ear").await;
            pair.say("bob", "missed").await;
            pair.world.clock.advance(120_001);
            pair.back(transport).await;
            begins_anew(&mut pair, pid.as_deref(), words.name).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn within_the_window_it_recovers() {
    for (parameters, millis) in [(&[][..], 119_999), (&[("RecoveryWindowSeconds", "7")][..], 6_999)] {
        let mut pair = Pair::with(&words::RECRUITING, Transport::WebSocket, parameters).await;
        pair.say("bob", "heard").await;
        pair.ear.listen(&mut pair.world);
        pair.world.close("ear").await;
        pair.say("bob", "missed").await;
        pair.world.clock.advance(millis);
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered);
        assert_eq!(pair.heard(), ["alice+bob #2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_set_is_the_one_that_counts() {
    let mut pair = Pair::with(&words::RECRUITING, Transport::WebSocket, &[("RecoveryWindowSeconds", "7")]).await;
    let pid = pair.ear.pid.clone();
    pair.world.close("ear").await;
    pair.world.clock.advance(7_001);
    pair.back(Transport::WebSocket).await;
    begins_anew(&mut pair, pid.as_deref(), "after 7 seconds").await;
}

#[tokio::test(start_paused = true)]
async fn five_hundred_missed_messages_are_told_and_one_more_is_too_much() {
    for (count, recovers) in [(500, true), (501, false)] {
        let mut pair = Pair::new(&words::RECRUITING, Transport::WebSocket).await;
        let carols = pair.world.chat("alice", "carol").await;
        let pid = pair.ear.pid.clone();
        pair.cut();
        pair.world.clock.advance(10_000);
        let bobs = pair.chat.clone();
        for number in 0..count {
            // Most are of one chat.
            let (chat, user) = if number % 10 == 0 { (&carols, "carol") } else { (&bobs, "bob") };
            let body = json!({"chatId": chat, "content": "x"}).to_string();
            let (status, _) = pair.world.request(user, "POST", "/recruiting/api/message/send", &body).await;
            assert_eq!(status, 201);
        }
        pair.back(Transport::WebSocket).await;
        if recovers {
            assert!(pair.ear.recovered);
            assert_eq!(pair.heard().len(), count);
        } else {
            begins_anew(&mut pair, pid.as_deref(), "501 messages").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_session_of_somebody_else_is_nobodys() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.say("bob", "secret").await;
        pair.ear.listen(&mut pair.world);
        let mut mallory = Ear::new("mallory", words);
        (mallory.pid, mallory.offset) = (pair.ear.pid.clone(), pair.ear.offset.clone());
        mallory.open(&mut pair.world, Transport::WebSocket).await;
        let auth =
            json!({"token": pair.world.token("mallory"), "pid": pair.ear.pid, "offset": pair.ear.heard[0].offset});
        pair.world.send("mallory", &mallory.connect_with(&auth)).await;
        mallory.listen(&mut pair.world);
        assert!(!mallory.recovered, "{}: {:?}", words.name, mallory.reply);
        assert_eq!(mallory.told_lately(), [], "{}", words.name);
        // The owner neither loses it nor notices.
        pair.say("bob", "still hers").await;
        assert_eq!(pair.heard(), ["alice+bob #1", "alice+bob #2"]);
        pair.cut();
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pid_that_names_no_session_begins_a_new_one() {
    for pid in [
        json!("0123456789abcdef0123456789abcdef"),
        json!("x"),
        json!(""),
        json!("#"),
        json!("\u{0}"),
        json!("ü".repeat(2_000)),
        json!("9".repeat(20_000)),
        json!(7),
        json!({}),
        Value::Null,
    ] {
        let mut pair = Pair::new(&words::RECRUITING, Transport::WebSocket).await;
        pair.say("bob", "heard").await;
        pair.cut();
        pair.ear.open(&mut pair.world, Transport::WebSocket).await;
        let auth = json!({"token": pair.world.token("alice"), "pid": pid, "offset": pair.ear.offset});
        let frame = pair.ear.connect_with(&auth);
        pair.world.send("ear", &frame).await;
        pair.ear.listen(&mut pair.world);
        assert_eq!(pair.ear.complaints, Vec::<String>::new(), "{auth}");
        begins_anew(&mut pair, pid.as_str(), &auth.to_string()).await;
    }
}

fn now(pair: &Pair) -> i64 {
    pair.world.clock.now().millis()
}

#[tokio::test(start_paused = true)]
async fn an_offset_that_is_none_of_ours_begins_a_new_session() {
    let offsets: [fn(&Pair, &str) -> Value; 14] = [
        |_, _| json!("x"),
        |_, _| json!(""),
        |_, _| json!("\u{0}"),
        |_, _| json!("9".repeat(20_000)),
        |_, _| json!(7),
        |_, _| json!([]),
        // A time of long ago, and one that has not come.
        |_, _| json!("0"),
        |pair, _| json!(format!("{:x}", now(pair) + 60_000)),
        |pair, _| json!(format!("{:x}.{}.1.1.0", now(pair) + 60_000, pair.chat)),
        // A chat of which Alice is no member, or that is none.
        |pair, others| json!(format!("{:x}.{others}.1.0.0", now(pair))),
        |pair, _| json!(format!("{:x}.0123456789abcdef01234567.1.0.0", now(pair))),
        // Messages, changes and frames that there have not been.
        |pair, _| json!(format!("{:x}.{}.3.1.0", now(pair), pair.chat)),
        |pair, _| json!(format!("{:x}.{}.1.2.0", now(pair), pair.chat)),
        |pair, _| json!(format!("{:x}.{}.1.1.9", now(pair), pair.chat)),
    ];
    for transport in TRANSPORTS {
        for offset in offsets {
            let mut pair = Pair::new(&words::RECRUITING, transport).await;
            let others = pair.world.chat("bob", "carol").await;
            pair.say("bob", "heard").await;
            pair.cut();
            pair.say("bob", "missed").await;
            pair.ear.open(&mut pair.world, transport).await;
            let offset = offset(&pair, &others);
            let auth = json!({"token": pair.world.token("alice"), "pid": pair.ear.pid, "offset": offset});
            let frame = pair.ear.connect_with(&auth);
            let pid = pair.ear.pid.clone();
            pair.world.send("ear", &frame).await;
            pair.ear.listen(&mut pair.world);
            assert_eq!(pair.ear.complaints, Vec::<String>::new(), "{auth}");
            begins_anew(&mut pair, pid.as_deref(), &auth.to_string()).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pid_without_an_offset_begins_where_the_session_began() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        // The reply arrives and nothing more does.
        pair.ear.offset = None;
        pair.say("bob", "unheard").await;
        pair.world.lose("ear");
        pair.say("bob", "missed").await;
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered, "{}", words.name);
        assert_eq!(pair.heard(), ["alice+bob #1", "alice+bob #2"], "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn the_offset_of_an_earlier_session_loses_nothing() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.say("bob", "heard").await;
        pair.ear.listen(&mut pair.world);
        pair.world.close("ear").await;
        pair.world.clock.advance(200_000);
        // A new session, of which nothing but the reply arrives: the stock client keeps the offset of the old one.
        pair.ear.open(&mut pair.world, Transport::WebSocket).await;
        pair.ear.reach = Some(1);
        pair.ear.connect(&mut pair.world).await;
        assert!(!pair.ear.recovered && pair.ear.pid.is_some());
        pair.world.lose("ear");
        pair.say("bob", "missed").await;
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered, "{}", words.name);
        assert_eq!(pair.heard(), ["alice+bob #2"], "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ended_is_refused_and_a_new_one_still_recovers() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.cut();
        pair.say("bob", "missed").await;
        let now = pair.world.clock.now().seconds();
        let ended = token::sign(&json!({"sub": "alice", "exp": now - 1})).unwrap();
        pair.ear.open(&mut pair.world, Transport::WebSocket).await;
        let auth = json!({"token": ended, "pid": pair.ear.pid, "offset": pair.ear.offset});
        let frame = pair.ear.connect_with(&auth);
        let heard = pair.world.send("ear", &frame).await;
        assert!(heard.starts_with(&format!("ear hears 44/{},", words.name)) && heard.lines().count() == 1, "{heard}");
        pair.world.lose("ear");
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered, "{}", words.name);
        assert_eq!(pair.heard(), ["alice+bob #1"], "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_of_another_namespace_is_not_recovered_in_this_one() {
    let mut pair = Pair::new(&words::RECRUITING, Transport::WebSocket).await;
    pair.say("bob", "heard").await;
    pair.cut();
    let mut other = Ear::new("other", &words::CLASSROOM);
    (other.pid, other.offset) = (pair.ear.pid.clone(), pair.ear.offset.clone());
    pair.say("bob", "missed").await;
    other.open(&mut pair.world, Transport::WebSocket).await;
    other.connect(&mut pair.world).await;
    assert!(!other.recovered);
    assert_eq!(other.told_lately(), []);
}

#[tokio::test(start_paused = true)]
async fn an_offset_that_another_session_was_given_begins_a_new_session() {
    use world::World;
    let mut world = World::new().await;
    for label in ["alice", "bob"] {
        world.join(label).await;
    }
    world.join_namespace("bob elsewhere", "bob", "/marketplace").await;
    let chat = world.chat("alice", "bob").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "heard"})).await;
    let of_bob = world.former("bob");
    world.close("bob").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "missed"})).await;
    let (pid, offset) = (of_bob.pid.unwrap(), of_bob.offset.unwrap());
    let (text, mark) = offset.rsplit_once('-').unwrap();
    let later = text.replacen('.', "0.", 1);
    let foreign = [world.former("alice").offset.unwrap(), world.former("bob elsewhere").offset.unwrap()];
    let forged = [text.to_owned(), format!("{later}-{mark}"), format!("{}-{mark}", text.split('.').next().unwrap())];
    for (index, offset) in foreign.into_iter().chain(forged).enumerate() {
        let label = format!("try {index}");
        world.open(&label).await;
        let payload = json!({"token": world.token("bob"), "pid": pid, "offset": offset});
        let heard = world.send(&label, &format!("40{payload}")).await;
        assert!(heard.contains(&format!("{label} hears 40{{")) && !heard.contains(&pid), "{offset}: {heard}");
        assert!(!heard.contains("missed"), "{offset}: {heard}");
        world.close(&label).await;
    }
    let back = world.come_back("bob", "bob", "/").await;
    assert!(back.starts_with("bob has recovered\n") && back.contains("missed"), "{back}");
}
