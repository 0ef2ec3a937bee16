//! The AWS services that the functions use, and where they are.

use std::sync::Arc;

use aws_types::SdkConfig;

use crate::aws;
use crate::connections::{ConnectionService, Connections};
use crate::dynamo::{TableService, Tables};
use crate::lambda::{FunctionService, Functions};

/// The AWS services, as a function reaches them.
#[derive(Clone, Debug)]
pub struct Aws {
    /// The configuration of the SDK's clients.
    pub sdk: SdkConfig,
    tables_here: Option<Arc<dyn TableService>>,
    connections_here: Option<Arc<dyn ConnectionService>>,
    functions_here: Option<Arc<dyn FunctionService>>,
}

impl Aws {
    /// Services that are reached through the SDK.
    #[must_use]
    pub const fn new(sdk: SdkConfig) -> Self {
        Self { sdk, tables_here: None, connections_here: None, functions_here: None }
    }

    /// Services of which the tables, the connections and the functions are in this process.
    #[must_use]
    pub fn here(self, services: &Arc<impl TableService + ConnectionService + FunctionService + 'static>) -> Self {
        Self {
            tables_here: Some(services.clone()),
            connections_here: Some(services.clone()),
            functions_here: Some(services.clone()),
            ..self
        }
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
}
