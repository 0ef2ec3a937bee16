//! What only other dialects can make, as this one says it: conversations of more than two, sound, several media, lists of read messages, and
//! messages that one person deleted for themselves.

use std::collections::{BTreeSet, HashMap};

use insta::assert_snapshot;
use serde_json::json;
use shared::dialect::{self, Dialect};
use shared::domain::chat::Chat;
use shared::domain::clock::Timestamp;
use shared::domain::directory::Directory;
use shared::domain::id::{ListingId, MessageId, UserId};
use shared::domain::media::{Media, Source};
use shared::domain::message::{Content, Message, MessageKind};
use shared::domain::notice::{Answer, Notice, Paging, Reading, Viewer};
use shared::domain::page::Page;

use super::brief;

const AT: Timestamp = Timestamp::from_millis(1_767_323_045_006);

fn workspace() -> &'static dyn Dialect {
    dialect::named("workspace").unwrap()
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// Alice's, Bob's and Carol's conversation about a bicycle, with three messages.
fn inquiry() -> Chat {
    let people = BTreeSet::from(["alice", "bob", "carol"].map(user));
    let mut chat = Chat::between(&people, Some(ListingId::parse("bicycle").unwrap()), 0, AT);
    chat.seq = 3;
    chat
}

fn message(chat: &Chat, number: u64, sender: &str, (kind, text, media): (MessageKind, &str, Vec<Media>)) -> Message {
    let text = Some(text).filter(|text| !text.is_empty()).map(str::to_owned);
    Message {
        id: MessageId { chat: chat.id.clone(), seq: number },
        sender: user(sender),
        content: Some(Content::new(kind, text, media, 4_000).unwrap()),
        kind,
        reply_to: None,
        created_at: AT,
        deleted_at: None,
        delivered_to: Vec::new(),
        read_by: HashMap::new(),
        hidden_for: HashMap::new(),
    }
}

fn text(chat: &Chat, number: u64, sender: &str) -> Message {
    message(chat, number, sender, (MessageKind::Text, "hello", Vec::new()))
}

fn medium(url: &str) -> Media {
    Media::at(Source::parse("url", url).unwrap())
}

/// What each of these people hears, as a transcript.
fn heard(notice: &Notice, people: &[&str]) -> String {
    let said = people.iter().flat_map(|name| {
        let events = as_seen_by(name, |viewer| workspace().words(notice, viewer));
        events.into_iter().map(move |(event, argument)| format!("{name} hears 42{}\n", json!([event, argument])))
    });
    said.collect()
}

