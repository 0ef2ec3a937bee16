//! The AWS requests that an invocation makes through the SDK: an interceptor that counts each attempt.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::{TABLE_THROTTLES, count, note_request};

/// What the body of DynamoDB's error contains if a request, or a part of a transaction, exceeded the rate of a table or
/// of the account. Within a text of a user the quotes would be escaped.
const THROTTLED: [&[u8]; 5] = [
    b"#ProvisionedThroughputExceededException\"",
    b"#ThrottlingException\"",
    b"#RequestLimitExceeded\"",
    b"\"Code\":\"ThrottlingError\"",
    b"\"Code\":\"ProvisionedThroughputExceeded\"",
];

/// Counts the attempts of requests, and those that DynamoDB throttled.
#[derive(Debug)]
pub(crate) struct CountRequests;

impl Intercept for CountRequests {
    fn name(&self) -> &'static str {
        "CountRequests"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        note_request();
        if context.response().is_some_and(is_throttled) {
            count(TABLE_THROTTLES, 1);
        }
        Ok(())
    }
}

fn is_throttled(response: &HttpResponse) -> bool {
    let body = response.body().bytes().unwrap_or_default();
    let contains = |part: &&[u8]| body.windows(part.len()).any(|window| window == *part);
    response.status().as_u16() == 400 && THROTTLED.iter().any(contains)
}
