//! Searching a chat.

use insta::assert_snapshot;
use serde_json::Value;

use super::{RECRUITING, brief};
use crate::worlds::message_id;

#[tokio::test(start_paused = true)]
async fn a_search_finds_substrings_whatever_their_case() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let texts = ["Hello there", "nothing", "say hELLO", "Straße", "ΣΊΣΥΦΟΣ", "100% (sure)"];
    RECRUITING.send_texts(&mut world, "alice", &chat, &texts).await;
    let path = format!("/api/message/chat/{chat}/search");
    assert_snapshot!(world.get("bob", &format!("{path}?searchTerm=HeLLo%20T")).await, @r#"bob gets 200 {"data":{"messages":[{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"Hello there","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages found","success":true}"#);
    let mut said = String::new();
    for term in ["hello", "STRASSE", "%CF%83%CE%AF%CF%83%CF%85%CF%86%CE%BF%CF%82", "100%25+(S", "absent"] {
        said += &format!("{term}: {}\n", brief(&world.get("bob", &format!("{path}?searchTerm={term}")).await));
    }
    assert_snapshot!(said, @r##"
    hello: bob gets 200 {"data":{"messages":["#1 by alice: Hello there","#3 by alice: say hELLO"],"pagination":{"limit":50,"page":1,"total":2,"totalPages":1}},"message":"Messages found","success":true}
    STRASSE: bob gets 200 {"data":{"messages":["#4 by alice: Straße"],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages found","success":true}
    %CF%83%CE%AF%CF%83%CF%85%CF%86%CE%BF%CF%82: bob gets 200 {"data":{"messages":["#5 by alice: ΣΊΣΥΦΟΣ"],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages found","success":true}
    100%25+(S: bob gets 200 {"data":{"messages":["#6 by alice: 100% (sure)"],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages found","success":true}
    absent: bob gets 200 {"data":{"messages":[],"pagination":{"limit":50,"page":1,"total":0,"totalPages":0}},"message":"Messages found","success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn the_newest_page_comes_first() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["a1", "a2", "b", "a3", "a4", "a5"]).await;
    let mut said = String::new();
    for page in 1..=4 {
        let path = format!("/api/message/chat/{chat}/search?searchTerm=A&page={page}&limit=2");
        said += &brief(&world.get("bob", &path).await);
        said += "\n";
    }
    assert_snapshot!(said, @r##"
    bob gets 200 {"data":{"messages":["#5 by alice: a4","#6 by alice: a5"],"pagination":{"limit":2,"page":1,"total":5,"totalPages":3}},"message":"Messages found","success":true}
    bob gets 200 {"data":{"messages":["#2 by alice: a2","#4 by alice: a3"],"pagination":{"limit":2,"page":2,"total":5,"totalPages":3}},"message":"Messages found","success":true}
    bob gets 200 {"data":{"messages":["#1 by alice: a1"],"pagination":{"limit":2,"page":3,"total":5,"totalPages":3}},"message":"Messages found","success":true}
    bob gets 200 {"data":{"messages":[],"pagination":{"limit":2,"page":4,"total":5,"totalPages":3}},"message":"Messages found","success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_search_needs_a_term_and_has_the_bounds_of_a_page() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let mut said = String::new();
    for query in ["", "?searchTerm=", "?searchTerm=a&limit=101", "?searchTerm=a&limit=0", "?searchTerm=a&page=0"] {
        let answer = brief(&world.get("bob", &format!("/api/message/chat/{chat}/search{query}")).await);
        said += &format!("{query}: {answer}\n");
    }
    assert_snapshot!(said, @r#"
    : bob gets 400 {"error":"VALIDATION_ERROR (field searchTerm): searchTerm is required","message":"searchTerm is required","success":false}
    ?searchTerm=: bob gets 400 {"error":"VALIDATION_ERROR (field searchTerm): searchTerm must not be empty","message":"searchTerm must not be empty","success":false}
    ?searchTerm=a&limit=101: bob gets 400 {"error":"VALIDATION_ERROR (field limit): limit must be a whole number from 1 to 100","message":"limit must be a whole number from 1 to 100","success":false}
    ?searchTerm=a&limit=0: bob gets 400 {"error":"VALIDATION_ERROR (field limit): limit must be a whole number from 1 to 100","message":"limit must be a whole number from 1 to 100","success":false}
    ?searchTerm=a&page=0: bob gets 400 {"error":"VALIDATION_ERROR (field page): page must be a whole number from 1","message":"page must be a whole number from 1","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_back_is_not_found() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["hello", "hello again"]).await;
    world.rest("alice", "DELETE", &format!("/api/message/{}", message_id(&chat, 1)), Value::Null).await;
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}/search?searchTerm=hello")).await), @r##"bob gets 200 {"data":{"messages":["#2 by alice: hello again"],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages found","success":true}"##);
}
