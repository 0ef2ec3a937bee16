//! The properties of `AWS::SQS::Queue` and `AWS::SNS::Topic`.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::template::TemplateError;
use crate::template::form::typed;
use crate::template::queue::{Queue, Redrive};

/// The settings of SQS for a queue that has none of its own.
const VISIBILITY_SECS: u64 = 30;
const RETENTION_SECS: u64 = 345_600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Properties {
    #[serde(rename = "QueueName")]
    _queue_name: String,
    message_retention_period: Option<u64>,
    visibility_timeout: Option<u64>,
    redrive_policy: Option<RedrivePolicy>,
    // Encryption exists only in the cloud.
    #[serde(rename = "SqsManagedSseEnabled")]
    _encryption: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: u32,
}

/// Reads a queue. `named` finds a queue by its ARN.
pub(super) fn read(
    url: String,
    properties: Value,
    place: &str,
    named: impl Fn(&str) -> Option<String>,
) -> Result<Queue, TemplateError> {
    let properties: Properties = typed(properties, place)?;
    let redrive = |RedrivePolicy { dead_letter_target_arn, max_receive_count }| match named(&dead_letter_target_arn) {
        Some(queue) => Ok(Redrive { queue, receives_max: max_receive_count }),
        None => Err(TemplateError::refused(place, "deadLetterTargetArn must be the Arn of a queue")),
    };
    Ok(Queue {
        url,
        visibility: Duration::from_secs(properties.visibility_timeout.unwrap_or(VISIBILITY_SECS)),
        retention: Duration::from_secs(properties.message_retention_period.unwrap_or(RETENTION_SECS)),
        redrive: properties.redrive_policy.map(redrive).transpose()?,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct TopicProperties {
    #[serde(rename = "TopicName")]
    _topic_name: String,
    // Encryption exists only in the cloud.
    #[serde(rename = "KmsMasterKeyId")]
    _encryption: Option<IgnoredAny>,
}

/// Checks a topic. The local system knows it by its ARN alone.
pub(super) fn check_topic(properties: Value, place: &str) -> Result<(), TemplateError> {
    typed::<TopicProperties>(properties, place).map(drop)
}
