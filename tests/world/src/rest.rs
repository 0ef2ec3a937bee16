//! REST requests, and requests to the addresses that functions signed.

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::BodyExt as _;
use local::token;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::contract::{check_answer, check_export_line};
use crate::{ORIGIN, World};

impl World {
    /// Makes a REST request as a user, or without a token, without a body.
    pub async fn get(&mut self, user: &str, path: &str) -> String {
        self.rest(user, "GET", path, Value::Null).await
    }

    /// Makes a REST request as a user with a JSON body; without a body if it is null.
    pub async fn rest(&mut self, user: &str, method: &str, path: &str, body: Value) -> String {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.request(user, method, path, &body).await;
        self.transcript(format!("{user} gets {status} {answer}\n")).await
    }

    /// Makes a REST request as a service with a JSON body.
    pub async fn as_service(&mut self, method: &str, path: &str, body: Value) -> String {
        let (status, answer) = self.request_with(&self.service_token(), method, path, &body.to_string()).await;
        self.transcript(format!("service gets {status} {answer}\n")).await
    }

    /// Makes a request for moderation as a service, and returns status and answer.
    pub async fn moderate(&self, method: &str, path: &str) -> (u16, Value) {
        self.request_with(&self.service_token(), method, &format!("/moderation/{path}"), "").await
    }

    /// Makes a request for a part of an export as a service. Returns the lines and the cursor in the header.
    pub async fn export_part(&self, path: &str) -> (Vec<Value>, Option<String>) {
        let request = Request::builder()
            .uri(format!("/moderation/{path}"))
            .header("authorization", format!("Bearer {}", self.service_token()))
            .body(Body::empty())
            .expect("a request");
        let answer = self.cloud.http.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8(body.collect().await.expect("the body is there").to_bytes().into());
        let text = text.expect("an export is UTF-8");
        assert_eq!(parts.status.as_u16(), 200, "{text}");
        let content_type = parts.headers.get("content-type").and_then(|content_type| content_type.to_str().ok());
        assert_eq!(content_type, Some("application/x-ndjson"));
        let lines = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON"));
        let lines: Vec<Value> = lines.collect();
        lines.iter().for_each(check_export_line);
        let cursor = parts.headers.get("x-next-cursor").map(|cursor| cursor.to_str().expect("text").to_owned());
        (lines, cursor)
    }

    fn service_token(&self) -> String {
        token::mint("service", None, Some("service"), self.clock.now()).expect("a token can be signed")
    }

    /// Makes a REST request with any body, and returns status and answer. With an empty user name the request has no
    /// token.
    pub async fn request(&self, user: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let token = if user.is_empty() { String::new() } else { self.token(user) };
        self.request_with(&token, method, path, body).await
    }

    /// Makes a REST request with this token, if it is not empty, and any body. Returns status and answer.
    pub async fn request_with(&self, token: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let (status, _, answer) = self.respond(request).await;
        (status, answer)
    }

    /// Makes any REST request, and returns status, headers and answer.
    pub async fn respond(&self, request: Request<Body>) -> (u16, HeaderMap, Value) {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = self.cloud.http.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.expect("the body is there").to_bytes();
        let (status, answer) = (parts.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null));
        if let Some(root) = self.contract {
            check_answer(root, method.as_str(), &path, status, &answer);
        }
        (status, parts.headers, answer)
    }

    /// Makes a request to an address that a function signed, as a client that has nothing else. Returns status, headers
    /// and body.
    pub async fn follow(
        &self,
        method: &str,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> (u16, HeaderMap, Vec<u8>) {
        let path = url.strip_prefix(ORIGIN).expect("the address is the world's own");
        let mut request =
            Request::builder().method(method).uri(path).body(Body::from(body.clone())).expect("a request");
        *request.headers_mut() = headers;
        request.headers_mut().insert("host", HeaderValue::from_static("127.0.0.1:3000"));
        if method == "PUT" {
            request.headers_mut().insert("content-length", HeaderValue::from(body.len()));
        }
        let answer = self.cloud.http.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("the body is there").to_bytes();
        (parts.status.as_u16(), parts.headers, body.to_vec())
    }

    /// The id of the plain chat of two users. Creates the chat if it does not exist.
    pub async fn chat(&mut self, one: &str, other: &str) -> String {
        let body = json!({"otherUserId": other}).to_string();
        let (status, answer) = self.request(one, "POST", "/recruiting/api/chat/create-or-get", &body).await;
        assert!(status == 200 || status == 201, "the chat cannot be made: {answer}");
        self.transcript(String::new()).await;
        answer.pointer("/data/_id").and_then(Value::as_str).expect("a chat has an id").to_owned()
    }

    /// Makes users known without connecting them.
    pub async fn know(&self, users: &[&str]) {
        for user in users {
            let (status, _) = self.request(user, "GET", "/recruiting/api/message/unread-count", "").await;
            assert_eq!(status, 200, "{user} is known");
        }
    }
}
