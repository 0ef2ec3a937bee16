//! Connections · `#binary` and `#binary#<invocation>`: an incomplete binary packet, and its frames.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::dynamo::write;
use crate::error::Error;

/// A packet while it is incomplete. Otherwise only the key, `ttl`, and for a while the names of the frames that
/// arrived.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::store) struct BinaryRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) namespace: String,
    pub(in crate::store) v: u32,
    /// The slot, which puts the row into the index, so that the sweep finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) slot: Option<i64>,
    /// When the gateway received the first frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) opened_at: Option<i64>,
    /// The id of the event that carried the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) header_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) header_at: Option<i64>,
    /// How many attachments the header announces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) wanted: Option<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::store) attachments: Vec<AttachmentRow>,
    /// The names of frames that arrived lately, of this packet and of earlier ones.
    #[serde(with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) received: HashSet<String>,
    /// The nonce of the run that wrote last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) nonce: Option<String>,
    pub(in crate::store) bytes: u64,
    pub(in crate::store) ttl: i64,
}

/// One attachment: when the gateway received it, and the id of the event that carried it.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct AttachmentRow {
    pub(in crate::store) at: i64,
    pub(in crate::store) by: String,
}

/// A frame, as text.
#[derive(Debug, Deserialize)]
pub(in crate::store) struct FrameRow {
    pub(in crate::store) frame: String,
}

/// A list with one attachment, to append to the stored list.
pub(in crate::store) fn attachment(invocation: &str, at: Timestamp) -> Result<AttributeValue, Error> {
    let row = AttachmentRow { at: at.millis(), by: invocation.to_owned() };
    Ok(AttributeValue::L(vec![AttributeValue::M(write(row)?)]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dynamo::read;

    #[test]
    fn a_binary_packet_of_version_1_is_read_also_where_nothing_is_left_of_it() {
        let row = json!({
            "connectionId": "w=", "namespace": "#binary", "v": 1, "slot": -1, "openedAt": 5, "headerBy": "e1=", "headerAt": 5,
            "wanted": 1, "attachments": [{"at": 6, "by": "e2="}], "bytes": 14, "ttl": 9,
        });
        let row: BinaryRow = read(write(row).unwrap()).unwrap();
        assert_eq!((row.wanted, row.header_at, row.attachments.len()), (Some(1), Some(5), 1));
        let row: BinaryRow =
            read(write(json!({"connectionId": "w=", "namespace": "#binary", "v": 1, "ttl": 9})).unwrap()).unwrap();
        assert!(row.header_by.is_none() && row.attachments.is_empty() && row.received.is_empty());
        let row = json!({"connectionId": "w=", "namespace": "#binary#e1=", "v": 1, "frame": "bAQ==", "ttl": 9});
        assert_eq!(read::<FrameRow>(write(row).unwrap()).unwrap().frame, "bAQ==");
    }
}
