//! The records.

use serde::Serialize;

/// The direction of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// From the client.
    In,
    /// To the client.
    Out,
}

/// One thing that happened. Its JSON has the name of the variant as `kind`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Record {
    /// A connection was opened.
    Opened {
        /// `websocket` or `polling`.
        transport: &'static str,
        /// The path of the handshake.
        path: String,
        /// The query of the handshake, without tokens.
        query: String,
        /// The client's `User-Agent`.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
        /// What the token in the handshake's headers says of itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// A handshake, or a request of long-polling, was refused.
    Refused {
        /// `websocket` or `polling`.
        transport: &'static str,
        /// The path of the request.
        path: String,
        /// The query of the request, without tokens.
        query: String,
        /// The client's `User-Agent`.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
        /// The HTTP status.
        status: u16,
        /// The reason.
        why: String,
    },
    /// A connection ended.
    Closed {
        /// The code of the close frame; 0 for long-polling, which has none.
        code: u16,
        /// The text of the close frame.
        reason: String,
        /// Whether the client ended it.
        by_client: bool,
    },
    /// A packet of Engine.IO, with the Socket.IO packet that it carries.
    Packet {
        /// Where it went.
        direction: Direction,
        /// The packet.
        packet: Packet,
    },
    /// An invocation began.
    Began(Invoked),
    /// An invocation ended.
    Ended {
        /// Which one.
        #[serde(flatten)]
        invoked: Invoked,
        /// How long it took, in milliseconds.
        millis: f64,
        /// Why it failed, if it did.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// The HTTP status of its answer, if it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The AWS requests that it made, in order; the first ones, if there were very many.
        calls: Vec<AwsCall>,
        /// The number of all its AWS requests.
        calls_total: u64,
        /// Read units of all of them.
        read_units: f64,
        /// Write units of all of them.
        write_units: f64,
    },
    /// A function wrote a line to its log.
    Log {
        /// The level, such as `WARN`.
        level: &'static str,
        /// The module that wrote it.
        target: String,
        /// The text and the fields.
        text: String,
        /// The number of the invocation.
        invocation: u64,
        /// The package of the function.
        function: String,
    },
}

/// An invocation of a function.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invoked {
    /// Its number since the start of the process.
    pub invocation: u64,
    /// The package of the function.
    pub function: String,
    /// What invoked it, such as `gateway` or `schedule`.
    pub trigger: String,
    /// What it is about, such as `MESSAGE send_message`.
    pub about: String,
    /// The id of the gateway's request that it handles, if it handles one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// A packet in the form of a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Packet {
    /// The type: one of Engine.IO's, for a message that of the Socket.IO packet, or `undecodable`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The ack id that the sender asks with, or that is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack: Option<String>,
    /// The packet as it went over the wire, without tokens, and cut if it is long.
    pub text: String,
    /// The length of the packet on the wire, in bytes.
    pub bytes: usize,
    /// What the token that the client gave says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The error that the packet tells, or why it cannot be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The reason of that error, such as `expired token`, or else its code, such as `FORBIDDEN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

/// A request of a function to an AWS service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsCall {
    /// The service, such as `DynamoDB`.
    pub service: &'static str,
    /// The operation, such as `Query`.
    pub operation: String,
    /// The tables and indexes, the connection, the function or the object.
    pub targets: Vec<String>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The kind of the error, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Read units that DynamoDB charges.
    pub read_units: f64,
    /// Write units that DynamoDB charges.
    pub write_units: f64,
}

impl AwsCall {
    /// A call on one target that costs no units, with the status of its answer.
    pub(crate) fn of(service: &'static str, operation: &str, target: impl Into<String>, status: u16) -> Self {
        let (operation, targets) = (operation.to_owned(), vec![target.into()]);
        Self { service, operation, targets, status, error: None, read_units: 0.0, write_units: 0.0 }
    }
}
