//! Renewing a live socket's credentials.

use insta::assert_snapshot;
use local::token;
use serde_json::json;

use super::{WORKSPACE, brief, text};

/// The seconds at which a world begins.
const NOW: i64 = 1_767_323_045;

#[tokio::test(start_paused = true)]
async fn a_renewed_socket_lives_on() {
    let mut world = WORKSPACE.world().await;
    world.know(&["alice"]).await;
    world.join("bob").await;
    let conversation = world.chat("alice", "bob").await;
    let signed = |user: &str, end| token::sign(&json!({"sub": user, "exp": NOW + end})).unwrap();
    world.join_with("alice", &signed("alice", 10)).await;
    assert_snapshot!(world.ask("alice", "authenticate", json!({"token": signed("alice", 60)})).await, @r#"alice hears 430[{"success":true}]"#);
    world.clock.advance(30_000);
    assert_snapshot!(brief(&world.ask("alice", "message:send", text(&conversation, "hello")).await), @r##"
    alice hears 431[{"message":"#1 by alice: hello","success":true}]
    alice hears 42["conversation:updated","alice+bob (#1 by alice: hello; unread 0)"]
    alice hears 42["message:delivered",{"messageId":"alice+bob #1"}]
    bob hears 42["message:new","#1 by alice: hello"]
    bob hears 42["conversation:updated","alice+bob (#1 by alice: hello; unread 1)"]
    bob hears 42["notification:new",{"createdAt":"2026-01-02T03:04:35.006Z","id":"alice+bob #1","message":"hello","type":"message"}]
    "##);
    let mut said = String::new();
    for (claim, wrong) in
        [("another user", signed("bob", 60)), ("expired", signed("alice", 10)), ("broken", "broken".to_owned())]
    {
        said += &format!("{claim}: {}", world.emit("alice", "authenticate", json!({"token": wrong})).await);
    }
    assert_snapshot!(said, @r#"
    another user: alice hears 42["error",{"code":"AUTHENTICATION_ERROR","message":"Authentication error: Invalid token","reason":"invalid token"}]
    expired: alice hears 42["error",{"code":"AUTHENTICATION_ERROR","message":"Authentication error: Invalid token","reason":"expired token"}]
    broken: alice hears 42["error",{"code":"AUTHENTICATION_ERROR","message":"Authentication error: Invalid token","reason":"invalid token"}]
    "#);
    // A refused token changes nothing; the end of the good one is the end of the socket.
    world.clock.advance(30_000);
    let heard = world.ask("alice", "message:send", text(&conversation, "too late")).await;
    assert!(heard.contains("alice hears 42[\"error\"") && heard.contains("bob hears 42[\"user:offline\""), "{heard}");
    assert!(world.is_closed("alice") && !heard.contains("too late"), "{heard}");
}
