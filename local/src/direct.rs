//! The services in this process, which take the requests of functions directly, without HTTP, JSON and signatures.
//!
//! Each function has its own, with its own role. While faults are injected, requests go through the SDK and the
//! connector instead, because the faults are those of HTTP requests. The same holds during an outage of the tables.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_apigatewaymanagement::error::ErrorMetadata;
use aws_sdk_apigatewaymanagement::operation::delete_connection::DeleteConnectionError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::types::error::{GoneException, LimitExceededException, PayloadTooLargeException};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemError, BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemError, BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemError, GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryError, QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::{ScanError, ScanInput, ScanOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsError, TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemInput, UpdateItemOutput};
use bytes::Bytes;
use engine::{Refusal, Request, Response};
use futures_util::future::BoxFuture;
use relay::connections::{ConnectionAnswer, ConnectionService, PostContent};
use relay::dynamo::{TableAnswer, TableService};
use relay::error::Error;
use relay::lambda::FunctionService;
use relay::secrets::{SecretError, SecretService};

use crate::connector::Services;
use crate::dynamodb::{Need, needs, response};
use crate::gateway::{Gateway, ManagementError};
use crate::latency::Step;
use crate::management;
use crate::template::{Function, Resource};
use crate::watch::{self, AwsCall};

/// The services as one function reaches them.
#[derive(Debug)]
pub struct DirectServices {
    services: Arc<Services>,
    function: Arc<Function>,
    /// What the role was found to allow.
    allowed: Mutex<HashSet<Need>>,
}

impl DirectServices {
    /// Creates the services of a function with its role.
    #[must_use]
    pub fn new(services: Arc<Services>, function: Arc<Function>) -> Self {
        Self { services, function, allowed: Mutex::default() }
    }

    /// Checks that the role of the function allows something. Fails with the message of the refusal.
    fn permit(&self, need: Need) -> Result<(), String> {
        let mut allowed = self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        if allowed.contains(&need) {
            return Ok(());
        }
        let (action, resource) = need;
        self.services.permit(&self.function, action, resource.clone())?;
        allowed.insert((action, resource));
        Ok(())
    }

    /// Performs a request to the tables.
    #[expect(clippy::result_large_err, reason = "it is the error of the SDK")]
    fn perform<E: From<Refusal>>(
        &self,
        request: Request,
        denied: impl Fn(ErrorMetadata) -> E,
    ) -> Result<Response, SdkError<E>> {
        if let Err(message) = needs(&request).into_iter().try_for_each(|need| self.permit(need)) {
            return Err(SdkError::service_error(denied(access_denied(message)), response(403, Bytes::new())));
        }
        match self.services.dynamodb.perform(request) {
            Ok(performed) => {
                self.services.streams.record_all(performed.written);
                Ok(performed.response)
            }
            Err(refusal) => {
                let status = refusal.status();
                Err(SdkError::service_error(refusal.into(), response(status, Bytes::new())))
            }
        }
    }
}

macro_rules! operation {
    ($operation:ident, $variant:ident($input:ident) -> $output:ident, $error:ident) => {
        fn $operation(&self, input: $input) -> TableAnswer<'_, $output, $error> {
            Box::pin(async move {
                self.services.latency().wait(Step::of_operation(stringify!($variant))).await;
                // The answer to a request takes a moment, in which others make theirs.
                tokio::task::yield_now().await;
                match self.perform(Request::$variant(input), $error::generic)? {
                    Response::$variant(output) => Ok(output),
                    _ => Err(SdkError::construction_failure("the tables answered another request")),
                }
            })
        }
    };
}

impl TableService for DirectServices {
    fn is_available(&self) -> bool {
        self.services.takes_requests()
    }

    operation!(batch_get_item, BatchGetItem(BatchGetItemInput) -> BatchGetItemOutput, BatchGetItemError);
    operation!(batch_write_item, BatchWriteItem(BatchWriteItemInput) -> BatchWriteItemOutput, BatchWriteItemError);
    operation!(delete_item, DeleteItem(DeleteItemInput) -> DeleteItemOutput, DeleteItemError);
    operation!(get_item, GetItem(GetItemInput) -> GetItemOutput, GetItemError);
    operation!(put_item, PutItem(PutItemInput) -> PutItemOutput, PutItemError);
    operation!(query, Query(QueryInput) -> QueryOutput, QueryError);
    operation!(scan, Scan(ScanInput) -> ScanOutput, ScanError);
    operation!(
        transact_write_items,
        TransactWriteItems(TransactWriteItemsInput) -> TransactWriteItemsOutput,
        TransactWriteItemsError
    );
    operation!(update_item, UpdateItem(UpdateItemInput) -> UpdateItemOutput, UpdateItemError);
}

impl ConnectionService for DirectServices {
    fn is_available(&self) -> bool {
        self.services.takes_requests()
    }

