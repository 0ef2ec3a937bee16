//! Deleting the data of a user.

use std::time::Duration;

use local::faults::{Effect, Rule, RunEffect, RunRule};
use serde_json::{Value, json};
use world::World;

use super::{chatting, delete, heard, send};

/// Whether any row of any table has this text.
async fn is_anywhere(world: &World, text: &str) -> bool {
    for table in ["Users", "Chats", "Messages", "Listings"] {
        if json!(world.rows(table).await).to_string().contains(text) {
            return true;
        }
    }
    false
}

/// The rows of Users of one user.
async fn rows_of(world: &World, user: &str) -> usize {
    world.rows("Users").await.iter().filter(|row| row["userId"]["S"] == user).count()
}

#[tokio::test(start_paused = true)]
async fn a_deletion_leaves_placeholders_and_the_others_hear_of_each() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 4).await;
    world.rest("alice", "POST", &format!("/api/chat/{chat}/block"), Value::Null).await;
    world.join("bob").await;
    world.join("alice").await;
    let calls = delete(&world, "alice").await;
    assert_eq!(calls, [json!({"done": true, "sockets": 1, "messages": 2, "chats": 1})]);
    let heard = heard(&mut world).await;
    assert_eq!(heard.matches("bob hears 42[\"message_deleted\"").count(), 2, "{heard}");
    assert_eq!(heard.matches("bob hears 42[\"you_were_unblocked\"").count(), 1, "{heard}");
    assert_eq!(heard.matches("bob hears 42[\"user_offline\"").count(), 1, "{heard}");
    assert!(heard.contains("alice hears 41\n"), "{heard}");
    assert_eq!((rows_of(&world, "alice").await, is_anywhere(&world, "text 1").await), (0, false));
    let (_, page) = world.request("bob", "GET", &format!("/api/message/chat/{chat}"), "").await;
    let messages = page["data"]["messages"].as_array().unwrap();
    let shown: Vec<(u64, bool)> =
        messages.iter().map(|one| (one["seq"].as_u64().unwrap(), one["isDeleted"] == true)).collect();
    assert_eq!(shown, [(1, true), (2, false), (3, true), (4, false)]);
    let (_, unread) = world.request("bob", "GET", "/api/message/unread-count", "").await;
    assert_eq!(unread["data"]["unreadCount"], 0, "deleted messages are not unread");
    assert_eq!(world.moderate("GET", "users/alice").await.0, 404);
    assert_eq!(delete(&world, "alice").await, [json!({"done": true, "sockets": 0, "messages": 0, "chats": 0})]);
}

