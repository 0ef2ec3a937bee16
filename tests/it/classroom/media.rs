//! Media: lists, every type, and how they look where another dialect knows less of them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{CLASSROOM, brief};

const URL: &str = "https://media.example/one";

fn with(chat: &str, kind: &str, media: Value) -> Value {
    json!({"conversationId": chat, "messageType": kind, "media": media})
}

#[tokio::test(start_paused = true)]
async fn a_list_of_media_is_returned_as_sent() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let media = json!([
        {"url": URL, "type": "image", "filename": "image.jpg", "size": 1_024_000},
        {"url": "https://media.example/two?as=webp#top"},
        {"url": "HTTPS://media.example/three", "type": "application/pdf", "filename": "Über.pdf", "size": 0},
    ]);
    let message = json!({"conversationId": chat, "text": "three", "messageType": "image", "media": media});
    assert_snapshot!(world.rest("alice", "POST", "/api/chat/message", message).await.lines().next().unwrap(), @r#"alice gets 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[{"filename":"image.jpg","size":1024000,"type":"image","url":"https://media.example/one"},{"url":"https://media.example/two?as=webp#top"},{"filename":"Über.pdf","size":0,"type":"application/pdf","url":"HTTPS://media.example/three"}],"messageType":"image","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"sent","text":"three","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}"#);
    let (_, answer) = world.request("bob", "GET", &format!("/api/chat/conversation/{chat}/messages"), "").await;
    assert_eq!(answer["data"][0]["media"], media);
}

#[tokio::test(start_paused = true)]
async fn media_of_every_type_with_and_without_text() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    let mut said = String::new();
    for (kind, text) in [
        ("image", json!("a caption")),
        ("video", json!("")),
        ("audio", Value::Null),
        ("file", json!(" ")),
        ("text", json!("words")),
    ] {
        let mut message = with(&chat, kind, json!([{"url": URL, "type": kind}]));
        message["text"] = text;
        said += world.ask("alice", "send:message", message).await.lines().next().unwrap();
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 430[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[{"type":"image","url":"https://media.example/one"}],"messageType":"image","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"sent","text":"a caption","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 431[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000002","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[{"type":"video","url":"https://media.example/one"}],"messageType":"video","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":2,"status":"sent","text":"","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 432[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000003","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[{"type":"audio","url":"https://media.example/one"}],"messageType":"audio","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":3,"status":"sent","text":null,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 433[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000004","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[{"type":"file","url":"https://media.example/one"}],"messageType":"file","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":4,"status":"sent","text":" ","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 434[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000005","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[{"type":"text","url":"https://media.example/one"}],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":5,"status":"sent","text":"words","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_only_medium_has_the_type_of_the_message_unless_another_was_said() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    let mut said = String::new();
    for (kind, media) in [
        ("audio", json!([{"url": URL}])),
        ("audio", json!([{"url": URL, "type": "audio/ogg"}])),
        ("image", json!([{"url": URL}, {"url": URL}])),
    ] {
        said += brief(&world.ask("alice", "send:message", with(&chat, kind, media)).await).lines().next().unwrap();
        said += "\n";
    }
    assert_snapshot!(said, @r##"
    alice hears 430[{"message":"#1 by alice, audio at https://media.example/one, sent","success":true}]
    alice hears 431[{"message":"#2 by alice, audio/ogg at https://media.example/one, sent","success":true}]
    alice hears 432[{"message":"#3 by alice, null at https://media.example/one, null at https://media.example/one, sent","success":true}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_list_is_told() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    let mut said = String::new();
    let long = format!("https://media.example/{}", "a".repeat(2_048));
    for media in [
        json!({"url": URL}),
        json!([URL]),
        json!([{}]),
        json!([{"url": "http://media.example/one"}]),
        json!([{"url": "javascript:alert(1)"}]),
        json!([{"url": long}]),
        json!([{"url": 1}]),
        json!([{"url": URL, "type": 1}]),
        json!([{"url": URL, "filename": "a".repeat(256)}]),
        json!([{"url": URL, "size": -1}]),
        json!([{"url": URL, "size": 1.5}]),
        json!(vec![json!({"url": URL}); 11]),
    ] {
        said += &brief(&world.emit("alice", "send:message", with(&chat, "file", media)).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: media must be a list"]
    alice hears 42["error","VALIDATION_ERROR: media must be a list of objects"]
    alice hears 42["error","VALIDATION_ERROR: media must each have a url"]
    alice hears 42["error","VALIDATION_ERROR: media has a url that must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: media has a url that must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: media has a url that must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: media has a url that must be a string"]
    alice hears 42["error","VALIDATION_ERROR: media has a type that must be a string"]
    alice hears 42["error","VALIDATION_ERROR: media has a filename of more than 255 characters"]
    alice hears 42["error","VALIDATION_ERROR: media has a size that must be a whole number"]
    alice hears 42["error","VALIDATION_ERROR: media has a size that must be a whole number"]
    alice hears 42["error","VALIDATION_ERROR: media must be at most 10"]
    "#);
    let most = with(&chat, "file", json!(vec![json!({"url": URL, "filename": "é".repeat(255)}); 10]));
    let said = world.ask("alice", "send:message", most).await;
    assert!(said.contains("\"success\":true"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_list_is_heard_in_other_dialects_and_theirs_here() {
    let (mut world, _) = CLASSROOM.two_clients().await;
    world.join_namespace("carol", "carol", "/recruiting").await;
    let chat = world.chat("alice", "carol").await;
    let media = json!([{"url": URL, "type": "audio", "filename": "one.ogg"}, {"url": "https://media.example/two"}]);
    let said = world.emit("alice", "send:message", with(&chat, "audio", media)).await;
    assert_snapshot!(said.lines().find(|line| line.starts_with("carol")).unwrap(), @r#"carol hears 42/recruiting,["new_message",{"message":{"_id":"76557037bbbc880e49947ae0000000000001","chatId":"76557037bbbc880e49947ae0","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"media":[{"filename":"one.ogg","type":"audio","url":"https://media.example/one"},{"url":"https://media.example/two"}],"mediaUrl":"https://media.example/one","messageType":"file","receiverId":"carol","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]"#);
    let image = json!({"chatId": chat, "messageType": "image", "mediaUrl": URL});
    let said = world.ask("carol", "send_message", image).await;
    assert_snapshot!(said.lines().find(|line| line.starts_with("alice")).unwrap(), @r#"alice hears 42["new:message",{"message":{"_id":"76557037bbbc880e49947ae0000000000002","conversationId":"76557037bbbc880e49947ae0","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[{"type":"image","url":"https://media.example/one"}],"messageType":"image","replyTo":null,"senderId":{"_id":"carol","firstName":null,"lastName":null,"name":"carol","profileImage":null},"seq":2,"status":"sent","text":null,"updatedAt":"2026-01-02T03:04:05.006Z"}}]"#);
}
