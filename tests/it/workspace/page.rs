//! Pages of messages: numbered ones, and what follows a message.

use insta::assert_snapshot;

use super::{WORKSPACE, brief};
use crate::worlds::unknown_chat_id;

#[tokio::test(start_paused = true)]
async fn a_page_in_full() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let path = format!("/api/conversations/{conversation}/messages");
    assert_snapshot!(world.get("alice", &path).await, @r#"alice gets 200 {"data":[],"pagination":{"limit":50,"page":1,"total":0},"success":true}"#);
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one"]).await;
    assert_snapshot!(world.get("bob", &path).await, @r#"bob gets 200 {"data":[{"content":"one","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"}],"pagination":{"limit":50,"page":1,"total":1},"success":true}"#);
    assert_snapshot!(world.get("bob", &format!("{path}?afterSeq=0")).await, @r#"bob gets 200 {"data":[{"content":"one","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"}],"pagination":{"hasMore":false,"limit":50,"total":1},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn page_one_holds_the_newest_and_inside_a_page_the_oldest_comes_first() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one", "two", "three", "four", "five"]).await;
    let mut pages = String::new();
    for query in [
        "page=1&limit=2",
        "page=2&limit=2",
        "page=3&limit=2",
        "page=4&limit=2",
        "afterSeq=0&limit=2",
        "afterSeq=3",
        "afterSeq=5",
        "afterSeq=99",
    ] {
        let said = world.get("bob", &format!("/api/conversations/{conversation}/messages?{query}")).await;
        pages += &format!("{query}: {}\n", brief(&said));
    }
    assert_snapshot!(pages, @r##"
    page=1&limit=2: bob gets 200 {"data":["#4 by alice: four","#5 by alice: five"],"pagination":{"limit":2,"page":1,"total":5},"success":true}
    page=2&limit=2: bob gets 200 {"data":["#2 by alice: two","#3 by alice: three"],"pagination":{"limit":2,"page":2,"total":5},"success":true}
    page=3&limit=2: bob gets 200 {"data":["#1 by alice: one"],"pagination":{"limit":2,"page":3,"total":5},"success":true}
    page=4&limit=2: bob gets 200 {"data":[],"pagination":{"limit":2,"page":4,"total":5},"success":true}
    afterSeq=0&limit=2: bob gets 200 {"data":["#1 by alice: one","#2 by alice: two"],"pagination":{"hasMore":true,"limit":2,"total":5},"success":true}
    afterSeq=3: bob gets 200 {"data":["#4 by alice: four","#5 by alice: five"],"pagination":{"hasMore":false,"limit":50,"total":5},"success":true}
    afterSeq=5: bob gets 200 {"data":[],"pagination":{"hasMore":false,"limit":50,"total":5},"success":true}
    afterSeq=99: bob gets 200 {"data":[],"pagination":{"hasMore":false,"limit":50,"total":5},"success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_page_has_fifty_messages_unless_asked_for_up_to_a_hundred() {
    let (mut world, conversation) = WORKSPACE.two_clients_with(&[("RateLimits", "off")]).await;
    for index in 1..=101 {
        WORKSPACE.send_texts(&mut world, "alice", &conversation, &[&index.to_string()]).await;
    }
    for (query, count, first) in
        [("", 50, 52), ("?limit=100", 100, 2), ("?limit=100&page=2", 1, 1), ("?afterSeq=1", 50, 2)]
    {
        let path = format!("/api/conversations/{conversation}/messages{query}");
        let (status, answer) = world.request("alice", "GET", &path, "").await;
        let messages = answer["data"].as_array().unwrap();
        assert_eq!((status, messages.len(), messages[0]["seq"].as_u64()), (200, count, Some(first)), "{query}");
        assert_eq!(answer["pagination"]["total"], 101, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_values_are_refused_and_named() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let mut said = String::new();
    for query in
        ["page=0", "page=-1", "page=one", "limit=0", "limit=101", "afterSeq=-1", "afterSeq=", "afterSeq=1&page=1"]
    {
        let answer = world.get("alice", &format!("/api/conversations/{conversation}/messages?{query}")).await;
        said += &format!("{query}: {answer}");
    }
    assert_snapshot!(said, @r#"
    page=0: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number from 1","success":false}
    page=-1: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number","success":false}
    page=one: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number","success":false}
    limit=0: alice gets 400 {"code":"VALIDATION_ERROR","message":"limit must be a whole number from 1 to 100","success":false}
    limit=101: alice gets 400 {"code":"VALIDATION_ERROR","message":"limit must be a whole number from 1 to 100","success":false}
    afterSeq=-1: alice gets 400 {"code":"VALIDATION_ERROR","message":"afterSeq must be a whole number","success":false}
    afterSeq=: alice gets 400 {"code":"VALIDATION_ERROR","message":"afterSeq must be a whole number","success":false}
    afterSeq=1&page=1: alice gets 400 {"code":"VALIDATION_ERROR","message":"afterSeq cannot be combined with page","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_of_others_and_one_that_does_not_exist_look_the_same() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let foreign = world.get("carol", &format!("/api/conversations/{conversation}/messages")).await;
    assert_snapshot!(foreign, @r#"carol gets 404 {"code":"NOT_FOUND","message":"conversation not found","success":false}"#);
    for unknown in [unknown_chat_id(), "nothing-like-an-id".to_owned()] {
        assert_eq!(world.get("carol", &format!("/api/conversations/{unknown}/messages")).await, foreign);
    }
}
