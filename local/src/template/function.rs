//! Functions and what their roles allow.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The package it is built from: its folder in `functions/`.
    pub package: String,
    /// The name it is invoked by.
    pub name: String,
    /// Memory in MB, which CPU is in proportion to.
    pub memory_mb: u32,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Its environment variables, empty ones included.
    pub environment: BTreeMap<String, String>,
    /// What happens to asynchronous invocations.
    pub asynchronous: Asynchronous,
    /// Invocations that may run at once, if that is limited for this function.
    pub concurrency: Option<u32>,
    /// Where its log goes.
    pub log_group: String,
    /// What its role allows, its own log aside.
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

/// What Lambda does with an event that is handed in asynchronously.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asynchronous {
    /// Age at which an event that is still waiting, or waiting again, is given up.
    pub max_age: Duration,
    /// Attempts after the first.
    pub retries: u32,
    /// Where the record of an event that is given up goes.
    pub on_failure: Option<Destination>,
}

/// Where Lambda sends the record of an event that it gives up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A queue.
    Queue,
    /// The function with this name.
    Function(String),
}

impl Default for Asynchronous {
    /// What Lambda does unless told otherwise.
    fn default() -> Self {
        Self { max_age: Duration::from_secs(6 * 60 * 60), retries: 2, on_failure: None }
    }
}

/// Something a role allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is for.
    pub sid: String,
    /// Actions, such as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// What they may be done to.
    pub resources: Vec<Resource>,
}

/// Something an action is done to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// The objects of a bucket whose keys begin with a prefix.
    Objects {
        /// The bucket, by physical name.
        bucket: String,
        /// The first part of their keys, with its slash.
        prefix: String,
    },
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "the table {table}"),
            Self::Index { table, index } => write!(f, "the index {index} of the table {table}"),
            Self::Connections(method) => write!(f, "{method} of connections"),
            Self::Function(package) => write!(f, "the function {package}"),
            Self::Objects { bucket, prefix } => write!(f, "{prefix} of the bucket {bucket}"),
        }
    }
}
