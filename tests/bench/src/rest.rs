//! HTTP requests over one connection that stays open: REST, and the requests of a polling client.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::failure::Failure;
use crate::system::System;
use crate::words::Message;

/// A client with one connection, which is opened again when the server has closed it.
pub(crate) struct Rest {
    address: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// One request.
pub(crate) struct Call<'a> {
    /// GET or POST.
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) path: &'a str,
    /// For whom it speaks: the user's token, if it has one.
    pub(crate) token: Option<&'a str>,
    /// The type of the body.
    pub(crate) content_type: &'a str,
    /// The body, which may be empty.
    pub(crate) body: String,
}

impl Rest {
    /// A client for this system that has not connected yet.
    pub(crate) fn new(system: &System) -> Self {
        Self { address: system.address.clone(), connection: None }
    }

    /// Sends a request and returns the body of the answer.
    ///
    /// # Errors
    /// If the connection breaks, or the status is not 200 or 201.
    pub(crate) async fn send(&mut self, call: Call<'_>) -> Result<String, Failure> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header("host", &self.address)
            .header("content-type", call.content_type);
        if let Some(token) = call.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Full::new(Bytes::from(call.body)))?;
        let response = self.connection().await?.send_request(request).await?;
        let status = response.status();
        let body = String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?;
        if matches!(status, StatusCode::OK | StatusCode::CREATED) {
            return Ok(body);
        }
        Err(format!("{} is answered with {status}: {body}", call.path).into())
    }

    async fn connection(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Failure> {
        let is_open = match &mut self.connection {
            Some(connection) => connection.ready().await.is_ok(),
            None => false,
        };
        if !is_open {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            self.connection = Some(sender);
        }
        self.connection.as_mut().ok_or_else(|| "there is no connection".into())
    }

    /// The id of the chat of two users. It is created if there is none. Both must have joined before.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) async fn chat(&mut self, user: &str, other: &str) -> Result<String, Failure> {
        let token = System::token(user)?;
        let call = Call {
            method: Method::POST,
            path: "/api/chat/create-or-get",
            token: Some(&token),
            content_type: "application/json",
            body: json!({"otherUserId": other}).to_string(),
        };
        let answer: Value = serde_json::from_str(&self.send(call).await?)?;
        let id = answer.pointer("/data/_id").and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| format!("a chat without an id: {answer}").into())
    }

    /// The messages of a chat behind the one with this `seq`, oldest first; at most a page.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) async fn messages_after(&mut self, user: &str, chat: &str, seq: u64) -> Result<Vec<Message>, Failure> {
        let token = System::token(user)?;
        let call = Call {
            method: Method::GET,
            path: &format!("/api/message/chat/{chat}?afterSeq={seq}"),
            token: Some(&token),
            content_type: "application/json",
            body: String::new(),
        };
        let answer: Value = serde_json::from_str(&self.send(call).await?)?;
        let messages = answer.pointer("/data/messages").and_then(Value::as_array).ok_or("no messages in the answer")?;
        Ok(messages.iter().filter_map(Message::read).collect())
    }
}
