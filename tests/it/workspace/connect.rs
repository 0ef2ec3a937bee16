//! Connecting: the greeting, the namespaces, and who is refused how.

use insta::assert_snapshot;
use local::token;
use serde_json::json;
use world::World;

use super::{WORKSPACE, brief};

/// The seconds at which a world begins.
const NOW: i64 = 1_767_323_045;

#[tokio::test(start_paused = true)]
async fn connecting_greets_and_tells_the_others_once() {
    let mut world = WORKSPACE.world().await;
    assert_snapshot!(world.join("alice").await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"socketId":"…","userId":"alice"}]
    "#);
    assert_snapshot!(world.join("bob").await, @r#"
    alice hears 42["user:online",{"status":"online","userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    assert_snapshot!(world.join_as("bob2", "bob").await, @r#"
    bob2 hears 40{"sid":"…"}
    bob2 hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_dialect_has_a_namespace_of_its_own_whatever_the_root_speaks() {
    for default in ["workspace", "recruiting"] {
        let mut world = World::with(&[("DefaultDialect", default)]).await;
        let said = world.join_namespace("alice", "alice", "/workspace").await;
        assert!(said.contains(r#"42/workspace,["connected",{"socketId":"…","userId":"alice"}]"#), "{said}");
        world.know(&["bob"]).await;
        let made = world.rest("alice", "POST", "/workspace/api/conversations", json!({"participantId": "bob"})).await;
        assert!(made.starts_with("alice gets 201"), "{made}");
    }
}

#[tokio::test(start_paused = true)]
async fn at_a_port_of_its_own_the_root_speaks_it() {
    let mut world = World::new().await;
    assert_snapshot!(world.join_on("alice", "alice", "workspace").await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"socketId":"…","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn another_namespace_does_not_exist() {
    let mut world = WORKSPACE.world().await;
    world.open("alice").await;
    let token = json!({"token": world.token("alice")});
    assert_snapshot!(world.send("alice", &format!("40/workspaces,{token}")).await, @r#"alice hears 44/workspaces,{"message":"Invalid namespace"}"#);
}

#[tokio::test(start_paused = true)]
async fn each_refusal_of_a_token_has_its_message() {
    let mut world = WORKSPACE.world().await;
    let signed = |claims| token::sign(&claims).unwrap();
    let nobody = signed(json!({"exp": NOW + 60}));
    let expired = signed(json!({"sub": "alice", "exp": NOW - 60}));
    let mut said = String::new();
    for (label, payload) in [
        ("none", json!({})),
        ("empty", json!({"token": ""})),
        ("broken", json!({"token": "broken"})),
        ("expired", json!({"token": expired})),
        ("nobody", json!({"token": nobody})),
    ] {
        world.open(label).await;
        said += &world.send(label, &format!("40{payload}")).await;
    }
    assert_snapshot!(said, @r#"
    none hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error: No token provided"}
    empty hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error: No token provided"}
    broken hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"invalid token"},"message":"Authentication error: Invalid token"}
    expired hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"expired token"},"message":"Authentication error: Invalid token"}
    nobody hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"unknown user"},"message":"Authentication error: User not found"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_allowed_is_refused() {
    let mut world = WORKSPACE.world_with(&[("AllowedRoles", "member")]).await;
    let guest = token::mint("guest", None, Some("guest"), world.clock.now()).unwrap();
    assert_snapshot!(world.join_with("guest", &guest).await, @r#"guest hears 44{"data":{"code":"FORBIDDEN","message":"this role may not use the service"},"message":"this role may not use the service"}"#);
    let member = token::mint("alice", None, Some("member"), world.clock.now()).unwrap();
    assert_snapshot!(brief(&world.join_with("alice", &member).await), @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"socketId":"…","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn over_rest_each_refusal_is_401_with_the_same_message() {
    let mut world = WORKSPACE.world().await;
    assert_snapshot!(world.get("", "/api/conversations").await, @r#" gets 401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error: No token provided","reason":"no token","success":false}"#);
}