#[tokio::test(start_paused = true)]
async fn the_chat_goes_on_for_the_others_while_nobody_is_there() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 4).await;
    world.join("bob").await;
    delete(&world, "alice").await;
    for text in ["still", "here"] {
        send(&mut world, "bob", &chat, text).await;
    }
    world.clock.advance(24 * 3_600_000);
    send(&mut world, "bob", &chat, "tomorrow").await;
    let (_, shown) = world.moderate("GET", &format!("chats/{chat}")).await;
    assert_eq!(shown["data"]["members"][0], json!({"userId": "alice", "unread": 0, "blocks": false, "gone": true}));
    assert_eq!(rows_of(&world, "alice").await, 0, "nothing of alice is stored again");
    for path in ["block", "unblock"] {
        let answer = world.rest("bob", "POST", &format!("/api/chat/{chat}/{path}"), Value::Null).await;
        assert!(answer.contains("gets 200"), "{answer}");
    }
    let answer = world.get("bob", "/api/chat/my-chats").await;
    assert!(answer.contains("gets 200") && answer.contains(&chat), "{answer}");
    let answer = world.rest("bob", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    assert!(answer.contains("gets 200"), "{answer}");
    assert_eq!(world.moderate("GET", "users/bob").await.1["data"]["chats"], 0);
    assert_eq!(rows_of(&world, "alice").await, 0);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_is_a_new_user_and_a_chat_begins_again_with_its_next_message() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 4).await;
    delete(&world, "alice").await;
    world.join("alice").await;
    let answer = world.get("alice", "/api/chat/my-chats").await;
    assert!(answer.contains("gets 200") && !answer.contains(&chat), "{answer}");
    assert!(world.get("alice", &format!("/api/message/chat/{chat}")).await.contains("gets 404"));
    let body = json!({"chatId": chat, "content": "mine?"});
    assert!(world.rest("alice", "POST", "/api/message/send", body).await.contains("gets 404"));
    // Bob writes: alice is a member again, with one unread message.
    let answer = send(&mut world, "bob", &chat, "welcome").await;
    assert!(answer.contains("alice hears 42[\"new_message\""), "{answer}");
    let (_, list) = world.request("alice", "GET", "/api/chat/my-chats", "").await;
    assert_eq!(list["data"]["pagination"]["total"], 1, "{list}");
    let (_, unread) = world.request("alice", "GET", "/api/message/unread-count", "").await;
    assert_eq!(unread["data"]["unreadCount"], 1);
    let answer = world.rest("alice", "POST", &format!("/api/message/chat/{chat}/mark-read"), Value::Null).await;
    assert!(answer.contains("\"markedCount\":1"), "{answer}");
    send(&mut world, "alice", &chat, "thanks").await;
    let (_, unread) = world.request("bob", "GET", "/api/message/unread-count", "").await;
    assert_eq!(unread["data"]["unreadCount"], 1);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_may_begin_a_chat_in_each_way() {
    for way in ["create", "send"] {
        let mut world = World::new().await;
        let chat = chatting(&mut world, 4).await;
        delete(&world, "alice").await;
        world.know(&["alice"]).await;
        if way == "create" {
            assert_eq!(world.chat("alice", "bob").await, chat);
        } else {
            world.join_namespace("alice", "alice", "/messenger").await;
            let answer =
                world.ask("alice", "send_message", json!({"receiverId": "bob", "content": "hello again"})).await;
            assert!(answer.contains("\"success\":true"), "{answer}");
        }
        let (_, list) = world.request("alice", "GET", "/api/chat/my-chats", "").await;
        assert_eq!(list["data"]["pagination"]["total"], 1, "{way}: {list}");
        assert_eq!(world.moderate("GET", "users/alice").await.1["data"]["chats"], 1);
        // The whole can be deleted once more.
        let calls = delete(&world, "alice").await;
        assert_eq!(calls.last().unwrap()["chats"], 1, "{way}");
        assert_eq!(rows_of(&world, "alice").await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_does_a_bounded_part_with_each_call() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    let chat = chatting(&mut world, 0).await;
    for number in 0..130 {
        let body =
            json!({"chatId": chat, "content": format!("text {number}"), "clientMessageId": format!("m{number}")});
        assert_eq!(world.request("alice", "POST", "/api/message/send", &body.to_string()).await.0, 201);
    }
    let calls = delete(&world, "alice").await;
    let messages: Vec<u64> = calls.iter().map(|call| call["messages"].as_u64().unwrap()).collect();
    assert_eq!(messages, [100, 30]);
    assert_eq!((rows_of(&world, "alice").await, is_anywhere(&world, "text ").await), (0, false));
    let (_, unread) = world.request("bob", "GET", "/api/message/unread-count", "").await;
    assert_eq!(unread["data"]["unreadCount"], 0);
}

#[tokio::test(start_paused = true)]
async fn the_objects_of_a_deleted_user_are_deleted_and_nobody_else_s() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 0).await;
    let mut names = Vec::new();
    for who in ["alice", "bob"] {
        names.push(crate::media::send_picture(&world, who, &chat).await);
    }
    delete(&world, "alice").await;
    let status = async |name: &String| world.request("bob", "GET", &format!("/api/media/{name}"), "").await.0;
    assert_eq!((status(&names[0]).await, status(&names[1]).await), (404, 200));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_killed_at_any_request_is_finished_by_the_next_call() {
    let mut finished_at = None;
    for request in 1..200 {
        let mut world = World::new().await;
        world.expect_errors();
        let chat = chatting(&mut world, 3).await;
        let other = world.chat("alice", "carol").await;
        send(&mut world, "alice", &other, "to carol").await;
        world.rest("alice", "POST", &format!("/api/chat/{other}/block"), Value::Null).await;
        world.join("alice").await;
        world.join("bob").await;
        let rule = RunRule::function("moderation").once();
        world.cloud.faults.inject_run(rule, RunEffect::KilledAfter(request));
        let (status, _) = world.moderate("DELETE", "users/alice").await;
        world.cloud.faults.clear();
        if status == 200 {
            finished_at = Some(request);
            break;
        }
        assert_eq!(status, 500);
        // What the killed call stored and did not deliver is delivered by others, some seconds later.
        world.later(Duration::from_secs(20)).await;
        world.followup().await;
        delete(&world, "alice").await;
        assert_eq!(rows_of(&world, "alice").await, 0, "killed after request {request}");
        assert!(!is_anywhere(&world, "text 1").await && !is_anywhere(&world, "to carol").await, "request {request}");
        let (_, page) = world.request("bob", "GET", &format!("/api/message/chat/{chat}"), "").await;
        let numbers: Vec<u64> =
            page["data"]["messages"].as_array().unwrap().iter().map(|one| one["seq"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [1, 2, 3], "killed after request {request}");
        for user in ["bob", "carol"] {
            let (_, unread) = world.request(user, "GET", "/api/message/unread-count", "").await;
            assert_eq!(unread["data"]["unreadCount"], 0, "{user}, killed after request {request}");
            assert_eq!(world.moderate("GET", &format!("users/{user}")).await.1["data"]["chats"], 1);
        }
        send(&mut world, "bob", &chat, "still here").await;
        send(&mut world, "carol", &other, "still here").await;
    }
    assert!(finished_at.is_some_and(|request| request > 20), "{finished_at:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_was_away_recovers_the_deletions() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 3).await;
    world.join("bob").await;
    send(&mut world, "alice", &chat, "heard").await;
    world.close("bob").await;
    delete(&world, "alice").await;
    let back = world.come_back("bob", "bob", "/").await;
    assert!(back.starts_with("bob has recovered"), "{back}");
    assert_eq!(back.matches("\"message_deleted\"").count(), 3, "{back}");
}

#[tokio::test(start_paused = true)]
async fn what_the_user_sends_when_the_deletion_is_over_is_not_stored() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 2).await;
    // The function `rest` has read the chat, and stores the message after the deletion.
    let late = Rule::dynamodb("TransactWriteItems").function("rest").once();
    world.cloud.faults.inject(late, Effect::Delayed(Duration::from_millis(500)));
    let body = json!({"chatId": chat, "content": "my last words"}).to_string();
    let sending = world.request("alice", "POST", "/api/message/send", &body);
    let deleting = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        delete(&world, "alice").await;
    };
    let ((status, answer), ()) = tokio::join!(sending, deleting);
    assert_eq!((status, is_anywhere(&world, "my last words").await), (404, false), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn nobody_makes_a_deleted_user_a_member() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 2).await;
    // Bob's message and carol's chat come when alice's last membership is deleted, and her profile is not yet.
    world
        .cloud
        .faults
        .inject(Rule::dynamodb("DeleteItem").function("moderation"), Effect::Delayed(Duration::from_millis(400)));
    let late = Rule::dynamodb("TransactWriteItems").function("rest");
    world.cloud.faults.inject(late, Effect::Delayed(Duration::from_millis(400)));
    let meanwhile = async |who: &str, path: &str, body: Value| {
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.request(who, "POST", path, &body.to_string()).await.0
    };
    let (_, sent, begun) = tokio::join!(
        delete(&world, "alice"),
        meanwhile("bob", "/api/message/send", json!({"chatId": chat, "content": "are you there?"})),
        meanwhile("carol", "/api/chat/create-or-get", json!({"otherUserId": "alice"})),
    );
    assert_eq!((sent, begun), (201, 404));
    assert_eq!(rows_of(&world, "alice").await, 0);
    let (_, shown) = world.moderate("GET", &format!("chats/{chat}")).await;
    assert_eq!(shown["data"]["members"][0]["gone"], true, "{shown}");
}

