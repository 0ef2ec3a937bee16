//! Timeouts and retries of the AWS clients, the same in the cloud and in the local system.
//!
//! By default the SDK waits for an answer without end. Lambda kills an invocation that waits without end, and its
//! client receives nothing.

mod client;
mod request;
mod service;

use std::time::Duration;

pub use client::SignedClient;
pub use request::{Answer, Refusal, Request, RequestError};

use aws_sdk_dynamodb::config::BehaviorVersion;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::sdk_config::Builder;
use service::Service;

use crate::invocation::CountRequests;

/// How long one attempt may take. DynamoDB and API Gateway answer within tens of milliseconds. If an attempt takes
/// longer than this, it most likely uses a dead connection, for example after minutes in which Lambda had frozen the
/// instance.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How long it may take to open a connection. Within a region this takes a few milliseconds; a lost packet is sent
/// again after one second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an operation may take with all its attempts and the waits between them: three attempts and two waits fit.
/// The shortest timeout of a function is 10 seconds, so there is time left to answer the client.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(6);

/// How often an operation is tried. The second attempt overcomes a single fault, and a service that fails three times
/// is down.
const ATTEMPTS: u32 = 3;

/// The longest wait before the second attempt; the third waits up to twice as long. The actual waits are random, so
/// that functions which failed together do not try again together.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// The longest wait before any attempt.
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// How long one attempt may take with S3. An object has up to 50 MB, which pass through a function at 10 MB per second
/// or more.
const OBJECT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);

/// How long an operation of S3 may take: two slow attempts. Only the function http uses S3, and it has 20 seconds.
const OBJECT_OPERATION_TIMEOUT: Duration = Duration::from_secs(17);

/// A configuration with the timeouts and retries that all clients share.
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

/// Creates a client for the tables. It has a retry allowance of its own. So functions that share a process, as in the
/// local system, do not use up the allowance of each other.
pub(crate) fn tables(aws: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(aws);
    let partition = RetryPartition::custom("tables").build();
    aws_sdk_dynamodb::Client::from_conf(config.retry_partition(partition).interceptor(CountRequests).build())
}

/// Creates a client for other functions. A retry may hand over an event twice, which Lambda also does by itself.
#[must_use]
pub fn functions(aws: &SdkConfig) -> SignedClient {
    regional(aws, Service::Lambda, "functions")
}

/// Creates a client for the queues of SQS. A retry may send a message twice, which SQS also does by itself.
pub(crate) fn queues(aws: &SdkConfig) -> SignedClient {
    regional(aws, Service::Sqs, "queues")
}

/// Creates a client for the topics of SNS. A retry may publish a message twice, which SNS also does by itself.
pub(crate) fn topics(aws: &SdkConfig) -> SignedClient {
    regional(aws, Service::Sns, "topics")
}

/// Creates a client for the event buses of EventBridge. A retry may put an event twice, which EventBridge also does by
/// itself.
pub(crate) fn buses(aws: &SdkConfig) -> SignedClient {
    regional(aws, Service::EventBridge, "buses")
}

fn regional(aws: &SdkConfig, service: Service, partition: &'static str) -> SignedClient {
    let configured = service::configured_endpoint(aws, service);
    let endpoint = configured.unwrap_or_else(|| service::regional_endpoint(aws, service));
    SignedClient::new(aws, service, endpoint, partition)
}

/// Creates a client for secrets.
#[must_use]
pub(crate) fn secrets(aws: &SdkConfig) -> SignedClient {
    let configured = service::configured_endpoint(aws, Service::SecretsManager);
    let endpoint = configured.unwrap_or_else(|| service::regional_endpoint(aws, Service::SecretsManager));
    SignedClient::new(aws, Service::SecretsManager, endpoint, "secrets")
}

/// Creates a client for `@connections` at this endpoint. It does not retry: a post whose answer was lost may have been
/// delivered, and the same frame twice would break the client's order. The caller of a post repeats only what was
/// certainly not delivered.
pub(crate) fn connections(aws: &SdkConfig, endpoint: &str) -> aws_sdk_apigatewaymanagement::Client {
    let config = aws_sdk_apigatewaymanagement::config::Builder::from(aws);
    let config = config.endpoint_url(endpoint).retry_config(RetryConfig::disabled()).interceptor(CountRequests);
    aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
}

/// Creates a client for the objects of a bucket, whose keys are its paths. S3 transfers more bytes than the other
/// services, so it has more time.
#[must_use]
pub fn objects(aws: &SdkConfig, bucket: &str) -> SignedClient {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(OBJECT_ATTEMPT_TIMEOUT)
        .operation_timeout(OBJECT_OPERATION_TIMEOUT);
    let aws = aws.to_builder().timeout_config(timeouts.build()).build();
    let configured = service::configured_endpoint(&aws, Service::S3);
    let endpoint = configured.unwrap_or_else(|| service::regional_endpoint(&aws, Service::S3));
    SignedClient::new(&aws, Service::S3, service::bucket_endpoint(&endpoint, bucket), "objects")
}
