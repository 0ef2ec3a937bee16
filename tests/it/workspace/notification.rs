//! Notifications by a service.

use insta::assert_snapshot;
use serde_json::json;

use super::{WORKSPACE, brief};

#[tokio::test(start_paused = true)]
async fn a_notification_reaches_every_device_of_one_person() {
    let (mut world, _) = WORKSPACE.five_clients().await;
    world.join_namespace("bob3", "bob", "/recruiting").await;
    let body = json!({"message": "Maintenance at noon", "type": "system"});
    let said = world.as_service("POST", "/api/users/bob/notifications", body.clone()).await;
    let id = said.split_once(r#""id":""#).and_then(|(_, rest)| rest.split_once('"')).unwrap().0.to_owned();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_snapshot!(said.replace(&id, "…"), @r#"
    service gets 200 {"data":null,"success":true}
    bob hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"…","message":"Maintenance at noon","type":"system"}]
    bob2 hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"…","message":"Maintenance at noon","type":"system"}]
    bob3 hears 42/recruiting,["notification",{"createdAt":"2026-01-02T03:04:05.006Z","id":"…","message":"Maintenance at noon","type":"system"}]
    "#);
    let said = world.as_service("POST", "/recruiting/api/users/bob/notifications", body).await;
    assert_eq!(said.matches("notification:new").count(), 2, "{said}");
}

#[tokio::test(start_paused = true)]
async fn only_a_service_may_notify_and_only_somebody_known() {
    let (mut world, _) = WORKSPACE.five_clients().await;
    let body = json!({"message": "hello", "type": "system"});
    let mut said = world.rest("alice", "POST", "/api/users/bob/notifications", body.clone()).await;
    said += &world.rest("", "POST", "/api/users/bob/notifications", body.clone()).await;
    said += &world.as_service("POST", "/api/users/nobody/notifications", body).await;
    for body in [json!({"type": "system"}), json!({"message": "hello"}), json!({"message": "", "type": "system"})] {
        said += &world.as_service("POST", "/api/users/bob/notifications", body).await;
    }
    assert_snapshot!(brief(&said), @r#"
    alice gets 403 {"code":"FORBIDDEN","message":"only a service may do this","success":false}
     gets 401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error: No token provided","reason":"no token","success":false}
    service gets 404 {"code":"NOT_FOUND","message":"user not found","success":false}
    service gets 400 {"code":"VALIDATION_ERROR","message":"message is required","success":false}
    service gets 400 {"code":"VALIDATION_ERROR","message":"type is required","success":false}
    service gets 400 {"code":"VALIDATION_ERROR","message":"message must not be empty","success":false}
    "#);
}
