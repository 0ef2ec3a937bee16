//! template.yaml, read as CloudFormation and SAM would read it, as far as the local system needs it.
//!
//! In the order of the work: `node` reads YAML with its tags; `sections` separates the top level; `resolve` replaces
//! parameters, conditions and intrinsics by values; `shape` gives the values the form that the documentation describes;
//! and [`table`], [`bucket`], [`secret`], [`function`] and [`api`] hold what the local system starts from.
//!
//! A part that is not supported is an error that names it: a local system that skips what is deployed would be more
//! tolerant than the cloud. The parts that have no meaning here (alarms, log groups) are named
//! in `shape`, one by one.

pub mod api;
pub mod bucket;
mod error;
pub mod filter;
mod form;
pub mod function;
mod node;
mod parameter;
pub mod queue;
mod resolve;
pub mod secret;
mod sections;
mod shape;
pub mod table;

use std::collections::BTreeMap;

pub use api::{HttpRoute, Schedule, StreamSource, WebSocketApi};
pub use bucket::{Bucket, CorsRule, Expiration};
pub use error::TemplateError;
pub use function::{Asynchronous, Destination, Function, Resource, Statement};
pub use parameter::ParameterInfo;
pub use queue::{Queue, QueueSource};
pub use resolve::REGION;
pub use secret::Secret;
pub use table::{StreamView, Table};

use node::Node;
use resolve::Resolver;
use sections::Sections;

/// A deployment, with the values of all parameters.
#[derive(Clone, Debug)]
pub struct Template {
    /// The values of the parameters, also of pseudo parameters such as `AWS::StackName`.
    pub parameters: BTreeMap<String, String>,
    /// The tables, by logical name, which is their physical name here.
    pub tables: BTreeMap<String, Table>,
    /// The queues, by logical name.
    pub queues: BTreeMap<String, Queue>,
    /// The buckets, by logical name.
    pub buckets: BTreeMap<String, Bucket>,
    /// The secrets, by logical name.
    pub secrets: BTreeMap<String, Secret>,
    /// The functions, by the name of their package: the folder in `functions/`.
    pub functions: BTreeMap<String, Function>,
    /// The WebSocket API.
    pub websocket: WebSocketApi,
    /// The routes of the HTTP API.
    pub http_routes: Vec<HttpRoute>,
    /// The functions that are invoked by a schedule.
    pub schedules: Vec<Schedule>,
    /// The functions that get the records of streams.
    pub streams: Vec<StreamSource>,
    /// The functions that get the messages of queues.
    pub queue_sources: Vec<QueueSource>,
}

impl Template {
    /// Reads a template. `overrides` are values for parameters, and for pseudo parameters (`AWS::Region`), that differ
    /// from their defaults.
    ///
    /// # Errors
    /// [`TemplateError`], which names the place: malformed YAML, a parameter that does not exist or may not have the
    /// value, a rule that does not hold, and any part of the template that is not supported.
    pub fn read(text: &str, overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let template = Sections::new(Node::read(text)?)?;
        let mut resolver = Resolver::new(&template, overrides)?;
        let resources = shape::resources(&template, &mut resolver)?;
        for (name, output) in &template.outputs {
            let place = format!("Outputs.{name}");
            let condition = match output {
                Node::Map(entries) => entries.iter().find(|(key, _)| key == "Condition"),
                _ => None,
            };
            let condition = condition.and_then(|(_, condition)| condition.text());
            let exists = condition.map_or(Ok(true), |condition| resolver.holds(condition, &place))?;
            resolver.resolve_if(exists, output, &place)?;
        }
        shape::assemble(&resources, resolver.into_parameters())
    }

    /// The parameters that a template declares, in its order.
    ///
    /// # Errors
    /// [`TemplateError`], if the text is not a template or a declaration is malformed.
    pub fn parameters(text: &str) -> Result<Vec<ParameterInfo>, TemplateError> {
        let declared = Resolver::declared(&Sections::new(Node::read(text)?)?)?;
        Ok(declared.into_iter().map(|(name, parameter)| parameter.info(name)).collect())
    }

    /// The function with this physical name, as `Invoke` and the environment spell it.
    #[must_use]
    pub fn function_named(&self, name: &str) -> Option<&Function> {
        self.functions.values().find(|function| function.name == name)
    }
}
