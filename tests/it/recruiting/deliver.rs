//! Delivery: the sender hears once a message reached a socket of its recipient, or was fetched.

use insta::assert_snapshot;
use local::gateway::DisconnectFault;
use world::World;

use super::{RECRUITING, brief, text};
use crate::worlds::connect_alice_and_bob;

#[tokio::test(start_paused = true)]
async fn a_message_is_delivered_once_it_is_posted() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let said = world.emit("alice", "send_message", text(&chat, "hello")).await;
    assert_snapshot!(said.lines().filter(|line| line.contains("delivered")).collect::<String>(), @r#"alice hears 42["message_delivered",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_somebody_offline_is_delivered_once_it_is_fetched() {
    let mut world = World::new().await;
    world.know(&["bob"]).await;
    world.join("alice").await;
    world.join_as("alice2", "alice").await;
    let chat = world.chat("alice", "bob").await;
    assert_snapshot!(brief(&world.emit("alice", "send_message", text(&chat, "one")).await), @r##"
    alice hears 42["message_sent",{"message":"#1 by alice: one"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: one","updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice2 hears 42["new_message",{"message":"#1 by alice: one"}]
    alice2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: one","updatedAt":"2026-01-02T03:04:05.006Z"}]
    "##);
    RECRUITING.send_texts(&mut world, "alice", &chat, &["two"]).await;
    let path = format!("/api/message/chat/{chat}");
    // The sender's own fetching is none.
    assert_snapshot!(brief(&world.get("alice", &path).await), @r##"alice gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice: two"],"pagination":{"limit":50,"page":1,"total":2,"totalPages":1}},"message":"Messages","success":true}"##);
    assert_snapshot!(brief(&world.get("bob", &path).await), @r##"
    bob gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice: two"],"pagination":{"limit":50,"page":1,"total":2,"totalPages":1}},"message":"Messages","success":true}
    alice+alice2 hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    "##);
    assert_snapshot!(brief(&world.get("bob", &path).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice: two"],"pagination":{"limit":50,"page":1,"total":2,"totalPages":1}},"message":"Messages","success":true}"##);
    RECRUITING.send_texts(&mut world, "alice", &chat, &["three"]).await;
    assert_snapshot!(brief(&world.get("bob", &format!("{path}?afterSeq=2")).await), @r##"
    bob gets 200 {"data":{"messages":["#3 by alice: three"],"pagination":{"hasMore":false,"limit":50,"total":3}},"message":"Messages","success":true}
    alice+alice2 hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #3"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_post_to_a_lost_connection_delivers_nothing_and_finds_it_gone() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    assert_snapshot!(world.close("bob").await, @"");
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "hello")).await), @r##"
    alice hears 430[{"message":"#1 by alice: hello","success":true}]
    alice hears 42["message_sent",{"message":"#1 by alice: hello"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    "##);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r##"
    bob gets 200 {"data":{"messages":["#1 by alice: hello"],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages","success":true}
    alice hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_lost_device_does_not_keep_the_other_from_hearing() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[]).await;
    world.join("alice").await;
    world.join("bob").await;
    world.join_as("bob2", "bob").await;
    let chat = world.chat("alice", "bob").await;
    world.close("bob").await;
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "hello")).await), @r##"
    alice hears 430[{"message":"#1 by alice: hello","success":true}]
    alice hears 42["message_sent",{"message":"#1 by alice: hello"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob2 hears 42["new_message",{"message":"#1 by alice: hello"}]
    bob2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    "##);
}
