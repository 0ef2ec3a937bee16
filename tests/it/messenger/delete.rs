//! Deleting, which this dialect has no word for asking: it hears of it, and shows placeholders.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MESSENGER, brief, history, message_id};
use crate::worlds::{FIVE_CLIENTS, TWO_CLIENTS};

#[tokio::test(start_paused = true)]
async fn a_message_that_is_taken_back_is_told_to_both_and_keeps_its_place() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two"]).await;
    let path = format!("/recruiting/api/message/{}", message_id("alice", "bob", 1));
    let said = world.rest("alice", "DELETE", &path, Value::Null).await;
    assert_snapshot!(said.lines().skip(1).collect::<Vec<_>>().join("\n"), @r#"
    alice hears 42["message_deleted",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    alice2 hears 42["message_deleted",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob hears 42["message_deleted",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob2 hears 42["message_deleted",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    "#);
    let again = world.rest("alice", "DELETE", &path, Value::Null).await;
    assert_eq!(again.lines().count(), 1, "{again}");
    assert_snapshot!(world.ask("bob", "get_message_history", json!({"otherUserId": "alice"})).await, @r#"bob hears 430[{"messages":[{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":null,"isDeleted":true,"read":false,"receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":1},{"_id":"e70c08a3288036ef87ef9f6e000000000002","content":"two","isDeleted":false,"read":false,"receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":2}],"otherUser":{"_id":"alice","name":"alice"},"pagination":{"hasMore":false,"page":1},"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_is_deleted_leaves_an_empty_history() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one"]).await;
    let chat = world.chat("alice", "bob").await;
    let said = world.rest("bob", "DELETE", &format!("/recruiting/api/chat/{chat}"), Value::Null).await;
    assert_eq!(said.lines().count(), 1, "there is no word for a chat: {said}");
    assert_snapshot!(history(&mut world, "alice", "bob").await, @r#"alice hears 42["message_history",{"messages":[],"otherUser":{"_id":"bob","name":"bob"},"pagination":{"hasMore":false,"page":1}}]"#);
    assert_snapshot!(brief(&world.ask("alice", "get_unread_count", json!({})).await), @r#"alice hears 430[{"count":0,"success":true}]"#);
    // The next message makes it anew.
    let said = brief(&world.ask("alice", "send_message", json!({"receiverId": "bob", "content": "again"})).await);
    assert!(said.contains("#1 alice to bob: again"), "{said}");
}
