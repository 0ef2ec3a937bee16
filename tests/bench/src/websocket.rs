//! A client that speaks WebSocket from the start.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::ear::Ear;
use crate::failure::Failure;
use crate::system::System;
use crate::words::{self, Word};

/// The read buffer of one WebSocket, in bytes. Thousands of clients share the machine with the server.
const READ_BUFFER_BYTES: usize = 4_096;

/// Joins over a WebSocket, and returns the `pid`. Sends until `to_send` has ended.
///
/// # Errors
/// If the connection fails, or the server refuses.
pub(crate) async fn open(
    system: &System,
    connect_packet: String,
    ear: Ear,
    to_send: UnboundedReceiver<String>,
) -> Result<Option<String>, Failure> {
    let stream = TcpStream::connect(&system.address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", system.address);
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    let (mut socket, _) = client_async_with_config(url, stream, Some(config)).await?;
    loop {
        let frame = socket.next().await.ok_or("the connection ended before the client had joined")??;
        let Frame::Text(text) = frame else { continue };
        if text.starts_with('0') {
            socket.send(Frame::text(connect_packet.clone())).await?;
            continue;
        }
        match words::read(&text) {
            Word::Joined { pid } => {
                tokio::spawn(run(socket, ear, to_send));
                return Ok(pid);
            }
            Word::Refused(why) => return Err(format!("the client may not join: {why}").into()),
            // socket.io sends what a returning client missed before it answers CONNECT.
            _ => ear.hear(&text),
        }
    }
}

async fn run(mut socket: WebSocketStream<TcpStream>, ear: Ear, mut to_send: UnboundedReceiver<String>) {
    loop {
        tokio::select! {
            frame = socket.next() => match frame {
                Some(Ok(Frame::Text(text))) if text.as_str() == "2" => {
                    if socket.send(Frame::text("3")).await.is_err() {
                        return ear.closed();
                    }
                }
                Some(Ok(Frame::Text(text))) => ear.hear(&text),
                Some(Ok(Frame::Binary(_) | Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => {}
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return ear.closed(),
            },
            packet = to_send.recv() => match packet {
                Some(packet) if packet == "41" => {
                    let _ = socket.send(Frame::text(packet)).await;
                    let _ = socket.close(None).await;
                    return;
                }
                Some(packet) => {
                    if socket.send(Frame::text(packet)).await.is_err() {
                        return ear.closed();
                    }
                }
                None => return,
            },
        }
    }
}
