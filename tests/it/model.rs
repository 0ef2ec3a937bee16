//! The system against a model of it: whatever people do, in whatever order, chats, counts and pages are what a few
//! lines of plain code say.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use world::World;

const USERS: [&str; 3] = ["alice", "bob", "carol"];
const PAIRS: [(usize, usize); 3] = [(0, 1), (0, 2), (1, 2)];

#[derive(Clone, Debug)]
enum Act {
    Block,
    DeleteChat,
    DeleteMessage(usize),
    Fetch,
    Hide(usize),
    Read,
    ReadSome(usize),
    Send,
    SendAgain(usize),
    Unblock,
}

/// An act, by the first or second person of a pair.
fn acts() -> impl Strategy<Value = Vec<(usize, bool, Act)>> {
    let act = prop_oneof![
        8 => Just(Act::Send),
        2 => (0..5_usize).prop_map(Act::SendAgain),
        3 => Just(Act::Read),
        2 => Just(Act::Fetch),
        2 => (0..6_usize).prop_map(Act::Hide),
        3 => (0..6_usize).prop_map(Act::ReadSome),
        2 => (0..6_usize).prop_map(Act::DeleteMessage),
        1 => Just(Act::Block),
        2 => Just(Act::Unblock),
        1 => Just(Act::DeleteChat),
    ];
    prop::collection::vec((0..PAIRS.len(), any::<bool>(), act), 1..40)
}

#[derive(Clone, Debug, Default)]
struct Chat {
    messages: Vec<Message>,
    blocked_by: BTreeSet<usize>,
    /// Whether it was deleted and not made anew since. A block outlives that.
    deleted: bool,
}

#[derive(Clone, Debug)]
struct Message {
    id: String,
    sender: usize,
    content: Option<String>,
    read: bool,
    hidden_for: BTreeSet<usize>,
}

impl Chat {
    fn unread(&self, user: usize) -> u64 {
        self.messages.iter().filter(|one| one.is_unread(user)).count() as u64
    }
}

impl Message {
    fn is_unread(&self, user: usize) -> bool {
        self.sender != user && !self.read && self.content.is_some() && !self.hidden_for.contains(&user)
    }
}

#[derive(Default)]
struct Model {
    chats: BTreeMap<usize, Chat>,
    /// By sender and name: the message first stored under it.
    named: BTreeMap<(usize, usize), String>,
    sends: usize,
}

/// Performs an act on the system and on the model, which must agree on what comes of it.
async fn perform(world: &mut World, model: &mut Model, pair: usize, second: bool, act: Act) {
    let (one, two) = PAIRS[pair];
    let (who, other) = if second { (two, one) } else { (one, two) };
    let user = USERS[who];
    let (_, made) =
        world.request(user, "POST", "/api/chat/create-or-get", &json!({"otherUserId": USERS[other]}).to_string()).await;
    let id = made["data"]["_id"].as_str().unwrap().to_owned();
    let chat = model.chats.entry(pair).or_default();
    chat.deleted = false;
    let go = async |method: &str, path: String, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        world.request(user, method, &path, &body).await
    };
    match act {
        Act::Block => {
            let (status, said) = go("POST", format!("/api/chat/{id}/block"), Value::Null).await;
            chat.blocked_by.insert(who);
            assert_eq!((status, &said["data"]["blockedBy"]), (200, &json!(user)));
        }
        Act::Unblock => {
            let (status, _) = go("POST", format!("/api/chat/{id}/unblock"), Value::Null).await;
            let forbidden = !chat.blocked_by.remove(&who) && !chat.blocked_by.is_empty();
            assert_eq!(status, if forbidden { 403 } else { 200 });
        }
        Act::DeleteChat => {
            let (status, _) = go("DELETE", format!("/api/chat/{id}"), Value::Null).await;
            assert_eq!(status, 200);
            chat.blocked_by.remove(&who);
            let blocked_by = std::mem::take(&mut chat.blocked_by);
            *chat = Chat { messages: Vec::new(), blocked_by, deleted: true };
        }
        Act::DeleteMessage(index) => {
            let Some(message) = chat.messages.get_mut(index) else { return };
            let (status, _) = go("DELETE", format!("/api/message/{}", message.id), Value::Null).await;
            assert_eq!(status, if message.sender == who { 200 } else { 403 });
            if message.sender == who {
                message.content = None;
            }
        }
        Act::Fetch => {
            let (status, _) = go("GET", format!("/api/message/chat/{id}"), Value::Null).await;
            assert_eq!(status, 200);
        }
        Act::Hide(index) => {
            let Some(message) = chat.messages.get_mut(index) else { return };
            let path = format!("/classroom/api/chat/message/{}", message.id);
            let (status, _) = go("DELETE", path, json!({"deleteForEveryone": false})).await;
            assert_eq!(status, 200);
            message.hidden_for.insert(who);
        }
        Act::ReadSome(index) => {
            // One that may be the reader's own, or read, or gone, and the one after it.
            let mut some: Vec<&mut Message> = chat.messages.iter_mut().skip(index).take(2).collect();
            let ids: Vec<String> = some.iter().map(|message| message.id.clone()).collect();
            let marked = some.iter().filter(|message| message.is_unread(who)).count();
            let body = json!({"conversationId": id, "messageIds": ids});
            let (status, said) = go("POST", "/classroom/api/chat/messages/read".to_owned(), body).await;
            assert_eq!((status, &said["data"]["markedCount"]), (200, &json!(marked)), "{said}");
            for message in some.iter_mut().filter(|message| message.is_unread(who)) {
                message.read = true;
            }
        }
        Act::Read => {
            let (status, said) = go("POST", format!("/api/message/chat/{id}/mark-read"), Value::Null).await;
            assert_eq!((status, &said["data"]["markedCount"]), (200, &json!(chat.unread(who))));
            for message in chat.messages.iter_mut().filter(|message| message.sender != who) {
                message.read = true;
            }
        }
        Act::Send | Act::SendAgain(_) => {
            let name = if let Act::SendAgain(name) = act { Some(name) } else { None };
            let content = format!("{}: {user} to {}", model.sends, USERS[other]);
            model.sends += 1;
            let body = json!({"chatId": id, "content": content, "clientMessageId": name.map(|name| name.to_string())});
            let (status, said) = go("POST", "/api/message/send".to_owned(), body).await;
            let first = name.and_then(|name| model.named.get(&(who, name)));
            if let Some(first) = first {
                assert_eq!((status, &said["data"]["_id"]), (200, &json!(first)), "{said}");
                let there = model.chats.values().flat_map(|chat| &chat.messages).find(|message| message.id == *first);
                let gone = there.is_none_or(|first| first.content.is_none() || first.hidden_for.contains(&who));
                assert_eq!(said["data"]["isDeleted"], json!(gone), "{said}");
                return;
            }
            let chat = model.chats.get_mut(&pair).unwrap();
            assert_eq!(status, if chat.blocked_by.is_empty() { 201 } else { 403 }, "{said}");
            if status == 201 {
                let id = said["data"]["_id"].as_str().unwrap().to_owned();
                assert_eq!(said["data"]["seq"], json!(chat.messages.len() + 1));
                if let Some(name) = name {
                    model.named.insert((who, name), id.clone());
                }
                chat.messages.push(Message {
                    id,
                    sender: who,
                    content: Some(content),
                    read: false,
                    hidden_for: BTreeSet::new(),
                });
            }
        }
    }
}

