//! Functions as Lambda runs them: each environment is a process of the built `bootstrap`, behind a Lambda Runtime API
//! of its own.
//!
//! A process handles one event at a time, unless it is to be as an instance that Lambda manages. Between two events it is stopped with SIGSTOP, as Lambda freezes an
//! environment, so work that it leaves behind after an answer does not go on. It gets the environment of template.yaml,
//! the variables that Lambda adds, and `AWS_ENDPOINT_URL`. Under that address the services of the pocket cloud answer
//! signed requests, and refuse what the role of the function does not allow.
//!
//! In reading order:
//!
//! - `pool`: the environments of one function.
//! - `instance`: those that handle several events at once.
//! - `process`: one environment.
//! - `said`: what is said between a process and the rest.
//! - `runtime_api`: the Lambda Runtime API of a process.
//! - `endpoint`, `signature`: the services, for all processes.
//! - `lines`: what a process prints.

mod endpoint;
mod instance;
mod lines;
mod pool;
mod process;
mod runtime_api;
mod said;
mod server;
mod signature;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use chat::application::DIALECT_VARIABLE;
use relay::clock::Clock;
use serde_json::Value;

use self::endpoint::Endpoint;
use self::pool::Pool;
use self::process::Spec;
pub use self::process::TIMES_TARGET;
use crate::connector::Services;
use crate::http_api::HttpCode;
use crate::lambda::Handler;
use crate::presigned::ACCESS_KEY;
use crate::template::{Function, REGION};

/// The variable that says where `@connections` is. It names API Gateway in template.yaml, and the endpoint here.
const CONNECTIONS_ENDPOINT: &str = "CONNECTIONS_ENDPOINT";

/// The variable with which Lambda says to a process of an instance that it manages how many events may come at once.
const MAX_CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";

/// How long a process may take to start, in Lambda.
const INIT_MAX: Duration = Duration::from_secs(10);

/// How many times a process is thawed for each time at which its connections are dead by then, by default.
const THAWS_PER_CUT: u64 = 8;

/// Where the bootstraps are, and how their processes differ from those of a deployment.
#[derive(Clone)]
pub struct Bootstraps {
    /// The folder of the bootstraps: `FOLDER/<package>/bootstrap`, as `cargo lambda build` has them, or
    /// `FOLDER/<package>`, as `cargo build` has them.
    pub folder: PathBuf,
    /// Variables that each process gets besides those of a deployment.
    pub environment: BTreeMap<String, String>,
    /// Called before each event.
    pub before_event: Arc<dyn Fn() + Send + Sync>,
    /// How many events a process handles at once: 1, or more as in an instance that Lambda manages.
    pub events_at_once: usize,
    /// How many times a process is thawed for each time at which its connections are dead by then.
    pub thaws_per_cut: u64,
    /// How long a process may take until it asks for its first event. After that another one is started, as part of the
    /// invocation and its timeout. Ten seconds in Lambda.
    pub init_max: Duration,
}

impl Bootstraps {
    /// The bootstraps in a folder.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            environment: BTreeMap::new(),
            before_event: Arc::new(|| ()),
            events_at_once: 1,
            thaws_per_cut: THAWS_PER_CUT,
            init_max: INIT_MAX,
        }
    }

    /// The bootstrap of a package, if there is one.
    fn program(&self, package: &str) -> Option<PathBuf> {
        let of_package = self.folder.join(package);
        [of_package.join("bootstrap"), of_package].into_iter().find(|path| path.is_file())
    }
}

impl fmt::Debug for Bootstraps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bootstraps").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Why functions cannot run as processes.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapsError {
    /// No bootstrap of a function.
    #[error("there is no bootstrap of {package} in {}: build them with `cargo lambda build --release`", folder.display())]
    Missing {
        /// The package of the function.
        package: String,
        /// The folder.
        folder: PathBuf,
    },
    /// No port for the services.
    #[error("the services have no port for the functions: {0}")]
    Port(#[from] io::Error),
}

/// The functions of a system, as processes.
pub(crate) struct Processes {
    bootstraps: Bootstraps,
    services: Arc<Services>,
    endpoint: Arc<Endpoint>,
    clock: Clock,
    /// How many processes were started so far.
    started: Arc<AtomicU64>,
}

impl Processes {
    /// Opens the endpoint of the services. A process is started when an event comes for it.
    ///
    /// # Errors
    /// [`BootstrapsError::Port`].
    pub(crate) async fn new(
        bootstraps: Bootstraps,
        services: &Arc<Services>,
        clock: &Clock,
    ) -> Result<Self, BootstrapsError> {
        let endpoint = Endpoint::open(services, clock).await?;
        services.storage.also_at(endpoint.host());
        let (services, clock) = (Arc::clone(services), clock.clone());
        Ok(Self { bootstraps, services, endpoint, clock, started: Arc::default() })
    }

