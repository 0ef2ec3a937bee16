//! Messages with media: `mediaUrl` beside what the document has.

use insta::assert_snapshot;
use serde_json::json;

use super::{WORKSPACE, brief};

const URL: &str = "https://media.example/files/plan.pdf?v=2#page";

#[tokio::test(start_paused = true)]
async fn a_message_with_a_medium_in_full() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let image = json!({"conversationId": conversation, "type": "image", "content": "a caption", "mediaUrl": URL});
    assert_snapshot!(world.ask("alice", "message:send", image).await, @r#"
    alice hears 430[{"message":{"content":"a caption","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":"https://media.example/files/plan.pdf?v=2#page","senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"image"},"success":true}]
    alice hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":{"content":"a caption","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":"https://media.example/files/plan.pdf?v=2#page","senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"image"},"participants":["alice","bob"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["message:delivered",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob hears 42["message:new",{"content":"a caption","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":"https://media.example/files/plan.pdf?v=2#page","senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"image"}]
    bob hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":{"content":"a caption","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":"https://media.example/files/plan.pdf?v=2#page","senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"image"},"participants":["alice","bob"],"unreadCount":1,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e000000000001","message":"a caption","type":"message"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn without_a_caption_the_content_is_the_files_name() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    for (kind, content) in [("image", None), ("video", Some("")), ("file", None)] {
        let message = json!({"conversationId": conversation, "type": kind, "content": content, "mediaUrl": URL});
        world.emit("alice", "message:send", message).await;
    }
    assert_snapshot!(brief(&world.get("bob", &format!("/api/conversations/{conversation}/messages")).await), @r##"bob gets 200 {"data":["#1 by alice: plan.pdf, https://media.example/files/plan.pdf?v=2#page, image","#2 by alice: plan.pdf, https://media.example/files/plan.pdf?v=2#page, video","#3 by alice: plan.pdf, https://media.example/files/plan.pdf?v=2#page, file"],"pagination":{"limit":50,"page":1,"total":3},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_text_may_have_a_medium_too() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let message = json!({"conversationId": conversation, "content": "look", "mediaUrl": URL});
    world.emit("alice", "message:send", message).await;
    assert_snapshot!(brief(&world.get("bob", &format!("/api/conversations/{conversation}/messages")).await), @r##"bob gets 200 {"data":["#1 by alice: look, https://media.example/files/plan.pdf?v=2#page"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn media_types_need_media_and_media_an_address() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let mut said = String::new();
    for message in [
        json!({"conversationId": conversation, "type": "image", "content": "a caption"}),
        json!({"conversationId": conversation, "type": "video"}),
        json!({"conversationId": conversation, "type": "file", "content": "a caption", "mediaUrl": null}),
        json!({"conversationId": conversation, "mediaUrl": URL}),
        json!({"conversationId": conversation, "type": "image", "mediaUrl": "http://media.example/one"}),
        json!({"conversationId": conversation, "type": "image", "mediaUrl": format!("{URL}{}", "x".repeat(2_048))}),
        json!({"conversationId": conversation, "type": "image", "mediaUrl": 7}),
        json!({"conversationId": conversation, "type": "audio", "mediaUrl": URL}),
        json!({"conversationId": conversation, "type": "TEXT", "content": "hello"}),
        json!({"conversationId": conversation, "type": 1, "content": "hello"}),
    ] {
        said += &brief(&world.emit("alice", "message:send", message).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: mediaUrl is required for type image"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl is required for type video"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl is required for type file"]
    alice hears 42["error","VALIDATION_ERROR: content must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be a string"]
    alice hears 42["error","VALIDATION_ERROR: type must be one of text, image, video, file"]
    alice hears 42["error","VALIDATION_ERROR: type must be one of text, image, video, file"]
    alice hears 42["error","VALIDATION_ERROR: type must be a string"]
    "#);
}
