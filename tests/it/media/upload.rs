//! Files that are too large for a request.

use http::HeaderMap;
use relay::clock::Clock;
use serde_json::{Value, json};

use super::{HTML, LARGEST, PNG, SVG, blamed, get, key_of, keys, media_url, name, prepare, put, scene};

const MINUTE_MILLIS: i64 = 60_000;
const DAY_MILLIS: i64 = 24 * 60 * MINUTE_MILLIS;

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_named_becomes_the_same_object_and_message_as_a_form() {
    let (world, chat) = scene().await;
    let (status, answer) = prepare(&world, "alice", &chat, "image/png", PNG.len()).await;
    assert_eq!(status, 201, "{answer}");
    let upload = &answer["data"];
    let fields: Vec<&String> = upload.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["expiresAt", "headers", "method", "uploadId", "url"]);
    assert_eq!(
        (upload["method"].as_str(), upload["expiresAt"].as_str()),
        (Some("PUT"), Some("2026-01-02T03:19:05.006Z"))
    );
    assert_eq!(keys(&world), [""; 0], "nothing is stored before it is put");
    assert_eq!(put(&world, upload, PNG).await, 200);
    let (status, message) = name(&world, "alice", &chat, &upload["uploadId"]).await;
    assert_eq!(status, 201, "{message}");
    assert_eq!(
        (message["data"]["messageType"].as_str(), message["data"]["content"].as_str()),
        (Some("image"), Some("Sent image"))
    );
    let (status, headers, bytes) = get(&world, "bob", media_url(&message)).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap(), bytes.as_slice()), (200, "image/png", PNG));
    assert_eq!(keys(&world), [key_of(media_url(&message))]);
    let (status, answer) = name(&world, "alice", &chat, &upload["uploadId"]).await;
    assert_eq!((status, blamed(&answer)), (404, ("NOT_FOUND", "uploadId")), "it is named once");
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_naming_an_upload_is_answered_with_the_first_message() {
    let (world, chat) = scene().await;
    let (_, answer) = prepare(&world, "alice", &chat, "image/png", PNG.len()).await;
    put(&world, &answer["data"], PNG).await;
    let body = json!({"uploadId": answer["data"]["uploadId"], "clientMessageId": "m1", "content": "Rex"}).to_string();
    let path = format!("/api/chat/{chat}/send-media");
    let (status, first) = world.request("alice", "POST", &path, &body).await;
    assert_eq!((status, first["data"]["content"].as_str()), (201, Some("Rex")));
    let (status, again) = world.request("alice", "POST", &path, &body).await;
    assert_eq!((status, &again["data"]), (200, &first["data"]));
}

