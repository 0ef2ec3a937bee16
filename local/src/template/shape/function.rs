//! The properties of `AWS::Serverless::Function`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{Resources, stream_of, text_of};
use crate::template::{
    Asynchronous, Destination, Function, HttpRoute, QueueSource, Resource, Schedule, Statement, StreamSource,
    TemplateError,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Properties {
    function_name: String,
    code_uri: String,
    memory_size: u32,
    timeout: u64,
    logging_config: LoggingConfig,
    environment: Environment,
    reserved_concurrent_executions: Option<u32>,
    event_invoke_config: Option<EventInvokeConfig>,
    #[serde(default)]
    events: BTreeMap<String, Event>,
    policies: Vec<Policy>,
    // The runtime of a function in the cloud has no meaning here.
    #[serde(rename = "Runtime")]
    _runtime: IgnoredAny,
    #[serde(rename = "Handler")]
    _handler: IgnoredAny,
    #[serde(rename = "Architectures")]
    _architectures: IgnoredAny,
    #[serde(rename = "Tracing")]
    _tracing: Option<IgnoredAny>,
    #[serde(rename = "RecursiveLoop")]
    _recursive_loop: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct LoggingConfig {
    log_group: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct EventInvokeConfig {
    maximum_event_age_in_seconds: u64,
    maximum_retry_attempts: u32,
    destination_config: Option<DestinationConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(tag = "Type", deny_unknown_fields)]
enum OnFailure {
    #[serde(rename = "SQS")]
    Sqs {
        #[serde(rename = "Destination")]
        _destination: String,
    },
    Lambda {
        #[serde(rename = "Destination")]
        destination: String,
    },
}

impl DestinationConfig {
    fn destination(&self, place: &str) -> Result<Destination, TemplateError> {
        match &self.on_failure {
            OnFailure::Sqs { .. } => Ok(Destination::Queue),
            OnFailure::Lambda { destination } => match destination.rsplit_once(":function:") {
                Some((_, name)) => Ok(Destination::Function(name.to_owned())),
                None => Err(TemplateError::refused(place.to_owned(), "the destination must be the Arn of a function")),
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "Type", content = "Properties", deny_unknown_fields)]
enum Event {
    Schedule(ScheduleEvent),
    HttpApi(HttpApiEvent),
    #[serde(rename = "DynamoDB")]
    DynamoDb(StreamEvent),
    #[serde(rename = "SQS")]
    Sqs(QueueEvent),
}

/// The properties of a queue event. The concurrency is required, because the cloud's default is a thousand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct QueueEvent {
    queue: String,
    batch_size: usize,
    #[serde(default)]
    function_response_types: Vec<ResponseType>,
    scaling_config: ScalingConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ScalingConfig {
    maximum_concurrency: usize,
}

/// The properties of a stream event. All of them are required, because the cloud's defaults are retries without end and
/// no batches.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct StreamEvent {
    stream: String,
    #[serde(rename = "StartingPosition")]
    _starting_position: FromTheFirst,
    batch_size: usize,
    maximum_batching_window_in_seconds: u64,
    #[serde(default)]
    function_response_types: Vec<ResponseType>,
    bisect_batch_on_function_error: bool,
    maximum_retry_attempts: u32,
    maximum_record_age_in_seconds: u64,
    destination_config: Option<DestinationConfig>,
}

#[derive(Deserialize)]
pub(super) enum FromTheFirst {
    #[serde(rename = "TRIM_HORIZON")]
    TrimHorizon,
}

#[derive(Deserialize)]
pub(super) enum ResponseType {
    ReportBatchItemFailures,
}

/// The events that invoke a function.
#[derive(Default)]
pub(super) struct Events {
    pub(super) routes: Vec<HttpRoute>,
    pub(super) schedules: Vec<Schedule>,
    pub(super) streams: Vec<StreamSource>,
    pub(super) queues: Vec<QueueSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ScheduleEvent {
    #[serde(rename = "Description")]
    _description: Option<IgnoredAny>,
    schedule: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct HttpApiEvent {
    api_id: String,
    method: Option<String>,
    path: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Policy {
    statement: Vec<PolicyStatement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PolicyStatement {
    sid: String,
    #[serde(rename = "Effect")]
    _effect: Effect,
    action: Vec<String>,
    resource: OneOrMore,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

/// The resources that the names in an ARN stand for.
pub(super) struct Names {
    resources: BTreeMap<String, Resource>,
    buckets: BTreeMap<String, String>,
    packages: BTreeMap<String, String>,
    /// The ARN of a secret up to its name.
    secrets: String,
}

impl Names {
    pub(super) fn new(resources: &Resources, parameters: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let pseudo = |name: &str| parameters.get(name).map_or("", String::as_str);
        let arn = |service: &str, resource: &str| {
            let (partition, region, account) =
                (pseudo("AWS::Partition"), pseudo("AWS::Region"), pseudo("AWS::AccountId"));
            format!("arn:{partition}:{service}:{region}:{account}:{resource}")
        };
        let (resources_by_arn, buckets, packages) = Default::default();
        let mut names =
            Self { resources: resources_by_arn, buckets, packages, secrets: arn("secretsmanager", "secret:") };
        for (table, properties) in &resources.tables {
            names.resources.insert(arn("dynamodb", &format!("table/{table}")), Resource::Table(table.clone()));
            for index in properties.schema.indexes() {
                let resource = Resource::Index { table: table.clone(), index: index.name.clone() };
                names.resources.insert(arn("dynamodb", &format!("table/{table}/index/{}", index.name)), resource);
            }
        }
        let bus = parameters.get("EventBus").filter(|bus| !bus.is_empty());
        names.resources.extend(bus.map(|bus| (arn("events", &format!("event-bus/{bus}")), Resource::Bus(bus.clone()))));
        for (arn, queue) in &resources.queue_arns {
            names.resources.insert(arn.clone(), Resource::Queue(queue.clone()));
        }
        for bucket in resources.buckets.values() {
            names.buckets.insert(format!("arn:{}:s3:::{}", pseudo("AWS::Partition"), bucket.name), bucket.name.clone());
        }
        for (id, websocket) in &resources.websockets {
            let (api, stage) = (id.to_ascii_lowercase(), &websocket.stage_name);
            for method in ["DELETE", "GET", "POST"] {
                let resource = Resource::Connections(method.to_owned());
                names.resources.insert(arn("execute-api", &format!("{api}/{stage}/{method}/@connections/*")), resource);
            }
        }
        for (id, function) in &resources.functions {
            let package = function.package(&format!("Resources.{id}.Properties.CodeUri"))?;
            let arn = arn("lambda", &format!("function:{}", function.function_name));
            names.resources.insert(arn.clone(), Resource::Function(package.to_owned()));
            if names.packages.insert(arn, package.to_owned()).is_some() {
                let place = format!("Resources.{id}.Properties.FunctionName");
                return Err(TemplateError::refused(place, "another function has the same name"));
            }
        }
        Ok(names)
    }

    /// The resource of an ARN in a statement. For a bucket it must be the part with one folder's name; a whole bucket
    /// would be too much.
    fn resource(&self, arn: &str) -> Option<Resource> {
        let objects = || {
            let (bucket, pattern) = arn.split_once('/')?;
            let prefix =
                pattern.strip_suffix("/*").filter(|folder| !folder.is_empty() && !folder.contains(['/', '*', '?']))?;
            Some(Resource::Objects { bucket: self.buckets.get(bucket)?.clone(), prefix: format!("{prefix}/") })
        };
        // A topic may be of this template or not.
        let topic = || {
            let mut parts = arn.split(':').skip(2);
            let is_topic = parts.next() == Some("sns") && parts.count() == 3 && !arn.contains(['*', '?']);
            is_topic.then(|| Resource::Topic(arn.to_owned()))
        };
        // A secret need not be one of the template: its ARN may be given as a parameter.
        let secret = || {
            let name = arn.strip_prefix(&self.secrets)?;
            (!name.is_empty() && !name.contains(['*', '?', ':'])).then(|| Resource::Secret(arn.to_owned()))
        };
        self.resources.get(arn).cloned().or_else(objects).or_else(topic).or_else(secret)
    }

    /// The package of the function with this ARN.
    pub(super) fn package(&self, arn: &str) -> Option<&String> {
        self.packages.get(arn)
    }
}

impl Properties {
    /// The name with which the function is invoked.
    pub(super) fn name(&self) -> &str {
        &self.function_name
    }

    pub(super) fn package(&self, place: &str) -> Result<&str, TemplateError> {
        // One package with the code of all functions: the variable FUNCTION says which one this is.
        if self.code_uri == "." {
            let named = self.environment.variables.get("FUNCTION").and_then(Value::as_str);
            return named.ok_or_else(|| TemplateError::refused(place, "is ., so the variable FUNCTION must be set"));
        }
        let package = self.code_uri.strip_prefix("functions/").filter(|package| !package.contains('/'));
        package.ok_or_else(|| TemplateError::refused(place, "must be functions/ and the name of a package, or ."))
    }

    pub(super) fn function(&self, names: &Names, place: &str) -> Result<Function, TemplateError> {
        let asynchronous = match &self.event_invoke_config {
            None => Asynchronous::default(),
            Some(config) => Asynchronous {
                max_age: Duration::from_secs(config.maximum_event_age_in_seconds),
                retries: config.maximum_retry_attempts,
                on_failure: config.destination_config.as_ref().map(|one| one.destination(place)).transpose()?,
            },
        };
        let statements = self.policies.iter().flat_map(|policy| &policy.statement);
        Ok(Function {
            package: self.package(place)?.to_owned(),
            name: self.function_name.clone(),
            memory_mb: self.memory_size,
            timeout: Duration::from_secs(self.timeout),
            environment: self
                .environment
                .variables
                .iter()
                .map(|(name, value)| (name.clone(), text_of(value)))
                .collect(),
            asynchronous,
            concurrency: self.reserved_concurrent_executions,
            log_group: self.logging_config.log_group.clone(),
            statements: statements.map(|one| statement(one, names, place)).collect::<Result<_, _>>()?,
        })
    }

    /// The routes, schedules and streams that invoke this function.
    pub(super) fn events(&self, package: &str, resources: &Resources, place: &str) -> Result<Events, TemplateError> {
        let mut all = Events::default();
        for (id, event) in &self.events {
            let place = format!("{place}.Events.{id}");
            match event {
                Event::Schedule(event) => {
                    all.schedules
                        .push(Schedule { function: package.to_owned(), every: rate(&event.schedule, &place)? });
                }
                Event::HttpApi(event) => {
                    if !resources.https.keys().any(|id| id.to_ascii_lowercase() == event.api_id) {
                        return Err(TemplateError::refused(place, "ApiId must be a reference to the HTTP API"));
                    }
                    let key = match (&event.method, &event.path) {
                        (None, None) => "$default".to_owned(),
                        (Some(_), Some(path)) if path.len() > 1 && path.ends_with('/') => {
                            let problem = format!("{path} ends in a slash, and an HTTP API takes no such route");
                            return Err(TemplateError::refused(place, problem));
                        }
                        (Some(method), Some(path)) => format!("{} {path}", method.to_ascii_uppercase()),
                        _ => return Err(TemplateError::refused(place, "Method and Path go together")),
                    };
                    all.routes.push(HttpRoute { key, function: package.to_owned() });
                }
                Event::Sqs(event) => {
                    let source = event.source(package, resources, &place)?;
                    if self.timeout > resources.queues.get(&source.queue).map_or(0, |queue| queue.visibility.as_secs())
                    {
                        return Err(TemplateError::refused(
                            place,
                            "the queue must hide messages for as long as Timeout",
                        ));
                    }
                    all.queues.push(source);
                }
                Event::DynamoDb(event) => all.streams.push(event.source(package, resources, &place)?),
            }
        }
        Ok(all)
    }
}

impl QueueEvent {
    fn source(&self, function: &str, resources: &Resources, place: &str) -> Result<QueueSource, TemplateError> {
        let Some(queue) = resources.queue_arns.get(&self.queue) else {
            return Err(TemplateError::refused(place, "Queue must be the Arn of a queue"));
        };
        Ok(QueueSource {
            function: function.to_owned(),
            queue: queue.clone(),
            arn: self.queue.clone(),
            batch_size: self.batch_size.max(1),
            partial_failures: !self.function_response_types.is_empty(),
            concurrency: self.scaling_config.maximum_concurrency.max(1),
        })
    }
}

impl StreamEvent {
    fn source(&self, function: &str, resources: &Resources, place: &str) -> Result<StreamSource, TemplateError> {
        let with_stream = resources.tables.values().filter(|table| table.stream.is_some());
        let mut named =
            with_stream.filter(|table| self.stream.ends_with(&format!(":{}", stream_of(&table.schema.name))));
        let Some(table) = named.next() else {
            return Err(TemplateError::refused(
                place,
                "Stream must be the StreamArn of a table with a StreamSpecification",
            ));
        };
        Ok(StreamSource {
            function: function.to_owned(),
            table: table.schema.name.clone(),
            arn: self.stream.clone(),
            batch_size: self.batch_size.max(1),
            window: Duration::from_secs(self.maximum_batching_window_in_seconds),
            partial_failures: !self.function_response_types.is_empty(),
            bisected: self.bisect_batch_on_function_error,
            retries: self.maximum_retry_attempts,
            max_age: Duration::from_secs(self.maximum_record_age_in_seconds),
            failures_kept: self.destination_config.is_some(),
            filters: Vec::new(),
        })
    }
}

/// Checks the build metadata. Only the build that is known to work is supported.
pub(super) fn check_build(metadata: &Map<String, Value>, place: &str) -> Result<(), TemplateError> {
    match metadata.iter().next() {
        Some((key, Value::String(method)))
            if metadata.len() == 1 && key == "BuildMethod" && method == "rust-cargolambda" =>
        {
            Ok(())
        }
        _ => Err(TemplateError::refused(place, "the metadata must be BuildMethod: rust-cargolambda")),
    }
}

fn statement(statement: &PolicyStatement, names: &Names, place: &str) -> Result<Statement, TemplateError> {
    let resource = |arn: &String| {
        let known = names.resource(arn);
        let problem = || {
            format!(
                "{arn} is no table, index, function, folder of a bucket, queue, topic, bus or @connections of this template, and no secret"
            )
        };
        known.ok_or_else(|| TemplateError::refused(format!("{place}.Policies, {}", statement.sid), problem()))
    };
    Ok(Statement {
        sid: statement.sid.clone(),
        actions: statement.action.clone(),
        resources: statement.resource.as_slice().iter().map(resource).collect::<Result<_, _>>()?,
    })
}

/// Parses `rate(1 minute)`, `rate(5 minutes)` and the like. An expression for a calendar is not supported.
fn rate(expression: &str, place: &str) -> Result<Duration, TemplateError> {
    let words = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
    let number_and_unit = words.and_then(|words| words.split_once(' '));
    let parsed = number_and_unit.and_then(|(number, unit)| Some((number.parse::<u32>().ok()?, unit)));
    let minutes = match parsed {
        Some((1, "minute")) => 1,
        Some((1, "hour")) => 60,
        Some((1, "day")) => 24 * 60,
        Some((number @ 2.., "minutes")) => u64::from(number),
        Some((number @ 2.., "hours")) => u64::from(number) * 60,
        Some((number @ 2.., "days")) => u64::from(number) * 24 * 60,
        _ => return Err(TemplateError::refused(place, format!("{expression} is no rate of minutes, hours or days"))),
    };
    Ok(Duration::from_secs(minutes * 60))
}
