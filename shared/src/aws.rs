//! How long functions wait for AWS, and how often they try again: the same deployed and in the local system.
//!
//! The SDK's own defaults wait without end for an answer, and an invocation that waits without end is killed by Lambda: its client hears nothing.

use std::time::Duration;

use aws_sdk_dynamodb::config::BehaviorVersion;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::sdk_config::Builder;

/// How long one attempt may take. DynamoDB and API Gateway answer within tens of milliseconds; what takes longer than this has most likely met a
/// dead connection, as after minutes in which Lambda had frozen the instance.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How long it may take to open a connection. Within a region that is a few milliseconds; a lost packet is sent again after one second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an operation may take with all its attempts and the waits between them: three attempts and two waits fit. The shortest time-out of
/// a function is 10 seconds, so there is time left to tell the client.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(6);

/// How often an operation is tried. A single fault is overcome by the second attempt, and a service that fails three times is down.
const ATTEMPTS: u32 = 3;

/// Longest wait before the second attempt; the third waits up to twice as long. The actual waits are random, so that functions which failed
/// together do not try again together.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// Longest wait before any attempt.
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// How long one attempt may take with S3. An object has up to 50 MB, which go through a function at 10 MB per second or more.
const OBJECT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);

/// How long an operation of S3 may take: two slow attempts. The http function, which alone asks S3, has 20 seconds.
const OBJECT_OPERATION_TIMEOUT: Duration = Duration::from_secs(17);

/// A configuration with the time-outs and retries that all clients share.
#[must_use]
pub fn bounded(builder: Builder) -> Builder {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(BACKOFF_MAX);
    builder.behavior_version(BehaviorVersion::latest()).retry_config(retries).timeout_config(
        TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build(),
    )
}

/// A client for the tables. Its allowance of retries is its own, so that functions which share a process, as they do in the local system, do not
/// use up each other's.
#[must_use]
pub fn tables(aws: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(aws);
    let partition = RetryPartition::custom("tables").build();
    aws_sdk_dynamodb::Client::from_conf(config.retry_partition(partition).build())
}

/// A client for other functions. An event that is handed over twice is an event that comes twice, which Lambda does by itself.
#[must_use]
pub fn functions(aws: &SdkConfig) -> aws_sdk_lambda::Client {
    let config = aws_sdk_lambda::config::Builder::from(aws);
    let partition = RetryPartition::custom("functions").build();
    aws_sdk_lambda::Client::from_conf(config.retry_partition(partition).build())
}

/// A client for `@connections` at this endpoint. It tries nothing again: a post whose answer is lost may have been delivered, and the same frame
/// twice would break the client's order. Who posts tries again what was surely not delivered.
#[must_use]
pub fn connections(aws: &SdkConfig, endpoint: &str) -> aws_sdk_apigatewaymanagement::Client {
    let config = aws_sdk_apigatewaymanagement::config::Builder::from(aws);
    let config = config.endpoint_url(endpoint).retry_config(RetryConfig::disabled());
    aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
}

/// The configuration for S3, which moves more bytes than the others.
#[must_use]
pub fn for_objects(aws: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(OBJECT_ATTEMPT_TIMEOUT)
        .operation_timeout(OBJECT_OPERATION_TIMEOUT);
    aws.to_builder().timeout_config(timeouts.build()).build()
}
