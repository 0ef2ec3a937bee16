//! Profiles: what messages and chats show of people, and notifications of services.

use axum::body::Body;
use http::Request;
use insta::assert_snapshot;
use local::token;
use serde_json::{Value, json};
use world::World;

use super::{MARKETPLACE, brief, heard_by};

#[tokio::test(start_paused = true)]
async fn messages_and_chats_show_profiles() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let profile = json!({
        "name": "Alice Doe", "email": "alice@example.org", "picture": "https://media.example/alice.jpg", "role": "seller",
    });
    assert_snapshot!(world.as_service("PUT", "/api/users/alice", profile).await, @r#"service gets 200 {"data":{"_id":"alice","email":"alice@example.org","firstName":null,"lastName":null,"name":"Alice Doe","picture":"https://media.example/alice.jpg","role":"seller","userId":"alice","username":null},"success":true}"#);
    let said = world.emit("alice", "sendMessage", super::text(&chat, "hello")).await;
    let heard = heard_by("bob", &said);
    assert!(
        heard.contains(
            r#""sender":{"_id":"alice","name":"Alice Doe","profilePicture":"https://media.example/alice.jpg"}"#
        ),
        "{heard}"
    );
    assert!(!said.contains("example.org"), "a message shows no address: {said}");
    let (_, answer) = world.request("bob", "GET", "/api/chat/my-chats", "").await;
    assert_snapshot!(answer["data"]["chats"][0]["participants"], @r#"[{"_id":"alice","email":"alice@example.org","name":"Alice Doe","profilePicture":"https://media.example/alice.jpg"},{"_id":"bob","email":null,"name":"bob","profilePicture":null}]"#);
    let (_, answer) = world.request("bob", "GET", &format!("/api/chat/{chat}/messages"), "").await;
    assert_snapshot!(answer["data"]["messages"][0]["sender"], @r#"{"_id":"alice","name":"Alice Doe","profilePicture":"https://media.example/alice.jpg"}"#);
}

#[tokio::test(start_paused = true)]
async fn without_a_name_others_stand_for_it() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["hello"]).await;
    let mut names = Vec::new();
    for profile in [
        json!({"name": "Dr. Doe", "firstName": "Alice"}),
        json!({"firstName": "Alice", "lastName": "Doe", "username": "al"}),
        json!({"username": "al"}),
        json!({}),
    ] {
        world.as_service("PUT", "/api/users/alice", profile).await;
        let (_, answer) = world.request("bob", "GET", &format!("/api/chat/{chat}/messages"), "").await;
        names.push(answer["data"]["messages"][0]["sender"]["name"].clone());
    }
    assert_eq!(Value::from(names), json!(["Dr. Doe", "Alice Doe", "al", "alice"]));
}