#[tokio::test(start_paused = true)]
async fn a_size_in_a_string_is_none() {
    let (mut world, chat) = scene().await;
    let body = json!({"chatId": chat, "contentType": "image/png", "size": "7"}).to_string();
    let (status, answer) = world.request("alice", "POST", "/api/media/uploads", &body).await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "size")));
    let media = json!([{"url": "https://media.example/a.png", "size": "7"}]);
    let message = json!({"conversationId": chat, "messageType": "image", "media": media});
    let said = world.rest("alice", "POST", "/classroom/api/chat/message", message).await;
    assert!(
        said.starts_with("alice gets 400") && said.contains("media has a size that must be a whole number"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn only_what_was_prepared_can_be_put() {
    let (world, chat) = scene().await;
    let (_, answer) = prepare(&world, "alice", &chat, "image/png", PNG.len()).await;
    let upload = &answer["data"];
    assert_eq!(put(&world, upload, &[PNG, PNG].concat()).await, 403, "more");
    assert_eq!(put(&world, upload, &PNG[1..]).await, 403, "less");
    let mut other = upload.clone();
    other["headers"]["Content-Type"] = "text/html".into();
    assert_eq!(put(&world, &other, PNG).await, 403, "of another type");
    let url = upload["url"].as_str().unwrap();
    for (from, to) in
        [("/uploads/", "/media/"), ("X-Amz-Expires=900", "X-Amz-Expires=90000"), (chat.as_str(), "elsewhere")]
    {
        let mut other = upload.clone();
        other["url"] = url.replace(from, to).into();
        assert_ne!(other["url"], url);
        assert_eq!(put(&world, &other, PNG).await, 403, "{to}");
    }
    let mut other = upload.clone();
    other["url"] = url.split('?').next().into();
    assert_eq!(put(&world, &other, PNG).await, 403, "without a signature");
    for method in ["GET", "DELETE", "POST"] {
        assert_eq!(world.follow(method, url, HeaderMap::new(), Vec::new()).await.0, 403, "{method}");
    }
    assert_eq!(keys(&world), [""; 0]);
    world.clock.advance(15 * MINUTE_MILLIS + 1_000);
    assert_eq!(put(&world, upload, PNG).await, 403, "too late");
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_its_users_for_its_chat_until_it_expires() {
    let (mut world, chat) = scene().await;
    let other_chat = world.chat("alice", "carol").await;
    let (_, answer) = prepare(&world, "alice", &chat, "image/png", PNG.len()).await;
    let id = answer["data"]["uploadId"].clone();
    let (status, refused) = name(&world, "alice", &chat, &id).await;
    assert_eq!((status, blamed(&refused)), (404, ("NOT_FOUND", "uploadId")), "it is not put yet");
    put(&world, &answer["data"], PNG).await;
    for (user, chat) in [("bob", &chat), ("alice", &other_chat)] {
        let (status, refused) = name(&world, user, chat, &id).await;
        assert_eq!((status, blamed(&refused)), (404, ("NOT_FOUND", "uploadId")), "{user}");
    }
    assert_eq!(name(&world, "carol", &chat, &id).await.0, 404);
    world.clock.advance(15 * MINUTE_MILLIS);
    let (status, refused) = name(&world, "alice", &chat, &id).await;
    assert_eq!((status, blamed(&refused)), (404, ("NOT_FOUND", "uploadId")), "it has expired");
    let later = format!("{}{}", id.as_str().unwrap().get(..32).unwrap(), "ffffffffffff");
    let (status, refused) = name(&world, "alice", &chat, &Value::from(later)).await;
    assert_eq!((status, blamed(&refused)), (404, ("NOT_FOUND", "uploadId")), "its time cannot be changed");
    for nonsense in ["", "../../media", "ABCDEF", "0"] {
        let (status, refused) = name(&world, "alice", &chat, &Value::from(nonsense)).await;
        assert_eq!((status, blamed(&refused)), (404, ("NOT_FOUND", "uploadId")), "{nonsense:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_put_is_judged_by_its_bytes_too() {
    let (world, chat) = scene().await;
    for bytes in [HTML, SVG] {
        let (_, answer) = prepare(&world, "alice", &chat, "image/jpeg", bytes.len()).await;
        assert_eq!(put(&world, &answer["data"], bytes).await, 200);
        let (status, refused) = name(&world, "alice", &chat, &answer["data"]["uploadId"]).await;
        assert_eq!((status, blamed(&refused)), (400, ("VALIDATION_ERROR", "media")));
    }
    assert!(keys(&world).iter().all(|key| key.starts_with("uploads/")));
}

#[tokio::test(start_paused = true)]
async fn only_pictures_and_films_of_a_size_that_is_taken_can_be_prepared() {
    let (mut world, chat) = scene().await;
    for content_type in [
        "text/html",
        "image/svg+xml",
        "application/pdf",
        "image/png\r\nx-evil: 1",
        "image/png,text/html",
        &"image/x".repeat(30),
    ] {
        let (status, answer) = prepare(&world, "alice", &chat, content_type, 9).await;
        assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "contentType")), "{content_type}");
    }
    assert_eq!(prepare(&world, "alice", &chat, "video/mp4", LARGEST).await.0, 201);
    let (status, answer) = prepare(&world, "alice", &chat, "video/mp4", LARGEST + 1).await;
    assert_eq!((status, blamed(&answer)), (413, ("VALIDATION_ERROR", "size")));
    let (status, answer) = prepare(&world, "alice", &chat, "image/png", 0).await;
    assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", "size")));
    for (field, body) in [
        ("size", json!({"chatId": chat, "contentType": "image/png", "size": -1})),
        ("size", json!({"chatId": chat, "contentType": "image/png"})),
        ("contentType", json!({"chatId": chat, "size": 1})),
        ("chatId", json!({"contentType": "image/png", "size": 1})),
    ] {
        let (status, answer) = world.request("alice", "POST", "/api/media/uploads", &body.to_string()).await;
        assert_eq!((status, blamed(&answer)), (400, ("VALIDATION_ERROR", field)), "{answer}");
    }
    assert_eq!(prepare(&world, "carol", &chat, "image/png", 9).await.0, 404);
    assert_eq!(prepare(&world, "", &chat, "image/png", 9).await.0, 401);
    world.quiet().await;
    world.rest("alice", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    assert_eq!(prepare(&world, "alice", &chat, "image/png", 9).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn uploads_that_nobody_names_are_removed_after_a_day_and_media_never() {
    let (world, chat) = scene().await;
    super::send(&world, "alice", &chat, &[super::picture(PNG)]).await;
    let (_, answer) = prepare(&world, "alice", &chat, "image/png", PNG.len()).await;
    put(&world, &answer["data"], PNG).await;
    // The age of files goes by the machine's clock.
    let now = Clock::system().now();
    let storage = &world.cloud.services.storage;
    assert_eq!(storage.expire(now.plus_millis(DAY_MILLIS - MINUTE_MILLIS)).unwrap(), [""; 0]);
    assert_eq!(storage.expire(now.plus_millis(DAY_MILLIS + MINUTE_MILLIS)).unwrap().len(), 1);
    assert!(keys(&world)[0].starts_with("media/") && keys(&world).len() == 1);
}
