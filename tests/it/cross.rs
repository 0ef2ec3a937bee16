//! Every dialect with every other: what one person does in one is heard by the other in theirs, as far as each has
//! words.

use chat::dialect;
use serde_json::{Value, json};
use world::World;

/// How one dialect asks, and what it hears.
struct Words {
    name: &'static str,
    /// The event that joins a chat's room, where typing is heard in rooms.
    join: Option<Emits>,
    send: Emits,
    type_: Emits,
    read: Emits,
    /// Method, path and body; none where the dialect has no way to take a message back.
    delete: Option<Asks>,
    /// The same for blocking, and for taking the block back.
    block: Option<[Asks; 2]>,
    hears: Hears,
}

/// The events by which a dialect tells.
struct Hears {
    message: &'static str,
    typing: &'static str,
    read: &'static str,
    delivered: &'static str,
    deleted: &'static str,
    blocked: &'static str,
    unblocked: &'static str,
    online: &'static str,
    offline: &'static str,
}

/// An event and its argument.
type Emits = fn(&Place) -> (&'static str, Value);
/// A REST request: method, path, body.
type Asks = fn(&Place) -> (&'static str, String, Value);

/// What a request is about.
struct Place {
    chat: String,
    other: &'static str,
    message: String,
}

const TEXT: &str = "Grüße, 世界";

const ALL: &[Words] = &[
    Words {
        name: "recruiting",
        join: None,
        send: |place| ("send_message", json!({"chatId": place.chat, "receiverId": place.other, "content": TEXT})),
        type_: |place| ("typing_start", json!({"chatId": place.chat, "receiverId": place.other})),
        read: |place| ("mark_messages_read", json!({"chatId": place.chat})),
        delete: Some(|place| ("DELETE", format!("/recruiting/api/message/{}", place.message), Value::Null)),
        block: Some([
            |place| ("POST", format!("/recruiting/api/chat/{}/block", place.chat), Value::Null),
            |place| ("POST", format!("/recruiting/api/chat/{}/unblock", place.chat), Value::Null),
        ]),
        hears: Hears {
            message: "new_message",
            typing: "user_typing",
            read: "messages_read_by_other",
            delivered: "message_delivered",
            deleted: "message_deleted",
            blocked: "you_were_blocked",
            unblocked: "you_were_unblocked",
            online: "user_online",
            offline: "user_offline",
        },
    },
    Words {
        name: "marketplace",
        join: Some(|place| ("join-chat", json!({"chatId": place.chat}))),
        send: |place| ("sendMessage", json!({"chatId": place.chat, "content": TEXT, "messageType": "text"})),
        type_: |place| ("typing", json!({"chatId": place.chat, "isTyping": true})),
        read: |place| ("markAsRead", json!({"chatId": place.chat, "messageId": place.message})),
        delete: Some(|place| ("DELETE", format!("/marketplace/api/chat/message/{}", place.message), Value::Null)),
        block: Some([
            |place| ("PUT", format!("/marketplace/api/chat/{}/toggle-block", place.chat), Value::Null),
            |place| ("PUT", format!("/marketplace/api/chat/{}/toggle-block", place.chat), Value::Null),
        ]),
        hears: Hears {
            message: "newMessage",
            typing: "typing",
            read: "messageRead",
            delivered: "messageDelivered",
            deleted: "messageDeleted",
            blocked: "chatBlocked",
            unblocked: "chatUnblocked",
            online: "userOnline",
            offline: "userOffline",
        },
    },
    Words {
        name: "messenger",
        join: None,
        send: |place| ("send_message", json!({"receiverId": place.other, "content": TEXT})),
        type_: |place| ("typing_start", json!({"receiverId": place.other})),
        read: |place| ("mark_message_read", json!({"messageId": place.message})),
        delete: None,
        block: None,
        hears: Hears {
            message: "receive_message",
            typing: "typing_indicator",
            read: "message_read",
            delivered: "message_delivered",
            deleted: "message_deleted",
            blocked: "user_blocked",
            unblocked: "user_unblocked",
            online: "user_online",
            offline: "user_offline",
        },
    },
    Words {
        name: "workspace",
        join: Some(|place| ("conversation:join", json!(place.chat))),
        send: |place| ("message:send", json!({"conversationId": place.chat, "content": TEXT})),
        type_: |place| ("typing:start", json!({"conversationId": place.chat})),
        read: |place| ("message:read", json!({"messageId": place.message})),
        delete: None,
        block: None,
        hears: Hears {
            message: "message:new",
            typing: "typing:start",
            read: "message:read",
            delivered: "message:delivered",
            deleted: "message:deleted",
            blocked: "conversation:blocked",
            unblocked: "conversation:unblocked",
            online: "user:online",
            offline: "user:offline",
        },
    },
    Words {
        name: "classroom",
        join: Some(|place| ("join:conversation", json!({"conversationId": place.chat}))),
        send: |place| ("send:message", json!({"conversationId": place.chat, "text": TEXT})),
        type_: |place| ("typing:start", json!({"conversationId": place.chat})),
        read: |place| ("message:read", json!({"conversationId": place.chat, "messageIds": [place.message]})),
        delete: Some(|place| {
            let path = format!("/classroom/api/chat/message/{}", place.message);
            ("DELETE", path, json!({"deleteForEveryone": true}))
        }),
        block: None,
        hears: Hears {
            message: "new:message",
            typing: "typing:start",
            read: "messages:read",
            delivered: "message:delivered",
            deleted: "message:deleted",
            blocked: "conversation:blocked",
            unblocked: "conversation:unblocked",
            online: "user:online",
            offline: "user:offline",
        },
    },
];

#[test]
fn every_dialect_is_paired() {
    let known: Vec<&str> = dialect::ALL.iter().map(|dialect| dialect.name).collect();
    assert_eq!(ALL.iter().map(|words| words.name).collect::<Vec<_>>(), known);
}

#[test]
fn every_dialect_may_be_the_default() {
    let names: Vec<&str> = dialect::ALL.iter().map(|dialect| dialect.name).collect();
    let allowed = format!("AllowedValues: [{}]", names.join(", "));
    assert!(local::cloud::TEMPLATE.contains(&allowed), "template.yaml allows other values of DefaultDialect");
}

#[tokio::test(start_paused = true)]
async fn what_one_does_the_other_hears_in_their_own_words() {
    for (anns, bens) in pairs() {
        talk(anns, bens).await;
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_blocks_in_one_dialect_blocks_in_all() {
    for (anns, bens) in pairs() {
        quarrel(anns, bens).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_block_outlives_the_chat_in_every_dialect() {
    for bens in ALL {
        let (mut world, place) = meeting(&ALL[0], bens).await;
        let bens_place = Place { other: "ann", chat: place.chat.clone(), message: String::new() };
        let chat = format!("/api/chat/{}", place.chat);
        for who in ["ann", "ben"] {
            world.rest(who, "POST", &format!("{chat}/block"), Value::Null).await;
        }
        world.rest("ben", "DELETE", &chat, Value::Null).await;
        assert!(!world.get("ann", "/api/chat/blocked").await.contains(&place.chat));
        if bens.name == "messenger" {
            // Here nobody makes a chat but by sending, and a send that is refused makes none.
            let (event, argument) = (bens.type_)(&bens_place);
            let typed = world.ask("ben", event, argument).await;
            assert!(heard(&typed, "ann", ALL[0].name, ALL[0].hears.typing).is_none(), "{typed}");
        } else {
            assert_eq!(world.chat("ben", "ann").await, place.chat);
        }
        let (event, argument) = (bens.send)(&bens_place);
        let refused = world.ask("ben", event, argument).await;
        assert!(refused.contains("BLOCKED_USER"), "{} is refused: {refused}", bens.name);
        assert!(!refused.contains("ann hears"), "{refused}");
        if bens.name == "messenger" {
            assert!(world.get("ann", &chat).await.starts_with("ann gets 404"));
            world.chat("ann", "ben").await;
        }
        // The deleter's own block went with the chat, hers is listed, and hers to take back.
        assert!(world.get("ann", "/api/chat/blocked").await.contains(&place.chat));
        assert!(!world.get("ben", "/api/chat/blocked").await.contains(&place.chat));
        world.rest("ann", "POST", &format!("{chat}/unblock"), Value::Null).await;
        let (event, argument) = (bens.send)(&bens_place);
        let transcript = world.ask("ben", event, argument).await;
        must_hear(&transcript, ("ann", &ALL[0]), ALL[0].hears.message);
    }
}

#[tokio::test(start_paused = true)]
async fn one_connection_hears_everything_in_the_words_of_each_namespace_it_joined() {
    let mut world = World::new().await;
    world.join_namespace("ann", "ann", "/recruiting").await;
    for words in &ALL[1..] {
        world.also_join("ann", "ann", &format!("/{}", words.name)).await;
    }
    world.join_namespace("ben", "ben", "/messenger").await;
    let (event, argument) = (ALL[2].send)(&Place { chat: String::new(), other: "ann", message: String::new() });
    let transcript = world.ask("ben", event, argument).await;
    for words in ALL {
        let said = heard(&transcript, "ann", words.name, words.hears.message);
        assert!(said.is_some_and(|said| said.to_string().contains(TEXT)), "{} tells it: {transcript}", words.name);
    }
}

fn pairs() -> impl Iterator<Item = (&'static Words, &'static Words)> {
    ALL.iter().flat_map(|one| ALL.iter().map(move |other| (one, other))).filter(|(one, other)| one.name != other.name)
}

/// Ann and Ben come, write, type, read, take back, and go.
async fn talk(anns: &Words, bens: &Words) {
    let (mut world, mut place) = meeting(anns, bens).await;

    let (event, argument) = (anns.send)(&place);
    let transcript = world.ask("ann", event, argument).await;
    let said = must_hear(&transcript, ("ben", bens), bens.hears.message);
    assert!(said.to_string().contains(TEXT), "{said}");
    place.message = id_of(&said);
    let delivered = must_hear(&transcript, ("ann", anns), anns.hears.delivered);
    assert_eq!(delivered["messageId"], place.message.as_str());

    let (event, argument) = (anns.type_)(&place);
    let transcript = world.ask("ann", event, argument).await;
    let typing = must_hear(&transcript, ("ben", bens), bens.hears.typing);
    assert_eq!(typing["userId"], "ann");
    assert!(heard(&transcript, "ann", anns.name, anns.hears.typing).is_none(), "{transcript}");

    let (event, argument) = (bens.read)(&place);
    let transcript = world.ask("ben", event, argument).await;
    let read = must_hear(&transcript, ("ann", anns), anns.hears.read).to_string();
    assert!(read.contains("ben") && (read.contains(&place.message) || read.contains(&place.chat)), "{read}");

    if let Some(delete) = anns.delete {
        let (method, path, body) = delete(&place);
        let transcript = world.rest("ann", method, &path, body).await;
        assert!(transcript.starts_with("ann gets 200"), "{transcript}");
        for (label, words) in [("ann", anns), ("ben", bens)] {
            assert_eq!(
                must_hear(&transcript, (label, words), words.hears.deleted)["messageId"],
                place.message.as_str()
            );
        }
    }

    let transcript = world.close("ben").await;
    assert_eq!(must_hear(&transcript, ("ann", anns), anns.hears.offline)["userId"], "ben");
}

/// Ann blocks, Ben cannot write; she takes it back, and he can.
async fn quarrel(anns: &Words, bens: &Words) {
    let Some([block, unblock]) = anns.block else { return };
    let (mut world, place) = meeting(anns, bens).await;
    let bens_place = Place { other: "ann", chat: place.chat.clone(), message: String::new() };

    let (method, path, body) = block(&place);
    let transcript = world.rest("ann", method, &path, body).await;
    must_hear(&transcript, ("ben", bens), bens.hears.blocked);
    let (event, argument) = (bens.send)(&bens_place);
    let refused = world.ask("ben", event, argument).await;
    assert!(refused.contains("BLOCKED_USER"), "{refused}");
    assert!(heard(&refused, "ann", anns.name, anns.hears.message).is_none(), "{refused}");
    let (event, argument) = (bens.type_)(&bens_place);
    let typed = world.ask("ben", event, argument).await;
    assert!(heard(&typed, "ann", anns.name, anns.hears.typing).is_none(), "{typed}");

    let (method, path, body) = unblock(&place);
    let transcript = world.rest("ann", method, &path, body).await;
    must_hear(&transcript, ("ben", bens), bens.hears.unblocked);
    let (event, argument) = (bens.send)(&bens_place);
    let transcript = world.ask("ben", event, argument).await;
    must_hear(&transcript, ("ann", anns), anns.hears.message);
}

/// Ann is there, Ben comes, and they have a chat whose rooms they joined where there are any.
async fn meeting(anns: &Words, bens: &Words) -> (World, Place) {
    let mut world = World::new().await;
    world.join_namespace("ann", "ann", &format!("/{}", anns.name)).await;
    let transcript = world.join_namespace("ben", "ben", &format!("/{}", bens.name)).await;
    assert_eq!(must_hear(&transcript, ("ann", anns), anns.hears.online)["userId"], "ben");
    let chat = world.chat("ann", "ben").await;
    let place = Place { chat, other: "ben", message: String::new() };
    for (label, words) in [("ann", anns), ("ben", bens)] {
        if let Some(join) = words.join {
            let (event, argument) = join(&place);
            let joined = world.ask(label, event, argument).await;
            assert!(joined.contains(r#"{"success":true}"#), "{joined}");
        }
    }
    (world, place)
}

fn must_hear(transcript: &str, (label, words): (&str, &Words), event: &str) -> Value {
    let said = heard(transcript, label, words.name, event);
    said.unwrap_or_else(|| panic!("{label} hears {event} in {}:\n{transcript}", words.name))
}

/// The argument of the first event of this name that a client hears in a namespace.
fn heard(transcript: &str, label: &str, namespace: &str, event: &str) -> Option<Value> {
    let begins = format!("{label} hears 42/{namespace},");
    let frames = transcript.lines().filter_map(|line| line.strip_prefix(begins.as_str()));
    let mut events = frames.filter_map(|json| serde_json::from_str::<Value>(json).ok());
    events.find(|said| said[0] == event).map(|mut said| said[1].take())
}

/// The id of the message that an event carries.
fn id_of(said: &Value) -> String {
    let message = if said["message"].is_object() { &said["message"] } else { said };
    let id = message["_id"].as_str().or_else(|| message["id"].as_str());
    id.unwrap_or_else(|| panic!("a message has an id: {said}")).to_owned()
}
