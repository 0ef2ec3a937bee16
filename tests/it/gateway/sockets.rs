//! What can be seen only on a real socket: statuses, frames, close codes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use local::gateway::Settings;
use local::gateway::server::{self, Port};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::stage::{Stage, fine, prompt};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A stage on a port.
struct Served {
    stage: Stage,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Served {
    async fn start(stage: Stage) -> Self {
        let listener = server::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let rest = Router::new().fallback(async || "the rest");
        let port = Port { listener, stage_variables: BTreeMap::new(), rest };
        let serving = tokio::spawn(server::serve([port], stage.gateway.clone(), async {
            let _told = stopped.await;
        }));
        Self { stage, address, stop, serving }
    }

    async fn client(&self) -> Socket {
        connect_async(format!("ws://{}/prod", self.address)).await.unwrap().0
    }

    async fn refused(&self, path: &str) -> StatusCode {
        match connect_async(format!("ws://{}{path}", self.address)).await {
            Err(tungstenite::Error::Http(response)) => response.status(),
            other => panic!("{other:?}"),
        }
    }

    /// The id of the connection made last.
    fn connection_id(&self) -> String {
        let event = self.stage.events().pop().unwrap();
        event["requestContext"]["connectionId"].as_str().unwrap().to_owned()
    }

    /// One HTTP request: status line, headers and body as they came.
    async fn http(&self, method: &str, path: &str, body: &str) -> String {
        http(self.address, method, path, body).await
    }
}

async fn http(address: SocketAddr, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Frames of at most so many bytes each that make up one text message.
async fn send_in_frames(socket: &mut Socket, total: usize, each: usize) -> Result<(), tungstenite::Error> {
    let mut left = total;
    let mut opcode = Data::Text;
    while left > 0 {
        let size = left.min(each);
        left -= size;
        let frame = Frame::message(vec![b'a'; size], OpCode::Data(opcode), left == 0);
        socket.send(Message::Frame(frame)).await?;
        opcode = Data::Continue;
    }
    Ok(())
}

async fn closed_with(socket: &mut Socket) -> (u16, String) {
    match socket.next().await {
        Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => (code.into(), reason.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_and_its_answer_travel_as_text_frames() {
    let served = Served::start(Stage::with(prompt(), |call| async move {
        if call.function == "switchboard" {
            call.gateway.post(call.connection_id(), format!("echo {}", call.body()).into()).unwrap();
        }
        fine()
    }))
    .await;
    let mut socket = served.client().await;
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("echo hello"));
}

#[tokio::test]
async fn the_status_of_connect_is_the_http_status() {
    for status in [401, 403, 418, 500] {
        let served =
            Served::start(Stage::with(prompt(), move |_| async move { Ok(json!({ "statusCode": status })) })).await;
        assert_eq!(served.refused("/prod").await, status);
    }
}

#[tokio::test]
async fn an_unknown_path_is_403_and_what_is_no_upgrade_goes_to_the_rest() {
    let served = Served::start(Stage::new(prompt())).await;
    assert_eq!(served.refused("/elsewhere").await, StatusCode::FORBIDDEN);
    assert!(served.http("GET", "/socket.io/?EIO=4&transport=polling", "").await.ends_with("the rest"));
}

#[tokio::test]
async fn ports_of_one_gateway_have_stage_variables_and_a_rest_of_their_own() {
    let stage = Stage::new(prompt());
    let (mut ports, mut addresses) = (Vec::new(), Vec::new());
    for name in ["first", "second"] {
        let listener = server::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        addresses.push((name, listener.local_addr().unwrap()));
        let stage_variables = BTreeMap::from([("port".to_owned(), name.to_owned())]);
        ports.push(Port { listener, stage_variables, rest: Router::new().fallback(async move || name) });
    }
    let serving = tokio::spawn(server::serve(ports, stage.gateway.clone(), std::future::pending()));
    let mut sockets = Vec::new();
    for (name, address) in addresses {
        sockets.push(connect_async(format!("ws://{address}/prod")).await.unwrap());
        assert_eq!(stage.events().pop().unwrap()["stageVariables"], json!({ "port": name }));
        assert!(http(address, "GET", "/elsewhere", "").await.ends_with(name));
    }
    assert_eq!(stage.gateway.open_connections(), sockets.len());
    serving.abort();
}

#[tokio::test]
async fn an_upgrade_without_a_key_is_400() {
    let served = Served::start(Stage::new(prompt())).await;
    let path = "/prod HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nx: y";
    let answer = served.http("GET", path, "").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn a_slow_reader_is_429_and_hears_the_rest_later() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    let id = served.connection_id();
    let mut posted = 0;
    // Fills the operating system's buffers, too.
    while served.stage.gateway.post(&id, vec![b'a'; 131_072].into()).is_ok() {
        posted += 1;
        tokio::task::yield_now().await;
    }
    for _ in 0..posted {
        assert_eq!(socket.next().await.unwrap().unwrap().len(), 131_072);
    }
    served.stage.gateway.post(&id, "again".into()).unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("again"));
}

#[tokio::test]
async fn a_compressed_frame_is_a_protocol_error() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    let mut frame = Frame::message("hello", OpCode::Data(Data::Text), true);
    frame.header_mut().rsv1 = true;
    socket.send(Message::Frame(frame)).await.unwrap();
    assert_eq!(closed_with(&mut socket).await.0, 1002);
}

#[tokio::test]
async fn the_subprotocol_that_connect_returned_is_in_the_answer() {
    let served = Served::start(Stage::with(prompt(), |call| async move {
        let offered = &call.event["headers"]["Sec-WebSocket-Protocol"];
        Ok(json!({ "statusCode": 200, "headers": { "sec-websocket-protocol": offered } }))
    }))
    .await;
    let mut request = format!("ws://{}/prod", served.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "chat".parse().unwrap());
    let (_socket, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
}

#[tokio::test]
async fn compression_is_offered_in_vain() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut request = format!("ws://{}/prod", served.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-extensions", "permessage-deflate".parse().unwrap());
    let (_socket, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers().get("sec-websocket-extensions"), None);
}

#[tokio::test]
async fn a_frame_over_32_768_bytes_is_answered_with_close_1009() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    socket.send(Message::text("a".repeat(32_769))).await.unwrap();
    assert_eq!(closed_with(&mut socket).await, (1009, "Message too big".to_owned()));
}

#[tokio::test]
async fn a_client_in_the_middle_of_a_large_frame_is_not_reset_but_hears_the_1009() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    socket.send(Message::text("a".repeat(16_000_000))).await.unwrap();
    assert_eq!(closed_with(&mut socket).await.0, 1009);
}

#[tokio::test]
async fn a_message_of_131_072_bytes_in_frames_arrives_and_a_larger_one_is_closed_with_1009() {
    let served = Served::start(Stage::with(prompt(), |call| async move {
        if call.function == "switchboard" {
            call.gateway.post(call.connection_id(), call.body().len().to_string().into()).unwrap();
        }
        fine()
    }))
    .await;
    let mut socket = served.client().await;
    send_in_frames(&mut socket, 131_072, 32_768).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("131072"));
    send_in_frames(&mut socket, 131_073, 32_768).await.unwrap();
    assert_eq!(closed_with(&mut socket).await.0, 1009);
}

