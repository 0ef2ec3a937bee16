//! Records of long-polling: its requests and answers, as connections and packets.

use frame::engine::{self, Packet, SEPARATOR};
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::Value;

use super::clients::Handshake;
use super::record::Direction;
use super::{Watch, packet};

/// The most packets of one body that are recorded.
const PACKETS_MAX: usize = 1_000;

/// The longest answer to a refused request that is kept, in bytes.
const ANSWER_MAX_BYTES: usize = 300;

impl Watch {
    /// Records the packets that a client posts.
    pub(crate) fn polling_request(&self, request: &Parts, body: &[u8]) {
        if !self.is_on() || request.method != Method::POST {
            return;
        }
        if let (Some(sid), Ok(body)) = (sid(request), std::str::from_utf8(body)) {
            self.packets(&sid, Direction::In, body);
        }
    }

    /// Records the answer to a request of long-polling: a new connection, packets, or a refusal.
    pub(crate) fn polling_answer(&self, request: &Parts, answer: &Value) {
        if !self.is_on() {
            return;
        }
        let status = answer.get("statusCode").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
        let handshake = Handshake {
            transport: "polling",
            path: request.uri.path(),
            query: request.uri.query(),
            headers: &request.headers,
        };
        match (status, sid(request)) {
            (Some(status), _) if status >= StatusCode::BAD_REQUEST.as_u16() => {
                self.refused(handshake, status, Some(&packet::bounded(body, ANSWER_MAX_BYTES)));
            }
            (Some(_), Some(sid)) if request.method == Method::GET => self.packets(&sid, Direction::Out, body),
            (Some(_), None) if request.method == Method::GET => {
                if let Ok(Packet::Open(open)) = engine::decode(body) {
                    self.opened(&open.sid, handshake);
                    self.packet(&open.sid, Direction::Out, body);
                }
            }
            _ => {}
        }
    }

    fn packets(&self, sid: &str, direction: Direction, body: &str) {
        for frame in body.split(SEPARATOR).take(PACKETS_MAX) {
            self.packet(sid, direction, frame);
            if frame == "1" {
                self.closed(sid, 0, "close packet", direction == Direction::In);
            }
        }
    }
}

/// The session that a request belongs to.
fn sid(request: &Parts) -> Option<String> {
    let query = request.uri.query()?;
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "sid").map(|(_, sid)| sid.into_owned())
}
