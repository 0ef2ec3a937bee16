//! The runtime of a function in the cloud. During init it reads the settings from the environment, builds the clients
//! and opens the connections. After that it handles one event at a time, or, in an instance that Lambda manages, as many
//! as `AWS_LAMBDA_MAX_CONCURRENCY` says. All events of a process share the context, and nothing else.

mod invocation_lines;
mod roots;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::tls;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::{SharedAsyncSleep, SharedCredentialsProvider};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use self::invocation_lines::InvocationLines;
use crate::application::Application;
use crate::clock::Clock;
use crate::config::Settings;
use crate::ctx::Ctx;
#[cfg(feature = "http")]
use crate::http_event::HttpFunction;
use crate::invocation::{self, Invoked, Recorder};
use crate::services::Aws;
use crate::telemetry::AUDIT;

/// How long init waits until connections are open. The first event opens those that are not.
const WARMING_MAX: Duration = Duration::from_secs(1);

/// Why a function cannot start or go on. Its `Debug` is the sentence itself, because `main` prints that.
pub struct Error(lambda_runtime::Error);

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, f)
    }
}

impl<E: Into<lambda_runtime::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// A function of this form: `async fn(&Ctx<A>, Value) -> T`, whose future can move between threads.
pub trait Handler<'a, A: Application, T>: Send + Sync + 'static {
    /// Handles an event.
    fn handle(&self, ctx: &'a Ctx<A>, event: Value) -> impl Future<Output = T> + Send + 'a;
}

impl<'a, A: Application, T, F, Handled> Handler<'a, A, T> for F
where
    F: Fn(&'a Ctx<A>, Value) -> Handled + Send + Sync + 'static,
    Handled: Future<Output = T> + Send + 'a,
{
    fn handle(&self, ctx: &'a Ctx<A>, event: Value) -> impl Future<Output = T> + Send + 'a {
        self(ctx, event)
    }
}

/// Runs a handler that answers clients for as long as Lambda wants. If the handler panics, the function logs it and
/// answers as usual: a function error would reach the client as a frame that it cannot read.
///
/// # Errors
/// If a setting is missing or malformed, or the Lambda Runtime API is not available.
pub async fn run<A: Application, F>(handler: F) -> Result<(), Error>
where
    F: for<'a> Handler<'a, A, Value>,
{
    let shared = Arc::new((start().await?, handler));
    let recorder = recorder(&shared.0);
    let answering = Arc::new(move |event| -> Handling {
        let shared = Arc::clone(&shared);
        Box::pin(async move {
            let (ctx, handler) = &*shared;
            let answer = AssertUnwindSafe(Box::pin(handler.handle(ctx, event))).catch_unwind().await;
            Ok(answer.unwrap_or_else(|_| {
                panicked();
                json!({"statusCode": 200})
            }))
        })
    });
    serve(recorder, answering).await
}

/// Runs a handler that answers nobody for as long as Lambda wants. Its errors and panics are function errors: Lambda
/// counts them, and invokes the function again as often as template.yaml says.
///
/// # Errors
/// If a setting is missing or malformed, or the Lambda Runtime API is not available.
pub async fn run_retried<A: Application, F>(handler: F) -> Result<(), Error>
where
    F: for<'a> Handler<'a, A, Result<Value, crate::error::Error>>,
{
    let shared = Arc::new((start().await?, handler));
    let recorder = recorder(&shared.0);
    let answering = Arc::new(move |event| -> Handling {
        let shared = Arc::clone(&shared);
        Box::pin(async move {
            let (ctx, handler) = &*shared;
            match AssertUnwindSafe(Box::pin(handler.handle(ctx, event))).catch_unwind().await {
                Ok(answer) => answer.map_err(lambda_runtime::Error::from),
                Err(_) => {
                    panicked();
                    Err(lambda_runtime::Error::from("a handler panicked"))
                }
            }
        })
    });
    serve(recorder, answering).await
}

/// Runs a function of the HTTP API for as long as Lambda wants. `function` creates it from the context.
///
/// # Errors
/// If a setting is missing or malformed, or the Lambda Runtime API is not available.
#[cfg(feature = "http")]
pub async fn run_http<A: Application>(function: impl FnOnce(Arc<Ctx<A>>) -> HttpFunction) -> Result<(), Error> {
    let ctx = Arc::new(start().await?);
    let recorder = recorder(&ctx);
    let function = function(ctx);
    serve(recorder, Arc::new(move |event| Box::pin(function(event).map(Ok)))).await
}

/// Runs the function that the variable `FUNCTION` names: one of those of [`crate::functions`], or `polling`. So one
/// binary can be the bootstrap of every function of an application that has no functions of its own.
///
/// # Errors
/// If `FUNCTION` names no function, a setting is missing or malformed, or the Lambda Runtime API is not available.
#[cfg(feature = "http")]
pub async fn run_named<A: Application>() -> Result<(), Error> {
    use crate::functions;
    let name = std::env::var("FUNCTION").unwrap_or_default();
    match name.as_str() {
        "connect" => run(functions::connect::<A>).await,
        "disconnect" => run_retried(functions::disconnect::<A>).await,
        "event" => run(functions::event::<A>).await,
        "followup" => run_retried(functions::followup::<A>).await,
        "handshake" => run(functions::handshake::<A>).await,
        "heartbeat" => run_retried(functions::heartbeat::<A>).await,
        "polling" => run_http::<A>(|ctx| crate::polling_http::function(ctx, Default::default())).await,
        "sweep" => run_retried(functions::sweep::<A>).await,
        "switchboard" => run(functions::switchboard::<A>).await,
        _ => Err(format!("the setting FUNCTION is {name:?}, which is no function of the relay").into()),
    }
}

/// The handling of one event.
type Handling = BoxFuture<'static, Result<Value, lambda_runtime::Error>>;

/// Asks for events, handles them, and writes a line about each. It is not generic, so that the bootstraps do not compile
/// it again.
fn serve(
    recorder: Recorder,
    handler: Arc<dyn Fn(Value) -> Handling + Send + Sync>,
) -> LocalBoxFuture<'static, Result<(), Error>> {
    Box::pin(async move {
        let shared = Arc::new((recorder, AtomicBool::new(true)));
        let recorded = move |LambdaEvent { payload, context }: LambdaEvent<Value>| {
            let (shared, handling) = (Arc::clone(&shared), handler(payload));
            async move {
                let (recorder, is_first) = &*shared;
                let is_cold = is_first.swap(false, Ordering::Relaxed);
                let Context { request_id, xray_trace_id: trace_id, .. } = context;
                recorder.record(move || Invoked { request_id, trace_id, is_cold }, handling).await
            }
        };
        lambda_runtime::run_concurrent(service_fn(recorded)).await?;
        Ok(())
    })
}

/// The recorder of this function, whose name Lambda has put into the environment.
fn recorder<A>(ctx: &Ctx<A>) -> Recorder {
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    Recorder::new(ctx.clock.clone(), ctx.config.invocation_log.clone(), function)
}

/// Records that the handler of this invocation panicked.
fn panicked() {
    invocation::note_panic();
    tracing::error!("a handler panicked");
}

/// Reads the settings, opens the connections to AWS and reads the secrets during init, while Lambda does not limit the
/// processor yet.
///
/// # Errors
/// If a setting is missing or malformed, or names a secret that cannot be read.
async fn start<A: Application>() -> Result<Ctx<A>, Error> {
    write_logs();
    let ctx = crate::start(&Settings::environment(), &aws()?, Clock::system())?;
    if let Ok(warmed) = tokio::time::timeout(WARMING_MAX, crate::warm(&ctx)).await {
        warmed?;
    }
    Ok(ctx)
}

fn write_logs() {
    let lines = tracing_subscriber::fmt::layer().json().with_ansi(false).without_time();
    let lines = lines.with_filter(log_filter());
    let of_invocations = Targets::new().with_target(invocation::TARGET, LevelFilter::INFO);
    tracing_subscriber::registry().with(lines).with(InvocationLines.with_filter(of_invocations)).init();
}

/// What is logged, from `LOG_LEVEL`: a level, or levels of modules as in `warn,relay=debug`. The default is `info`.
/// Lines of the audit are always logged. The lines of invocations have a layer of their own.
fn log_filter() -> Targets {
    let set: Option<Targets> = std::env::var("LOG_LEVEL").ok().and_then(|set| set.parse().ok());
    let set = set.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    set.with_target(AUDIT, LevelFilter::INFO).with_target(invocation::TARGET, LevelFilter::OFF)
}

/// The configuration of the AWS clients: what Lambda puts into the environment, over HTTPS. `AWS_ENDPOINT_URL` replaces
/// the endpoints of all services, as in every SDK of AWS.
fn aws() -> Result<Aws, Error> {
    let required =
        |name: &str| std::env::var(name).map_err(|_| format!("the setting {name} is missing: Lambda sets it"));
    let (key, secret) = (required("AWS_ACCESS_KEY_ID")?, required("AWS_SECRET_ACCESS_KEY")?);
    let credentials = Credentials::new(key, secret, std::env::var("AWS_SESSION_TOKEN").ok(), None, "environment");
    let region = required("AWS_REGION")?;
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .tls_context(roots::tls(&region)?)
        .build_https();
    let mut sdk = crate::aws::bounded(SdkConfig::builder())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(https)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()));
    sdk.set_endpoint_url(std::env::var("AWS_ENDPOINT_URL").ok());
    Ok(Aws::new(sdk.build()).with_outside(Arc::new(roots::outside)))
}
