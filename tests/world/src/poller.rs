//! A client by long-polling that behaves as the stock client: it always has one GET waiting, and makes one POST at a
//! time.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

/// The separator between two packets of a body.
const SEPARATOR: char = '\u{1e}';

/// Something that a polling client receives.
pub(super) enum Heard {
    /// A packet, except a noop.
    Packet(String),
    /// The end of the connection.
    End,
    /// The refusal of its request: status and body.
    Refusal(u16, String),
}

/// A client by long-polling.
pub(super) struct Poller {
    /// The session id.
    pub(super) sid: String,
    /// Whether the connection has ended.
    pub(super) is_closed: bool,
    http: Router,
    heard: mpsc::UnboundedReceiver<Heard>,
    pausing: watch::Sender<bool>,
    fetching: JoinHandle<()>,
}

impl Poller {
    /// Opens a connection, and begins to fetch.
    ///
    /// # Errors
    /// The status and the body of the refusal.
    pub(super) async fn open(http: Router, headers: HeaderMap) -> Result<Self, (u16, String)> {
        let (status, _, body) = request(&http, "GET", "EIO=4&transport=polling", headers, String::new()).await;
        let open: serde_json::Value = serde_json::from_str(body.trim_start_matches('0')).unwrap_or_default();
        let Some(sid) = open.get("sid").and_then(serde_json::Value::as_str).filter(|_| status == 200) else {
            return Err((status, body));
        };
        let (tell, heard) = mpsc::unbounded_channel();
        let _ = tell.send(Heard::Packet(body.clone()));
        let pausing = watch::Sender::new(false);
        let fetching = tokio::spawn(fetch(http.clone(), sid.to_owned(), tell, pausing.subscribe()));
        Ok(Self { sid: sid.to_owned(), is_closed: false, http, heard, pausing, fetching })
    }

    /// Posts a body, and returns status and answer.
    pub(super) async fn post(&self, body: &str) -> (u16, String) {
        let (status, _, answer) =
            request(&self.http, "POST", &query(&self.sid), HeaderMap::new(), body.to_owned()).await;
        (status, answer)
    }

    /// Makes the waiting GET the last one, and waits for its end.
    pub(super) async fn pause(&mut self) {
        if !self.pausing.send_replace(true) {
            let _ = (&mut self.fetching).await;
        }
    }

    /// Leaves in the middle of whatever the client does.
    pub(super) fn vanish(&self) {
        self.fetching.abort();
    }

    /// Returns the next thing that the client received, if there is one.
    pub(super) fn try_next(&mut self) -> Option<Heard> {
        let heard = self.heard.try_recv().ok()?;
        self.is_closed |= !matches!(heard, Heard::Packet(_));
        Some(heard)
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.fetching.abort();
    }
}

async fn fetch(http: Router, sid: String, tell: mpsc::UnboundedSender<Heard>, pausing: watch::Receiver<bool>) {
    while !*pausing.borrow() {
        let (status, _, body) = request(&http, "GET", &query(&sid), HeaderMap::new(), String::new()).await;
        if status != 200 {
            let _ = tell.send(Heard::Refusal(status, body));
            return;
        }
        for packet in body.split(SEPARATOR) {
            match packet {
                "6" => {}
                "1" => {
                    let _ = tell.send(Heard::End);
                    return;
                }
                packet => drop(tell.send(Heard::Packet(packet.to_owned()))),
            }
        }
    }
}

fn query(sid: &str) -> String {
    format!("EIO=4&transport=polling&sid={sid}")
}

/// Makes one request to the Engine.IO path, and returns status, headers and body.
pub(super) async fn request(
    http: &Router,
    method: &str,
    query: &str,
    headers: HeaderMap,
    body: String,
) -> (u16, HeaderMap, String) {
    let request = Request::builder().method(method).uri(format!("/socket.io/?{query}")).body(Body::from(body));
    let Ok(mut request) = request else { return (0, HeaderMap::new(), "no request".to_owned()) };
    request.headers_mut().extend(headers);
    let Ok(answer) = http.clone().oneshot(request).await;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    (parts.status.as_u16(), parts.headers, String::from_utf8_lossy(&body).into_owned())
}
