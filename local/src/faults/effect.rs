//! The effects that a fault can have on a request and on an invocation.

use std::fmt;
use std::time::Duration;

use super::rule::{AwsRequest, Service, Trigger};

/// How a service refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The name of the exception, such as `ThrottlingException`.
    pub kind: String,
    /// The message of the service.
    pub message: String,
}

/// An effect on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The request is refused and not done.
    Refused(Refusal),
    /// The request is done and refused all the same, because the service lost track of its own work.
    DoneThenRefused(Refusal),
    /// A transaction is cancelled because of one of its items, and not done. Items are counted from 0.
    Canceled {
        /// The item; the last one if there are fewer.
        item: usize,
        /// The code among the reasons: `TransactionConflict` or `ThrottlingError`.
        code: &'static str,
    },
    /// The request is done, and the connection dies before the answer arrives.
    AnswerLost,
    /// The connection dies first, and the request is not done.
    ConnectionDied,
    /// The answer never arrives.
    NoAnswer {
        /// Whether the request is done.
        done: bool,
    },
    /// The first half of a batch is done, and the rest is returned as unprocessed.
    Unprocessed,
    /// A query's page ends after this many items, with a key from which to continue. A page of 0 items has only the
    /// key.
    SplitPages(u32),
    /// A post is answered with 200 and reaches nobody: the peer is dead, and nothing has noticed it.
    Accepted {
        /// The time until the answer.
        after: Duration,
    },
    /// The request is done after this delay, even if nobody waits for the answer any more.
    Delayed(Duration),
    /// A query of an index sees it as it was this long ago.
    StaleIndex(Duration),
}

impl Effect {
    fn refused(status: u16, kind: &str, message: &str) -> Self {
        Self::Refused(Refusal { status, kind: kind.to_owned(), message: message.to_owned() })
    }

    /// 500 of any service.
    #[must_use]
    pub fn internal_error() -> Self {
        Self::refused(500, "InternalServerError", "Internal server error")
    }

    /// 503 of any service.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::refused(503, "ServiceUnavailable", "Service unavailable")
    }

    /// DynamoDB: the table or index gets more requests than it has capacity for.
    #[must_use]
    pub fn throughput_exceeded() -> Self {
        let message = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
                       provisioning level with the UpdateTable API.";
        Self::refused(400, "ProvisionedThroughputExceededException", message)
    }

    /// DynamoDB: more requests than a table accepts on demand.
    #[must_use]
    pub fn throttled() -> Self {
        let message = "Throughput exceeds the current capacity of your table or index.";
        Self::refused(400, "ThrottlingException", message)
    }

    /// DynamoDB: more requests than the account may make.
    #[must_use]
    pub fn request_limit_exceeded() -> Self {
        let message = "Throughput exceeds the current throughput limit for your account.";
        Self::refused(400, "RequestLimitExceeded", message)
    }

    /// DynamoDB: a single write meets a transaction on its item.
    #[must_use]
    pub fn transaction_conflict() -> Self {
        let message = "Transaction is ongoing for the item";
        Self::refused(400, "TransactionConflictException", message)
    }

    /// DynamoDB: a transaction meets another transaction on one of its items, counted from 0.
    #[must_use]
    pub fn canceled_by_conflict(item: usize) -> Self {
        Self::Canceled { item, code: "TransactionConflict" }
    }

    /// DynamoDB: there is no capacity for one of the items of a transaction, counted from 0.
    #[must_use]
    pub fn canceled_by_throttling(item: usize) -> Self {
        Self::Canceled { item, code: "ThrottlingError" }
    }

    /// DynamoDB: a transaction with this token is in progress. See [`Effect::but_done`] for one that then turns out to
    /// be done.
    #[must_use]
    pub fn transaction_in_progress() -> Self {
        let message = "The transaction with the given request token is already in progress.";
        Self::refused(400, "TransactionInProgressException", message)
    }

    /// `@connections`: more calls than the stage allows.
    #[must_use]
    pub fn limit_exceeded() -> Self {
        Self::refused(429, "LimitExceededException", "Too Many Requests")
    }

    /// `@connections`: the connection is gone, or so young that API Gateway does not know it yet.
    #[must_use]
    pub fn gone() -> Self {
        Self::refused(410, "GoneException", "the connection is gone")
    }

    /// Lambda: more invocations than the account or the function may have.
    #[must_use]
    pub fn too_many_invocations() -> Self {
        Self::refused(429, "TooManyRequestsException", "Rate Exceeded.")
    }

    /// S3: too many requests.
    #[must_use]
    pub fn slow_down() -> Self {
        Self::refused(503, "SlowDown", "Please reduce your request rate.")
    }

    /// The same refusal, for a request that is done all the same. Other effects stay as they are.
    #[must_use]
    pub fn but_done(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::DoneThenRefused(refusal),
            other => other,
        }
    }

    /// Whether this effect is possible for a request.
    pub(super) fn fits(&self, request: &AwsRequest) -> bool {
        let of_dynamodb = request.service == Service::DynamoDb;
        let operation = request.operation.as_str();
        match self {
            Self::Canceled { .. } => operation == "TransactWriteItems",
            Self::Unprocessed => matches!(operation, "BatchGetItem" | "BatchWriteItem") && request.items > 1,
            Self::SplitPages(_) => of_dynamodb && operation == "Query",
            Self::StaleIndex(_) => of_dynamodb && operation == "Query" && request.index.is_some(),
            Self::Accepted { .. } => operation == "PostToConnection",
            Self::Refused(_) | Self::DoneThenRefused(_) | Self::AnswerLost | Self::ConnectionDied => true,
            Self::NoAnswer { .. } | Self::Delayed(_) => true,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(Refusal { status, kind, .. }) => write!(f, "refused with {status} {kind}"),
            Self::DoneThenRefused(Refusal { status, kind, .. }) => write!(f, "done, then refused with {status} {kind}"),
            Self::Canceled { item, code } => write!(f, "canceled because of item {item}, {code}"),
            Self::AnswerLost => f.write_str("done, and the answer lost"),
            Self::ConnectionDied => f.write_str("not done, the connection died"),
            Self::NoAnswer { done: true } => f.write_str("done, and no answer comes"),
            Self::NoAnswer { done: false } => f.write_str("not done, and no answer comes"),
            Self::Unprocessed => f.write_str("half of the batch unprocessed"),
            Self::SplitPages(items) => write!(f, "a page of at most {items} items"),
            Self::Accepted { .. } => f.write_str("accepted, and delivered to nobody"),
            Self::Delayed(late) => write!(f, "done {} ms late", late.as_millis()),
            Self::StaleIndex(ago) => write!(f, "the index as it was {} ms ago", ago.as_millis()),
        }
    }
}

