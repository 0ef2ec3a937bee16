//! template.yaml, read the way CloudFormation and SAM would, as far as the local system needs it.
//!
//! In the order of the work: `node` takes YAML with its tags, `resolve` replaces parameters, conditions and
//! intrinsics by values, `shape` gives the values the form the documentation has for them, and [`table`], [`bucket`], [`function`]
//! and [`api`] hold what the local system boots from.
//!
//! Whatever is not understood is an error that names it: a local system that skips what is deployed would be kinder than
//! the cloud. What has no meaning here (alarms, log groups, the queue of failures) is named in `shape`, one by one.

pub mod api;
pub mod bucket;
mod error;
pub mod function;
mod node;
mod resolve;
mod shape;
pub mod table;

use std::collections::BTreeMap;

pub use api::{HttpRoute, Schedule, StreamSource, WebSocketApi};
pub use bucket::{Bucket, CorsRule, Expiration};
pub use error::TemplateError;
pub use function::{Asynchronous, Function, Resource, Statement};
pub use table::{AttributeType, Index, Key, Projection, StreamView, Table};

use node::Node;
use resolve::Resolver;

/// A deployment, with every parameter filled in.
#[derive(Clone, Debug)]
pub struct Template {
    /// Values of the parameters, pseudo parameters such as `AWS::StackName` among them.
    pub parameters: BTreeMap<String, String>,
    /// The tables, by logical name, which is their physical name here.
    pub tables: BTreeMap<String, Table>,
    /// The buckets, by logical name.
    pub buckets: BTreeMap<String, Bucket>,
    /// The functions, by the name of their package: the folder in `functions/`.
    pub functions: BTreeMap<String, Function>,
    /// The WebSocket API.
    pub websocket: WebSocketApi,
    /// Routes of the HTTP API.
    pub http_routes: Vec<HttpRoute>,
    /// What runs by the clock.
    pub schedules: Vec<Schedule>,
    /// What is handed the records of streams.
    pub streams: Vec<StreamSource>,
}

impl Template {
    /// Reads a template. `overrides` are values for parameters, and for pseudo parameters (`AWS::Region`), that differ
    /// from their defaults.
    ///
    /// # Errors
    /// [`TemplateError`], which names the place: malformed YAML, a parameter that does not exist or may not have the value,
    /// a rule that is not kept, and anything in the template that is not understood.
    pub fn read(text: &str, overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let template = shape::Sections::new(Node::read(text)?)?;
        let mut resolver = Resolver::new(&template, overrides)?;
        let resources = shape::resources(&template, &mut resolver)?;
        for (name, output) in &template.outputs {
            resolver.resolve(output, &format!("Outputs.{name}"))?;
        }
        shape::assemble(&resources, resolver.into_parameters())
    }

    /// The function with this physical name, as `Invoke` and the environment spell it.
    #[must_use]
    pub fn function_named(&self, name: &str) -> Option<&Function> {
        self.functions.values().find(|function| function.name == name)
    }
}
