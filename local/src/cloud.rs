//! The pocket cloud: template.yaml's tables, buckets, functions and routes, put together in this process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::{SharedAsyncSleep, SharedCredentialsProvider};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use axum::Router;
use chat::application::DIALECT_VARIABLE;
use futures_util::future::BoxFuture;
use relay::application::Application;
use relay::clock::Clock;
use relay::config::{ConfigError, Settings as Variables};
use relay::ctx::Ctx;
use relay::http_event::HttpFunction;
use relay::id::ConnectionId;
use relay::outside::MakeConnector;
use relay::services::Aws;
use serde_json::{Value, json};

use crate::admin::AdminUi;
use crate::bootstraps::{Bootstraps, BootstrapsError, Processes};
use crate::code::{Code, CodeOf};
use crate::connector::{Connector, ServiceSettings, Services, Way};
use crate::direct::DirectServices;
use crate::dynamodb::{DynamoDb, DynamoDbError};
use crate::faults::Faults;
use crate::gateway::{Gateway, Routes, Settings, UnsupportedExpression};
use crate::http_api::{HttpApi, LastSlash, RouteError};
use crate::lambda::{self, Invoked, Lambda};
use crate::latency::Latency;
use crate::recorded::recorded;
use crate::storage::{ObjectStorage, ObjectStorageError};
use crate::template::{Function, REGION, Schedule, Template, TemplateError};
use crate::token::{SECRET_PLACEHOLDER, revealed};
use crate::watch::Watch;
use crate::{outside, presigned, sessions};

/// The template of the deployed system, as committed.
pub const TEMPLATE: &str = include_str!("../../template.yaml");

/// Where the tables are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In a folder, from one start to the next.
    Folder(PathBuf),
    /// In memory.
    Memory,
    /// At another DynamoDB-compatible endpoint.
    Endpoint(String),
}

/// The options of a start.
pub struct Options<A> {
    /// Where the tables are stored.
    pub storage: Storage,
    /// The folder for media. Without one, media are deleted when the process ends.
    pub media: Option<PathBuf>,
    /// The HTTP address of the system: scheme, host and port. The host is an address, as in `http://127.0.0.1:3000`.
    pub origin: String,
    /// Values for template.yaml's parameters.
    pub parameters: BTreeMap<String, String>,
    /// The settings of the gateway. Those that template.yaml contains are taken from there.
    pub gateway: Settings,
    /// The source of time and randomness.
    pub clock: Clock,
    /// The largest difference between the clocks of two functions, in milliseconds.
    pub clock_skew_millis: i64,
    /// The factor that shortens the waits before retries of asynchronous invocations.
    pub retry_scale: f64,
    /// The faults to inject; with [`Default`] none.
    pub faults: Faults,
    /// How functions reach the services.
    pub way: Way,
    /// How long steps take besides the work itself.
    pub latency: Latency,
    /// The code of the functions.
    pub code: CodeOf<A>,
    /// How functions reach addresses outside of AWS; `None` for the network of this machine.
    pub outside: Option<MakeConnector>,
    /// Changes the context of each function in ways that no setting offers, such as another host than API Gateway.
    pub adapt: fn(&mut Ctx<A>),
    /// Where the bootstraps are that run in place of `code`; `None` if the functions run in this process.
    pub bootstraps: Option<Bootstraps>,
}

impl<A> Options<A> {
    /// Options for a system in memory that begins with nothing: the settings of the gateway that template.yaml does not
    /// contain are AWS's, and there are no faults.
    #[must_use]
    pub fn in_memory(origin: String, clock: Clock, code: CodeOf<A>) -> Self {
        Self {
            storage: Storage::Memory,
            media: None,
            origin,
            parameters: BTreeMap::new(),
            gateway: Settings::default(),
            clock,
            clock_skew_millis: 0,
            retry_scale: 1.0,
            faults: Faults::default(),
            way: Way::default(),
            latency: Latency::default(),
            code,
            outside: None,
            adapt: |_| {},
            bootstraps: None,
        }
    }
}

