//! Fetching media, and addresses that need no token.

use http::{HeaderMap, Request};
use serde_json::{Value, json};

use super::{LARGEST, MP4, PNG, fetch, get, keys, media_url, picture, scene, send};

#[tokio::test(start_paused = true)]
async fn media_is_for_participants_and_everything_else_looks_like_none() {
    let (mut world, chat) = scene().await;
    let (_, answer) = send(&world, "alice", &chat, &[picture(PNG)]).await;
    let url = media_url(&answer);
    for user in ["alice", "bob"] {
        for prefix in ["", "/recruiting"] {
            assert_eq!(get(&world, user, &format!("{prefix}{url}")).await.0, 200, "{user} at {prefix}");
        }
    }
    assert_eq!(get(&world, "", url).await.0, 401);
    let without = url.replace(|c: char| c.is_ascii_digit(), "0");
    let mut answers = Vec::new();
    for path in [url, &format!("{url}/link"), &without, &format!("{without}/link"), "/api/media/nonsense"] {
        let (status, _, body) = get(&world, "carol", path).await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(status, 404, "{path}");
        answers.push((body["message"].clone(), body["error"]["code"].clone(), body["error"]["details"].clone()));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    world.rest("bob", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    assert_eq!(get(&world, "alice", url).await.0, 404, "its chat is deleted");
}

#[tokio::test(start_paused = true)]
async fn no_name_leads_anywhere_but_to_media_of_the_chat() {
    let (world, chat) = scene().await;
    let (_, answer) = send(&world, "alice", &chat, &[picture(PNG)]).await;
    let name = media_url(&answer).strip_prefix("/api/media/").unwrap().to_owned();
    let random = name.get(25..57).unwrap();
    for trick in [
        format!("{chat}-{random}"),
        format!("{chat}-{random}.PNG"),
        format!("{chat}-{random}.p%2Fng"),
        format!("{chat}-{random}.png%00"),
        format!("{chat}-..%2F..%2F{random}.png"),
        format!("..%2Fuploads%2F{name}"),
        format!("%2e%2e%2f{name}"),
        format!("{chat}%2F{random}.png"),
        format!("media%2F{chat}%2F{random}.png"),
        format!("{}-{random}.png", chat.to_uppercase()),
        format!("{name}%20"),
        "..".to_owned(),
        "%2E%2E%2F%2E%2E%2Fdynamodb.log".to_owned(),
    ] {
        // A path with a segment `..` is none.
        let lower = trick.to_lowercase().replace("%2e", ".").replace("%2f", "/");
        let expected = if lower.split('/').any(|segment| segment == "..") { 400 } else { 404 };
        let (status, _, _) = get(&world, "alice", &format!("/api/media/{trick}")).await;
        assert_eq!(status, expected, "{trick}");
        let (status, _, _) = get(&world, "alice", &format!("/api/media/{trick}/link")).await;
        assert_eq!(status, expected, "{trick}/link");
    }
    assert_eq!(get(&world, "alice", &format!("/api/media/{name}")).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn no_browser_takes_media_for_a_page() {
    let (world, chat) = scene().await;
    let (_, answer) = send(&world, "alice", &chat, &[picture(PNG)]).await;
    let (_, headers, _) = get(&world, "bob", media_url(&answer)).await;
    let shown = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(shown("content-type"), Some("image/png"));
    assert_eq!(shown("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        shown("content-security-policy"),
        Some("sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'")
    );
    assert_eq!(shown("cache-control"), Some("private, max-age=31536000, immutable"));
    assert_eq!(shown("content-disposition"), None);
}

#[tokio::test(start_paused = true)]
async fn a_part_can_be_had() {
    let (world, chat) = scene().await;
    let (_, answer) = send(&world, "alice", &chat, &[picture(PNG)]).await;
    let length = PNG.len();
    for (range, status, part, bytes) in [
        ("bytes=0-3", 206, format!("bytes 0-3/{length}"), &PNG[..4]),
        ("bytes=4-", 206, format!("bytes 4-{}/{length}", length - 1), &PNG[4..]),
        ("bytes=-2", 206, format!("bytes {}-{}/{length}", length - 2, length - 1), &PNG[length - 2..]),
        ("bytes=0-1,3-4", 200, String::new(), PNG),
        ("bytes=900-", 416, String::new(), b""),
    ] {
        let request = Request::get(media_url(&answer)).header("range", range);
        let (got, headers, body) = fetch(&world, "bob", request, Vec::new()).await;
        assert_eq!((got, body.as_slice()), (status, bytes), "{range}");
        assert_eq!(headers.get("content-range").map_or("", |value| value.to_str().unwrap()), part, "{range}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_is_good_for_five_minutes_without_a_token() {
    let (world, chat) = scene().await;
    let (_, answer) = send(&world, "alice", &chat, &[picture(PNG)]).await;
    let (status, answer) = world.request("bob", "GET", &format!("{}/link", media_url(&answer)), "").await;
    let (data, url) = (&answer["data"], answer["data"]["url"].as_str().unwrap());
    assert_eq!((status, data["expiresAt"].as_str()), (200, Some("2026-01-02T03:09:05.006Z")));
    let (status, headers, bytes) = world.follow("GET", url, HeaderMap::new(), Vec::new()).await;
    assert_eq!((status, bytes.as_slice()), (200, PNG));
    assert_eq!(
        (headers["content-type"].to_str().unwrap(), headers["content-disposition"].to_str().unwrap()),
        ("image/png", "inline")
    );
    for other in [url.replace("image%2Fpng", "text%2Fhtml"), url.replace("inline", "attachment"), format!("{url}&x=1")]
    {
        assert_ne!(other, url);
        assert_eq!(world.follow("GET", &other, HeaderMap::new(), Vec::new()).await.0, 403, "{other}");
    }
    for method in ["PUT", "DELETE"] {
        assert_eq!(world.follow(method, url, HeaderMap::new(), Vec::new()).await.0, 403, "{method}");
    }
    world.clock.advance(5 * 60_000 - 1_000);
    assert_eq!(world.follow("GET", url, HeaderMap::new(), Vec::new()).await.0, 200);
    world.clock.advance(2_000);
    assert_eq!(world.follow("GET", url, HeaderMap::new(), Vec::new()).await.0, 403);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_for_an_answer_is_fetched_elsewhere() {
    let (world, chat) = scene().await;
    let mut bytes = MP4.to_vec();
    bytes.resize(4 * 1_024 * 1_024, 0);
    let (_, answer) = send(&world, "alice", &chat, &[picture(&bytes)]).await;
    assert_eq!(get(&world, "bob", media_url(&answer)).await.0, 200);
    bytes.push(0);
    assert!(bytes.len() < LARGEST);
    let (_, answer) = send(&world, "alice", &chat, &[picture(&bytes)]).await;
    let (status, headers, body) = get(&world, "bob", media_url(&answer)).await;
    assert_eq!((status, body.len()), (307, 0));
    let url = headers["location"].to_str().unwrap();
    let (status, _, body) = world.follow("GET", url, HeaderMap::new(), Vec::new()).await;
    assert_eq!((status, body.len()), (200, bytes.len()));
    // A player asks for a part of it, and follows.
    let part = HeaderMap::from_iter([(http::header::RANGE, "bytes=0-9".parse().unwrap())]);
    let (status, _, body) = world.follow("GET", url, part, Vec::new()).await;
    assert_eq!((status, body.as_slice()), (206, &bytes[..10]));
    let request = Request::get(media_url(&answer)).header("range", "bytes=0-9");
    assert_eq!(fetch(&world, "bob", request, Vec::new()).await.0, 206);
    let request = Request::get(media_url(&answer)).header("range", "bytes=0-");
    assert_eq!(fetch(&world, "bob", request, Vec::new()).await.0, 307);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_deleted_for_everyone_takes_its_object_along() {
    let (mut world, chat) = scene().await;
    let (_, answer) = send(&world, "alice", &chat, &[picture(PNG)]).await;
    let url = media_url(&answer).to_owned();
    // Who writes the name of somebody else's object into a message takes nothing along.
    let again = json!({"chatId": chat, "messageType": "image", "mediaUrl": url}).to_string();
    let (status, copy) = world.request("bob", "POST", "/api/message/send", &again).await;
    assert_eq!((status, media_url(&copy)), (201, url.as_str()));
    let delete = |answer: &Value| format!("/api/message/{}", answer["data"]["_id"].as_str().unwrap());
    world.rest("bob", "DELETE", &delete(&copy), Value::Null).await;
    assert_eq!(get(&world, "bob", &url).await.0, 200);
    world.rest("alice", "DELETE", &delete(&answer), Value::Null).await;
    assert_eq!(get(&world, "alice", &url).await.0, 404);
    assert_eq!(keys(&world), [""; 0]);
}
