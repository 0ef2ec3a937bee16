//! The form that the documentation of CloudFormation and SAM gives to resources. A property that is not
//! named here is refused.

mod api;
mod bucket;
mod function;
mod mapping;
mod queue;
mod secret;
mod table;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::form::{text_of, typed};
use super::node::Node;
use super::resolve::{Physical, Resolver};
use super::sections::Sections;
use super::{Bucket, Queue, Secret, Table, Template, TemplateError};

/// The resources by logical id, resolved and in their form.
#[derive(Default)]
pub(super) struct Resources {
    tables: BTreeMap<String, Table>,
    queues: BTreeMap<String, Queue>,
    /// The queues by ARN.
    queue_arns: BTreeMap<String, String>,
    buckets: BTreeMap<String, Bucket>,
    secrets: BTreeMap<String, Secret>,
    functions: BTreeMap<String, function::Properties>,
    mappings: BTreeMap<String, mapping::Properties>,
    websockets: BTreeMap<String, api::WebSocketProperties>,
    https: BTreeMap<String, api::HttpProperties>,
}

#[derive(Clone, Copy, Deserialize)]
enum Kind {
    #[serde(rename = "AWS::DynamoDB::Table")]
    Table,
    #[serde(rename = "AWS::S3::Bucket")]
    Bucket,
    #[serde(rename = "AWS::S3::BucketPolicy")]
    BucketPolicy,
    #[serde(rename = "AWS::Serverless::Function")]
    Function,
    #[serde(rename = "AWS::Serverless::WebSocketApi")]
    WebSocketApi,
    #[serde(rename = "AWS::Serverless::HttpApi")]
    HttpApi,
    #[serde(rename = "AWS::SecretsManager::Secret")]
    Secret,
    #[serde(rename = "AWS::SQS::Queue")]
    Queue,
    #[serde(rename = "AWS::Lambda::EventSourceMapping")]
    EventSourceMapping,
    #[serde(rename = "AWS::SNS::Topic")]
    Topic,
    #[serde(rename = "AWS::Logs::LogGroup")]
    LogGroup,
    #[serde(rename = "AWS::Logs::MetricFilter")]
    MetricFilter,
    #[serde(rename = "AWS::CloudWatch::Alarm")]
    Alarm,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Attributes {
    r#type: Kind,
    /// The condition under which there is the resource.
    condition: Option<String>,
    metadata: Option<Map<String, Value>>,
    #[serde(rename = "DeletionPolicy")]
    _deletion_policy: Option<IgnoredAny>,
    #[serde(rename = "UpdateReplacePolicy")]
    _update_replace_policy: Option<IgnoredAny>,
}

/// Names every resource, so that each can refer to any other, and then resolves them.
pub(super) fn resources(sections: &Sections, resolver: &mut Resolver) -> Result<Resources, TemplateError> {
    let mut kinds = Vec::new();
    for (id, node) in &sections.resources {
        let place = format!("Resources.{id}");
        let Node::Map(entries) = node else { return Err(TemplateError::refused(place, "must be a map")) };
        let (properties, attributes): (Vec<_>, Vec<_>) =
            entries.iter().cloned().partition(|(key, _)| key == "Properties");
        let attributes: Attributes = typed(resolver.resolve(&Node::Map(attributes), &place)?, &place)?;
        let properties = properties.into_iter().next().map_or(Node::Map(Vec::new()), |(_, properties)| properties);
        let exists = attributes.condition.as_ref().map_or(Ok(true), |name| resolver.holds(name, &place))?;
        resolver.define(id, physical(id, attributes.r#type, &properties, resolver)?, exists);
        kinds.push((id, attributes, properties, exists));
    }
    let globals = globals(sections, resolver)?;
    let mut resources = Resources::default();
    for (id, attributes, properties, exists) in kinds {
        let place = format!("Resources.{id}.Properties");
        let properties = resolver.resolve_if(exists, &properties, &place)?;
        if let (Some(metadata), Kind::Function) = (&attributes.metadata, attributes.r#type) {
            function::check_build(metadata, &place)?;
        } else if attributes.metadata.is_some() {
            return Err(TemplateError::refused(place, "metadata is only understood of functions"));
        }
        let Some(properties) = properties.filter(|_| exists) else { continue };
        match attributes.r#type {
            Kind::Table => drop(resources.tables.insert(id.clone(), table::read(id, properties, &place)?)),
            Kind::Bucket => {
                let name = resolver.name_of(id);
                resources.buckets.insert(id.clone(), bucket::read(&name, properties, &place)?);
            }
            Kind::Queue => {
                let named = |arn: &str| resolver.with_attribute("Arn", arn);
                let queue = queue::read(resolver.name_of(id), properties, &place, named)?;
                resources.queues.insert(id.clone(), queue);
                resources.queue_arns.extend(resolver.attribute_of(id, "Arn").map(|arn| (arn, id.clone())));
            }
            Kind::EventSourceMapping => drop(resources.mappings.insert(id.clone(), typed(properties, &place)?)),
            Kind::Topic => queue::check_topic(properties, &place)?,
            Kind::BucketPolicy => bucket::check_policy(properties, &place)?,
            Kind::Secret => {
                let secret = secret::read(resolver.name_of(id), properties, &place)?;
                resources.secrets.insert(id.clone(), secret);
            }
            Kind::Function => {
                let properties = merged(globals.clone(), properties, &place)?;
                resources.functions.insert(id.clone(), typed(properties, &place)?);
            }
            Kind::WebSocketApi => drop(resources.websockets.insert(id.clone(), typed(properties, &place)?)),
            Kind::HttpApi => drop(resources.https.insert(id.clone(), typed(properties, &place)?)),
            // These resources watch what is deployed. The local system shows its log by itself.
            Kind::LogGroup | Kind::MetricFilter | Kind::Alarm => {}
        }
    }
    Ok(resources)
}

/// Puts the parts together.
pub(super) fn assemble(resources: &Resources, parameters: BTreeMap<String, String>) -> Result<Template, TemplateError> {
    let names = function::Names::new(resources, &parameters)?;
    let mut functions = BTreeMap::new();
    let (mut http_routes, mut schedules, mut streams) = (Vec::new(), Vec::new(), Vec::new());
    let mut queue_sources = Vec::new();
    for (id, properties) in &resources.functions {
        let place = format!("Resources.{id}.Properties");
        let function = properties.function(&names, &place)?;
        let events = properties.events(&function.package, resources, &place)?;
        http_routes.extend(events.routes);
        schedules.extend(events.schedules);
        streams.extend(events.streams);
        queue_sources.extend(events.queues);
        functions.insert(function.package.clone(), function);
    }
    for (id, mapping) in &resources.mappings {
        streams.push(mapping.source(resources, &format!("Resources.{id}.Properties"))?);
    }
    let websocket = api::websocket(resources, &names)?;
    let (tables, queues, buckets) = (resources.tables.clone(), resources.queues.clone(), resources.buckets.clone());
    Ok(Template {
        parameters,
        tables,
        queues,
        buckets,
        secrets: resources.secrets.clone(),
        functions,
        websocket,
        http_routes,
        schedules,
        streams,
        queue_sources,
    })
}

/// The values of `Ref` and `GetAtt` for a resource. A table and an API are named as in the template; the name of a
/// bucket contains the name of the stack as well.
fn physical(id: &str, kind: Kind, properties: &Node, resolver: &Resolver) -> Result<Physical, TemplateError> {
    let arn = |service: &str, resource: &str| {
        let (partition, region) = (resolver.parameter("AWS::Partition")?, resolver.parameter("AWS::Region")?);
        Ok(format!("arn:{partition}:{service}:{region}:{}:{resource}", resolver.parameter("AWS::AccountId")?))
    };
    let named = |property: &str| {
        let place = format!("Resources.{id}.Properties.{property}");
        let Node::Map(entries) = properties else { return Err(TemplateError::refused(place, "must be given")) };
        match entries.iter().find(|(key, _)| key == property) {
            Some((_, node)) => Ok(text_of(&resolver.resolve(node, &place)?)),
            None => Err(TemplateError::refused(place, "must be given")),
        }
    };
    Ok(match kind {
        Kind::Table => {
            let mut attributes = BTreeMap::from([("Arn", arn("dynamodb", &format!("table/{id}"))?)]);
            let Node::Map(entries) = properties else { return Err(TemplateError::refused(id, "must have Properties")) };
            let stream = entries.iter().find(|(key, _)| key == "StreamSpecification");
            if stream.is_some_and(|(_, node)| resolver.has_value(node, id).unwrap_or(true)) {
                attributes.insert("StreamArn", arn("dynamodb", &stream_of(id))?);
            }
            Physical { reference: id.to_owned(), attributes }
        }
        Kind::Bucket => {
            // CloudFormation generates a name that begins like this.
            let name = format!("{}-{id}", resolver.parameter("AWS::StackName")?).to_ascii_lowercase();
            let attributes =
                BTreeMap::from([("Arn", format!("arn:{}:s3:::{name}", resolver.parameter("AWS::Partition")?))]);
            Physical { reference: name, attributes }
        }
        Kind::Function => {
            let name = named("FunctionName")?;
            let attributes = BTreeMap::from([("Arn", arn("lambda", &format!("function:{name}"))?)]);
            Physical { reference: name, attributes }
        }
        Kind::Secret => {
            // CloudFormation generates a name, to which Secrets Manager adds six characters.
            let name = format!("{id}-local-000000");
            Physical { reference: arn("secretsmanager", &format!("secret:{name}"))?, attributes: BTreeMap::new() }
        }
        Kind::Queue => {
            let name = named("QueueName")?;
            let (region, suffix) = (resolver.parameter("AWS::Region")?, resolver.parameter("AWS::URLSuffix")?);
            let account = resolver.parameter("AWS::AccountId")?;
            let attributes = BTreeMap::from([("Arn", arn("sqs", &name)?), ("QueueName", name.clone())]);
            Physical { reference: format!("https://sqs.{region}.{suffix}/{account}/{name}"), attributes }
        }
        Kind::Topic => Physical { reference: arn("sns", &named("TopicName")?)?, attributes: BTreeMap::new() },
        Kind::LogGroup => {
            let name = named("LogGroupName")?;
            let attributes = BTreeMap::from([("Arn", arn("logs", &format!("log-group:{name}:*"))?)]);
            Physical { reference: name, attributes }
        }
        Kind::WebSocketApi | Kind::HttpApi => {
            Physical { reference: id.to_ascii_lowercase(), attributes: BTreeMap::new() }
        }
        Kind::MetricFilter | Kind::Alarm | Kind::BucketPolicy | Kind::EventSourceMapping => {
            Physical { reference: id.to_owned(), attributes: BTreeMap::new() }
        }
    })
}

/// The resource part of the ARN of a table's stream. It ends in the time at which the stream was created.
fn stream_of(table: &str) -> String {
    format!("table/{table}/stream/2026-01-01T00:00:00.000")
}

/// The properties that all functions share.
fn globals(sections: &Sections, resolver: &Resolver) -> Result<Value, TemplateError> {
    let mut functions = Value::Object(Map::new());
    for (kind, node) in &sections.globals {
        let place = format!("Globals.{kind}");
        match kind.as_str() {
            "Function" => functions = resolver.resolve(node, &place)?,
            _ => return Err(TemplateError::refused(place, "only globals of functions are understood")),
        }
    }
    Ok(functions)
}

/// Merges globals into properties as SAM does: maps key by key; for other values the property replaces the global.
fn merged(global: Value, own: Value, place: &str) -> Result<Value, TemplateError> {
    match (global, own) {
        (Value::Object(mut global), Value::Object(own)) => {
            for (key, value) in own {
                let place = format!("{place}.{key}");
                let value = match global.remove(&key) {
                    Some(under) => merged(under, value, &place)?,
                    None => value,
                };
                global.insert(key, value);
            }
            Ok(Value::Object(global))
        }
        (Value::Array(_), Value::Array(_)) => {
            Err(TemplateError::refused(place, "SAM would add this list to the one in Globals: give it in one place"))
        }
        (_, own) => Ok(own),
    }
}
