//! The reply to CONNECT, and which events carry an offset.

use serde_json::json;

use super::ear::{Ear, Transport};
use super::picture::misplaced_offsets;
use super::words::{self, ME};
use super::{Pair, TRANSPORTS};

#[tokio::test(start_paused = true)]
async fn each_session_has_a_pid_of_its_own_and_its_first_event_an_offset() {
    for words in words::ALL {
        for transport in TRANSPORTS {
            let mut pair = Pair::new(words, transport).await;
            let other = Ear::join(&mut pair.world, "other", words, transport).await;
            let (one, other) = (pair.ear.reply.unwrap(), other.reply.unwrap());
            assert!(one.pid.as_ref().is_some_and(|pid| !pid.is_empty()), "{}: {one:?}", words.name);
            assert_ne!(one.pid, other.pid);
            assert_ne!(one.sid, other.sid);
            assert_ne!(one.pid.as_deref(), Some(one.sid.as_str()), "the sid is public, the pid is not");
            assert!(pair.ear.heard[0].offset.is_some(), "{}: {:?}", words.name, pair.ear.heard[0]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_told_again_carries_an_offset_and_typing_and_presence_carry_none() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.world.join_namespace("bob", "bob", &format!("/{}", words.name)).await;
        let chat = pair.chat.clone();
        if let Some(join) = words.join {
            let frame = pair.ear.ask(join(&chat));
            pair.world.send("ear", &frame).await;
        }
        let (event, argument) = (words.typing)(&chat, ME);
        pair.world.ask("bob", event, argument).await;
        let one = pair.say("bob", "one").await;
        let hers = pair.say("alice", "hers").await;
        let frame = pair.ear.ask((words.send)(&chat, "bob", "two"));
        pair.world.send("ear", &frame).await;
        let frame = pair.ear.ask((words.read)(&chat, &one));
        pair.world.send("ear", &frame).await;
        let path = format!("/recruiting/api/message/chat/{chat}/mark-read");
        pair.must("bob", "POST", &path, json!(null)).await;
        pair.must("alice", "DELETE", &format!("/recruiting/api/message/{hers}"), json!(null)).await;
        pair.must("bob", "POST", &format!("/recruiting/api/chat/{chat}/block"), json!(null)).await;
        pair.must("bob", "POST", &format!("/recruiting/api/chat/{chat}/unblock"), json!(null)).await;
        pair.must("bob", "DELETE", &format!("/recruiting/api/chat/{chat}"), json!(null)).await;
        pair.world.close("bob").await;
        pair.ear.listen(&mut pair.world);
        let heard = &pair.ear.heard;
        assert!(heard.iter().any(|heard| heard.offset.is_none()), "{}: {heard:?}", words.name);
        assert!(misplaced_offsets(&pair.ear).is_empty(), "{}: {:?}", words.name, misplaced_offsets(&pair.ear));
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_of_nothing_means_no_recovery() {
    for words in words::ALL {
        let mut pair = Pair::with(words, Transport::WebSocket, &[("RecoveryWindowSeconds", "0")]).await;
        assert_eq!(pair.ear.reply.as_ref().unwrap().pid, None);
        pair.say("bob", "one").await;
        pair.ear.listen(&mut pair.world);
        assert!(pair.ear.heard.iter().all(|heard| heard.offset.is_none()), "{:?}", pair.ear.heard);
        pair.cut();
        pair.say("bob", "two").await;
        // A client that was told otherwise before brings what it has.
        (pair.ear.pid, pair.ear.offset) = (Some("0".repeat(32)), Some("0".to_owned()));
        pair.back(Transport::WebSocket).await;
        assert_eq!(pair.ear.reply.as_ref().unwrap().pid, None);
        assert_eq!(pair.heard(), Vec::<String>::new());
    }
}

#[test]
fn the_window_is_120_seconds_unless_set() {
    let parameter = local::cloud::TEMPLATE.split("  RecoveryWindowSeconds:\n").nth(1).unwrap();
    assert_eq!(parameter.lines().find(|line| line.contains("Default:")).unwrap().trim(), "Default: 120");
}