fn as_seen_by<T>(name: &str, say: impl FnOnce(&Viewer<'_>) -> T) -> T {
    let (user, directory) = (user(name), Directory::default());
    say(&Viewer { user: &user, origin: false, joined: true, directory: &directory, now: AT })
}

#[test]
fn a_conversation_of_three_lists_all_and_each_hears_of_it() {
    let chat = inquiry();
    let notice = Notice::Sent { message: text(&chat, 3, "carol"), chat };
    assert_snapshot!(heard(&notice, &["alice", "carol"]), @r#"
    alice hears 42["message:new",{"content":"hello","conversationId":"3daa7815ef424f4aa5f71c79","id":"3daa7815ef424f4aa5f71c79000000000003","isDeleted":false,"mediaUrl":null,"senderId":"carol","seq":3,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"}]
    alice hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:05.006Z","id":"3daa7815ef424f4aa5f71c79","lastMessage":{"content":"hello","conversationId":"3daa7815ef424f4aa5f71c79","id":"3daa7815ef424f4aa5f71c79000000000003","isDeleted":false,"mediaUrl":null,"senderId":"carol","seq":3,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"},"participants":["alice","bob","carol"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    carol hears 42["message:new",{"content":"hello","conversationId":"3daa7815ef424f4aa5f71c79","id":"3daa7815ef424f4aa5f71c79000000000003","isDeleted":false,"mediaUrl":null,"senderId":"carol","seq":3,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"}]
    carol hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:05.006Z","id":"3daa7815ef424f4aa5f71c79","lastMessage":{"content":"hello","conversationId":"3daa7815ef424f4aa5f71c79","id":"3daa7815ef424f4aa5f71c79000000000003","isDeleted":false,"mediaUrl":null,"senderId":"carol","seq":3,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"},"participants":["alice","bob","carol"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    "#);
}

#[test]
fn sound_is_a_file_and_several_media_are_listed() {
    let chat = inquiry();
    let sound = Media {
        media_type: Some("audio/ogg".to_owned()),
        filename: Some("song.ogg".to_owned()),
        size: Some(12),
        ..medium("https://media.example/1")
    };
    let object = medium(&format!("{}-{}.png", chat.id, "a".repeat(32)));
    let message = message(&chat, 3, "carol", (MessageKind::Audio, "", vec![sound, object]));
    let answer = Answer::Sent { chat, message, repeated: false };
    let (_, said) = as_seen_by("alice", |viewer| workspace().say(&answer, viewer));
    assert_snapshot!(format!("{said:#}"), @r#"
    {
      "data": {
        "content": "song.ogg",
        "conversationId": "3daa7815ef424f4aa5f71c79",
        "id": "3daa7815ef424f4aa5f71c79000000000003",
        "isDeleted": false,
        "media": [
          {
            "filename": "song.ogg",
            "size": 12,
            "type": "audio/ogg",
            "url": "https://media.example/1"
          },
          {
            "url": "/api/media/3daa7815ef424f4aa5f71c79-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.png"
          }
        ],
        "mediaUrl": "https://media.example/1",
        "senderId": "carol",
        "seq": 3,
        "timestamp": "2026-01-02T03:04:05.006Z",
        "type": "file"
      },
      "success": true
    }
    "#);
}

#[test]
fn of_a_list_that_was_read_each_sender_hears_each_of_theirs() {
    let chat = inquiry();
    let messages = vec![text(&chat, 1, "alice"), text(&chat, 2, "carol"), text(&chat, 3, "alice")];
    let reading = Reading { chat, reader: user("bob"), at: AT, marked: 3, messages, whole: false };
    assert_snapshot!(brief(&heard(&Notice::Read(reading.clone()), &["alice", "bob", "carol"])), @r#"
    alice hears 42["message:read",{"messageId":"3daa7815ef424f4aa5f71c79000000000001","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    alice hears 42["message:read",{"messageId":"3daa7815ef424f4aa5f71c79000000000003","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    carol hears 42["message:read",{"messageId":"3daa7815ef424f4aa5f71c79000000000002","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    "#);
    // Of a whole conversation, the newest of theirs and how many there were in all.
    let whole = Reading { whole: true, ..reading };
    assert_snapshot!(brief(&heard(&Notice::Read(whole), &["alice", "bob", "carol"])), @r#"
    alice hears 42["message:read",{"markedCount":3,"messageId":"3daa7815ef424f4aa5f71c79000000000003","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    carol hears 42["message:read",{"markedCount":3,"messageId":"3daa7815ef424f4aa5f71c79000000000002","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    "#);
}

#[test]
fn what_somebody_deleted_for_themselves_is_a_placeholder_to_them_alone() {
    let chat = inquiry();
    let mut hidden = text(&chat, 3, "carol");
    hidden.hidden_for.insert(user("alice"), AT);
    let paging = Paging::Page { page: Page::new(1, 50).unwrap(), total: 3 };
    let answer = Answer::Messages { messages: vec![hidden.clone()], paging, chat };
    let seen = ["alice", "bob"].map(|name| as_seen_by(name, |viewer| workspace().say(&answer, viewer).1));
    assert_snapshot!(brief(&seen.map(|said| format!("200 {said}\n")).concat()), @r##"
    200 {"data":["#3 by carol, isDeleted"],"pagination":{"limit":50,"page":1,"total":3},"success":true}
    200 {"data":["#3 by carol: hello"],"pagination":{"limit":50,"page":1,"total":3},"success":true}
    "##);
    let notice = Notice::MessageDeleted { message: hidden.id, for_everyone: false };
    assert_snapshot!(heard(&notice, &["alice"]), @r#"alice hears 42["message:deleted",{"conversationId":"3daa7815ef424f4aa5f71c79","messageId":"3daa7815ef424f4aa5f71c79000000000003"}]"#);
}

#[test]
fn nobody_is_listed_on_connecting() {
    assert_eq!(heard(&Notice::OnlineUsers(Vec::new()), &["alice"]), "");
    assert!(!workspace().greets_with_online_users());
}
