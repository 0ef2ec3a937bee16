//! Media: by address, as objects of our own, and what other dialects attach that this one has no names for.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief, chats_of, heard_by, messages_of};

const URL: &str = "https://media.example/one.png";

#[tokio::test(start_paused = true)]
async fn media_of_every_type_with_and_without_words() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let mut said = String::new();
    for (kind, content) in
        [("image", json!("a caption")), ("video", json!("")), ("image", Value::Null), ("text", json!("words"))]
    {
        let media = json!({"chatId": chat, "mediaUrl": URL, "messageType": kind, "content": content});
        said += world.ask("alice", "sendMessage", media).await.lines().next().unwrap();
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 430[{"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"a caption","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":"https://media.example/one.png","messageType":"image","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 431[{"data":{"_id":"e70c08a3288036ef87ef9f6e000000000002","chat":"e70c08a3288036ef87ef9f6e","content":"","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":"https://media.example/one.png","messageType":"video","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":2,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 432[{"data":{"_id":"e70c08a3288036ef87ef9f6e000000000003","chat":"e70c08a3288036ef87ef9f6e","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":"https://media.example/one.png","messageType":"image","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":3,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 433[{"data":{"_id":"e70c08a3288036ef87ef9f6e000000000004","chat":"e70c08a3288036ef87ef9f6e","content":"words","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":"https://media.example/one.png","messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":4,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    "#);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#4: words; unread 4)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn an_address_is_https_and_not_too_long() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let longest = format!("https://media.example/{}", "a".repeat(2_048 - 22));
    let mut said = String::new();
    for url in [&longest, &format!("{longest}a"), "http://media.example/one", "javascript:alert(1)", "one.png", " "] {
        let media = json!({"chatId": chat, "mediaUrl": url, "messageType": "image"});
        let heard = world.emit("alice", "sendMessage", media).await;
        let heard = brief(&heard_by("alice", &heard)).replace(&longest, "<longest>");
        said += &format!("{}\n", heard.lines().next().unwrap());
    }
    assert_snapshot!(said, @r##"
    alice hears 42["newMessage","#1 by alice, <longest>, image"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be an https address of at most 2048 characters"]
    "##);
}

#[tokio::test(start_paused = true)]
async fn an_object_of_our_own_goes_by_its_generated_name_and_elsewhere_by_its_path() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    world.join_namespace("bob2", "bob", "/recruiting").await;
    let name = format!("{chat}-{}.png", "0123456789abcdef".repeat(2));
    for given in [name.clone(), format!("/api/media/{name}")] {
        let media = json!({"chatId": chat, "mediaUrl": given, "messageType": "image"});
        let said = world.ask("alice", "sendMessage", media).await;
        let shown = format!(r#""mediaUrl":"{name}""#);
        for label in ["alice", "bob"] {
            assert!(heard_by(label, &said).contains(&shown), "{said}");
        }
        let shown = format!(r#""mediaUrl":"/api/media/{name}""#);
        assert!(heard_by("bob2", &said).contains(&shown), "{said}");
    }
    let (_, answer) = world.request("bob", "GET", &format!("/api/chat/{chat}/messages"), "").await;
    let urls = answer["data"]["messages"].as_array().unwrap().iter().map(|message| &message["mediaUrl"]);
    assert_eq!(urls.collect::<Vec<_>>(), [name.as_str(), name.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn an_object_of_another_chat_is_refused() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let other = world.chat("alice", "carol").await;
    let name = format!("{other}-{}.png", "0123456789abcdef".repeat(2));
    let media = json!({"chatId": chat, "mediaUrl": name, "messageType": "image"});
    assert_snapshot!(world.ask("alice", "sendMessage", media).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"mediaUrl must be of this chat"},"success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn several_media_are_listed_and_the_first_stands_alone_too() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let name = format!("{chat}-{}.png", "0123456789abcdef".repeat(2));
    let media = json!([
        {"url": format!("/api/media/{name}"), "type": "image", "filename": "one.png", "size": 7},
        {"url": "https://media.example/two.png"},
    ]);
    let body = json!({"conversationId": chat, "text": "two", "messageType": "image", "media": media});
    let said = world.rest("alice", "POST", "/classroom/api/chat/message", body).await;
    assert_snapshot!(heard_by("bob", &said), @r#"bob hears 42["newMessage",{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"two","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"media":[{"filename":"one.png","size":7,"type":"image","url":"e70c08a3288036ef87ef9f6e-0123456789abcdef0123456789abcdef.png"},{"url":"https://media.example/two.png"}],"mediaUrl":"e70c08a3288036ef87ef9f6e-0123456789abcdef0123456789abcdef.png","messageType":"image","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"}]"#);
}

#[tokio::test(start_paused = true)]
async fn sound_and_files_read_as_text() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let sound = json!([{"url": "https://media.example/a/song.ogg", "filename": "My song.ogg"}]);
    for body in [
        json!({"conversationId": chat, "messageType": "audio", "media": sound}),
        json!({"conversationId": chat, "messageType": "audio", "media": sound, "text": "listen"}),
        json!({"conversationId": chat, "messageType": "file", "media": [{"url": "https://media.example/a/b.pdf?c=d"}]}),
    ] {
        let said = world.rest("alice", "POST", "/classroom/api/chat/message", body).await;
        assert!(said.starts_with("alice gets 201"), "{said}");
    }
    let body =
        json!({"chatId": chat, "messageType": "file", "mediaUrl": "https://media.example/cv.pdf", "content": ""});
    world.rest("alice", "POST", "/recruiting/api/message/send", body).await;
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: My song.ogg, https://media.example/a/song.ogg, delivered","#2 by alice: listen, https://media.example/a/song.ogg, delivered","#3 by alice: b.pdf, https://media.example/a/b.pdf?c=d, delivered","#4 by alice: cv.pdf, https://media.example/cv.pdf, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":4,"totalPages":1}},"message":"Messages","success":true}"##);
    let (_, answer) = world.request("bob", "GET", &format!("/api/chat/{chat}/messages"), "").await;
    assert_snapshot!(answer["data"]["messages"][0], @r#"{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"My song.ogg","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"media":[{"filename":"My song.ogg","url":"https://media.example/a/song.ogg"}],"mediaUrl":"https://media.example/a/song.ogg","messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"delivered","updatedAt":"2026-01-02T03:04:05.006Z"}"#);
    // A list of chats shows what was said last in the same words.
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#4: cv.pdf; unread 4)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}