#[tokio::test]
async fn a_binary_frame_is_answered_with_close_1003() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(closed_with(&mut socket).await.0, 1003);
}

#[tokio::test]
async fn a_ping_is_answered_and_none_is_sent() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    socket.send(Message::Ping("are you there".into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong("are you there".into()));
    assert_eq!(served.stage.told(), ["$connect"]);
}

#[tokio::test]
async fn a_clients_close_is_answered_and_told() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    socket.close(Some(CloseFrame { code: 4001.into(), reason: "enough".into() })).await.unwrap();
    assert_eq!(closed_with(&mut socket).await, (4001, "enough".to_owned()));
    assert!(socket.next().await.is_none());
    served.stage.gateway.settled().await;
    assert_eq!(served.stage.told(), ["$connect", "$disconnect 4001 enough"]);
}

#[tokio::test]
async fn a_socket_that_ends_without_a_close_frame_is_noticed_at_once_or_at_the_idle_limit() {
    for (notices_tcp_ends, told) in [(true, "$disconnect 1006 "), (false, "$disconnect 1001 Going away")] {
        let settings = Settings { notices_tcp_ends, timer_scale: 0.0005, ..prompt() };
        let settings = if notices_tcp_ends { Settings { timer_scale: 1.0, ..settings } } else { settings };
        let served = Served::start(Stage::new(settings)).await;
        drop(served.client().await);
        while served.stage.gateway.open_connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        served.stage.gateway.settled().await;
        assert_eq!(served.stage.told(), ["$connect", told]);
    }
}

