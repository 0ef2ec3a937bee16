//! Applies effects to requests of functions.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::StatusCode;
use serde_json::{Value, json};

use super::effect::{Effect, Refusal};
use super::invocation::Invocation;
use super::rule::{AwsRequest, Service};
use crate::connector::{Connector, Target, refusal};
use crate::dynamodb::response;
use crate::lambda::Lambda;
use crate::storage;

/// The result that a function's HTTP client returns.
type Answer = Result<HttpResponse, ConnectorError>;

impl Connector {
    /// Answers a request as the fault layer decides, unless it kills the invocation that makes the request.
    pub(crate) async fn answer_unkindly(self, target: Target, request: HttpRequest) -> Answer {
        let invocation = Invocation::current();
        let number = match &invocation {
            Some(invocation) => invocation.begin_request().await,
            None => 0,
        };
        let mut asked = target.described(&self.function.package, &request, &self.services.dynamodb);
        if let Target::Connection(id) = &target {
            asked.is_young = self.services.is_young(id);
        }
        let is_cut_off = invocation.as_ref().is_some_and(|invocation| invocation.is_cut_off(asked.service));
        let answer = match self.services.faults.on_request(&asked) {
            _ if is_cut_off => Err(reset("the connection died while the function was frozen")),
            Some(effect) => self.apply(effect, &asked, target, request).await,
            None => Ok(self.perform(target, request).await),
        };
        if let Some(invocation) = &invocation {
            invocation.end_request(number).await;
        }
        answer
    }

    async fn apply(self, effect: Effect, asked: &AwsRequest, target: Target, request: HttpRequest) -> Answer {
        match effect {
            Effect::Refused(how) => Ok(refused(asked.service, &how)),
            Effect::DoneThenRefused(how) => {
                self.write(target, request).await;
                Ok(refused(asked.service, &how))
            }
            Effect::Canceled { item, code } => Ok(canceled(asked.items, item, code)),
            Effect::AnswerLost => {
                self.write(target, request).await;
                Err(reset("the connection was reset before the answer came"))
            }
            Effect::ConnectionDied => Err(reset("the connection was reset before the request was sent")),
            Effect::NoAnswer { done } => {
                if done {
                    self.write(target, request).await;
                }
                std::future::pending().await
            }
            Effect::Unprocessed => Ok(self.in_part(target, request).await),
            Effect::SplitPages(items) => Ok(self.split(items, target, request).await),
            Effect::Accepted { after } => {
                tokio::time::sleep(after).await;
                Ok(response(200, bytes::Bytes::new()))
            }
            Effect::Delayed(late) => self.late(late, target, request).await,
            Effect::StaleIndex(ago) => Ok(self.stale(ago, target, request).await),
        }
    }

    /// Performs a request whose answer nobody will receive. A read is not performed.
    async fn write(self, target: Target, request: HttpRequest) {
        if !target.is_read() {
            self.perform(target, request).await;
        }
    }

    /// Answers later. A write is performed even if nobody waits for the answer any more.
    async fn late(self, late: Duration, target: Target, request: HttpRequest) -> Answer {
        if target.is_read() {
            tokio::time::sleep(late).await;
            return Ok(self.perform(target, request).await);
        }
        let lambda = self.services.lambda();
        let under_way = lambda.as_ref().map(Lambda::under_way);
        let done = tokio::spawn(async move {
            let _under_way = under_way;
            tokio::time::sleep(late).await;
            self.perform(target, request).await
        });
        done.await.map_err(|error| ConnectorError::io(error.into()))
    }

    /// Performs the first half of a batch, and returns the rest as unprocessed.
    async fn in_part(self, target: Target, request: HttpRequest) -> HttpResponse {
        let Target::DynamoDb { operation, mut asked } = target else { return self.perform(target, request).await };
        let (items, back) = match operation.as_str() {
            "BatchGetItem" => ("/Keys", "UnprocessedKeys"),
            _ => ("", "UnprocessedItems"),
        };
        let mut rest = asked.get("RequestItems").cloned().unwrap_or_default();
        let all: usize = tables(&mut rest, items).map(|of_table| of_table.len()).sum();
        let mut kept = all / 2;
        for (here, left) in
            asked.get_mut("RequestItems").into_iter().flat_map(|all| tables(all, items)).zip(tables(&mut rest, items))
        {
            let first = kept.min(here.len());
            here.truncate(first);
            left.drain(..first);
            kept -= first;
        }
        for (all, items) in [(asked.get_mut("RequestItems"), items), (Some(&mut rest), items)] {
            if let Some(Value::Object(all)) = all {
                all.retain(|_, of_table| {
                    of_table.pointer(items).and_then(Value::as_array).is_some_and(|all| !all.is_empty())
                });
            }
        }
        let request = with_body(request, &asked);
        let answer = self.perform(Target::DynamoDb { operation, asked }, request).await;
        changed(answer, |answer| drop(answer.insert(back.to_owned(), rest))).await
    }

