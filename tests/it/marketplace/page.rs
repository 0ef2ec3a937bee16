//! Pages of messages: numbered ones, and what follows a message.

use insta::assert_snapshot;

use super::{MARKETPLACE, brief, messages_of};

#[tokio::test(start_paused = true)]
async fn a_page_of_messages_in_full() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let path = format!("/api/chat/{chat}/messages");
    assert_snapshot!(world.get("alice", &path).await, @r#"alice gets 200 {"data":{"messages":[],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":0,"totalPages":0}},"message":"Messages","success":true}"#);
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(world.get("bob", &path).await, @r#"bob gets 200 {"data":{"messages":[{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"one","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":null,"messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"delivered","updatedAt":"2026-01-02T03:04:05.006Z"}],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn page_one_holds_the_newest_and_inside_a_page_the_oldest_comes_first() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two", "three", "four", "five"]).await;
    let mut pages = String::new();
    for page in 1..=4 {
        pages += &brief(&world.get("bob", &format!("/api/chat/{chat}/messages?page={page}&limit=2")).await);
        pages += "\n";
    }
    assert_snapshot!(pages, @r##"
    bob gets 200 {"data":{"messages":["#4 by alice: four, delivered","#5 by alice: five, delivered"],"pagination":{"currentPage":1,"hasMore":true,"totalMessages":5,"totalPages":3}},"message":"Messages","success":true}
    bob gets 200 {"data":{"messages":["#2 by alice: two, delivered","#3 by alice: three, delivered"],"pagination":{"currentPage":2,"hasMore":true,"totalMessages":5,"totalPages":3}},"message":"Messages","success":true}
    bob gets 200 {"data":{"messages":["#1 by alice: one, delivered"],"pagination":{"currentPage":3,"hasMore":false,"totalMessages":5,"totalPages":3}},"message":"Messages","success":true}
    bob gets 200 {"data":{"messages":[],"pagination":{"currentPage":4,"hasMore":false,"totalMessages":5,"totalPages":3}},"message":"Messages","success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_page_has_fifty_messages_unless_asked_for_up_to_a_hundred() {
    let (mut world, chat) = MARKETPLACE.two_clients_with(&[("RateLimits", "off")]).await;
    for index in 1..=101 {
        MARKETPLACE.send_texts(&mut world, "alice", &chat, &[&index.to_string()]).await;
    }
    let mut said = String::new();
    for query in ["", "?page=3", "?limit=100", "?limit=100&page=2", "?limit=1&page=101", "?page=18446744073709551615"] {
        let (status, answer) = world.request("alice", "GET", &format!("/api/chat/{chat}/messages{query}"), "").await;
        let data = &answer["data"];
        let messages = data["messages"].as_array().unwrap();
        let first = messages.first().map(|message| message["seq"].to_string());
        said += &format!("{query}: {status}, {} messages from {first:?}, {}\n", messages.len(), data["pagination"]);
    }
    assert_snapshot!(said, @r#"
    : 200, 50 messages from Some("52"), {"currentPage":1,"hasMore":true,"totalMessages":101,"totalPages":3}
    ?page=3: 200, 1 messages from Some("1"), {"currentPage":3,"hasMore":false,"totalMessages":101,"totalPages":3}
    ?limit=100: 200, 100 messages from Some("2"), {"currentPage":1,"hasMore":true,"totalMessages":101,"totalPages":2}
    ?limit=100&page=2: 200, 1 messages from Some("1"), {"currentPage":2,"hasMore":false,"totalMessages":101,"totalPages":2}
    ?limit=1&page=101: 200, 1 messages from Some("1"), {"currentPage":101,"hasMore":false,"totalMessages":101,"totalPages":101}
    ?page=18446744073709551615: 200, 0 messages from None, {"currentPage":18446744073709551615,"hasMore":false,"totalMessages":101,"totalPages":3}
    "#);
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_message_comes_oldest_first() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two", "three", "four", "five"]).await;
    let mut said = String::new();
    for query in
        ["afterSeq=0&limit=2", "afterSeq=2&limit=2", "afterSeq=3", "afterSeq=5", "afterSeq=18446744073709551615"]
    {
        said +=
            &format!("{query}: {}\n", brief(&world.get("alice", &format!("/api/chat/{chat}/messages?{query}")).await));
    }
    assert_snapshot!(said, @r##"
    afterSeq=0&limit=2: alice gets 200 {"data":{"messages":["#1 by alice: one, delivered","#2 by alice: two, delivered"],"pagination":{"hasMore":true,"limit":2,"total":5}},"message":"Messages","success":true}
    afterSeq=2&limit=2: alice gets 200 {"data":{"messages":["#3 by alice: three, delivered","#4 by alice: four, delivered"],"pagination":{"hasMore":true,"limit":2,"total":5}},"message":"Messages","success":true}
    afterSeq=3: alice gets 200 {"data":{"messages":["#4 by alice: four, delivered","#5 by alice: five, delivered"],"pagination":{"hasMore":false,"limit":50,"total":5}},"message":"Messages","success":true}
    afterSeq=5: alice gets 200 {"data":{"messages":[],"pagination":{"hasMore":false,"limit":50,"total":5}},"message":"Messages","success":true}
    afterSeq=18446744073709551615: alice gets 200 {"data":{"messages":[],"pagination":{"hasMore":false,"limit":50,"total":5}},"message":"Messages","success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn other_values_are_refused_and_named() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let mut said = String::new();
    for query in [
        "page=0",
        "page=-1",
        "page=1.5",
        "page=one",
        "page=",
        "limit=0",
        "limit=101",
        "limit=all",
        "afterSeq=-1",
        "afterSeq=one",
        "afterSeq=",
        "afterSeq=1&page=1",
        "afterSeq=1&limit=101",
    ] {
        said +=
            &format!("{query}: {}\n", brief(&world.get("alice", &format!("/api/chat/{chat}/messages?{query}")).await));
    }
    assert_snapshot!(said, @r#"
    page=0: alice gets 400 "VALIDATION_ERROR: page must be a whole number from 1"
    page=-1: alice gets 400 "VALIDATION_ERROR: page must be a whole number"
    page=1.5: alice gets 400 "VALIDATION_ERROR: page must be a whole number"
    page=one: alice gets 400 "VALIDATION_ERROR: page must be a whole number"
    page=: alice gets 400 "VALIDATION_ERROR: page must be a whole number"
    limit=0: alice gets 400 "VALIDATION_ERROR: limit must be a whole number from 1 to 100"
    limit=101: alice gets 400 "VALIDATION_ERROR: limit must be a whole number from 1 to 100"
    limit=all: alice gets 400 "VALIDATION_ERROR: limit must be a whole number"
    afterSeq=-1: alice gets 400 "VALIDATION_ERROR: afterSeq must be a whole number"
    afterSeq=one: alice gets 400 "VALIDATION_ERROR: afterSeq must be a whole number"
    afterSeq=: alice gets 400 "VALIDATION_ERROR: afterSeq must be a whole number"
    afterSeq=1&page=1: alice gets 400 "VALIDATION_ERROR: afterSeq cannot be combined with page"
    afterSeq=1&limit=101: alice gets 400 "VALIDATION_ERROR: limit must be a whole number from 1 to 100"
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_page_shows_how_far_each_message_has_come() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["read", "delivered"]).await;
    world.emit("bob", "markAsRead", super::one(&chat, 1)).await;
    world.close("bob").await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["sent"]).await;
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: read, read, read by bob","#2 by alice: delivered, delivered","#3 by alice: sent"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":3,"totalPages":1}},"message":"Messages","success":true}"##);
}
