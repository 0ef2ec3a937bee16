//! The AWS services that the functions use, and where they are.

use std::sync::Arc;

use aws_types::SdkConfig;

use crate::aws;
use crate::connections::{ConnectionService, Connections};
use crate::dynamo::{TableService, Tables};
use crate::lambda::{FunctionService, Functions};
use crate::messaging::{Buses, Queues, Topics};
use crate::outside::{MakeConnector, Outside};
use crate::secrets::{SecretService, Secrets};

/// The AWS services, as a function reaches them.
#[derive(Clone)]
pub struct Aws {
    /// The configuration of the SDK's clients.
    pub sdk: SdkConfig,
    tables_here: Option<Arc<dyn TableService>>,
    connections_here: Option<Arc<dyn ConnectionService>>,
    functions_here: Option<Arc<dyn FunctionService>>,
    outside: Option<MakeConnector>,
    secrets_here: Option<Arc<dyn SecretService>>,
}

/// All services that may be in this process.
pub trait ServicesHere: TableService + ConnectionService + FunctionService + SecretService {}

impl<S: TableService + ConnectionService + FunctionService + SecretService> ServicesHere for S {}

impl Aws {
    /// Services that are reached through the SDK.
    #[must_use]
    pub const fn new(sdk: SdkConfig) -> Self {
        Self { sdk, tables_here: None, connections_here: None, functions_here: None, secrets_here: None, outside: None }
    }

    /// Services of which the tables, the connections, the functions and the secrets are in this process.
    #[must_use]
    pub fn here(self, services: &Arc<impl ServicesHere + 'static>) -> Self {
        Self {
            tables_here: Some(services.clone()),
            connections_here: Some(services.clone()),
            functions_here: Some(services.clone()),
            secrets_here: Some(services.clone()),
            ..self
        }
    }

    /// The same services, with a way to addresses outside of AWS.
    #[must_use]
    pub fn with_outside(self, outside: MakeConnector) -> Self {
        Self { outside: Some(outside), ..self }
    }

    /// Creates a client for the tables.
    #[must_use]
    pub fn tables(&self) -> Tables {
        Tables::new(aws::tables(&self.sdk), self.tables_here.clone())
    }

    /// Creates a client for `@connections` at this endpoint.
    #[must_use]
    pub fn connections(&self, endpoint: &str) -> Connections {
        Connections::new(aws::connections(&self.sdk, endpoint), self.connections_here.clone())
    }

    /// Creates a client for other functions.
    #[must_use]
    pub fn functions(&self) -> Functions {
        Functions::new(aws::functions(&self.sdk), self.functions_here.clone())
    }

    /// Creates a client for queues.
    #[must_use]
    pub fn queues(&self) -> Queues {
        Queues::new(aws::queues(&self.sdk))
    }

    /// Creates a client for topics.
    #[must_use]
    pub fn topics(&self) -> Topics {
        Topics::new(aws::topics(&self.sdk))
    }

    /// Creates a client for event buses.
    #[must_use]
    pub fn buses(&self) -> Buses {
        Buses::new(aws::buses(&self.sdk))
    }

    /// Creates a client for addresses outside of AWS; `None` if this process has no way to them.
    #[must_use]
    pub fn outside(&self) -> Option<Outside> {
        self.outside.as_ref().map(|make| Outside::new(make()))
    }

    /// Creates a client for secrets.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        Secrets::new(aws::secrets(&self.sdk), self.secrets_here.clone())
    }
}
