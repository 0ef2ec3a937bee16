//! What can only be caused in other dialects, put into this one's words: chats of three, lists of messages that were
//! read, sound, many media at once.

use chat::dialect::{self, Dialect};
use chat::domain::chat::Chat;
use chat::domain::directory::Directory;
use chat::domain::extent::Extent;
use chat::domain::id::{ListingId, MessageId, UserId};
use chat::domain::media::{Media, MediaName, Source};
use chat::domain::message::{Content, Message, MessageKind};
use chat::domain::notice::{Answer, ChatView, Notice, Reading, Viewer};
use chat::domain::user::Status;
use chat::error::{Error, Refusal, Thing};
use insta::assert_snapshot;
use relay::clock::Timestamp;
use serde_json::{Value, json};

const BEGINNING: Timestamp = Timestamp::from_millis(1_767_323_045_006);
const LATER: Timestamp = Timestamp::from_millis(1_767_323_105_006);

fn messenger() -> &'static Dialect {
    dialect::named("messenger").unwrap()
}

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

/// A chat of these people, about a listing if there are three, with as many messages as there are texts: each by its
/// sender.
fn chat(people: &[&str], texts: &[(&str, &str)]) -> (Chat, Vec<Message>) {
    let about = (people.len() > 2).then(|| ListingId::parse("rex").unwrap());
    let mut chat = Chat::between(&people.iter().map(|id| user(id)).collect(), about, 0, BEGINNING);
    chat.seq = texts.len() as u64;
    let messages = (1..).zip(texts).map(|(seq, (sender, text))| {
        let content = Content::new(MessageKind::Text, Some((*text).to_owned()), Vec::new(), 4_000).unwrap();
        message(&chat, seq, sender, content)
    });
    let messages = messages.collect();
    (chat, messages)
}

fn message(chat: &Chat, seq: u64, sender: &str, content: Content) -> Message {
    Message {
        id: MessageId { chat: chat.id.clone(), seq },
        sender: user(sender),
        kind: content.kind,
        content: Some(content),
        reply_to: None,
        created_at: BEGINNING,
        stored_at: BEGINNING,
        via: None,
        deleted_at: None,
        delivered_to: Vec::new(),
        read_by: Default::default(),
        hidden_for: Default::default(),
    }
}

/// What a socket of each of these hears of a notice.
fn heard(notice: &Notice, viewers: &[&str]) -> String {
    let directory = Directory::default();
    let mut said = String::new();
    for id in viewers {
        let user = user(id);
        let viewer = Viewer {
            user: &user,
            origin: false,
            joined: false,
            directory: &directory,
            now: LATER,
            extent: Extent::WHOLE,
        };
        for (name, argument) in (messenger().notice_events)(notice, &viewer) {
            said += &format!("{id} hears {}\n", json!([name, argument]));
        }
    }
    said
}

/// A message as each of these sees it.
fn seen(chat: &Chat, message: &Message, viewers: &[&str]) -> String {
    let directory = Directory::default();
    let mut said = String::new();
    for id in viewers {
        let user = user(id);
        let viewer = Viewer {
            user: &user,
            origin: true,
            joined: false,
            directory: &directory,
            now: LATER,
            extent: Extent::WHOLE,
        };
        let answer = Answer::Sent { chat: chat.clone(), message: message.clone(), repeated: false };
        let (_, body) = (messenger().rest_answer)(&answer, &viewer);
        said += &format!("{id} sees {}\n", body["data"]);
    }
    said
}

