//! The connector: replaces the HTTP connector of the AWS SDK in this process. It passes each request of a function to
//! the service that it is for, if the role that template.yaml gives the function allows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use axum::body::Body;
use bytes::Bytes;
use engine::{Item, Written};
use http::{Method, StatusCode};
use relay::clock::Clock;
use relay::connections::BINARY_POST_HEADER;
use serde_json::Value;

use crate::dynamodb::{DynamoDb, response};
use crate::faults::{self, AwsRequest, Faults, Service};
use crate::gateway::Gateway;
use crate::lambda::Lambda;
use crate::latency::{Latency, Step};
use crate::management;
use crate::messaging;
use crate::published::Published;
use crate::queue::Queues;
use crate::secrets::{SecretDenied, SecretStorage};
use crate::storage::{self, ObjectStorage};
use crate::stream::Streams;
use crate::template::{Function, Resource, Table, Template};
use crate::watch::{self, AwsCall};

/// The services that functions can reach. The gateway and the functions are added after it is created, because they
/// reach it, too.
#[derive(Debug)]
pub struct Services {
    /// The tables.
    pub dynamodb: DynamoDb,
    /// The buckets.
    pub storage: ObjectStorage,
    /// The secrets.
    pub secrets: SecretStorage,
    /// The fault layer.
    pub faults: Faults,
    /// The streams of the tables.
    pub streams: Streams,
    /// The queues.
    pub queues: Queues,
    /// What functions published.
    pub published: Published,
    pub(crate) tables: BTreeMap<String, Table>,
    gateway: OnceLock<Weak<Gateway>>,
    lambda: OnceLock<Weak<Lambda>>,
    used: Mutex<BTreeSet<Permission>>,
    /// Whether functions reach the services directly, and not through the SDK.
    is_direct: AtomicBool,
    /// How long requests take besides their work.
    latency: Mutex<Latency>,
}

/// An item before a write.
struct Image {
    table: String,
    key: Value,
    before: Value,
}

/// How long parts of API Gateway may not know a new connection, at most, in milliseconds.
const YOUNG_MILLIS: i64 = 2_000;

/// A permission that a function has used: package, action and resource.
pub type Permission = (String, String, Resource);

/// How functions reach the services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Within the process ([`crate::direct`]), except while faults are injected.
    #[default]
    Direct,
    /// Through the SDK and the connector, which is the way of deployed functions: with HTTP requests, JSON and
    /// signatures.
    Sdk,
}

/// The settings of the services.
#[derive(Debug)]
pub struct ServiceSettings {
    /// The faults to inject.
    pub faults: Faults,
    /// The source of time.
    pub clock: Clock,
    /// How functions reach the services.
    pub way: Way,
    /// How long requests take besides their work.
    pub latency: Latency,
}

impl Services {
    /// Creates the services with only the tables and the buckets, which template.yaml describes.
    #[must_use]
    pub fn new(
        dynamodb: DynamoDb,
        storage: ObjectStorage,
        template: &Template,
        settings: ServiceSettings,
    ) -> Arc<Self> {
        let ServiceSettings { faults, clock, way, latency } = settings;
        let (gateway, lambda, used) = Default::default();
        let (streams, queues) = (Streams::new(template, clock.clone()), Queues::new(template, clock));
        let tables = template.tables.clone();
        Arc::new(Self {
            dynamodb,
            storage,
            secrets: SecretStorage::of(template),
            faults,
            streams,
            queues,
            published: Published::default(),
            tables,
            gateway,
            lambda,
            used,
            is_direct: AtomicBool::new(way == Way::Direct),
            latency: Mutex::new(latency),
        })
    }

    /// Connects the gateway and the functions. Only the first call has an effect.
    pub fn connect(&self, gateway: &Arc<Gateway>, lambda: &Arc<Lambda>) {
        let _ = self.gateway.set(Arc::downgrade(gateway));
        let _ = self.lambda.set(Arc::downgrade(lambda));
    }

    /// Whether functions may reach the services directly at present.
    pub(crate) fn takes_requests(&self) -> bool {
        self.is_direct.load(Ordering::SeqCst)
            && self.dynamodb.endpoint().is_none()
            && !self.faults.is_on()
            && !self.dynamodb.is_down()
    }

    /// How long requests take besides their work.
    pub(crate) fn latency(&self) -> Latency {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes how long requests take besides their work.
    pub fn set_latency(&self, latency: Latency) {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner) = latency;
    }

    /// Changes how functions reach the services.
    pub fn set_way(&self, way: Way) {
        self.is_direct.store(way == Way::Direct, Ordering::SeqCst);
    }

