//! Rules: the requests or invocations to which a fault applies.

use std::fmt;

/// A service to which functions make requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The tables.
    DynamoDb,
    /// API Gateway's `@connections`.
    Connections,
    /// Other functions, invoked asynchronously.
    Lambda,
    /// The bucket.
    S3,
    /// The event buses.
    EventBridge,
    /// The topics.
    Sns,
    /// The queues.
    Sqs,
    /// The secrets.
    SecretsManager,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DynamoDb => "DynamoDB",
            Self::Connections => "@connections",
            Self::Lambda => "Lambda",
            Self::S3 => "S3",
            Self::EventBridge => "EventBridge",
            Self::Sns => "SNS",
            Self::Sqs => "SQS",
            Self::SecretsManager => "Secrets Manager",
        })
    }
}

/// An AWS request of a function, in the form that rules and effects use. Each attempt of the SDK is a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsRequest {
    /// The service.
    pub service: Service,
    /// The operation: `UpdateItem`, `PostToConnection`, `GetConnection`, `DeleteConnection`, `Invoke`, `GetSecretValue`;
    /// for S3 `GetObject`, `PutObject`, `DeleteObject`, `HeadObject`, `CopyObject`; for SQS `SendMessageBatch`,
    /// `ChangeMessageVisibility`; for SNS `Publish`; for EventBridge `PutEvents`.
    pub operation: String,
    /// The package of the function that makes the request.
    pub function: String,
    /// The targets: each table that is used, the id of the connection, the package that is invoked, the ARN of the secret,
    /// the path of the object, the queue, the topic, or the bus.
    pub targets: Vec<String>,
    /// The index, if the request is about one.
    pub index: Option<String>,
    /// The number of items of a transaction or a batch; 1 for everything else.
    pub items: usize,
    /// Whether the request is about a connection so young that parts of API Gateway may not know it.
    pub is_young: bool,
}

impl fmt::Display for AwsRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, operation, function, targets, index, items: _, is_young: _ } = self;
        write!(f, "{function} asks {service} {operation} of {}", targets.join(", "))?;
        match index {
            Some(index) => write!(f, ", index {index}"),
            None => Ok(()),
        }
    }
}

/// Which of the matching requests or invocations a fault applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occurrences {
    Every,
    Nth(u64),
    First(u64),
    From(u64),
}

impl Occurrences {
    fn include(self, number: u64) -> bool {
        match self {
            Self::Every => true,
            Self::Nth(nth) => number == nth,
            Self::First(count) => number <= count,
            Self::From(first) => number >= first,
        }
    }
}

/// A rule with the number of its matches so far.
#[derive(Debug)]
pub(super) struct Counted<R> {
    pub(super) rule: R,
    seen: u64,
}

impl<R: Counting> Counted<R> {
    pub(super) fn new(rule: R) -> Self {
        Self { rule, seen: 0 }
    }

    /// Counts a match, and returns whether the fault applies to it.
    pub(super) fn is_due(&mut self) -> bool {
        self.seen += 1;
        self.rule.occurrences().include(self.seen)
    }
}

/// A rule that applies to some of its matches.
pub(super) trait Counting {
    fn occurrences(&self) -> Occurrences;
}

macro_rules! counting {
    ($rule:ident, $what:literal) => {
        impl Counting for $rule {
            fn occurrences(&self) -> Occurrences {
                self.occurrences
            }
        }

        impl $rule {
            #[doc = concat!("The nth matching ", $what, " alone, counted from 1 and from when the rule is injected.")]
            #[must_use]
            pub fn nth(self, nth: u64) -> Self {
                Self { occurrences: Occurrences::Nth(nth), ..self }
            }

            #[doc = concat!("The next matching ", $what, " alone.")]
            #[must_use]
            pub fn once(self) -> Self {
                self.nth(1)
            }

            #[doc = concat!("The first `count` matching ", $what, "s.")]
            #[must_use]
            pub fn first(self, count: u64) -> Self {
                Self { occurrences: Occurrences::First(count), ..self }
            }

            #[doc = concat!("The nth matching ", $what, " and all that follow.")]
            #[must_use]
            pub fn from(self, nth: u64) -> Self {
                Self { occurrences: Occurrences::From(nth), ..self }
            }
        }
    };
}