    /// The handler of a function of events.
    ///
    /// # Errors
    /// [`BootstrapsError::Missing`].
    pub(crate) fn handler(&self, function: &Arc<Function>) -> Result<Handler, BootstrapsError> {
        let pool = Pool::new(self.spec(function)?);
        Ok(Arc::new(move |event| {
            let pool = Arc::clone(&pool);
            Box::pin(async move { pool.run(event).await })
        }))
    }

    /// The code of a function of the HTTP API. A stage with a dialect gets processes of its own, as in a deployment with
    /// that `DefaultDialect`: an HTTP API hands over no variables of a stage.
    ///
    /// # Errors
    /// [`BootstrapsError::Missing`].
    pub(crate) fn http(&self, function: &Arc<Function>) -> Result<HttpCode, BootstrapsError> {
        let spec = self.spec(function)?;
        let signed_at = format!("http://{}/", self.endpoint.host());
        let reached_at = format!("{}/", self.services.storage.origin());
        Ok(Arc::new(move |stage: &BTreeMap<String, String>| {
            let mut spec = spec.clone();
            if let Some(dialect) = stage.get(DIALECT_VARIABLE) {
                spec.environment.insert("DEFAULT_DIALECT".to_owned(), dialect.clone());
            }
            let pool = Pool::new(spec);
            let (signed_at, reached_at) = (signed_at.clone(), reached_at.clone());
            Arc::new(move |event| {
                let (pool, signed_at, reached_at) = (Arc::clone(&pool), signed_at.clone(), reached_at.clone());
                Box::pin(async move {
                    match pool.run(event).await {
                        Ok(answer) => with_addresses(answer, &signed_at, &reached_at),
                        Err(error) => {
                            tracing::error!(function = pool.package(), %error, "an invocation failed");
                            Value::Null
                        }
                    }
                })
            })
        }))
    }

    fn spec(&self, function: &Arc<Function>) -> Result<Spec, BootstrapsError> {
        let Bootstraps { folder, environment, before_event, events_at_once, thaws_per_cut, init_max } =
            &self.bootstraps;
        let program = self
            .bootstraps
            .program(&function.package)
            .ok_or_else(|| BootstrapsError::Missing { package: function.package.clone(), folder: folder.clone() })?;
        let mut all = self.environment(function);
        all.extend(environment.clone());
        Ok(Spec {
            function: Arc::clone(function),
            program: absolute(&program),
            environment: all,
            services: Arc::clone(&self.services),
            endpoint: Arc::clone(&self.endpoint),
            clock: self.clock.clone(),
            before_event: Arc::clone(before_event),
            started: Arc::clone(&self.started),
            events_at_once: *events_at_once,
            thaws_per_cut: *thaws_per_cut,
            init_max: *init_max,
        })
    }

    /// The variables of a function: those of template.yaml, and those that Lambda adds.
    fn environment(&self, function: &Function) -> BTreeMap<String, String> {
        let mut all = function.environment.clone();
        if let Some(configured) = all.get_mut(CONNECTIONS_ENDPOINT) {
            let stage = configured.rsplit('/').next().unwrap_or_default();
            *configured = format!("http://{}/{stage}", self.endpoint.host());
        }
        let is_managed = self.bootstraps.events_at_once > 1;
        if is_managed {
            all.insert(MAX_CONCURRENCY.to_owned(), self.bootstraps.events_at_once.to_string());
        }
        let initialization = if is_managed { "lambda-managed-instances" } else { "on-demand" };
        let of_lambda = [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.endpoint.host())),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", initialization.to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", function.log_group.clone()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", self.services.storage.secret().to_owned()),
            ("LANG", "en_US.UTF-8".to_owned()),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
            ("TZ", ":UTC".to_owned()),
            ("_HANDLER", "bootstrap".to_owned()),
        ];
        all.extend(of_lambda.map(|(name, value)| (name.to_owned(), value)));
        all
    }
}

/// The path from the root, because a process has a working directory of its own.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// An answer in which signed addresses of media are those by which clients reach the buckets.
fn with_addresses(mut answer: Value, signed_at: &str, reached_at: &str) -> Value {
    for pointer in ["/body", "/headers/location"] {
        if let Some(Value::String(text)) = answer.pointer_mut(pointer)
            && text.contains(signed_at)
        {
            *text = text.replace(signed_at, reached_at);
        }
    }
    answer
}