    /// The gateway, if it runs.
    pub(crate) fn gateway(&self) -> Option<Arc<Gateway>> {
        self.gateway.get().and_then(Weak::upgrade)
    }

    /// The functions, if they run.
    pub(crate) fn lambda(&self) -> Option<Arc<Lambda>> {
        self.lambda.get().and_then(Weak::upgrade)
    }

    /// All permissions that were used so far.
    #[must_use]
    pub fn used(&self) -> BTreeSet<Permission> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The items that a request is going to write, as they are before it, if a stream or a lagging index needs them.
    async fn images_before(&self, operation: &str, asked: &Value) -> Vec<Image> {
        let mut images = Vec::new();
        for (table, key) in faults::written(&self.tables, operation, asked) {
            let indexed = self.tables.get(&table).is_some_and(|table| !table.schema.global_indexes.is_empty());
            let lagging = indexed && self.faults.is_on();
            if !lagging && !self.streams.is_read(&table) {
                continue;
            }
            let image = self.dynamodb.image(&table, &key).await;
            if lagging {
                self.faults.remember_image(&table, key.clone(), image.clone());
            }
            images.push(Image { table, key, before: image });
        }
        images
    }

    /// Whether a connection is so young that parts of API Gateway may not know it.
    pub(crate) fn is_young(&self, connection: &str) -> bool {
        self.gateway().and_then(|gateway| gateway.age_millis(connection)).is_some_and(|age| age < YOUNG_MILLIS)
    }

    /// Tells the streams the result of a write.
    async fn record(&self, before: Vec<Image>) {
        for Image { table, key, before } in before {
            if self.streams.is_read(&table) {
                let after = self.dynamodb.image(&table, &key).await;
                let Some(key) = item(key) else { continue };
                let (before, after) = (item(before).map(Arc::new), item(after).map(Arc::new));
                self.streams.record_all(vec![Written { table, key, before, after }]);
            }
        }
    }

    /// The text of a secret, if the role of a function allows to read it.
    ///
    /// # Errors
    /// [`SecretDenied`].
    pub(crate) fn read_secret(&self, function: &Function, arn: &str) -> Result<String, SecretDenied> {
        let permitted = self.permit(function, "secretsmanager:GetSecretValue", Resource::Secret(arn.to_owned()));
        permitted.map_err(SecretDenied::Role)?;
        self.secrets.text(arn).ok_or(SecretDenied::NotFound)
    }

    /// Checks that the role of a function allows an action of IAM on a resource. Records an allowed permission as used,
    /// and logs a missing one.
    ///
    /// # Errors
    /// The message of the refusal, if the role does not allow it.
    pub(crate) fn permit(&self, function: &Function, action: &str, resource: Resource) -> Result<(), String> {
        let package = &function.package;
        if !function.may(action, &resource) {
            tracing::error!(function = package, action, %resource, "the role of a function does not allow what it does");
            return Err(format!("the role of {package} does not allow {action} on {resource}"));
        }
        let permission = (package.clone(), action.to_owned(), resource);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(permission);
        Ok(())
    }
}

/// The target of a request.
#[derive(Debug)]
pub(crate) enum Target {
    /// The tables: the operation, and the content of the body.
    DynamoDb { operation: String, asked: Value },
    /// The queues: the operation, and the content of the body.
    Queue { operation: String, asked: Value },
    /// The event buses: the operation, and the content of the body.
    Bus { operation: String, asked: Value },
    /// The topics: the parameters of the form in the body.
    Topic(Vec<(String, String)>),
    /// A secret, by its ARN.
    Secret(String),
    /// An object of a bucket, by its path.
    Object(String),
    /// A connection, by its id.
    Connection(String),
    /// A function, by its name, and its package.
    Function { name: String, package: Option<String> },
    /// Unknown, because the request is not signed.
    Unsigned,
    /// A service that does not exist here.
    Unknown,
}