/// Everything that everybody can read is what the model says.
async fn compare(world: &World, model: &Model) {
    for (who, user) in USERS.iter().enumerate() {
        let chats = model.chats.iter().filter(|(_, chat)| !chat.deleted);
        let mine = chats.filter(|(pair, _)| PAIRS[**pair].0 == who || PAIRS[**pair].1 == who);
        let mine: Vec<_> = mine.collect();
        let unread: u64 = mine.iter().map(|(_, chat)| chat.unread(who)).sum();
        let (_, said) = world.request(user, "GET", "/api/message/unread-count", "").await;
        assert_eq!(said["data"]["unreadCount"], json!(unread), "of {user}");
        let (_, said) = world.request(user, "GET", "/api/chat/my-chats", "").await;
        assert_eq!(said["data"]["pagination"]["total"], json!(mine.len()), "of {user}");
        assert_eq!(said["data"]["chats"].as_array().unwrap().len(), mine.len(), "of {user}");
        let (_, said) = world.request(user, "GET", "/api/chat/blocked", "").await;
        let blocked = mine.iter().filter(|(_, chat)| chat.blocked_by.contains(&who)).count();
        assert_eq!(said["data"]["chats"].as_array().unwrap().len(), blocked, "of {user}");
        for (pair, chat) in mine {
            let other = USERS[if PAIRS[*pair].0 == who { PAIRS[*pair].1 } else { PAIRS[*pair].0 }];
            let body = json!({"otherUserId": other}).to_string();
            let (_, made) = world.request(user, "POST", "/api/chat/create-or-get", &body).await;
            assert_eq!(made["data"]["unreadCount"], json!(chat.unread(who)));
            let path = format!("/api/message/chat/{}?limit=100", made["data"]["_id"].as_str().unwrap());
            let (_, page) = world.request(user, "GET", &path, "").await;
            assert_eq!(page["data"]["pagination"]["total"], json!(chat.messages.len()));
            let shown = chat.messages.iter().enumerate().filter(|(_, message)| !message.hidden_for.contains(&who));
            let expected: Vec<Value> = shown.map(|(index, message)| expected(index, message)).collect();
            let shown = page["data"]["messages"].as_array().unwrap().iter().map(|one| {
                let message = chat.messages.iter().find(|message| one["_id"] == json!(message.id));
                let read = message.and_then(|message| seen(message, one["isRead"] == true));
                json!({"_id": one["_id"], "seq": one["seq"], "content": one["content"], "senderId": one["senderId"],
                       "isDeleted": one["isDeleted"], "isRead": read})
            });
            let shown: Vec<Value> = shown.collect();
            assert_eq!(shown, expected, "between {user} and {other}");
        }
    }
}

fn expected(index: usize, message: &Message) -> Value {
    let Message { id, sender, content, read, hidden_for: _ } = message;
    json!({"_id": id, "seq": index + 1, "content": content, "senderId": USERS[*sender], "isDeleted": content.is_none(),
           "isRead": seen(message, *read)})
}

/// Whether a message was read; of one that was deleted, for everyone or for one, nobody asks.
fn seen(message: &Message, read: bool) -> Option<bool> {
    (message.content.is_some() && message.hidden_for.is_empty()).then_some(read)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_system_is_what_the_model_says(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut world = World::with(&[("RateLimits", "off")]).await;
            world.know(&USERS).await;
            let mut model = Model::default();
            for (pair, second, act) in acts {
                world.clock.advance(1_000);
                perform(&mut world, &mut model, pair, second, act).await;
                world.quiet().await;
            }
            world.minute().await;
            compare(&world, &model).await;
        });
    }
}
