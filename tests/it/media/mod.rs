//! Media: sending a file in a form or by an upload, and fetching it.

mod cost;
mod send;
mod serve;
mod upload;

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use world::World;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and what makes it a picture";
const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom and what makes it a film";
const HTML: &[u8] = b"<!DOCTYPE html><script>alert(1)</script>";
const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
/// 50 MB (docs/dialects.md, "Media").
const LARGEST: usize = 52_428_800;
const BUCKET: &str = "parlance-media";

/// A part of a form: name, file name and type if it is a file, and what it holds.
type Part<'a> = (&'a str, Option<(&'a str, &'a str)>, &'a [u8]);

/// A file as a client names it that means no harm.
fn picture(bytes: &[u8]) -> Part<'_> {
    ("media", Some(("picture.png", "image/png")), bytes)
}

/// Alice and Bob have a chat; Carol is known.
async fn scene() -> (World, String) {
    let mut world = World::new().await;
    world.know(&["alice", "bob", "carol"]).await;
    let chat = world.chat("alice", "bob").await;
    (world, chat)
}

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        body.extend_from_slice(format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes());
        if let Some((file, content_type)) = file {
            body.extend_from_slice(format!("; filename=\"{file}\"\r\nContent-Type: {content_type}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    body
}

/// Makes any request as somebody, and gives status, headers and bytes.
async fn fetch(world: &World, user: &str, request: http::request::Builder, body: Vec<u8>) -> (u16, HeaderMap, Vec<u8>) {
    let mut request = request.body(Body::from(body)).unwrap();
    if !user.is_empty() {
        let token = HeaderValue::from_str(&format!("Bearer {}", world.token(user))).unwrap();
        request.headers_mut().insert("authorization", token);
    }
    let (parts, body) = world.cloud.http.clone().oneshot(request).await.unwrap().into_parts();
    (parts.status.as_u16(), parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

async fn get(world: &World, user: &str, path: &str) -> (u16, HeaderMap, Vec<u8>) {
    fetch(world, user, Request::get(path), Vec::new()).await
}

/// Sends a form.
async fn send(world: &World, user: &str, chat: &str, parts: &[Part<'_>]) -> (u16, Value) {
    let request = Request::post(format!("/api/chat/{chat}/send-media"));
    let request = request.header("content-type", "multipart/form-data; boundary=edge");
    let (status, _, body) = fetch(world, user, request, form(parts)).await;
    (status, serde_json::from_slice(&body).unwrap())
}

/// Prepares an upload, and gives what is said of it.
async fn prepare(world: &World, user: &str, chat: &str, content_type: &str, size: usize) -> (u16, Value) {
    let body = json!({"chatId": chat, "contentType": content_type, "size": size}).to_string();
    world.request(user, "POST", "/api/media/uploads", &body).await
}

/// Puts bytes where an upload is to be put, as it says.
async fn put(world: &World, upload: &Value, bytes: &[u8]) -> u16 {
    let headers = upload["headers"].as_object().unwrap();
    let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.as_str().unwrap().parse().unwrap()));
    let (method, url) = (upload["method"].as_str().unwrap(), upload["url"].as_str().unwrap());
    world.follow(method, url, HeaderMap::from_iter(headers), bytes.to_vec()).await.0
}

/// Names an upload in a message.
async fn name(world: &World, user: &str, chat: &str, upload: &Value) -> (u16, Value) {
    let body = json!({"uploadId": upload}).to_string();
    world.request(user, "POST", &format!("/api/chat/{chat}/send-media"), &body).await
}

/// Sends a picture. Returns the name of its object.
pub(crate) async fn send_picture(world: &World, user: &str, chat: &str) -> String {
    let (status, answer) = send(world, user, chat, &[picture(PNG)]).await;
    assert_eq!(status, 201, "{answer}");
    media_url(&answer).rsplit('/').next().unwrap().to_owned()
}

/// Sends a file in each way, fetches it in each way, and sends one more, which the limit refuses.
pub(crate) async fn every_act(world: &World, chat: &str) {
    let (_, answer) = prepare(world, "alice", chat, "image/png", PNG.len()).await;
    assert_eq!(put(world, &answer["data"], PNG).await, 200);
    assert_eq!(name(world, "alice", chat, &answer["data"]["uploadId"]).await.0, 201);
    let (status, answer) = send(world, "alice", chat, &[picture(PNG)]).await;
    assert_eq!(status, 201);
    for path in [media_url(&answer).to_owned(), format!("{}/link", media_url(&answer))] {
        assert_eq!(get(world, "bob", &path).await.0, 200);
    }
    assert_eq!(send(world, "alice", chat, &[picture(PNG)]).await.0, 429);
}

/// The keys of all objects.
fn keys(world: &World) -> Vec<String> {
    world.cloud.services.storage.keys(BUCKET).unwrap()
}

/// The key of the object that is served at a path.
fn key_of(url: &str) -> String {
    format!("media/{}", url.strip_prefix("/api/media/").unwrap().replace('-', "/"))
}

/// Code and field of an error.
fn blamed(answer: &Value) -> (&str, &str) {
    let error = &answer["error"];
    (error["code"].as_str().unwrap_or_default(), error["details"]["field"].as_str().unwrap_or_default())
}

/// Where a message's medium is.
fn media_url(answer: &Value) -> &str {
    answer["data"]["mediaUrl"].as_str().unwrap()
}
