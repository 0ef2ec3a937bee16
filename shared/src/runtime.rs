//! A function in the cloud: settings from the environment, clients built and connections opened during init, then one event at a time.

#[cfg(feature = "http")]
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
#[cfg(feature = "http")]
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::tls;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::{SharedAsyncSleep, SharedCredentialsProvider};
use futures_util::FutureExt as _;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::config::Config;
use crate::ctx::Ctx;
#[cfg(feature = "http")]
use crate::dialect::Dialect;
use crate::domain::clock::Clock;
#[cfg(feature = "http")]
use crate::http_event::HttpFunction;
use crate::telemetry;

/// How long init waits for connections to be opened; the first event opens what is not.
const WARMING_MAX: Duration = Duration::from_secs(1);

/// Why a function cannot start or go on. Its `Debug` is the sentence itself, because that is what `main` prints.
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

/// Runs a handler for as long as Lambda wants. A handler that panics is logged, and answers like any other.
///
/// # Errors
/// If a setting is missing or malformed, or the Lambda Runtime API is not there.
pub async fn run<F>(handler: F) -> Result<(), Error>
where
    F: AsyncFn(&Ctx, Value) -> Value,
{
    let ctx = &start().await?;
    let handler = &handler;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let answer = AssertUnwindSafe(Box::pin(handler(ctx, event.payload))).catch_unwind().await;
        Ok::<Value, lambda_runtime::Error>(answer.unwrap_or_else(|_| {
            tracing::error!("a handler panicked");
            json!({"statusCode": 200})
        }))
    }))
    .await?;
    Ok(())
}

/// Runs a handler for as long as Lambda wants, whose errors and panics are Lambda's to try again.
///
/// # Errors
/// If a setting is missing or malformed, or the Lambda Runtime API is not there.
pub async fn run_fallible<F>(handler: F) -> Result<(), Error>
where
    F: AsyncFn(&Ctx, Value) -> Result<Value, crate::error::Error>,
{
    let ctx = &start().await?;
    let handler = &handler;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let answer = AssertUnwindSafe(Box::pin(handler(ctx, event.payload))).catch_unwind().await;
        let failed = match answer {
            Ok(Ok(answer)) => return Ok::<Value, lambda_runtime::Error>(answer),
            Ok(Err(error)) => telemetry::causes(&error).to_string(),
            Err(_) => "a handler panicked".to_owned(),
        };
        tracing::error!(error.cause = failed, "an event is to come again");
        Err(failed.into())
    }))
    .await?;
    Ok(())
}

/// Runs a function of the HTTP API for as long as Lambda wants. `function` makes it of what it works with and of the
/// dialect that paths without a prefix, and the root namespace, speak.
///
/// # Errors
/// If a setting is missing or malformed, or the Lambda Runtime API is not there.
#[cfg(feature = "http")]
pub async fn run_http(function: fn(Arc<Ctx>, &'static dyn Dialect) -> HttpFunction) -> Result<(), Error> {
    let ctx = Arc::new(start().await?);
    let default = ctx.config.default_dialect;
    let function = function(ctx, default);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| function(event.payload).map(Ok::<_, Infallible>)))
        .await?;
    Ok(())
}

/// Reads the settings, and opens the connections to AWS while the processor is not yet rationed.
///
/// # Errors
/// If a setting is missing or malformed.
async fn start() -> Result<Ctx, Error> {
    let filter = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    tracing_subscriber::fmt().json().with_env_filter(filter).with_ansi(false).without_time().init();
    let ctx = Ctx::new(Config::from_environment()?, Clock::system(), &aws()?);
    let _ = tokio::time::timeout(WARMING_MAX, ctx.warm()).await;
    Ok(ctx)
}

/// How to reach AWS: what Lambda puts into the environment, over HTTPS.
fn aws() -> Result<SdkConfig, Error> {
    let required =
        |name: &str| std::env::var(name).map_err(|_| format!("the setting {name} is missing: Lambda sets it"));
    let (key, secret) = (required("AWS_ACCESS_KEY_ID")?, required("AWS_SECRET_ACCESS_KEY")?);
    let credentials = Credentials::new(key, secret, std::env::var("AWS_SESSION_TOKEN").ok(), None, "environment");
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    Ok(crate::aws::bounded(SdkConfig::builder())
        .region(Region::new(required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(https)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build())
}
