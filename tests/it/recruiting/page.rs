//! Pages of messages: numbered ones, and what follows a message.

use insta::assert_snapshot;

use super::{RECRUITING, brief};

#[tokio::test(start_paused = true)]
async fn page_one_holds_the_newest_and_inside_a_page_the_oldest_comes_first() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let path = format!("/api/message/chat/{chat}");
    assert_snapshot!(world.get("alice", &path).await, @r#"alice gets 200 {"data":{"messages":[],"pagination":{"limit":50,"page":1,"total":0,"totalPages":0}},"message":"Messages","success":true}"#);
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two", "three", "four", "five"]).await;
    let mut pages = String::new();
    for page in 1..=4 {
        pages += &brief(&world.get("bob", &format!("{path}?page={page}&limit=2")).await);
        pages += "\n";
    }
    assert_snapshot!(pages, @r##"
    bob gets 200 {"data":{"messages":["#4 by alice: four","#5 by alice: five"],"pagination":{"limit":2,"page":1,"total":5,"totalPages":3}},"message":"Messages","success":true}
    bob gets 200 {"data":{"messages":["#2 by alice: two","#3 by alice: three"],"pagination":{"limit":2,"page":2,"total":5,"totalPages":3}},"message":"Messages","success":true}
    bob gets 200 {"data":{"messages":["#1 by alice: one"],"pagination":{"limit":2,"page":3,"total":5,"totalPages":3}},"message":"Messages","success":true}
    bob gets 200 {"data":{"messages":[],"pagination":{"limit":2,"page":4,"total":5,"totalPages":3}},"message":"Messages","success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_message_on_a_page_in_full() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(world.get("bob", &format!("/api/message/chat/{chat}")).await, @r#"bob gets 200 {"data":{"messages":[{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"one","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_page_has_fifty_messages_unless_asked_for_up_to_a_hundred() {
    let (mut world, chat) = RECRUITING.two_clients_with(&[("RateLimits", "off")]).await;
    for index in 1..=101 {
        RECRUITING.send_texts(&mut world, "alice", &chat, &[&index.to_string()]).await;
    }
    for (query, count, first, pages) in
        [("", 50, 52, 3), ("?limit=100", 100, 2, 2), ("?limit=100&page=2", 1, 1, 2), ("?limit=1&page=101", 1, 1, 101)]
    {
        let (status, answer) = world.request("alice", "GET", &format!("/api/message/chat/{chat}{query}"), "").await;
        let data = &answer["data"];
        let messages = data["messages"].as_array().unwrap();
        assert_eq!((status, messages.len(), messages[0]["seq"].as_u64()), (200, count, Some(first)), "{query}");
        assert_eq!(
            (&data["pagination"]["total"], &data["pagination"]["totalPages"]),
            (&101.into(), &pages.into()),
            "{query}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_costs_the_same_however_deep_it_is() {
    let (mut world, chat) = RECRUITING.two_clients_with(&[("RateLimits", "off")]).await;
    for index in 1..=60 {
        RECRUITING.send_texts(&mut world, "alice", &chat, &[&index.to_string()]).await;
    }
    let mut costs = Vec::new();
    for page in [1, 2, 6] {
        world.spent();
        world.request("alice", "GET", &format!("/api/message/chat/{chat}?limit=10&page={page}"), "").await;
        costs.push(format!("{:?}", world.spent().0));
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[0], costs[2]);
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_message_comes_oldest_first() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two", "three", "four", "five"]).await;
    let mut said = String::new();
    for query in [
        "afterSeq=0&limit=2",
        "afterSeq=2&limit=2",
        "afterSeq=4&limit=2",
        "afterSeq=3",
        "afterSeq=5",
        "afterSeq=99",
        "afterSeq=18446744073709551615",
    ] {
        said +=
            &format!("{query}: {}\n", brief(&world.get("alice", &format!("/api/message/chat/{chat}?{query}")).await));
    }
    assert_snapshot!(said, @r##"
    afterSeq=0&limit=2: alice gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice: two"],"pagination":{"hasMore":true,"limit":2,"total":5}},"message":"Messages","success":true}
    afterSeq=2&limit=2: alice gets 200 {"data":{"messages":["#3 by alice: three","#4 by alice: four"],"pagination":{"hasMore":true,"limit":2,"total":5}},"message":"Messages","success":true}
    afterSeq=4&limit=2: alice gets 200 {"data":{"messages":["#5 by alice: five"],"pagination":{"hasMore":false,"limit":2,"total":5}},"message":"Messages","success":true}
    afterSeq=3: alice gets 200 {"data":{"messages":["#4 by alice: four","#5 by alice: five"],"pagination":{"hasMore":false,"limit":50,"total":5}},"message":"Messages","success":true}
    afterSeq=5: alice gets 200 {"data":{"messages":[],"pagination":{"hasMore":false,"limit":50,"total":5}},"message":"Messages","success":true}
    afterSeq=99: alice gets 200 {"data":{"messages":[],"pagination":{"hasMore":false,"limit":50,"total":5}},"message":"Messages","success":true}
    afterSeq=18446744073709551615: alice gets 200 {"data":{"messages":[],"pagination":{"hasMore":false,"limit":50,"total":5}},"message":"Messages","success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn other_values_are_refused_and_named() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let mut said = String::new();
    for query in [
        "page=0",
        "page=-1",
        "page=1.5",
        "page=one",
        "page=",
        "limit=0",
        "limit=101",
        "limit=-5",
        "limit=all",
        "afterSeq=-1",
        "afterSeq=one",
        "afterSeq=",
        "afterSeq=1&page=1",
        "afterSeq=1&limit=101",
        "page=18446744073709551616",
    ] {
        let answer = world.get("alice", &format!("/api/message/chat/{chat}?{query}")).await;
        let answer = brief(&answer);
        said += &format!("{query}: {}\n", answer.strip_prefix("alice gets ").unwrap());
    }
    assert_snapshot!(said, @r#"
    page=0: 400 {"error":"VALIDATION_ERROR (field page): page must be a whole number from 1","message":"page must be a whole number from 1","success":false}
    page=-1: 400 {"error":"VALIDATION_ERROR (field page): page must be a whole number","message":"page must be a whole number","success":false}
    page=1.5: 400 {"error":"VALIDATION_ERROR (field page): page must be a whole number","message":"page must be a whole number","success":false}
    page=one: 400 {"error":"VALIDATION_ERROR (field page): page must be a whole number","message":"page must be a whole number","success":false}
    page=: 400 {"error":"VALIDATION_ERROR (field page): page must be a whole number","message":"page must be a whole number","success":false}
    limit=0: 400 {"error":"VALIDATION_ERROR (field limit): limit must be a whole number from 1 to 100","message":"limit must be a whole number from 1 to 100","success":false}
    limit=101: 400 {"error":"VALIDATION_ERROR (field limit): limit must be a whole number from 1 to 100","message":"limit must be a whole number from 1 to 100","success":false}
    limit=-5: 400 {"error":"VALIDATION_ERROR (field limit): limit must be a whole number","message":"limit must be a whole number","success":false}
    limit=all: 400 {"error":"VALIDATION_ERROR (field limit): limit must be a whole number","message":"limit must be a whole number","success":false}
    afterSeq=-1: 400 {"error":"VALIDATION_ERROR (field afterSeq): afterSeq must be a whole number","message":"afterSeq must be a whole number","success":false}
    afterSeq=one: 400 {"error":"VALIDATION_ERROR (field afterSeq): afterSeq must be a whole number","message":"afterSeq must be a whole number","success":false}
    afterSeq=: 400 {"error":"VALIDATION_ERROR (field afterSeq): afterSeq must be a whole number","message":"afterSeq must be a whole number","success":false}
    afterSeq=1&page=1: 400 {"error":"VALIDATION_ERROR (field afterSeq): afterSeq cannot be combined with page","message":"afterSeq cannot be combined with page","success":false}
    afterSeq=1&limit=101: 400 {"error":"VALIDATION_ERROR (field limit): limit must be a whole number from 1 to 100","message":"limit must be a whole number from 1 to 100","success":false}
    page=18446744073709551616: 400 {"error":"VALIDATION_ERROR (field page): page must be a whole number","message":"page must be a whole number","success":false}
    "#);
}