/// An effect on an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEffect {
    /// The invocation does not take place: a schedule or a `$disconnect`.
    LeftOut,
    /// The invocation takes place twice at once. Not for synchronous invocations; a `$disconnect` arrives twice, one
    /// after the other.
    Twice,
    /// The invocation takes place at once, and again after this delay. Not for synchronous invocations.
    Again(Duration),
    /// The invocation takes place after this delay. Not for synchronous invocations.
    Late(Duration),
    /// The invocation is killed when it makes its nth AWS request, counted from 1. The request is not made.
    KilledBefore(u64),
    /// The invocation is killed when its nth AWS request, counted from 1, is done. The function does not get the
    /// answer.
    KilledAfter(u64),
    /// The invocation does nothing more from its first AWS request on, which is not made, until its timeout.
    TimedOut,
    /// The function was frozen for a long time before: its first request to each service finds the connection dead.
    Thawed,
    /// Lambda has no capacity for the invocation. It retries an asynchronous invocation until there is capacity.
    Throttled,
}

impl RunEffect {
    /// Whether this effect is about handing an event to the function, and not about one run of the function.
    pub(super) fn is_of_delivery(&self) -> bool {
        matches!(self, Self::LeftOut | Self::Twice | Self::Again(_) | Self::Late(_))
    }

    /// Whether this effect is about a run that has begun.
    pub(super) fn is_of_run(&self) -> bool {
        matches!(self, Self::KilledBefore(_) | Self::KilledAfter(_) | Self::TimedOut | Self::Thawed)
    }

    /// Whether this effect prevents a run from beginning.
    pub(super) fn is_throttle(&self) -> bool {
        matches!(self, Self::Throttled)
    }

    /// Whether this effect is possible for an invocation with this trigger.
    pub(super) fn fits(&self, trigger: Trigger) -> bool {
        match self {
            Self::LeftOut => matches!(trigger, Trigger::Schedule | Trigger::Disconnect),
            Self::Twice | Self::Again(_) | Self::Late(_) => trigger != Trigger::Synchronous,
            Self::KilledBefore(_) | Self::KilledAfter(_) | Self::TimedOut | Self::Thawed | Self::Throttled => {
                trigger != Trigger::Disconnect
            }
        }
    }
}

impl fmt::Display for RunEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut => f.write_str("left out"),
            Self::Twice => f.write_str("twice"),
            Self::Again(later) => write!(f, "once more, {} ms later", later.as_millis()),
            Self::Late(late) => write!(f, "{} ms late", late.as_millis()),
            Self::KilledBefore(request) => write!(f, "killed before its AWS request {request}"),
            Self::KilledAfter(request) => write!(f, "killed after its AWS request {request}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Thawed => f.write_str("thawed, its connections dead"),
            Self::Throttled => f.write_str("throttled"),
        }
    }
}