impl Target {
    fn of(request: &HttpRequest, services: &Services) -> Self {
        if request.headers().get("authorization").is_none() {
            return Self::Unsigned;
        }
        let path = request.uri().split_once("://").map_or("", |(_, rest)| rest);
        let path = path.split_once('/').map_or("", |(_, path)| path);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        if let Some((service, operation)) = request.headers().get("x-amz-target").and_then(|to| to.rsplit_once('.')) {
            let asked: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
            let operation = operation.to_owned();
            if service == "secretsmanager" {
                let arn = asked.get("SecretId").and_then(Value::as_str).filter(|_| operation == "GetSecretValue");
                return arn.map_or(Self::Unknown, |arn| Self::Secret(arn.to_owned()));
            }
            return match service {
                "AmazonSQS" => Self::Queue { operation, asked },
                "AWSEvents" => Self::Bus { operation, asked },
                _ => Self::DynamoDb { operation, asked },
            };
        }
        let is_form = request.headers().get("content-type") == Some("application/x-www-form-urlencoded");
        if is_form && path.is_empty() {
            let body = request.body().bytes().unwrap_or_default();
            return Self::Topic(form_urlencoded::parse(body).into_owned().collect());
        }
        if services.storage.object(path).is_some() {
            return Self::Object(path.to_owned());
        }
        if let Some((_, id)) = path.rsplit_once("/@connections/") {
            return Self::Connection(decoded(id));
        }
        let invoked = path.strip_prefix("2015-03-31/functions/").and_then(|rest| rest.strip_suffix("/invocations"));
        let Some(name) = invoked.map(decoded) else { return Self::Unknown };
        let package = services.lambda().and_then(|lambda| lambda.package(&name));
        Self::Function { name, package }
    }

    /// Whether the request changes nothing.
    pub(crate) fn is_read(&self) -> bool {
        match self {
            Self::DynamoDb { operation, .. } => {
                matches!(operation.as_str(), "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan")
            }
            Self::Secret(_) => true,
            Self::Queue { .. }
            | Self::Bus { .. }
            | Self::Topic(_)
            | Self::Object(_)
            | Self::Connection(_)
            | Self::Function { .. }
            | Self::Unsigned
            | Self::Unknown => false,
        }
    }

    /// The request in the form that the fault layer uses.
    pub(crate) fn described(&self, function: &str, request: &HttpRequest, dynamodb: &DynamoDb) -> AwsRequest {
        let (service, operation, targets) = match self {
            Self::DynamoDb { operation, asked } => return of_tables(dynamodb, function, operation, asked),
            Self::Queue { operation, asked } => (Service::Sqs, operation.clone(), vec![messaging::target(asked)]),
            Self::Bus { operation, asked } => (Service::EventBridge, operation.clone(), messaging::buses(asked)),
            Self::Topic(form) => {
                let field = |name| messaging::field(form, name).to_owned();
                (Service::Sns, field("Action"), vec![field("TopicArn")])
            }
            Self::Secret(arn) => (Service::SecretsManager, "GetSecretValue".to_owned(), vec![arn.clone()]),
            Self::Object(path) => (Service::S3, object_operation(request).to_owned(), vec![path.clone()]),
            Self::Connection(id) => {
                let operation = match request.method() {
                    "POST" => "PostToConnection",
                    "DELETE" => "DeleteConnection",
                    _ => "GetConnection",
                };
                (Service::Connections, operation.to_owned(), vec![id.clone()])
            }
            Self::Function { package, .. } => (Service::Lambda, "Invoke".to_owned(), package.iter().cloned().collect()),
            Self::Unsigned | Self::Unknown => (Service::Lambda, "Unknown".to_owned(), Vec::new()),
        };
        AwsRequest {
            service,
            operation,
            function: function.to_owned(),
            targets,
            index: None,
            items: 1,
            is_young: false,
        }
    }
}

fn of_tables(dynamodb: &DynamoDb, function: &str, operation: &str, asked: &Value) -> AwsRequest {
    let (mut targets, mut index) = (Vec::new(), None);
    for (_, resource) in dynamodb.needs(operation, asked) {
        let table = match resource {
            Resource::Index { table, index: of_table } => {
                index = Some(of_table);
                table
            }
            Resource::Table(table) => table,
            _ => continue,
        };
        if !targets.contains(&table) {
            targets.push(table);
        }
    }
    let batch = asked.get("RequestItems").and_then(Value::as_object);
    let items = match (asked.get("TransactItems").and_then(Value::as_array), batch) {
        (Some(items), _) => items.len(),
        (None, Some(tables)) => tables
            .values()
            .filter_map(|of_table| of_table.get("Keys").unwrap_or(of_table).as_array())
            .map(Vec::len)
            .sum(),
        (None, None) => 1,
    };
    let (operation, function) = (operation.to_owned(), function.to_owned());
    AwsRequest { service: Service::DynamoDb, operation, function, targets, index, items, is_young: false }
}

fn object_operation(request: &HttpRequest) -> &'static str {
    let copied = request.headers().get("x-amz-copy-source").is_some();
    match request.method() {
        "PUT" if copied => "CopyObject",
        "PUT" => "PutObject",
        "HEAD" => "HeadObject",
        "DELETE" => "DeleteObject",
        _ => "GetObject",
    }
}