/// Why the system cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// template.yaml, or one of its parameters, is wrong.
    #[error("template.yaml: {0}")]
    Template(#[from] TemplateError),
    /// The gateway does not know the route selection expression.
    #[error("template.yaml: {0}")]
    Expression(#[from] UnsupportedExpression),
    /// The settings of a function are wrong.
    #[error("the function {package} cannot start: {error}")]
    Config {
        /// The package of the function.
        package: String,
        /// Which of its environment variables is missing or not valid.
        error: ConfigError,
    },
    /// A function has no code here.
    #[error("template.yaml names the function {0}, which is not known here")]
    UnknownFunction(String),
    /// A route of the HTTP API is wrong.
    #[error("template.yaml: {0}")]
    Route(#[from] RouteError),
    /// The tables cannot be opened.
    #[error(transparent)]
    DynamoDb(#[from] DynamoDbError),
    /// The functions cannot run as processes.
    #[error(transparent)]
    Bootstraps(#[from] BootstrapsError),
    /// The buckets cannot be opened.
    #[error(transparent)]
    Objects(#[from] ObjectStorageError),
}

/// The running system.
pub struct PocketCloud {
    /// The template from which it was started.
    pub template: Template,
    /// The services that functions can reach.
    pub services: Arc<Services>,
    /// The functions.
    pub lambda: Arc<Lambda>,
    /// The fault layer.
    pub faults: Faults,
    /// What happens, as a stream of records.
    pub watch: Watch,
    /// The WebSocket API.
    pub gateway: Arc<Gateway>,
    /// The HTTP API for a stage without variables, and the buckets.
    pub http: Router,
    /// What shows the sockets and events to the Admin UI as they happen; `None` if the Admin UI is off, or if it is shown
    /// the sockets once a minute as in a deployment.
    pub(crate) admin_ui: Option<AdminUi>,
    http_api: HttpApi,
    objects: Router,
    warming: Vec<Warming>,
}

impl PocketCloud {
    /// Starts the system: reads template.yaml, creates its tables, starts its functions and opens its APIs.
    ///
    /// # Errors
    /// [`BootError`].
    pub async fn boot<A: Application>(options: Options<A>) -> Result<Self, BootError> {
        let template = template(&options.parameters)?;
        Self::boot_from(template, options).await
    }

    /// Starts the system from a template that [`template`] has read, for callers that start it many times.
    ///
    /// # Errors
    /// [`BootError`].
    pub async fn boot_from<A: Application>(template: Template, options: Options<A>) -> Result<Self, BootError> {
        let Options {
            storage,
            media,
            origin,
            parameters: _,
            mut gateway,
            clock,
            clock_skew_millis,
            retry_scale,
            faults,
            way,
            latency,
            code,
            outside,
            adapt,
            bootstraps,
        } = options;
        let outside = outside.unwrap_or_else(|| Arc::new(outside::connector));
        let dynamodb = match &storage {
            Storage::Folder(folder) => DynamoDb::in_folder(folder)?,
            Storage::Memory => DynamoDb::in_memory(),
            Storage::Endpoint(endpoint) => DynamoDb::elsewhere(endpoint),
        };
        dynamodb.make(&template.tables).await?;
        let objects = ObjectStorage::open(media.as_deref(), &origin, &template.buckets)?;
        let services = Services::new(
            dynamodb,
            objects,
            &template,
            ServiceSettings { faults: faults.clone(), clock: clock.clone(), way, latency },
        );
        let processes = match bootstraps {
            Some(bootstraps) => Some(Processes::new(bootstraps, &services, &clock).await?),
            None => None,
        };
        let (mut handlers, mut answering, mut warming) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut admin_ui = None;
        let furthest = i64::try_from(template.functions.len()).unwrap_or(i64::MAX).saturating_sub(1).max(1);
        for (index, function) in (0..).zip(template.functions.values()) {
            let function = Arc::new(function.clone());
            let is_routed = template.http_routes.iter().any(|route| route.function == function.package);
            if let Some(processes) = &processes {
                if is_routed {
                    answering.insert(function.package.clone(), processes.http(&function)?);
                } else {
                    handlers.push((Arc::clone(&function), processes.handler(&function)?));
                }
                continue;
            }
            let ahead_millis = clock_skew_millis * index / furthest - clock_skew_millis / 2;
            let mut ctx = context(&services, &function, &clock.ahead(ahead_millis), &outside)?;
            adapt(&mut ctx);
            // As a function does during init.
            let read = relay::read_secrets(&ctx).await;
            read.map_err(|error| BootError::Config { package: function.package.clone(), error })?;
            let ctx = Arc::new(ctx);
            if function.package == "connect" {
                admin_ui = AdminUi::of(&ctx);
            }
            match code(&function.package, &ctx).map(|code| recorded(code, &ctx, &function)) {
                Some(Code::Events(handler)) => {
                    handlers.push((Arc::clone(&function), lambda::with_timeout(&function, handler)));
                }
                Some(Code::Requests(http)) => drop(answering.insert(function.package.clone(), http)),
                // A function that nothing invokes here, such as `rest` for an application without REST.
                None if is_routed => {}
                None => return Err(BootError::UnknownFunction(function.package.clone())),
            }
            warming.push(warming_of(ctx));
        }
        let routes: Vec<_> =
            template.http_routes.iter().filter(|route| answering.contains_key(&route.function)).cloned().collect();
        let watch = Watch::new(template.functions.keys().cloned());
        let http_api = HttpApi::new(&routes, &template.functions, &answering)?
            .with_faults(faults.clone())
            .with_watch(watch.clone());
        let objects = presigned::router(&services, &template, &clock);
        let http = http_api.router(&BTreeMap::new(), LastSlash::default()).merge(objects.clone());
        let lambda = Lambda::new(handlers, retry_scale, faults.clone(), latency, watch.clone());
        gateway.faults = faults.clone();
        gateway.watch = watch.clone();
        gateway.stage.clone_from(&template.websocket.stage);
        let names = template
            .websocket
            .routes
            .iter()
            .filter_map(|(key, package)| Some((key.clone(), template.functions.get(package)?.name.clone())));
        let routes = Routes::new(&template.websocket.selection_expression, names)?;
        watch.connect(clock.clone(), sessions::user_of(&services));
        let gateway = Gateway::new(gateway, routes, Arc::new(Invoked(Arc::clone(&lambda))), clock);
        services.connect(&gateway, &lambda);
        let cloud =
            Self { template, services, lambda, faults, watch, gateway, http, http_api, objects, warming, admin_ui };
        cloud.end_former_connections().await;
        Ok(cloud)
    }

    /// Invokes the disconnect function for the connections of a former process, whose gateway had no time to do so.
    async fn end_former_connections(&self) {
        let (Some(table), Some(disconnect)) =
            (self.template.tables.get("Connections"), self.template.functions.get("disconnect"))
        else {
            return;
        };
        let mut request = json!({"TableName": table.schema.name, "ProjectionExpression": "connectionId"});
        let mut former = BTreeSet::new();
        loop {
            let (_, answer) = self.services.dynamodb.call("Scan", request.clone()).await;
            let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
            let items = answer.get("Items").and_then(Value::as_array).into_iter().flatten();
            let ids = items.filter_map(|item| item.pointer("/connectionId/S")?.as_str());
            former.extend(ids.filter_map(|id| ConnectionId::parse(id).ok()));
            match (answer.get("LastEvaluatedKey"), request.as_object_mut()) {
                (Some(last), Some(request)) => drop(request.insert("ExclusiveStartKey".to_owned(), last.clone())),
                _ => break,
            }
        }
        for connection in former {
            let event = serde_json::from_slice(&relay::invoke::gone_event(&connection)).unwrap_or_default();
            self.lambda.run_to_the_end(&disconnect.name, event).await;
        }
    }

    /// The AWS configuration of the function of this package, for callers that want to make requests as that function.
    #[must_use]
    pub fn aws_of(&self, package: &str) -> Option<SdkConfig> {
        let function = Arc::new(self.template.functions.get(package)?.clone());
        Some(aws(&self.services, &function))
    }

    /// The HTTP API and the buckets, for a stage with these variables.
    pub fn http_for(&self, stage: &BTreeMap<String, String>) -> Router {
        self.http_api.router(stage, LastSlash::default()).merge(self.objects.clone())
    }

    /// The HTTP API only. `last_slash` says how it routes a path that ends in a slash.
    pub fn http_with(&self, last_slash: LastSlash) -> Router {
        self.http_api.router(&BTreeMap::new(), last_slash)
    }

    /// The function of a package, such as `polling`, as Lambda would invoke it with an event of the HTTP API.
    #[must_use]
    pub fn http_function(&self, package: &str) -> Option<HttpFunction> {
        self.http_api.function(package)
    }

    /// Makes every function open its connections, as a deployed function does when it starts. The local system does not
    /// need it.
    pub async fn warm(&self) {
        for warm in &self.warming {
            warm().await;
        }
    }

    /// Makes the waiting polling requests return, and those that watch.
    pub fn close(&self) {
        self.http_api.close();
        self.watch.close();
    }

    /// The schedules, each with the name by which its function is invoked.
    #[must_use]
    pub fn schedules(&self) -> Vec<(Schedule, String)> {
        let named = self.template.schedules.iter().filter_map(|schedule| {
            Some((schedule.clone(), self.template.functions.get(&schedule.function)?.name.clone()))
        });
        named.collect()
    }
}

/// Reads template.yaml with these parameters. Without a `JwtSecret` or a `JwtSecretArn` the secret is that of the local
/// system, also beside a `JwtPublicKey`.
///
/// # Errors
/// [`TemplateError`].
pub fn template(parameters: &BTreeMap<String, String>) -> Result<Template, TemplateError> {
    let mut parameters = parameters.clone();
    if parameters.get("JwtSecretArn").is_none_or(String::is_empty) {
        parameters.entry("JwtSecret".to_owned()).or_insert_with(|| SECRET_PLACEHOLDER.to_owned());
    }
    Template::read(TEMPLATE, &parameters)
}

/// The secret with which this system verifies HS256 tokens; `None` if it refuses them, or if the secret is not one of the
/// template.
#[must_use]
pub fn token_secret(template: &Template) -> Option<&str> {
    let given = |name: &str| template.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let secret = given("JwtSecret").filter(|_| given("JwtSecretArn").is_none());
    secret.filter(|secret| !matches!(*secret, "" | "none")).map(revealed)
}

/// The variables of a stage whose root namespace has this dialect.
#[must_use]
pub fn stage_variables(dialect: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(DIALECT_VARIABLE.to_owned(), dialect.to_owned())])
}

/// Opens the connections of a function.
type Warming = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

fn warming_of<A: Application>(ctx: Arc<Ctx<A>>) -> Warming {
    Box::new(move || {
        let ctx = Arc::clone(&ctx);
        Box::pin(async move { ctx.open_connections().await })
    })
}

fn context<A: Application>(
    services: &Arc<Services>,
    function: &Arc<Function>,
    clock: &Clock,
    outside: &MakeConnector,
) -> Result<Ctx<A>, BootError> {
    let lookup = |name: &str| function.environment.get(name).cloned();
    let direct = Arc::new(DirectServices::new(Arc::clone(services), Arc::clone(function)));
    let aws = Aws::new(aws(services, function)).here(&direct).with_outside(Arc::clone(outside));
    let started = relay::start(&Variables::new(&lookup), &aws, clock.clone());
    started.map_err(|error| BootError::Config { package: function.package.clone(), error })
}

/// The SDK configuration of a function, with our connector. Its session token names the function.
fn aws(services: &Arc<Services>, function: &Arc<Function>) -> SdkConfig {
    let (secret, session) = (services.storage.secret(), function.package.clone());
    let credentials = Credentials::new(presigned::ACCESS_KEY, secret, Some(session), None, "local");
    let endpoints = Endpoints {
        dynamodb: services.dynamodb.endpoint().map(str::to_owned),
        s3: services.storage.origin().to_owned(),
    };
    relay::aws::bounded(SdkConfig::builder())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(Connector::new(Arc::clone(services), Arc::clone(function)))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .service_config(endpoints)
        .build()
}

/// The endpoints of services, in place of the variables `AWS_ENDPOINT_URL_...`. The connector recognizes the other
/// services by their paths.
#[derive(Debug)]
struct Endpoints {
    dynamodb: Option<String>,
    s3: String,
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        match (key.env(), key.service_id()) {
            ("AWS_ENDPOINT_URL", "DynamoDB") => self.dynamodb.clone(),
            ("AWS_ENDPOINT_URL", "S3") => Some(self.s3.clone()),
            _ => None,
        }
    }
}