/// The requests of functions to which a fault applies: every request that matches, unless the rule is narrowed.
#[derive(Clone, Debug)]
pub struct Rule {
    service: Service,
    operation: Option<String>,
    function: Option<String>,
    target: Option<String>,
    index: Option<String>,
    occurrences: Occurrences,
}

counting!(Rule, "request");

impl Rule {
    /// Every request to a service.
    #[must_use]
    pub fn service(service: Service) -> Self {
        Self { service, operation: None, function: None, target: None, index: None, occurrences: Occurrences::Every }
    }

    /// An operation of DynamoDB, such as `UpdateItem`.
    #[must_use]
    pub fn dynamodb(operation: &str) -> Self {
        Self::service(Service::DynamoDb).operation(operation)
    }

    /// An operation of `@connections`: `PostToConnection`, `GetConnection` or `DeleteConnection`.
    #[must_use]
    pub fn connections(operation: &str) -> Self {
        Self::service(Service::Connections).operation(operation)
    }

    /// The asynchronous invocation of a function of this package.
    #[must_use]
    pub fn invoke(package: &str) -> Self {
        Self::service(Service::Lambda).target(package)
    }

    /// The read of a secret.
    #[must_use]
    pub fn secrets() -> Self {
        Self::service(Service::SecretsManager)
    }

    /// An operation of S3, such as `PutObject`.
    #[must_use]
    pub fn s3(operation: &str) -> Self {
        Self::service(Service::S3).operation(operation)
    }

    /// Only this operation.
    #[must_use]
    pub fn operation(self, operation: &str) -> Self {
        Self { operation: Some(operation.to_owned()), ..self }
    }

    /// Only requests of the function of this package.
    #[must_use]
    pub fn function(self, package: &str) -> Self {
        Self { function: Some(package.to_owned()), ..self }
    }

    /// Only requests that use this table.
    #[must_use]
    pub fn table(self, table: &str) -> Self {
        self.target(table)
    }

    /// Only requests about this connection.
    #[must_use]
    pub fn connection(self, connection_id: &str) -> Self {
        self.target(connection_id)
    }

    /// Only queries of this index.
    #[must_use]
    pub fn index(self, index: &str) -> Self {
        Self { index: Some(index.to_owned()), ..self }
    }

    fn target(self, target: &str) -> Self {
        Self { target: Some(target.to_owned()), ..self }
    }

    pub(super) fn matches(&self, request: &AwsRequest) -> bool {
        let wanted = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        self.service == request.service
            && wanted(&self.operation, &request.operation)
            && wanted(&self.function, &request.function)
            && self.target.as_ref().is_none_or(|target| request.targets.contains(target))
            && (self.index.is_none() || self.index == request.index)
    }
}

/// Why a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The gateway or the HTTP API waits for its answer.
    Synchronous,
    /// Another function invoked it.
    Asynchronous,
    /// Its schedule is due.
    Schedule,
    /// A stream has records for it.
    Stream,
    /// A queue has messages for it.
    Queue,
    /// A connection has ended.
    Disconnect,
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Synchronous => "a synchronous invocation",
            Self::Asynchronous => "an asynchronous invocation",
            Self::Schedule => "a scheduled invocation",
            Self::Stream => "a batch of records",
            Self::Queue => "a batch of messages",
            Self::Disconnect => "a $disconnect",
        })
    }
}

/// The invocations to which a fault applies: every invocation that matches, unless the rule is narrowed. A copy and a
/// retry are invocations, too.
#[derive(Clone, Debug)]
pub struct RunRule {
    function: Option<String>,
    trigger: Option<Trigger>,
    occurrences: Occurrences,
}

counting!(RunRule, "invocation");

impl RunRule {
    /// Every invocation.
    #[must_use]
    pub fn any() -> Self {
        Self { function: None, trigger: None, occurrences: Occurrences::Every }
    }

    /// Invocations of the function of this package.
    #[must_use]
    pub fn function(package: &str) -> Self {
        Self { function: Some(package.to_owned()), ..Self::any() }
    }

    /// Only invocations with this trigger.
    #[must_use]
    pub fn trigger(self, trigger: Trigger) -> Self {
        Self { trigger: Some(trigger), ..self }
    }

    pub(super) fn matches(&self, trigger: Trigger, package: &str) -> bool {
        self.function.as_deref().is_none_or(|function| function == package)
            && self.trigger.is_none_or(|wanted| wanted == trigger)
    }
}