#[tokio::test(start_paused = true)]
async fn a_person_made_known_by_a_service_can_be_written_to() {
    let (mut world, _) = MARKETPLACE.five_clients().await;
    let with = json!({"participantId": "dave"});
    assert!(world.rest("alice", "POST", "/api/chat/create", with.clone()).await.starts_with("alice gets 404"));
    world.as_service("PUT", "/api/users/dave", json!({"name": "Dave", "email": "dave@example.org"})).await;
    assert_snapshot!(world.rest("alice", "POST", "/api/chat/create", with).await, @r#"alice gets 201 {"data":{"_id":"9e7a4599628566df2d0359c6","blockedBy":[],"chatType":"direct","createdAt":"2026-01-02T03:04:05.006Z","isActive":true,"isBlocked":false,"lastMessage":null,"lastMessageTime":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","email":null,"name":"alice","profilePicture":null},{"_id":"dave","email":null,"name":"Dave","profilePicture":null}],"petListing":null,"unreadCount":[{"count":0,"userId":"alice"}],"updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Chat created","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn what_a_service_has_to_tell_reaches_every_device() {
    let (mut world, _) = MARKETPLACE.five_clients().await;
    let body = json!({"message": "Rex was sold", "type": "listing"});
    let said = world.as_service("POST", "/api/users/bob/notifications", body.clone()).await;
    let id = said.split_once(r#""id":""#).and_then(|(_, rest)| rest.split_once('"')).unwrap().0.to_owned();
    assert_snapshot!(said.replace(&id, "<id>"), @r#"
    service gets 200 {"data":null,"message":"Done","success":true}
    bob hears 42["notification",{"createdAt":"2026-01-02T03:04:05.006Z","id":"<id>","message":"Rex was sold","type":"listing"}]
    bob2 hears 42["notification",{"createdAt":"2026-01-02T03:04:05.006Z","id":"<id>","message":"Rex was sold","type":"listing"}]
    "#);
    let elsewhere = world.as_service("POST", "/workspace/api/users/bob/notifications", body).await;
    assert_eq!(elsewhere.matches("\"notification\"").count(), 2, "{elsewhere}");
}

#[tokio::test(start_paused = true)]
async fn people_may_not_do_what_services_do_nor_services_what_people_do() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let body = json!({"message": "hello", "type": "listing"});
    let mut said = world.rest("alice", "PUT", "/api/users/alice", json!({"name": "Queen"})).await;
    said += &world.rest("alice", "POST", "/api/users/bob/notifications", body.clone()).await;
    said += &world.as_service("POST", "/api/users/nobody/notifications", body).await;
    said += &world.as_service("POST", "/api/users/bob/notifications", json!({"message": "hello"})).await;
    said += &world.as_service("GET", &format!("/api/chat/{chat}/messages"), Value::Null).await;
    assert_snapshot!(brief(&said), @r#"
    alice gets 403 "FORBIDDEN: only a service may do this"
    alice gets 403 "FORBIDDEN: only a service may do this"
    service gets 404 "NOT_FOUND: user not found"
    service gets 400 "VALIDATION_ERROR: type is required"
    service gets 403 "FORBIDDEN: a service token is not a user"
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_the_second_of_a_put_counts_as_newer_than_it() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let mut names = Vec::new();
    for (second, name) in [(0, "Of the same second"), (-1, "Of the second before")] {
        world.clock.advance(3_000);
        world.as_service("PUT", "/api/users/alice", json!({"name": "Put"})).await;
        let now = world.clock.now().seconds();
        let token = token::sign(&json!({"sub": "alice", "name": name, "iat": now + second, "exp": now + 60})).unwrap();
        let request = Request::get("/api/chat/my-chats").header("authorization", format!("Bearer {token}"));
        assert_eq!(world.respond(request.body(Body::empty()).unwrap()).await.0, 200);
        let (_, answer) = world.request("bob", "GET", "/api/chat/my-chats", "").await;
        names.push(answer["data"]["chats"][0]["participants"][0]["name"].clone());
    }
    assert_eq!(Value::from(names), json!(["Of the same second", "Put"]), "{chat}");
}

#[tokio::test(start_paused = true)]
async fn making_a_chat_reveals_no_address_and_writing_in_it_reveals_ones_own() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    for user in ["alice", "bob"] {
        let profile = json!({"email": format!("{user}@example.org")});
        world.as_service("PUT", &format!("/api/users/{user}"), profile).await;
    }
    // A token is older than the profile: a user's own claims would replace it.
    let emails = async |world: &World, user: &str| {
        let now = world.clock.now().seconds();
        let token = token::sign(&json!({"sub": user, "iat": now - 60, "exp": now + 60})).unwrap();
        let request = Request::get("/api/chat/my-chats").header("authorization", format!("Bearer {token}"));
        let (_, _, answer) = world.respond(request.body(Body::empty()).unwrap()).await;
        let people = answer["data"]["chats"][0]["participants"].as_array().unwrap();
        people.iter().map(|person| person["email"].clone()).collect::<Vec<_>>()
    };
    let (alices, bobs) = (Value::from("alice@example.org"), Value::from("bob@example.org"));
    assert_eq!(emails(&world, "alice").await, [alices.clone(), Value::Null]);
    assert_eq!(emails(&world, "bob").await, [Value::Null, bobs.clone()]);
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["hello"]).await;
    assert_eq!(emails(&world, "alice").await, [alices.clone(), Value::Null]);
    assert_eq!(emails(&world, "bob").await, [alices.clone(), bobs.clone()]);
    MARKETPLACE.send_texts(&mut world, "bob", &chat, &["hello"]).await;
    assert_eq!(emails(&world, "alice").await, [alices, bobs]);
}