/// The connector of one function.
#[derive(Clone, Debug)]
pub struct Connector {
    pub(crate) services: Arc<Services>,
    pub(crate) function: Arc<Function>,
}

impl Connector {
    /// Creates the connector of a function with its role.
    #[must_use]
    pub fn new(services: Arc<Services>, function: Arc<Function>) -> Self {
        Self { services, function }
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = Target::of(&request, &self.services);
        if self.services.faults.is_on() {
            return self.answer_unkindly(target, request).await;
        }
        Ok(self.perform(target, request).await)
    }

    /// Performs a request.
    pub(crate) async fn perform(&self, target: Target, request: HttpRequest) -> HttpResponse {
        match &target {
            Target::DynamoDb { operation, .. } => self.services.latency().wait(Step::of_operation(operation)).await,
            Target::Connection(_) => self.services.latency().wait(Step::Connections).await,
            Target::Function { .. } => self.services.latency().wait(Step::Invoke).await,
            Target::Queue { .. } | Target::Bus { .. } | Target::Topic(_) => {}
            Target::Object(_) | Target::Secret(_) | Target::Unsigned | Target::Unknown => {}
        }
        // The answer to a request takes a moment, in which others make theirs.
        tokio::task::yield_now().await;
        match target {
            Target::DynamoDb { operation, asked } => {
                let noted = self.services.dynamodb.noted_elsewhere(&operation, &asked);
                let answer = self.dynamodb(&operation, asked, request).await;
                if let Some(call) = noted {
                    watch::note_call(|| AwsCall { status: answer.status().as_u16(), ..call });
                }
                answer
            }
            Target::Queue { operation, asked } => self.queues(&operation, &asked),
            Target::Bus { operation, asked } => self.buses(&operation, &asked),
            Target::Topic(form) => self.topics(&form),
            Target::Secret(arn) => self.secret(&arn),
            Target::Object(path) => self.objects(&path, request).await,
            Target::Connection(id) => self.connections(&request, &id),
            Target::Function { name, package } => self.invoke(&request, &name, package),
            Target::Unsigned => refusal(403, "MissingAuthenticationTokenException", "the request is not signed"),
            Target::Unknown => refusal(501, "UnsupportedOperation", "the local system does not have this service"),
        }
    }

    async fn dynamodb(&self, operation: &str, mut asked: Value, mut request: HttpRequest) -> HttpResponse {
        for (action, resource) in self.services.dynamodb.needs(operation, &asked) {
            if let Err(message) = self.permit(&format!("dynamodb:{action}"), resource) {
                return denied(&message);
            }
        }
        if operation == "Query" && self.services.faults.is_on() && self.services.faults.find_place(&mut asked) {
            request = faults::with_body(request, &asked);
        }
        let services = Arc::clone(&self.services);
        let before = services.images_before(operation, &asked).await;
        if before.is_empty() {
            return services.dynamodb.serve(operation, asked, request).await;
        }
        let operation = operation.to_owned();
        // The task runs to its end even if the caller stops waiting, so that everything that is written is also in the
        // stream.
        let writing = async move {
            let answer = services.dynamodb.serve(&operation, asked, request).await;
            services.record(before).await;
            answer
        };
        if self.services.dynamodb.endpoint().is_none() {
            return writing.await;
        }
        tokio::spawn(writing).await.unwrap_or_else(|_| refusal(500, "InternalServerError", "a write panicked"))
    }

    fn queues(&self, operation: &str, asked: &Value) -> HttpResponse {
        let needs = messaging::needs(&self.services.queues, operation, asked);
        let answer = match needs.map(|(action, resource)| self.permit(action, resource)) {
            Some(Err(message)) => denied(&message),
            Some(Ok(())) | None => messaging::serve(&self.services.queues, operation, asked),
        };
        watch::note_call(|| AwsCall::of("SQS", operation, messaging::target(asked), answer.status().as_u16()));
        answer
    }

    fn buses(&self, operation: &str, asked: &Value) -> HttpResponse {
        let buses = messaging::buses(asked);
        let permitted = buses.iter().try_for_each(|bus| self.permit("events:PutEvents", Resource::Bus(bus.clone())));
        let answer = match permitted {
            Err(message) => denied(&message),
            Ok(()) => messaging::put(&self.services.published, operation, asked),
        };
        watch::note_call(|| AwsCall::of("EventBridge", operation, buses.join(", "), answer.status().as_u16()));
        answer
    }