    fn post(&self, connection: String, content: PostContent) -> ConnectionAnswer<'_, PostToConnectionError> {
        Box::pin(async move {
            self.services.latency().wait(Step::Connections).await;
            let failed = |error: &ManagementError| match error {
                ManagementError::Gone => PostToConnectionError::GoneException(gone(error)),
                ManagementError::LimitExceeded => PostToConnectionError::LimitExceededException(limit_exceeded(error)),
                ManagementError::PayloadTooLarge => PostToConnectionError::PayloadTooLargeException(
                    PayloadTooLargeException::builder().message(error.to_string()).meta(metadata(error)).build(),
                ),
                ManagementError::Malformed(_) | ManagementError::NotText => {
                    PostToConnectionError::generic(metadata(error))
                }
            };
            self.manage(
                Managed { method: "POST", connection: &connection },
                failed,
                PostToConnectionError::generic,
                |gateway| match content {
                    PostContent::Text(text) => gateway.post(&connection, text.into()),
                    PostContent::Binary(bytes) => gateway.post_binary(&connection, bytes.into()),
                },
            )
        })
    }

    fn delete(&self, connection: String) -> ConnectionAnswer<'_, DeleteConnectionError> {
        Box::pin(async move {
            self.services.latency().wait(Step::Connections).await;
            let failed = |error: &ManagementError| match error {
                ManagementError::Gone => DeleteConnectionError::GoneException(gone(error)),
                ManagementError::LimitExceeded => DeleteConnectionError::LimitExceededException(limit_exceeded(error)),
                _ => DeleteConnectionError::generic(metadata(error)),
            };
            self.manage(
                Managed { method: "DELETE", connection: &connection },
                failed,
                DeleteConnectionError::generic,
                |gateway| gateway.delete(&connection),
            )
        })
    }
}

impl FunctionService for DirectServices {
    fn is_available(&self) -> bool {
        self.services.takes_requests()
    }

    fn invoke(&self, function: &str, event: Vec<u8>) -> BoxFuture<'static, Result<(), Error>> {
        let (latency, invoked) = (self.services.latency(), self.hand_over(function, &event));
        Box::pin(async move {
            latency.wait(Step::Invoke).await;
            invoked.map_err(Error::internal)
        })
    }
}

impl SecretService for DirectServices {
    fn is_available(&self) -> bool {
        self.services.takes_requests()
    }

    fn read(&self, arn: &str) -> BoxFuture<'static, Result<String, SecretError>> {
        let read = self.services.read_secret(&self.function, arn);
        watch::note_call(|| {
            AwsCall::of("Secrets Manager", "GetSecretValue", arn, if read.is_ok() { 200 } else { 400 })
        });
        let read = read.map_err(|denied| {
            SecretError::Refused(format!("Secrets Manager refuses GetSecretValue: 400 {}, {denied}", denied.kind()))
        });
        Box::pin(async move { read })
    }
}

/// A call of `@connections`: the method, and the connection that it is about.
struct Managed<'a> {
    method: &'static str,
    connection: &'a str,
}

impl DirectServices {
    fn hand_over(&self, function: &str, event: &[u8]) -> Result<(), String> {
        let lambda = self.services.lambda().ok_or("no function is running")?;
        let package = lambda.package(function).ok_or("there is no function of this name")?;
        self.permit(("lambda:InvokeFunction", Resource::Function(package)))?;
        lambda.invoke_later(function, event).map_err(|error| error.to_string())
    }

    /// Makes a call of `@connections`. `failed` turns the gateway's error into that of the SDK, and `other` any other
    /// error.
    #[expect(clippy::result_large_err, reason = "it is the error of the SDK")]
    fn manage<E>(
        &self,
        of: Managed<'_>,
        failed: impl Fn(&ManagementError) -> E,
        other: impl Fn(ErrorMetadata) -> E,
        call: impl FnOnce(&Gateway) -> Result<(), ManagementError>,
    ) -> Result<(), SdkError<E>> {
        let Managed { method, connection } = of;
        let need = ("execute-api:ManageConnections", Resource::Connections(method.to_owned()));
        if let Err(message) = self.permit(need) {
            return Err(SdkError::service_error(other(access_denied(message)), response(403, Bytes::new())));
        }
        let Some(gateway) = self.services.gateway() else {
            let metadata = ErrorMetadata::builder().code("ServiceUnavailable").build();
            return Err(SdkError::service_error(other(metadata), response(503, Bytes::new())));
        };
        let called = call(&gateway);
        watch::note_call(|| management::noted(method, connection, called.as_ref().err()));
        called.map_err(|error| {
            let (status, _) = management::status_and_kind(&error);
            SdkError::service_error(failed(&error), response(status.as_u16(), Bytes::new()))
        })
    }
}

fn access_denied(message: String) -> ErrorMetadata {
    ErrorMetadata::builder().code("AccessDeniedException").message(message).build()
}

fn metadata(error: &ManagementError) -> ErrorMetadata {
    let (_, kind) = management::status_and_kind(error);
    ErrorMetadata::builder().code(kind).message(error.to_string()).build()
}

fn gone(error: &ManagementError) -> GoneException {
    GoneException::builder().message(error.to_string()).meta(metadata(error)).build()
}

fn limit_exceeded(error: &ManagementError) -> LimitExceededException {
    LimitExceededException::builder().message(error.to_string()).meta(metadata(error)).build()
}
