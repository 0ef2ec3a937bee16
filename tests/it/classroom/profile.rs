//! Profiles: what messages and conversations show of people, and notifications of services.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::CLASSROOM;

#[tokio::test(start_paused = true)]
async fn messages_and_conversations_show_profiles() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let profile = json!({
        "firstName": "Alice", "lastName": "Doe", "username": "al", "email": "alice@example.org", "picture": "https://media.example/al",
    });
    assert_snapshot!(world.as_service("PUT", "/api/users/alice", profile).await, @r#"service gets 200 {"data":{"_id":"alice","email":"alice@example.org","firstName":"Alice","lastName":"Doe","name":null,"picture":"https://media.example/al","role":null,"userId":"alice","username":"al"},"success":true}"#);
    let said = world.emit("alice", "send:message", super::text(&chat, "hello")).await;
    assert_snapshot!(said.lines().find(|line| line.starts_with("bob")).unwrap(), @r#"bob hears 42["new:message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":"Alice","lastName":"Doe","name":"Alice Doe","profileImage":"https://media.example/al"},"seq":1,"status":"sent","text":"hello","updatedAt":"2026-01-02T03:04:05.006Z"}}]"#);
    let listed = world.get("bob", "/api/chat/conversations").await;
    assert_snapshot!(listed, @r#"bob gets 200 {"data":[{"_id":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","isGroup":false,"lastMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":"Alice","lastName":"Doe","name":"Alice Doe","profileImage":"https://media.example/al"},"seq":1,"status":"delivered","text":"hello","updatedAt":"2026-01-02T03:04:05.006Z"},"lastMessageAt":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","firstName":"Alice","isOnline":true,"lastName":"Doe","lastSeen":1767323045006,"name":"Alice Doe","profileImage":"https://media.example/al"},{"_id":"bob","firstName":null,"isOnline":true,"lastName":null,"lastSeen":1767323045006,"name":"bob","profileImage":null}],"unreadCount":1,"updatedAt":"2026-01-02T03:04:05.006Z"}],"success":true}"#);
    assert!(!listed.contains("email"), "classroom shows no addresses");
    // The name that was given comes before the others, and the username where there is nothing else.
    let mut names = Vec::new();
    for profile in [json!({"name": "Dr. Doe", "firstName": "Alice"}), json!({"username": "al"}), json!({})] {
        world.as_service("PUT", "/api/users/alice", profile).await;
        let (_, answer) = world.request("bob", "GET", &format!("/api/chat/conversation/{chat}/messages"), "").await;
        let sender = &answer["data"][0]["senderId"];
        names.push(json!([sender["name"], sender["firstName"], sender["profileImage"]]));
    }
    assert_snapshot!(Value::from(names), @r#"[["Dr. Doe","Alice",null],["al",null,null],["alice",null,null]]"#);
}

#[tokio::test(start_paused = true)]
async fn what_a_service_has_to_tell_reaches_every_device() {
    let (mut world, _) = CLASSROOM.five_clients().await;
    let notification = json!({"message": "The course begins", "type": "course"});
    let said = world.as_service("POST", "/api/users/bob/notifications", notification).await;
    let told: Vec<&str> = said.lines().skip(1).collect();
    let [one, other] = told.as_slice() else { panic!("Bob's two devices hear it: {said}") };
    let of = |line: &str, label: &str| -> Value {
        serde_json::from_str(line.strip_prefix(&format!("{label} hears 42")).unwrap()).unwrap()
    };
    let (one, other) = (of(one, "bob"), of(other, "bob2"));
    assert_eq!(one, other);
    let id = one[1]["id"].as_str().unwrap();
    assert!(!id.is_empty());
    let expected =
        json!({"id": id, "message": "The course begins", "type": "course", "createdAt": world.clock.now().iso()});
    assert_eq!(one, json!(["notification:new", expected]));
}

#[tokio::test(start_paused = true)]
async fn people_may_not_do_what_services_do() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(world.rest("alice", "PUT", "/api/users/alice", json!({"name": "Queen"})).await, @r#"alice gets 403 {"code":"FORBIDDEN","message":"only a service may do this","success":false}"#);
}