    fn topics(&self, form: &[(String, String)]) -> HttpResponse {
        let topic = messaging::field(form, "TopicArn");
        let answer = match self.permit("sns:Publish", Resource::Topic(topic.to_owned())) {
            Err(message) => messaging::denied_in_xml(&message),
            Ok(()) => messaging::publish(&self.services.published, form),
        };
        let action = messaging::field(form, "Action");
        watch::note_call(|| AwsCall::of("SNS", action, topic, answer.status().as_u16()));
        answer
    }

    fn secret(&self, arn: &str) -> HttpResponse {
        let answer = match self.services.read_secret(&self.function, arn) {
            Ok(text) => response(200, serde_json::json!({"ARN": arn, "SecretString": text}).to_string().into()),
            Err(denied) => refusal(400, denied.kind(), &denied.to_string()),
        };
        watch::note_call(|| AwsCall::of("Secrets Manager", "GetSecretValue", arn, answer.status().as_u16()));
        answer
    }

    async fn objects(&self, path: &str, request: HttpRequest) -> HttpResponse {
        let operation = object_operation(&request);
        let Ok(request) = request.try_into_http1x() else { return refusal(400, "BadRequest", "this is no request") };
        let Some(needs) = self.services.storage.needs(request.method(), path, request.headers()) else {
            return refusal(501, "NotImplemented", "the local system does not have this");
        };
        let answer = match needs.into_iter().try_for_each(|(action, resource)| self.permit(action, resource)) {
            Err(message) => storage::refusal(StatusCode::FORBIDDEN, "AccessDenied", &message),
            Ok(()) => self.services.storage.serve(request.map(Body::new)).await,
        };
        watch::note_call(|| AwsCall::of("S3", operation, path, answer.status().as_u16()));
        let answer = HttpResponse::try_from(answer.map(SdkBody::from_body_1_x));
        answer.unwrap_or_else(|_| refusal(500, "InternalError", "the answer of the storage is none"))
    }

    fn connections(&self, request: &HttpRequest, id: &str) -> HttpResponse {
        let Some(gateway) = self.services.gateway() else {
            return refusal(503, "ServiceUnavailable", "the gateway is not running");
        };
        let resource = Resource::Connections(request.method().to_owned());
        if let Err(message) = self.permit("execute-api:ManageConnections", resource) {
            return denied(&message);
        }
        let method = Method::from_bytes(request.method().as_bytes()).unwrap_or_default();
        let answer = if request.headers().contains_key(BINARY_POST_HEADER) {
            management::answer_binary(&gateway, id, body(request))
        } else {
            management::answer(&gateway, &method, id, body(request))
        };
        watch::note_call(|| management::noted_answer(&method, id, &answer));
        let (parts, body) = answer.into_parts();
        let mut answer = response(parts.status.as_u16(), body);
        for (name, value) in &parts.headers {
            if let Ok(value) = value.to_str() {
                answer.headers_mut().insert(name.as_str().to_owned(), value.to_owned());
            }
        }
        answer
    }

    fn invoke(&self, request: &HttpRequest, name: &str, package: Option<String>) -> HttpResponse {
        let Some(lambda) = self.services.lambda() else {
            return refusal(503, "ServiceUnavailable", "no function is running");
        };
        let Some(package) = package else {
            return refusal(404, "ResourceNotFoundException", "there is no function of this name");
        };
        if let Err(message) = self.permit("lambda:InvokeFunction", Resource::Function(package)) {
            return denied(&message);
        }
        if request.headers().get("x-amz-invocation-type") != Some("Event") {
            return refusal(501, "UnsupportedOperation", "functions are invoked asynchronously here");
        }
        match lambda.invoke_later(name, &body(request)) {
            Ok(()) => response(202, Bytes::new()),
            Err(error) => refusal(error.status(), error.kind(), &error.to_string()),
        }
    }

    fn permit(&self, action: &str, resource: Resource) -> Result<(), String> {
        self.services.permit(&self.function, action, resource)
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(this.answer(request))
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// The item of an image, `None` if the image is null.
fn item(image: Value) -> Option<Item> {
    engine::json::item(image).ok()
}

fn body(request: &HttpRequest) -> Bytes {
    request.body().bytes().map(Bytes::copy_from_slice).unwrap_or_default()
}

fn denied(message: &str) -> HttpResponse {
    refusal(403, "AccessDeniedException", message)
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A refusal in the form of API Gateway and Lambda.
pub(crate) fn refusal(status: u16, kind: &str, message: &str) -> HttpResponse {
    let body = serde_json::json!({"__type": kind, "message": message}).to_string();
    let mut answer = response(status, body.into());
    answer.headers_mut().insert("x-amzn-errortype", kind.to_owned());
    answer
}