#[test]
fn in_a_chat_of_three_the_viewer_is_the_receiver() {
    let (chat, messages) = chat(&["alice", "bob", "carol"], &[("alice", "is he house-trained?")]);
    let notice = Notice::Sent { chat, message: messages[0].clone() };
    assert_snapshot!(heard(&notice, &["alice", "bob", "carol"]), @r#"
    alice hears ["message_sent",{"message":{"_id":"f53efaa6162f186c6a3fe52c000000000001","content":"is he house-trained?","isDeleted":false,"read":false,"receiverId":"alice","receiverName":"alice","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1},"success":true}]
    bob hears ["receive_message",{"_id":"f53efaa6162f186c6a3fe52c000000000001","content":"is he house-trained?","isDeleted":false,"read":false,"receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}]
    bob hears ["message_notification",{"from":{"_id":"alice","name":"alice"},"message":"is he house-trained?","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    carol hears ["receive_message",{"_id":"f53efaa6162f186c6a3fe52c000000000001","content":"is he house-trained?","isDeleted":false,"read":false,"receiverId":"carol","receiverName":"carol","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}]
    carol hears ["message_notification",{"from":{"_id":"alice","name":"alice"},"message":"is he house-trained?","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    "#);
}

#[test]
fn in_a_chat_of_three_a_message_is_read_for_its_sender_once_all_have() {
    let (chat, mut messages) = chat(&["alice", "bob", "carol"], &[("alice", "hello")]);
    messages[0].read_by.insert(user("bob"), BEGINNING);
    assert_snapshot!(seen(&chat, &messages[0], &["alice", "bob", "carol"]), @r#"
    alice sees {"_id":"f53efaa6162f186c6a3fe52c000000000001","content":"hello","isDeleted":false,"read":false,"receiverId":"alice","receiverName":"alice","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}
    bob sees {"_id":"f53efaa6162f186c6a3fe52c000000000001","content":"hello","isDeleted":false,"read":true,"readAt":"2026-01-02T03:04:05.006Z","receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}
    carol sees {"_id":"f53efaa6162f186c6a3fe52c000000000001","content":"hello","isDeleted":false,"read":false,"receiverId":"carol","receiverName":"carol","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}
    "#);
    messages[0].read_by.insert(user("carol"), LATER);
    assert_snapshot!(seen(&chat, &messages[0], &["alice"]), @r#"alice sees {"_id":"f53efaa6162f186c6a3fe52c000000000001","content":"hello","isDeleted":false,"read":true,"readAt":"2026-01-02T03:05:05.006Z","receiverId":"alice","receiverName":"alice","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}"#);
}

#[test]
fn a_list_that_was_read_is_told_message_by_message() {
    let (mut chat, mut messages) =
        chat(&["alice", "bob", "carol"], &[("alice", "one"), ("carol", "two"), ("alice", "three")]);
    for message in &mut messages {
        message.read_by.insert(user("bob"), LATER);
    }
    chat.seq = 3;
    let reading = Reading { chat, reader: user("bob"), at: LATER, marked: 3, messages, whole: false };
    assert_snapshot!(heard(&Notice::Read(reading.clone()), &["alice", "carol"]), @r#"
    alice hears ["message_read",{"messageId":"f53efaa6162f186c6a3fe52c000000000001","readAt":"2026-01-02T03:05:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    alice hears ["message_read",{"messageId":"f53efaa6162f186c6a3fe52c000000000003","readAt":"2026-01-02T03:05:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    carol hears ["message_read",{"messageId":"f53efaa6162f186c6a3fe52c000000000002","readAt":"2026-01-02T03:05:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    "#);
    let confirmed = heard(&Notice::Read(reading), &["bob"]);
    assert_eq!(confirmed.matches("[\"message_read_confirmed\",{\"message\":{").count(), 3, "{confirmed}");
}

#[test]
fn a_whole_chat_that_was_read_is_told_to_each_sender_by_their_newest_message() {
    let (chat, messages) =
        chat(&["alice", "bob", "carol", "dave"], &[("alice", "one"), ("carol", "two"), ("alice", "three")]);
    let reading = Reading { chat, reader: user("bob"), at: LATER, marked: 3, messages, whole: true };
    assert_snapshot!(heard(&Notice::Read(reading.clone()), &["alice", "carol", "dave"]), @r#"
    alice hears ["message_read",{"markedCount":3,"messageId":"ed5d465903914ba5aa399ba9000000000003","readAt":"2026-01-02T03:05:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    carol hears ["message_read",{"markedCount":3,"messageId":"ed5d465903914ba5aa399ba9000000000002","readAt":"2026-01-02T03:05:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    "#);
    let confirmed = heard(&Notice::Read(reading), &["bob"]);
    assert_eq!(confirmed.lines().count(), 1, "{confirmed}");
    assert!(confirmed.contains("\"content\":\"three\"") && confirmed.contains("\"markedCount\":3"), "{confirmed}");
}

#[test]
fn a_block_of_a_chat_about_a_listing_says_nothing_of_two_people() {
    let people = ["alice", "bob"].map(user).into_iter().collect();
    for (about, lines) in [(None, 2), (Some(ListingId::parse("rex").unwrap()), 0)] {
        let view = ChatView { chat: Chat::between(&people, about, 0, BEGINNING), latest: None };
        for notice in
            [Notice::Blocked { view: view.clone(), by: user("alice") }, Notice::Unblocked { view, by: user("bob") }]
        {
            assert_eq!(heard(&notice, &["alice", "bob"]).lines().count(), lines, "{notice:?}");
        }
    }
}

#[test]
fn sound_and_files_read_as_text_and_many_media_are_listed() {
    let (chat, _) = chat(&["alice", "bob"], &[]);
    let link = |url: &str| Media::at(Source::Link(url.to_owned()));
    let object = MediaName { chat: chat.id.clone(), random: "0".repeat(32), extension: "png".to_owned() };
    let talk = Media {
        media_type: Some("audio/mpeg".to_owned()),
        filename: Some("talk.mp3".to_owned()),
        size: Some(7),
        ..link("https://media.example/1")
    };
    let mut said = String::new();
    for (kind, text, media) in [
        (MessageKind::Audio, None, vec![talk.clone()]),
        (MessageKind::File, Some("the minutes"), vec![link("https://media.example/minutes.pdf"), talk]),
        (MessageKind::Image, None, vec![Media::at(Source::Object(object))]),
    ] {
        let content = Content::new(kind, text.map(str::to_owned), media, 4_000).unwrap();
        said += &seen(&chat, &message(&chat, 1, "alice", content), &["bob"]);
    }
    assert_snapshot!(said, @r#"
    bob sees {"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"talk.mp3","isDeleted":false,"media":[{"filename":"talk.mp3","size":7,"type":"audio/mpeg","url":"https://media.example/1"}],"mediaUrl":"https://media.example/1","read":false,"receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}
    bob sees {"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"the minutes","isDeleted":false,"media":[{"url":"https://media.example/minutes.pdf"},{"filename":"talk.mp3","size":7,"type":"audio/mpeg","url":"https://media.example/1"}],"mediaUrl":"https://media.example/minutes.pdf","read":false,"receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}
    bob sees {"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"e70c08a3288036ef87ef9f6e-00000000000000000000000000000000.png","isDeleted":false,"mediaUrl":"/api/media/e70c08a3288036ef87ef9f6e-00000000000000000000000000000000.png","read":false,"receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}
    "#);
}

#[test]
fn what_somebody_deleted_for_themselves_is_a_placeholder_to_them_alone() {
    let (mut chat, mut messages) = chat(&["alice", "bob"], &[("alice", "hello")]);
    chat.seq = 1;
    messages[0].hidden_for.insert(user("bob"), LATER);
    assert_snapshot!(seen(&chat, &messages[0], &["alice", "bob"]), @r#"
    alice sees {"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"hello","isDeleted":false,"read":false,"receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}
    bob sees {"_id":"e70c08a3288036ef87ef9f6e000000000001","content":null,"isDeleted":true,"read":false,"receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1}
    "#);
    let notice = Notice::MessageDeleted { message: messages[0].id.clone(), for_everyone: false };
    assert_snapshot!(heard(&notice, &["bob"]), @r#"bob hears ["message_deleted",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]"#);
}

#[test]
fn a_change_of_status_is_no_coming() {
    let notice = |became_online| Notice::Online { user: user("bob"), status: Status::Away, became_online };
    assert_eq!(heard(&notice(false), &["alice"]), "");
    assert_snapshot!(heard(&notice(true), &["alice"]), @r#"alice hears ["user_online",{"name":"bob","userId":"bob","username":null}]"#);
}

#[test]
fn a_file_that_is_sent_over_rest_is_201_and_its_repeat_200() {
    let (chat, messages) = chat(&["alice", "bob"], &[("alice", "Sent image")]);
    let (directory, user) = (Directory::default(), user("alice"));
    let viewer =
        Viewer { user: &user, origin: true, joined: false, directory: &directory, now: LATER, extent: Extent::WHOLE };
    let sent = |repeated| Answer::Sent { chat: chat.clone(), message: messages[0].clone(), repeated };
    let (first, again) =
        ((messenger().rest_answer)(&sent(false), &viewer), (messenger().rest_answer)(&sent(true), &viewer));
    assert_eq!((first.0, again.0), (201, 200));
    assert_eq!(first.1, again.1);
    assert_snapshot!(first.1, @r#"{"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"Sent image","isDeleted":false,"read":false,"receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1},"message":"Message sent","success":true}"#);
}

#[test]
fn there_is_no_word_for_a_chat() {
    let (chat, _) = chat(&["alice", "bob"], &[]);
    assert_eq!(heard(&Notice::ChatDeleted(chat.id.clone()), &["alice", "bob"]), "");
    assert_eq!(heard(&Notice::ChatCreated(ChatView { chat, latest: None }), &["alice", "bob"]), "");
}

#[test]
fn what_it_may_be_asked_and_never_asks_is_answered_all_the_same() {
    let (directory, user) = (Directory::default(), user("bob"));
    let viewer =
        Viewer { user: &user, origin: true, joined: false, directory: &directory, now: LATER, extent: Extent::WHOLE };
    assert_eq!((messenger().ack)(&Answer::Pong(LATER), &viewer), *json!({"success": true}).as_object().unwrap());
    assert!((messenger().answer_event)(&Answer::Done, &viewer).is_none());
    let done = json!({"success": true, "message": "Done", "data": Value::Null});
    assert_eq!((messenger().rest_answer)(&Answer::Done, &viewer), (200, done));
}

#[test]
fn every_error_has_its_text_its_code_and_its_body() {
    let mut said = String::new();
    for error in [
        Error::NotFound(Thing::Chat),
        Error::NotFound(Thing::Message),
        Error::NotFound(Thing::Media),
        Error::NotFound(Thing::Listing),
        Error::NotFound(Thing::User),
        Error::Forbidden("only a recipient can mark a message as read"),
        Error::Blocked,
        Error::Authentication(Refusal::ExpiredToken),
        Error::validation("content", "must not be empty"),
        Error::RateLimit { what: "messages", retry_after_secs: 7 },
        Error::internal("the table is on fire"),
    ] {
        let object = (messenger().error)(&error, LATER);
        let mut body = (messenger().rest_error)(&error, LATER);
        assert_eq!(body.as_object_mut().unwrap().remove("success"), Some(false.into()), "{body}");
        assert_eq!(body, object);
        said += &format!("{object}\n");
    }
    assert_snapshot!(said, @r#"
    {"code":"NOT_FOUND","message":"Access denied"}
    {"code":"NOT_FOUND","message":"Access denied"}
    {"code":"NOT_FOUND","message":"Access denied"}
    {"code":"NOT_FOUND","message":"listing not found"}
    {"code":"NOT_FOUND","message":"Receiver not found"}
    {"code":"FORBIDDEN","message":"Access denied"}
    {"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"}
    {"code":"AUTHENTICATION_ERROR","message":"Authentication error: Invalid token","reason":"expired token"}
    {"code":"VALIDATION_ERROR","message":"content must not be empty"}
    {"code":"RATE_LIMIT","message":"too many messages, try again in 7 s","retryAfter":7}
    {"code":"INTERNAL_ERROR","message":"something went wrong on our side"}
    "#);
}