    /// Answers a query with a short page.
    async fn split(self, items: u32, target: Target, request: HttpRequest) -> HttpResponse {
        let Target::DynamoDb { operation, mut asked } = target else { return self.perform(target, request).await };
        self.services.faults.find_place(&mut asked);
        let limit = asked.get("Limit").and_then(Value::as_u64).unwrap_or(u64::MAX).min(u64::from(items.max(1)));
        let start = asked.get("ExclusiveStartKey").cloned();
        if let Some(asked) = asked.as_object_mut() {
            asked.insert("Limit".to_owned(), json!(limit));
        }
        let request = with_body(request, &asked);
        let (faults, seen) = (self.services.faults.clone(), asked.clone());
        let answer = self.perform(Target::DynamoDb { operation, asked }, request).await;
        if items > 0 {
            return answer;
        }
        // The key of the first item stands for the place before it, which has no key. So a query that continues from it
        // gets that item, too.
        changed(answer, |answer| {
            if let Some(key) = answer.get("LastEvaluatedKey") {
                faults.state().lag.remember_place(&seen, key, start);
                answer.insert("Items".to_owned(), json!([]));
                answer.insert("Count".to_owned(), json!(0));
                answer.insert("ScannedCount".to_owned(), json!(0));
            }
        })
        .await
    }

    /// Answers a query of an index that lags behind.
    async fn stale(self, ago: Duration, target: Target, request: HttpRequest) -> HttpResponse {
        let Target::DynamoDb { operation, asked } = target else { return self.perform(target, request).await };
        let services = Arc::clone(&self.services);
        let query = asked.clone();
        let answer = self.perform(Target::DynamoDb { operation, asked }, request).await;
        changed(answer, |answer| services.faults.state().lag.age(&services.tables, &query, ago, answer)).await
    }
}

/// The items of a batch, table by table.
fn tables<'a>(all: &'a mut Value, items: &'static str) -> impl Iterator<Item = &'a mut Vec<Value>> {
    let all = all.as_object_mut().into_iter().flatten();
    all.filter_map(move |(_, of_table)| of_table.pointer_mut(items)?.as_array_mut())
}

/// Changes the JSON of an answer, if the answer is a success.
async fn changed(answer: HttpResponse, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> HttpResponse {
    use http_body_util::BodyExt as _;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    match serde_json::from_slice(&body) {
        Ok(Value::Object(mut answer)) if status == 200 => {
            change(&mut answer);
            response(200, Value::Object(answer).to_string().into())
        }
        _ => response(status, body),
    }
}

/// The same request with another body. Its signature no longer matches, but no emulator checks it.
pub(crate) fn with_body(mut request: HttpRequest, asked: &Value) -> HttpRequest {
    let body = asked.to_string();
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
    request
}

/// The error of a client whose connection breaks.
fn reset(message: &str) -> ConnectorError {
    ConnectorError::io(std::io::Error::new(std::io::ErrorKind::ConnectionReset, message.to_owned()).into())
}

/// A refusal in the form of the service.
fn refused(service: Service, Refusal { status, kind, message }: &Refusal) -> HttpResponse {
    match service {
        Service::DynamoDb => {
            let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
            response(*status, json!({"__type": kind, "message": message}).to_string().into())
        }
        Service::S3 => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let answer = storage::refusal(status, kind, message).map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer).unwrap_or_else(|_| refusal(500, "InternalError", message))
        }
        Service::Connections
        | Service::EventBridge
        | Service::Lambda
        | Service::SecretsManager
        | Service::Sns
        | Service::Sqs => refusal(*status, kind, message),
    }
}

/// The answer to a transaction that is cancelled because of one of its items.
fn canceled(items: usize, item: usize, code: &str) -> HttpResponse {
    let guilty = item.min(items.saturating_sub(1));
    let message = if code == "TransactionConflict" {
        "Transaction is ongoing for the item"
    } else {
        "Throughput exceeds the current capacity for one or more tables or indexes."
    };
    let codes: Vec<&str> = (0..items).map(|at| if at == guilty { code } else { "None" }).collect();
    let reasons: Vec<Value> = codes
        .iter()
        .map(|code| if *code == "None" { json!({"Code": code}) } else { json!({"Code": code, "Message": message}) })
        .collect();
    let answer = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        ),
        "CancellationReasons": reasons,
    });
    response(400, answer.to_string().into())
}
