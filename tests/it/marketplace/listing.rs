//! Listings: making, changing and showing them, under every prefix.

use chat::dialect;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::MARKETPLACE;

const PATH: &str = "/api/listings/rex";

#[tokio::test(start_paused = true)]
async fn a_listing_is_made_changed_and_shown() {
    let mut world = MARKETPLACE.world().await;
    world.join("bob").await;
    let listing = json!({
        "title": "Rex, a good dog",
        "images": [{"url": "https://media.example/rex.jpg"}, {"url": "https://media.example/rex2.jpg", "size": 7}],
        "price": 15_000,
        "address": "Delhi",
    });
    let made = world.rest("alice", "PUT", PATH, listing).await;
    assert_snapshot!(made, @r#"alice gets 200 {"data":{"_id":"rex","address":"Delhi","images":[{"url":"https://media.example/rex.jpg"},{"url":"https://media.example/rex2.jpg"}],"price":15000,"title":"Rex, a good dog"},"message":"Listing","success":true}"#);
    assert_eq!(world.get("bob", PATH).await.replace("bob gets", "alice gets"), made);
    assert_snapshot!(world.rest("alice", "PUT", PATH, json!({"title": "Rex", "price": 0.5, "images": []})).await, @r#"alice gets 200 {"data":{"_id":"rex","address":null,"images":[],"price":0.5,"title":"Rex"},"message":"Listing","success":true}"#);
    assert_snapshot!(world.rest("alice", "PUT", PATH, json!({"title": "Rex"})).await, @r#"alice gets 200 {"data":{"_id":"rex","address":null,"images":[],"price":null,"title":"Rex"},"message":"Listing","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_listing_comes_in_the_envelope_of_the_dialect() {
    let mut world = MARKETPLACE.world().await;
    world.rest("alice", "PUT", PATH, json!({"title": "Rex"})).await;
    for dialect in dialect::ALL {
        let (_, answer) = world.request("bob", "GET", &format!("/{}{PATH}", dialect.name), "").await;
        let fields: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        match dialect.name {
            "workspace" | "classroom" => assert_eq!(fields, ["data", "success"]),
            _ => assert_eq!(fields, ["data", "message", "success"]),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_its_owner_changes_a_listing_and_everybody_sees_it() {
    let mut world = MARKETPLACE.world().await;
    world.rest("alice", "PUT", PATH, json!({"title": "Rex"})).await;
    assert_snapshot!(world.rest("bob", "PUT", PATH, json!({"title": "mine"})).await, @r#"bob gets 403 {"code":"FORBIDDEN","message":"only the owner of a listing can change it","success":false}"#);
    assert_snapshot!(world.get("bob", PATH).await, @r#"bob gets 200 {"data":{"_id":"rex","address":null,"images":[],"price":null,"title":"Rex"},"message":"Listing","success":true}"#);
    assert_snapshot!(world.get("bob", "/api/listings/nothing%20like%20it").await, @r#"bob gets 404 {"code":"NOT_FOUND","message":"listing not found","success":false}"#);
    assert_snapshot!(world.get("", PATH).await, @r#" gets 401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"no token","success":false}"#);
    // Nobody owns what is not there.
    assert!(world.rest("bob", "PUT", "/api/listings/his", json!({"title": "Max"})).await.starts_with("bob gets 200"));
}

#[tokio::test(start_paused = true)]
async fn a_listing_has_bounds() {
    let mut world = MARKETPLACE.world().await;
    let images = |count: usize| vec![json!({"url": "https://media.example/rex.jpg"}); count];
    let mut said = String::new();
    for body in [
        json!({}),
        json!({"title": ""}),
        json!({"title": " "}),
        json!({"title": 7}),
        json!({"title": "Rex", "price": -1}),
        json!({"title": "Rex", "price": "15000"}),
        json!({"title": "Rex", "address": 7}),
        json!({"title": "Rex", "images": images(21)}),
        json!({"title": "Rex", "images": "https://media.example/rex.jpg"}),
        json!({"title": "Rex", "images": ["https://media.example/rex.jpg"]}),
        json!({"title": "Rex", "images": [{}]}),
        json!({"title": "Rex", "images": [{"url": "http://media.example/rex.jpg"}]}),
    ] {
        said += &world.rest("alice", "PUT", PATH, body).await;
    }
    assert_snapshot!(said, @r#"
    alice gets 400 {"code":"VALIDATION_ERROR","message":"title is required","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"title must not be empty","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"title must not be empty","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"title must be a string","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"price must be a number from 0","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"price must be a number","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"address must be a string","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"images must be at most 20","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"images must be a list","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"images must be a list of objects","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"images must each have a url","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"images must be an https address of at most 2048 characters","success":false}
    "#);
    assert!(world.get("alice", PATH).await.starts_with("alice gets 404"), "what is refused is not stored");
    let most = json!({"title": "Rex", "images": images(20), "price": 0});
    assert!(world.rest("alice", "PUT", PATH, most).await.starts_with("alice gets 200"));
    // An id may be anything of up to 128 characters.
    let long = format!("/api/listings/{}", "a".repeat(129));
    assert_snapshot!(world.rest("alice", "PUT", &long, json!({"title": "Rex"})).await.replace(&"a".repeat(129), "…"), @r#"alice gets 400 {"code":"VALIDATION_ERROR","message":"petId must be at most 128 characters","success":false}"#);
    let (status, answer) = world.request("alice", "PUT", "/api/listings/r%C3%A9x%231", r#"{"title":"Rex"}"#).await;
    assert_eq!((status, &answer["data"]["_id"]), (200, &Value::from("réx#1")), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn every_prefix_serves_the_same_listings() {
    let mut world = MARKETPLACE.world().await;
    world.rest("alice", "PUT", PATH, json!({"title": "Rex", "price": 7})).await;
    let (_, made) = world.request("alice", "GET", PATH, "").await;
    for dialect in dialect::ALL {
        let (status, answer) = world.request("alice", "GET", &format!("/{}{PATH}", dialect.name), "").await;
        assert_eq!((status, &answer["data"]), (200, &made["data"]));
    }
}
