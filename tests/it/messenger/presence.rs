//! Presence: who comes and goes, told by name.

use insta::assert_snapshot;

use super::{MESSENGER, brief};
use crate::worlds::TWO_CLIENTS;

#[tokio::test(start_paused = true)]
async fn only_the_first_socket_and_the_last_are_told() {
    let mut world = MESSENGER.world().await;
    MESSENGER.join(&mut world, "carol").await;
    let told =
        |transcript: String| transcript.lines().filter(|line| line.starts_with("carol")).collect::<Vec<_>>().join("\n");
    assert_snapshot!(told(MESSENGER.join(&mut world, "alice").await), @r#"carol hears 42["user_online",{"name":"Alice Adams","userId":"alice","username":"ally"}]"#);
    assert_snapshot!(told(MESSENGER.join_as(&mut world, "alice2", "alice").await), @"");
    assert_snapshot!(told(MESSENGER.join(&mut world, "bob").await), @r#"carol hears 42["user_online",{"name":"Bob Brown","userId":"bob","username":null}]"#);
    world.clock.advance(61_001);
    assert_snapshot!(world.close("alice").await, @"");
    assert_snapshot!(brief(&world.close("alice2").await), @r#"bob+carol hears 42["user_offline",{"lastSeen":"2026-01-02T03:05:06.007Z","userId":"alice"}]"#);
    assert_snapshot!(world.send("bob", "41").await, @r#"carol hears 42["user_offline",{"lastSeen":"2026-01-02T03:05:06.007Z","userId":"bob"}]"#);
}

#[tokio::test(start_paused = true)]
async fn somebody_of_another_dialect_comes_and_goes_all_the_same() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    assert_snapshot!(brief(&world.join_namespace("carol", "carol", "/recruiting").await), @r#"
    alice+bob hears 42["user_online",{"name":"carol","userId":"carol","username":null}]
    carol hears 40/recruiting,{"sid":"…"}
    carol hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"carol"}]
    carol hears 42/recruiting,["online_users",{"count":3,"onlineUsers":["alice","bob","carol"]}]
    "#);
    assert_snapshot!(brief(&world.close("carol").await), @r#"alice+bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"carol"}]"#);
    assert_snapshot!(brief(&world.join_namespace("bob2", "bob", "/recruiting").await), @r#"
    bob2 hears 40/recruiting,{"sid":"…"}
    bob2 hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob2 hears 42/recruiting,["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn from_the_bound_on_only_people_who_write_to_each_other_are_told() {
    let mut world = MESSENGER.world_with(&[("PresenceEveryoneBelow", "2")]).await;
    world.know(&["bob", "carol"]).await;
    MESSENGER.join(&mut world, "alice").await;
    MESSENGER.send_texts(&mut world, "alice", "carol", &["hello"]).await;
    assert_snapshot!(brief(&MESSENGER.join(&mut world, "bob").await), @r#"
    bob hears 40{"sid":"…"}
    bob hears 42["connection",{"success":true,"user":{"_id":"bob","name":"Bob Brown","username":null}}]
    bob hears 42["online_users",[{"_id":"bob","email":"bob@example.com","lastSeen":"2026-01-02T03:04:05.006Z","name":"Bob Brown","role":null,"userId":"bob","username":null}]]
    "#);
    assert_snapshot!(brief(&MESSENGER.join(&mut world, "carol").await), @r#"
    alice hears 42["user_online",{"name":"carol","userId":"carol","username":null}]
    carol hears 40{"sid":"…"}
    carol hears 42["connection",{"success":true,"user":{"_id":"carol","name":"carol","username":null}}]
    carol hears 42["online_users",[{"_id":"alice","email":"alice@example.com","lastSeen":"2026-01-02T03:04:05.006Z","name":"Alice Adams","role":"customer","userId":"alice","username":"ally"},{"_id":"carol","email":null,"lastSeen":"2026-01-02T03:04:05.006Z","name":"carol","role":null,"userId":"carol","username":null}]]
    "#);
}
