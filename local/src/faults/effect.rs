//! What can happen to a request, and to an invocation.

use std::fmt;
use std::time::Duration;

use super::rule::{AwsRequest, Service, Trigger};

/// How a service refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The name of the exception, such as `ThrottlingException`.
    pub kind: String,
    /// What the service says about it.
    pub message: String,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is not done, and refused.
    Refused(Refusal),
    /// It is done, and refused all the same: the service lost track of its own work.
    DoneThenRefused(Refusal),
    /// A transaction is not done, and cancelled because of one of its items, counted from 0.
    Canceled {
        /// The item; the last one if there are not so many.
        item: usize,
        /// The code among the reasons: `TransactionConflict` or `ThrottlingError`.
        code: &'static str,
    },
    /// It is done, and the connection dies before the answer is there.
    AnswerLost,
    /// It is not done: the connection dies before.
    ConnectionDied,
    /// The answer never comes.
    NoAnswer {
        /// Whether the request is done.
        done: bool,
    },
    /// The first half of a batch is done, and the rest comes back unprocessed.
    Unprocessed,
    /// A query's page ends after so many items, with a key to go on from. A page of 0 items has nothing but the key.
    SplitPages(u32),
    /// A post is answered with 200 and goes nowhere: the peer is dead, and nobody has noticed.
    Accepted {
        /// The time until the answer.
        after: Duration,
    },
    /// It is done that much later, even if nobody waits for the answer any more.
    Delayed(Duration),
    /// A query of an index sees it as it was that long ago.
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

    /// DynamoDB: more requests than the table takes on demand.
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

    /// DynamoDB: a transaction meets another one on one of its items, counted from 0.
    #[must_use]
    pub fn canceled_by_conflict(item: usize) -> Self {
        Self::Canceled { item, code: "TransactionConflict" }
    }

    /// DynamoDB: there is no capacity for one of the items of a transaction, counted from 0.
    #[must_use]
    pub fn canceled_by_throttling(item: usize) -> Self {
        Self::Canceled { item, code: "ThrottlingError" }
    }

    /// DynamoDB: a transaction with this token is being worked on. See [`Effect::but_done`] for one that is then found done.
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

    /// `@connections`: the connection is gone, or so young that API Gateway does not know of it yet.
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

    /// The same refusal of a request that is done all the same. Other effects stay what they are.
    #[must_use]
    pub fn but_done(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::DoneThenRefused(refusal),
            other => other,
        }
    }

    /// Whether this can happen to a request.
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

/// What happens to an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEffect {
    /// It does not take place: a schedule or a `$disconnect`.
    LeftOut,
    /// It takes place twice at once. Not for synchronous invocations; a `$disconnect` comes twice, one after the other.
    Twice,
    /// It takes place at once, and again that much later. Not for synchronous invocations.
    Again(Duration),
    /// It takes place that much later. Not for synchronous invocations.
    Late(Duration),
    /// It is killed when it makes its nth AWS request, counted from 1: the request is not made.
    KilledBefore(u64),
    /// It is killed when its nth AWS request, counted from 1, is done: the function does not learn of that.
    KilledAfter(u64),
    /// It does nothing more from its first AWS request on, which is not made, until its time is over.
    TimedOut,
    /// It was frozen for long before: its first request of each service finds the connection dead.
    Thawed,
    /// Lambda has no capacity for it. An asynchronous invocation is tried again until there is some.
    Throttled,
}

impl RunEffect {
    /// Whether it is about handing an event to the function, as opposed to one run of the function.
    pub(super) fn is_of_delivery(&self) -> bool {
        matches!(self, Self::LeftOut | Self::Twice | Self::Again(_) | Self::Late(_))
    }

    /// Whether it is about a run that has begun.
    pub(super) fn is_of_run(&self) -> bool {
        matches!(self, Self::KilledBefore(_) | Self::KilledAfter(_) | Self::TimedOut | Self::Thawed)
    }

    /// Whether it keeps a run from beginning.
    pub(super) fn is_throttle(&self) -> bool {
        matches!(self, Self::Throttled)
    }

    /// Whether this can happen to an invocation that is made for this reason.
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
