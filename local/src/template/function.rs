//! Functions, and the permissions of their roles.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The package from which it is built: its folder in `functions/`.
    pub package: String,
    /// The name with which it is invoked.
    pub name: String,
    /// The memory in MB. The CPU share is in proportion to it.
    pub memory_mb: u32,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// The environment variables, empty ones included.
    pub environment: BTreeMap<String, String>,
    /// The settings of asynchronous invocations.
    pub asynchronous: Asynchronous,
    /// How many invocations may run at once, if this is limited for the function.
    pub concurrency: Option<u32>,
    /// The log group of its log.
    pub log_group: String,
    /// The permissions of its role, without those for its own log.
    pub statements: Vec<Statement>,
}

impl Function {
    /// Whether the role allows `action`, such as `dynamodb:GetItem`, on `resource`.
    #[must_use]
    pub fn may(&self, action: &str, resource: &Resource) -> bool {
        let allows = |statement: &Statement| {
            statement.actions.iter().any(|allowed| allowed == action) && statement.resources.contains(resource)
        };
        self.statements.iter().any(allows)
    }
}

/// How Lambda handles an event that is handed over asynchronously.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asynchronous {
    /// The age at which an event that still waits, or waits again, is given up.
    pub max_age: Duration,
    /// The number of attempts after the first.
    pub retries: u32,
    /// The destination of the record of an event that is given up.
    pub on_failure: Option<Destination>,
}

/// The destination to which Lambda sends the record of an event that it gives up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A queue.
    Queue,
    /// The function with this name.
    Function(String),
}

impl Default for Asynchronous {
    /// The settings of Lambda for a function that has none of its own.
    fn default() -> Self {
        Self { max_age: Duration::from_secs(6 * 60 * 60), retries: 2, on_failure: None }
    }
}

/// A permission of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What the permission is for.
    pub sid: String,
    /// The actions, such as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// The resources to which the actions may be applied.
    pub resources: Vec<Resource>,
}

/// A resource to which an action is applied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// A table, by logical name.
    Table(String),
    /// An index of a table.
    Index {
        /// The table, by logical name.
        table: String,
        /// The index.
        index: String,
    },
    /// All connections of the WebSocket API, with one HTTP method: `POST`, `GET` or `DELETE`.
    Connections(String),
    /// A function, by package.
    Function(String),
    /// A secret, by ARN.
    Secret(String),
    /// The objects of a bucket whose keys begin with a prefix.
    Objects {
        /// The bucket, by physical name.
        bucket: String,
        /// The first part of the keys, with its slash.
        prefix: String,
    },
    /// A queue, by logical name.
    Queue(String),
    /// An event bus, by its name.
    Bus(String),
    /// A topic, by its ARN.
    Topic(String),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "the table {table}"),
            Self::Index { table, index } => write!(f, "the index {index} of the table {table}"),
            Self::Connections(method) => write!(f, "{method} of connections"),
            Self::Function(package) => write!(f, "the function {package}"),
            Self::Queue(queue) => write!(f, "the queue {queue}"),
            Self::Topic(arn) => write!(f, "the topic {}", arn.rsplit(':').next().unwrap_or_default()),
            Self::Bus(bus) => write!(f, "the event bus {bus}"),
            Self::Secret(arn) => write!(f, "the secret {}", arn.rsplit(':').next().unwrap_or_default()),
            Self::Objects { bucket, prefix } => write!(f, "{prefix} of the bucket {bucket}"),
        }
    }
}