#[tokio::test]
async fn pings_do_not_postpone_the_idle_limit() {
    let served =
        Served::start(Stage::new(Settings { timer_scale: 0.0005, age_close_reason: "Too old".to_owned(), ..prompt() }))
            .await;
    let mut socket = served.client().await;
    let mut pings = tokio::time::interval(Duration::from_millis(20));
    loop {
        tokio::select! {
            _ = pings.tick() => socket.send(Message::Ping("x".into())).await.unwrap(),
            heard = socket.next() => match heard.unwrap().unwrap() {
                Message::Pong(_) => {}
                Message::Close(Some(frame)) => {
                    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1001, "Going away"));
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn the_management_api_answers_over_http() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    let path = format!("/prod/@connections/{}", served.connection_id());
    let posted = served.http("POST", &path, "over the wire").await;
    assert!(posted.starts_with("HTTP/1.1 200 OK\r\n") && posted.ends_with("\r\n\r\n"), "{posted}");
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("over the wire"));
    let got = served.http("GET", &path, "").await;
    assert!(
        got.starts_with("HTTP/1.1 200 OK\r\n") && got.contains(r#""connectedAt":"2026-03-21T09:05:59.123Z""#),
        "{got}"
    );
    let large = served.http("POST", &path, &"a".repeat(131_073)).await;
    assert!(
        large.starts_with("HTTP/1.1 413 ") && large.contains("x-amzn-errortype: PayloadTooLargeException"),
        "{large}"
    );
    assert!(served.http("DELETE", &path, "").await.starts_with("HTTP/1.1 204 "));
    assert_eq!(closed_with(&mut socket).await, (1000, "Connection Closed Normally".to_owned()));
    let gone = served.http("POST", &path, "too late").await;
    assert!(gone.starts_with("HTTP/1.1 410 ") && gone.contains("x-amzn-errortype: GoneException"), "{gone}");
    let malformed = served.http("GET", "/prod/@connections/0a1b2c", "").await;
    assert!(malformed.starts_with("HTTP/1.1 400 "), "{malformed}");
    assert!(malformed.ends_with(r#"{"message":"Invalid connectionId: 0a1b2c"}"#), "{malformed}");
}

#[tokio::test]
async fn the_management_path_may_be_percent_encoded() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    let path = format!("/prod/%40connections/{}", served.connection_id().replace('=', "%3D"));
    assert!(served.http("POST", &path, "encoded").await.starts_with("HTTP/1.1 200 "));
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("encoded"));
}

#[tokio::test]
async fn shutdown_closes_sockets_with_1001_and_ends() {
    let served = Served::start(Stage::new(prompt())).await;
    let mut socket = served.client().await;
    served.stop.send(()).unwrap();
    assert_eq!(closed_with(&mut socket).await, (1001, "Going away".to_owned()));
    assert!(socket.next().await.is_none());
    served.serving.await.unwrap();
    assert_eq!(served.stage.told(), ["$connect", "$disconnect 1001 Going away"]);
}

#[tokio::test]
async fn a_thousand_clients_are_let_in_at_once() {
    let served = Served::start(Stage::new(Settings { rate_limits: false, ..prompt() })).await;
    let sockets = futures_util::future::join_all((0..1_000).map(|_| served.client())).await;
    assert_eq!(served.stage.gateway.open_connections(), sockets.len());
}
