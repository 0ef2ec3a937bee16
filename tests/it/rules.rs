//! Rules that are the same in all dialects, over all of them (docs/dialects.md).

use chat::dialect;
use local::token;
use serde_json::{Value, json};
use world::World;

/// How a dialect lists chats and types in one.
struct Words {
    name: &'static str,
    chats: &'static str,
    typing: fn(&str) -> (&'static str, Value),
}

const ALL: &[Words] = &[
    Words {
        name: "recruiting",
        chats: "/recruiting/api/chat/my-chats",
        typing: |chat| ("typing_start", json!({"chatId": chat})),
    },
    Words {
        name: "marketplace",
        chats: "/marketplace/api/chat/my-chats",
        typing: |chat| ("typing", json!({"chatId": chat, "isTyping": true})),
    },
    // It has no list of its own.
    Words {
        name: "messenger",
        chats: "/recruiting/api/chat/my-chats",
        typing: |_| ("typing_start", json!({"receiverId": "bob"})),
    },
    Words {
        name: "workspace",
        chats: "/workspace/api/conversations",
        typing: |chat| ("typing:start", json!({"conversationId": chat})),
    },
    Words {
        name: "classroom",
        chats: "/classroom/api/chat/conversations",
        typing: |chat| ("typing:start", json!({"conversationId": chat})),
    },
];

#[test]
fn the_rules_are_looked_at_in_every_dialect() {
    let known: Vec<&str> = dialect::ALL.iter().map(|dialect| dialect.name).collect();
    assert_eq!(ALL.iter().map(|words| words.name).collect::<Vec<_>>(), known);
}

#[test]
fn the_bound_of_presence_is_200_unless_set() {
    let parameter = local::cloud::TEMPLATE.split("  PresenceEveryoneBelow:\n").nth(1).unwrap();
    assert_eq!(parameter.lines().find(|line| line.contains("Default:")).unwrap().trim(), "Default: 200");
}

#[tokio::test(start_paused = true)]
async fn typing_changes_nothing_of_a_chat() {
    for words in ALL {
        let mut world = World::new().await;
        world.know(&["bob"]).await;
        world.join_namespace("alice", "alice", &format!("/{}", words.name)).await;
        let chat = world.chat("alice", "bob").await;
        let before = world.get("bob", words.chats).await;
        let (event, argument) = (words.typing)(&chat);
        let said = world.ask("alice", event, argument).await;
        assert!(said.contains(r#"{"success":true}"#), "{}: {said}", words.name);
        assert_eq!(world.get("bob", words.chats).await, before, "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_token_ends_its_socket_unless_it_was_renewed() {
    for words in ALL {
        let mut world = World::new().await;
        world.know(&["alice", "bob"]).await;
        let chat = world.chat("alice", "bob").await;
        let now = world.clock.now().seconds();
        let soon = token::sign(&json!({"sub": "alice", "exp": now + 60})).unwrap();
        let later = world.token("alice");
        for label in ["ends", "lives"] {
            world.open(label).await;
            let said = world.send(label, &format!("40/{},{}", words.name, json!({"token": soon}))).await;
            assert!(said.contains("\"sid\""), "{}: {said}", words.name);
        }
        let renewal = json!(["authenticate", {"token": later}]);
        let said = world.send("lives", &format!("42/{},0{renewal}", words.name)).await;
        assert!(said.contains(r#"{"success":true}"#), "{}: {said}", words.name);
        world.clock.advance(60_000);
        let (event, argument) = (words.typing)(&chat);
        let typing = json!([event, argument]);
        let ended = world.send("ends", &format!("42/{},1{typing}", words.name)).await;
        assert!(!ended.contains("ends hears 41"), "{}: {ended}", words.name);
        for start in [format!("43/{},1[", words.name), format!("42/{},[\"error\",", words.name)] {
            let line = ended.lines().find(|line| line.starts_with(&format!("ends hears {start}")));
            let line = line.unwrap_or_else(|| panic!("{}: no {start} in {ended}", words.name));
            let said = [r#""code":"AUTHENTICATION_ERROR""#, r#""reason":"expired token""#];
            assert!(said.iter().all(|said| line.contains(said)), "{}: {line}", words.name);
        }
        assert!(world.is_closed("ends"), "{}: {ended}", words.name);
        let alive = world.send("lives", &format!("42/{},1{typing}", words.name)).await;
        assert!(alive.contains(r#"{"success":true}"#), "{}: {alive}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_token_wins_whichever_came_last() {
    let mut world = World::new().await;
    let now = world.clock.now().seconds();
    let named =
        |name: &str, at: i64| token::sign(&json!({"sub": "bob", "name": name, "iat": at, "exp": now + 600})).unwrap();
    world.join_with("newer", &named("Robert", now)).await;
    world.join_with("older", &named("Bobby", now - 60)).await;
    // Of the dialects, messenger tells names when one connects.
    let said = world.join_namespace("alice", "alice", "/messenger").await;
    assert!(said.contains(r#""name":"Robert""#) && !said.contains("Bobby"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_service_needs_no_allowed_role() {
    let mut world = World::with(&[("AllowedRoles", "member")]).await;
    for words in ALL {
        let said = world.as_service("PUT", &format!("/{}/api/users/bob", words.name), json!({"name": "Bob"})).await;
        assert!(said.starts_with("service gets 200"), "{}: {said}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn what_every_dialect_serves_is_there_under_every_prefix() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    for words in ALL {
        let at = |path: &str| format!("/{}{path}", words.name);
        let listing = at("/api/listings/rex");
        let made = world.rest("alice", "PUT", &listing, json!({"title": words.name})).await;
        assert!(made.contains("200") && made.contains(&format!(r#""title":"{}""#, words.name)), "{made}");
        assert_eq!(world.get("alice", &listing).await, made);
        let known = world.as_service("PUT", &at("/api/users/bob"), json!({"name": words.name})).await;
        assert!(known.contains(&format!(r#""name":"{}""#, words.name)), "{known}");
        let news = json!({"message": "news", "type": "system"});
        let told = world.as_service("POST", &at("/api/users/bob/notifications"), news).await;
        assert!(told.starts_with("service gets 200"), "{}: {told}", words.name);
        let upload = json!({"chatId": chat, "contentType": "image/png", "size": 7});
        let prepared = world.rest("alice", "POST", &at("/api/media/uploads"), upload).await;
        assert!(prepared.starts_with("alice gets 201") && prepared.contains("uploadId"), "{prepared}");
        let link = world.get("alice", &at("/api/media/nothing/link")).await;
        assert!(link.starts_with("alice gets 404") && !link.contains("route not found"), "{link}");
        assert!(world.get("", &at("/api/socket/health")).await.contains(r#""status":"ok""#), "{}", words.name);
    }
}
