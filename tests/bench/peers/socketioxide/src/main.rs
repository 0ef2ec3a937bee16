//! A chat server with socketioxide that keeps everything in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef, State as IoState};

type Failure = Box<dyn std::error::Error>;

#[derive(Default)]
struct Chat {
    users: [String; 2],
    messages: Vec<Value>,
}

#[derive(Default)]
struct Everything {
    chats: HashMap<String, Chat>,
    chat_of_pair: HashMap<[String; 2], String>,
    partners: HashMap<String, BTreeSet<String>>,
    sockets: HashMap<String, usize>,
}

#[derive(Clone, Default)]
struct Store(Arc<Mutex<Everything>>);

impl Store {
    fn lock(&self) -> MutexGuard<'_, Everything> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Everything {
    fn create_or_get(&mut self, user: &str, other: &str) -> String {
        let mut pair = [user.to_owned(), other.to_owned()];
        pair.sort();
        if let Some(id) = self.chat_of_pair.get(&pair) {
            return id.clone();
        }
        let id = (self.chats.len() + 1).to_string();
        self.chats.insert(id.clone(), Chat { users: pair.clone(), messages: Vec::new() });
        self.chat_of_pair.insert(pair, id.clone());
        self.partners.entry(user.to_owned()).or_default().insert(other.to_owned());
        self.partners.entry(other.to_owned()).or_default().insert(user.to_owned());
        id
    }

    fn partners(&self, user: &str) -> Vec<String> {
        self.partners.get(user).into_iter().flatten().cloned().collect()
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

fn user_of(token: &str) -> Option<String> {
    let key = DecodingKey::from_secret(b"dev-secret");
    let token = token.strip_prefix("Bearer ").unwrap_or(token);
    let token = jsonwebtoken::decode::<Claims>(token, &key, &Validation::new(Algorithm::HS256)).ok()?;
    Some(token.claims.sub)
}

/// Milliseconds since 1970; clients do not read them.
fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

fn room(user: &str) -> String {
    format!("user:{user}")
}

#[derive(Deserialize)]
struct Auth {
    token: String,
}

#[derive(Clone)]
struct User(String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Send {
    chat_id: String,
    content: String,
}

async fn connected(io: SocketIo, socket: SocketRef, Data(auth): Data<Auth>, IoState(store): IoState<Store>) {
    let Some(user) = user_of(&auth.token) else {
        let _ = socket.disconnect();
        return;
    };
    socket.join(room(&user));
    let (first, partners, online) = {
        let mut all = store.lock();
        let count = all.sockets.entry(user.clone()).or_default();
        *count += 1;
        let first = *count == 1;
        let partners = all.partners(&user);
        let online: Vec<String> =
            partners.iter().filter(|partner| all.sockets.contains_key(*partner)).cloned().collect();
        (first, partners, online)
    };
    if first {
        tell(&io, &partners, "user_online", &json!({"userId": user})).await;
    }
    let greeting = json!({"success": true, "userId": user, "socketId": socket.id, "message": "connected"});
    let _ = socket.emit("connected", &greeting);
    let _ = socket.emit("online_users", &json!({"count": online.len(), "onlineUsers": online}));
    let sender = User(user.clone());
    socket.on(
        "send_message",
        async move |io: SocketIo,
                    socket: SocketRef,
                    Data(send): Data<Send>,
                    ack: AckSender,
                    IoState(store): IoState<Store>| {
            let answer = send_message(&io, &socket, &sender, send, &store).await;
            let _ = ack.send(&answer);
        },
    );
    socket.on_disconnect(async move |io: SocketIo, IoState(store): IoState<Store>| {
        let partners = {
            let mut all = store.lock();
            let left = all.sockets.get(&user).map_or(0, |count| count - 1);
            if left > 0 {
                all.sockets.insert(user.clone(), left);
                return;
            }
            all.sockets.remove(&user);
            all.partners(&user)
        };
        tell(&io, &partners, "user_offline", &json!({"userId": user, "lastSeen": now()})).await;
    });
}

async fn tell(io: &SocketIo, users: &[String], event: &'static str, argument: &Value) {
    if !users.is_empty() {
        let _ = io.to(users.iter().map(|user| room(user)).collect::<Vec<_>>()).emit(event, argument).await;
    }
}

async fn send_message(io: &SocketIo, socket: &SocketRef, User(user): &User, send: Send, store: &Store) -> Value {
    let (message, receiver) = {
        let mut all = store.lock();
        let Some(chat) = all.chats.get_mut(&send.chat_id).filter(|chat| chat.users.contains(user)) else {
            return json!({"success": false, "error": {"code": "NOT_FOUND"}});
        };
        let receiver = chat.users.iter().find(|other| *other != user).cloned().unwrap_or_default();
        let seq = chat.messages.len() + 1;
        let message = json!({
            "_id": format!("{}-{seq}", send.chat_id), "seq": seq, "chatId": send.chat_id, "senderId": user,
            "receiverId": receiver, "content": send.content, "messageType": "text", "createdAt": now(),
        });
        chat.messages.push(message.clone());
        (message, receiver)
    };
    let rooms = [room(user), room(&receiver)];
    let _ = socket.emit("message_sent", &json!({"message": message}));
    let _ = socket.to(rooms.clone()).emit("new_message", &json!({"message": message})).await;
    let update = json!({"chatId": send.chat_id, "latestMessage": message, "updatedAt": message["createdAt"]});
    let _ = io.to(rooms).emit("chat_updated", &update).await;
    json!({"success": true, "message": message})
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Other {
    other_user_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct After {
    after_seq: usize,
}

fn caller(headers: &HeaderMap) -> Result<String, StatusCode> {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok());
    token.and_then(user_of).ok_or(StatusCode::UNAUTHORIZED)
}

async fn create_or_get(
    State(store): State<Store>,
    headers: HeaderMap,
    Json(other): Json<Other>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    let user = caller(&headers)?;
    let id = store.lock().create_or_get(&user, &other.other_user_id);
    Ok((StatusCode::CREATED, Json(json!({"success": true, "data": {"_id": id}}))))
}

async fn messages_after(
    State(store): State<Store>,
    headers: HeaderMap,
    Path(chat): Path<String>,
    Query(after): Query<After>,
) -> Result<Json<Value>, StatusCode> {
    caller(&headers)?;
    let all = store.lock();
    let messages =
        all.chats.get(&chat).map(|chat| chat.messages.iter().skip(after.after_seq).take(50).collect::<Vec<_>>());
    Ok(Json(json!({"success": true, "data": {"messages": messages.unwrap_or_default()}})))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let store = Store::default();
    // With the default of 128 packets a socket loses messages in 50x8, because nothing waits for it.
    let (layer, io) = SocketIo::builder().max_buffer_size(16_384).with_state(store.clone()).build_layer();
    io.ns("/", connected);
    let app = Router::new()
        .route("/api/chat/create-or-get", post(create_or_get))
        .route("/api/message/chat/{chat}", get(messages_after))
        .with_state(store)
        .layer(layer);
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("running at http://localhost:{}", listener.local_addr()?.port());
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true))), app).await?;
    Ok(())
}
