//! Connections · `#binary`: what has come of a binary packet.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::write;
use crate::domain::clock::Timestamp;
use crate::error::Error;

/// A packet while it is incomplete; the key and `ttl` alone otherwise.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::store) struct BinaryRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) namespace: String,
    pub(in crate::store) v: u32,
    /// In the index, for the heartbeat to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) slot: Option<i64>,
    /// When its first frame was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) opened_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) header_at: Option<i64>,
    /// How many attachments the header announces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) wanted: Option<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::store) attachments: Vec<AttachmentRow>,
    /// The events that its frames came with.
    #[serde(with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) received: HashSet<String>,
    pub(in crate::store) bytes: u64,
    pub(in crate::store) ttl: i64,
}

/// One attachment: its frame, and when it was received.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct AttachmentRow {
    pub(in crate::store) at: i64,
    pub(in crate::store) frame: String,
}

/// A list of one attachment, to be appended.
pub(in crate::store) fn attachment(frame: &str, at: Timestamp) -> Result<AttributeValue, Error> {
    let row = AttachmentRow { at: at.millis(), frame: frame.to_owned() };
    Ok(AttributeValue::L(vec![AttributeValue::M(write(row)?)]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::rows::read;

    #[test]
    fn a_binary_packet_of_version_1_is_read_also_where_nothing_is_left_of_it() {
        let row = json!({
            "connectionId": "w=", "namespace": "#binary", "v": 1, "slot": -1, "openedAt": 5, "header": "451-[\"a\"]", "headerAt": 5,
            "wanted": 1, "attachments": [{"at": 6, "frame": "bAQ=="}], "bytes": 14, "ttl": 9,
        });
        let row: BinaryRow = read(write(row).unwrap()).unwrap();
        assert_eq!((row.wanted, row.header_at, row.attachments.len()), (Some(1), Some(5), 1));
        let row: BinaryRow =
            read(write(json!({"connectionId": "w=", "namespace": "#binary", "v": 1, "ttl": 9})).unwrap()).unwrap();
        assert!(row.header.is_none() && row.attachments.is_empty() && row.received.is_empty());
    }
}
