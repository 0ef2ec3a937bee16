//! Inquiries: chats about a listing, of two people and of three.

use insta::assert_snapshot;
use serde_json::{Value, json};
use world::World;

use super::{MARKETPLACE, brief, chats_of, create, heard_by, messages_of, one, text};
use crate::worlds::{message_id, unknown_chat_id};

/// Alice, Bob with two devices, and Carol, whose dog Rex is for sale.
async fn market() -> World {
    let mut world =
        MARKETPLACE.connected(&[("alice", "alice"), ("bob", "bob"), ("bob2", "bob"), ("carol", "carol")]).await;
    let images = json!([{"url": "https://media.example/rex.jpg"}]);
    let listing = json!({"title": "Rex", "images": images, "price": 15_000, "address": "Delhi"});
    world.rest("carol", "PUT", "/api/listings/rex", listing).await;
    world
}

/// The same, and a chat of the three about Rex.
async fn of_three() -> (World, String) {
    let mut world = market().await;
    let chat = create(&mut world, "alice", json!({"participantId": "bob", "petId": "rex"})).await;
    (world, chat)
}

#[tokio::test(start_paused = true)]
async fn an_inquiry_shows_what_it_is_about() {
    let mut world = market().await;
    let said = world.rest("alice", "POST", "/api/chat/create", json!({"participantId": "carol", "petId": "rex"})).await;
    assert_snapshot!(said, @r#"
    alice gets 201 {"data":{"_id":"8b918c5d9349fcc9583f97e0","blockedBy":[],"chatType":"pet_inquiry","createdAt":"2026-01-02T03:04:05.006Z","isActive":true,"isBlocked":false,"lastMessage":null,"lastMessageTime":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","email":null,"name":"alice","profilePicture":null},{"_id":"carol","email":null,"name":"carol","profilePicture":null}],"petListing":{"_id":"rex","address":"Delhi","images":[{"url":"https://media.example/rex.jpg"}],"price":15000,"title":"Rex"},"unreadCount":[{"count":0,"userId":"alice"}],"updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Chat created","success":true}
    carol hears 42["chatCreated",{"chatId":"8b918c5d9349fcc9583f97e0"}]
    "#);
    assert_snapshot!(world.get("carol", "/api/chat/my-chats").await, @r#"carol gets 200 {"data":{"chats":[{"_id":"8b918c5d9349fcc9583f97e0","blockedBy":[],"chatType":"pet_inquiry","createdAt":"2026-01-02T03:04:05.006Z","isActive":true,"isBlocked":false,"lastMessage":null,"lastMessageTime":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","email":null,"name":"alice","profilePicture":null},{"_id":"carol","email":null,"name":"carol","profilePicture":null}],"petListing":{"_id":"rex","address":"Delhi","images":[{"url":"https://media.example/rex.jpg"}],"price":15000,"title":"Rex"},"unreadCount":[{"count":0,"userId":"carol"}],"updatedAt":"2026-01-02T03:04:05.006Z"}],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn the_owner_takes_part_whoever_is_named() {
    let mut world = market().await;
    let inquiry = json!({"participantId": "carol", "petId": "rex"});
    assert!(world.rest("alice", "POST", "/api/chat/create", inquiry).await.starts_with("alice gets 201"));
    // Without naming anybody it is the same chat; so it is if the owner asks.
    assert_snapshot!(brief(&world.rest("alice", "POST", "/api/chat/create", json!({"petId": "rex"})).await), @r#"alice gets 200 {"data":"alice+carol (nothing; unread 0; pet_inquiry about Rex)","message":"Chat found","success":true}"#);
    let theirs = json!({"participantId": "alice", "petId": "rex"});
    assert_snapshot!(brief(&world.rest("carol", "POST", "/api/chat/create", theirs).await), @r#"carol gets 200 {"data":"alice+carol (nothing; unread 0; pet_inquiry about Rex)","message":"Chat found","success":true}"#);
    // With a third it is another.
    let third = json!({"participantId": "bob", "petId": "rex"});
    let said = world.rest("alice", "POST", "/api/chat/create", third).await;
    let chat = create(&mut world, "bob", json!({"participantId": "alice", "petId": "rex"})).await;
    assert_snapshot!(brief(&said.replace(&chat, "<chat>")), @r#"
    alice gets 201 {"data":"alice+bob+carol (nothing; unread 0; pet_inquiry about Rex)","message":"Chat created","success":true}
    bob+bob2+carol hears 42["chatCreated",{"chatId":"<chat>"}]
    "#);
    assert_snapshot!(brief(world.rest("bob", "POST", "/api/chat/create", json!({"petId": "rex"})).await.lines().next().unwrap()), @r#"bob gets 201 {"data":"bob+carol (nothing; unread 0; pet_inquiry about Rex)","message":"Chat created","success":true}"#);
    // The owner alone is nobody to talk to.
    assert_snapshot!(world.rest("carol", "POST", "/api/chat/create", json!({"petId": "rex"})).await, @r#"carol gets 400 {"code":"VALIDATION_ERROR","message":"participantId is required","success":false}"#);
    let unknown = json!({"petId": "rex", "participantId": "nobody"});
    assert_snapshot!(world.rest("alice", "POST", "/api/chat/create", unknown).await, @r#"alice gets 404 {"code":"NOT_FOUND","message":"user not found","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn each_listing_has_a_chat_of_its_own_beside_the_plain_one() {
    let mut world = market().await;
    world.rest("carol", "PUT", "/api/listings/max", json!({"title": "Max"})).await;
    let mut chats = Vec::new();
    for body in [json!({"petId": "rex"}), json!({"petId": "max"}), json!({"participantId": "carol"})] {
        world.clock.advance(1_000);
        chats.push(create(&mut world, "alice", body).await);
    }
    chats.sort();
    chats.dedup();
    assert_eq!(chats.len(), 3);
    assert_eq!(
        world.chat("carol", "alice").await,
        create(&mut world, "alice", json!({"participantId": "carol"})).await
    );
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+carol (nothing; unread 0)","alice+carol (nothing; unread 0; pet_inquiry about Max)","alice+carol (nothing; unread 0; pet_inquiry about Rex)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":3,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_changes_is_shown_as_it_is() {
    let mut world = market().await;
    create(&mut world, "alice", json!({"petId": "rex"})).await;
    world.rest("carol", "PUT", "/api/listings/rex", json!({"title": "Rex, sold"})).await;
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+carol (nothing; unread 0; pet_inquiry about Rex, sold)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_message_has_come_as_far_as_with_the_last_of_its_recipients() {
    let (mut world, chat) = of_three().await;
    world.close("carol").await;
    let said = world.ask("alice", "sendMessage", text(&chat, "is he a good dog?")).await.replace(&chat, "<chat>");
    assert_snapshot!(brief(&said), @r##"
    alice hears 430[{"data":"#1 by alice: is he a good dog?","success":true}]
    alice hears 42["newMessage","#1 by alice: is he a good dog?"]
    bob+bob2 hears 42["newMessage","#1 by alice: is he a good dog?"]
    "##);
    let read = world.ask("bob", "markAsRead", one(&chat, 1)).await.replace(&chat, "<chat>");
    assert_snapshot!(read, @r#"
    alice hears 42["messageRead",{"chatId":"<chat>","messageId":"<chat>000000000001","userId":"bob"}]
    bob hears 430[{"success":true}]
    bob hears 42["messageRead",{"chatId":"<chat>","messageId":"<chat>000000000001","userId":"bob"}]
    bob2 hears 42["messageRead",{"chatId":"<chat>","messageId":"<chat>000000000001","userId":"bob"}]
    "#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: is he a good dog?, read by bob"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
    // Delivered is told once the last one has it.
    let said = messages_of(&mut world, "carol", &chat).await.replace(&chat, "<chat>");
    assert_snapshot!(said, @r##"
    carol gets 200 {"data":{"messages":["#1 by alice: is he a good dog?, read by bob"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}
    alice hears 42["messageDelivered",{"chatId":"<chat>","messageId":"<chat>000000000001"}]
    "##);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: is he a good dog?, delivered, read by bob"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
    let said = world.rest("carol", "PUT", &format!("/api/chat/{chat}/mark-read"), Value::Null).await;
    assert_snapshot!(said.replace(&chat, "<chat>"), @r#"
    carol gets 200 {"data":{"markedCount":1},"message":"Messages marked as read","success":true}
    alice hears 42["messageRead",{"chatId":"<chat>","markedCount":1,"messageId":"<chat>000000000001","userId":"carol"}]
    bob hears 42["messageRead",{"chatId":"<chat>","markedCount":1,"messageId":"<chat>000000000001","userId":"carol"}]
    bob2 hears 42["messageRead",{"chatId":"<chat>","markedCount":1,"messageId":"<chat>000000000001","userId":"carol"}]
    "#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: is he a good dog?, read, read by bob+carol"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn counts_are_each_persons_own() {
    let (mut world, chat) = of_three().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    MARKETPLACE.send_texts(&mut world, "carol", &chat, &["three"]).await;
    world.emit("bob", "markAsRead", one(&chat, 1)).await;
    let mut said = String::new();
    for user in ["alice", "bob", "carol"] {
        said += &chats_of(&mut world, user).await;
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice gets 200 {"data":{"chats":["alice+bob+carol (#3: three; unread 1; pet_inquiry about Rex)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}
    bob gets 200 {"data":{"chats":["alice+bob+carol (#3: three; unread 2; pet_inquiry about Rex)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}
    carol gets 200 {"data":{"chats":["alice+bob+carol (#3: three; unread 2; pet_inquiry about Rex)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}
    "#);
}

#[tokio::test(start_paused = true)]
async fn typing_and_deleting_reach_everybody() {
    let (mut world, chat) = of_three().await;
    for label in ["alice", "bob", "carol"] {
        world.ask(label, "join-chat", json!({"chatId": chat})).await;
    }
    let said = world.emit("carol", "typing", json!({"chatId": chat, "isTyping": true})).await;
    assert_snapshot!(brief(&said.replace(&chat, "<chat>")), @r#"alice+bob hears 42["typing",{"chatId":"<chat>","isTyping":true,"userId":"carol"}]"#);
    MARKETPLACE.send_texts(&mut world, "carol", &chat, &["sold"]).await;
    let delete = format!("/api/chat/message/{}", message_id(&chat, 1));
    let said = world.rest("carol", "DELETE", &delete, Value::Null).await;
    assert_snapshot!(brief(&said.replace(&chat, "<chat>")), @r##"
    carol gets 200 {"data":"#1 by carol, delivered, isDeleted","message":"Message deleted","success":true}
    alice+bob+bob2+carol hears 42["messageDeleted",{"chatId":"<chat>","messageId":"<chat>000000000001"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn each_of_three_may_block_and_while_one_does_nobody_sends() {
    let (mut world, chat) = of_three().await;
    let toggle = format!("/api/chat/{chat}/toggle-block");
    let said = world.rest("carol", "PUT", &toggle, Value::Null).await;
    assert_snapshot!(brief(&said.replace(&chat, "<chat>")), @r#"
    carol gets 200 {"data":{"blockedBy":["carol"],"isBlocked":true},"message":"Chat blocked","success":true}
    alice+bob+bob2+carol hears 42["chatBlocked",{"blockedBy":"carol","chatId":"<chat>"}]
    "#);
    assert_snapshot!(brief(&world.ask("alice", "sendMessage", text(&chat, "hello")).await), @r#"alice hears 430[{"error":"BLOCKED_USER: cannot send messages while the chat is blocked","success":false}]"#);
    let said = world.rest("bob", "PUT", &toggle, Value::Null).await;
    assert_snapshot!(said.lines().next().unwrap(), @r#"bob gets 200 {"data":{"blockedBy":["bob","carol"],"isBlocked":true},"message":"Chat blocked","success":true}"#);
    let said = world.rest("carol", "PUT", &toggle, Value::Null).await;
    assert_snapshot!(said.lines().next().unwrap(), @r#"carol gets 200 {"data":{"blockedBy":["bob"],"isBlocked":true},"message":"Chat unblocked","success":true}"#);
    assert_snapshot!(brief(&world.ask("carol", "sendMessage", text(&chat, "hello")).await), @r#"carol hears 430[{"error":"BLOCKED_USER: cannot send messages while the chat is blocked","success":false}]"#);
    // Their plain chat is another.
    let plain = world.chat("alice", "carol").await;
    assert!(world.ask("alice", "sendMessage", text(&plain, "hello")).await.contains("\"success\":true"));
}

#[tokio::test(start_paused = true)]
async fn somebody_outside_cannot_tell_that_it_exists() {
    let (mut world, chat) = of_three().await;
    world.join("dave").await;
    let foreign = world.get("dave", &format!("/api/chat/{chat}/messages")).await;
    assert_eq!(foreign, world.get("dave", &format!("/api/chat/{}/messages", unknown_chat_id())).await);
    assert_snapshot!(chats_of(&mut world, "dave").await, @r#"dave gets 200 {"data":{"chats":[],"pagination":{"currentPage":1,"hasMore":false,"totalChats":0,"totalPages":0}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn other_dialects_take_part() {
    let (mut world, chat) = of_three().await;
    world.join_namespace("alice2", "alice", "/recruiting").await;
    world.join_namespace("alice3", "alice", "/messenger").await;
    world.join_namespace("alice4", "alice", "/classroom").await;
    let said = world.emit("carol", "sendMessage", text(&chat, "hello")).await;
    let (recruiting, messenger) = (heard_by("alice2", &said), heard_by("alice3", &said));
    assert!(recruiting.contains(r#""receiverId":null"#) && recruiting.contains("hello"), "{recruiting}");
    assert!(messenger.contains(r#""receiverId":"alice""#) && messenger.contains("hello"), "{messenger}");
    assert!(heard_by("alice4", &said).contains("hello"), "{said}");
    let said = world.ask("alice2", "send_message", json!({"chatId": chat, "content": "from afar"})).await;
    assert_snapshot!(brief(&heard_by("bob2", &said)), @r##"bob2 hears 42["newMessage","#2 by alice: from afar"]"##);
    let (_, answer) = world.request("alice", "GET", &format!("/recruiting/api/chat/{chat}"), "").await;
    assert_eq!(answer["data"]["users"], json!(["alice", "bob", "carol"]));
    // Deleting it in recruiting removes it for all three.
    let said = world.rest("alice", "DELETE", &format!("/recruiting/api/chat/{chat}"), Value::Null).await;
    for label in ["alice", "bob", "bob2", "carol"] {
        assert_eq!(heard_by(label, &said), format!(r#"{label} hears 42["chatDeleted",{{"chatId":"{chat}"}}]"#));
    }
}