#[tokio::test(start_paused = true)]
async fn counts_stay_exact_while_others_write_during_a_deletion_and_a_return() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    let chat = chatting(&mut world, 10).await;
    let body = json!({"chatId": chat, "content": "meanwhile"}).to_string();
    let writing = async {
        for _ in 0..10 {
            assert_eq!(world.request("bob", "POST", "/api/message/send", &body).await.0, 201);
        }
    };
    let (_, ()) = tokio::join!(delete(&world, "alice"), writing);
    assert_eq!(rows_of(&world, "alice").await, 0);
    // She returns while bob goes on.
    let returning = async {
        let with_bob = json!({"otherUserId": "bob"}).to_string();
        assert_eq!(world.request("alice", "POST", "/api/chat/create-or-get", &with_bob).await.0, 200);
        let (_, shown) = world.moderate("GET", &format!("chats/{chat}")).await;
        shown["data"]["messages"].as_u64().unwrap()
    };
    let writing = async {
        for _ in 0..10 {
            assert_eq!(world.request("bob", "POST", "/api/message/send", &body).await.0, 201);
        }
    };
    let (_, ()) = tokio::join!(returning, writing);
    let (_, page) = world.request("alice", "GET", &format!("/api/message/chat/{chat}?limit=100"), "").await;
    let messages = page["data"]["messages"].as_array().unwrap();
    let numbers: Vec<u64> = messages.iter().map(|one| one["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
    let unread = messages.iter().filter(|one| one["senderId"] == "bob" && one["isRead"] == false).count();
    let (_, counted) = world.request("alice", "GET", "/api/message/unread-count", "").await;
    assert_eq!(counted["data"]["unreadCount"], unread, "the counter is the number of unread messages");
    assert!(unread > 0, "she returned before bob's last message");
    for user in ["alice", "bob"] {
        assert_eq!(world.moderate("GET", &format!("users/{user}")).await.1["data"]["chats"], 1, "{user}");
    }
}
