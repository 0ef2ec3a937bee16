//! `local`: the whole system in one process, for development. Its command line is called `parlance`.

mod cli;

use std::process::ExitCode;
use std::time::Duration;

use axum::body::Body;
use clap::Parser as _;
use cli::introduction::{Secrets, introduction, warning};
use cli::listen::Listener;
use cli::output::{print, say_error};
use cli::serve::Serve;
use cli::{Cli, Command, Failure, completions, cost, demo, doctor, listen, log_level, parameters, tables};
use http::Request;
use local::cloud::{PocketCloud, stage_variables, token_secret};
use local::docs;
use local::gateway::server::Port;
use local::hint::with_hints;
use local::inspector::{self, Hosts, Page};
use local::media_links::following_host;
use local::playground::{self, TokenMaker};
use local::run::{run, say};
use local::token::{self, DEV_SECRET};
use relay::clock::Clock;
use tower::ServiceExt as _;

/// How long a start may take before it says what it does.
const SILENCE_MAX: Duration = Duration::from_secs(2);

/// The pages beside the inspector.
const PAGES: [Page; 2] = [Page { name: "Playground", path: "/" }, Page { name: "Contracts", path: "/docs" }];

/// Its requests are many small allocations from all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { command, serve } = Cli::parse();
    let done = match log_level::start() {
        Ok(()) => perform(command, serve).await,
        Err(problem) => Err(problem.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn perform(command: Option<Command>, serve: Serve) -> Result<(), Failure> {
    match command {
        None => start(serve).await,
        Some(Command::Token(flags)) => cli::token::run(*flags).await,
        Some(Command::Parameters) => parameters::run(),
        Some(Command::Doctor(flags)) => doctor::run(&flags),
        Some(Command::Tables(flags)) => tables::run(&flags).await,
        Some(Command::Cost(flags)) => cost::run(&flags).await,
        Some(Command::Completions(flags)) => completions::run(&flags),
    }
}

/// Starts the system, and runs it until the process is asked to end.
async fn start(mut serve: Serve) -> Result<(), Failure> {
    let clock = Clock::system();
    let ports = serve.ports()?;
    let admin_password = serve.make_admin_password(&clock)?;
    let webhook_secret = serve.make_webhook_secret(&clock);
    let template = parameters::template(&serve.parameters())?;
    let demo_tokens = demo::tokens(&template, clock.now())?;
    let uses_dev_secret = token_secret(&template) == Some(DEV_SECRET);
    let listeners = listen::open(serve.host, &ports)?;
    let origin = listen::origin(listeners.first().ok_or("there is no port to listen on")?);
    let progress = tokio::spawn(say_what_takes_long(serve.storage_in_words()));
    let booted = PocketCloud::boot_from(template, serve.options(&clock, origin)).await;
    progress.abort();
    let cloud = booted?;
    for (_, token) in demo_tokens.iter().flatten() {
        introduce(&cloud, token).await;
    }
    if let Some(warning) = warning(&serve, &listeners, uses_dev_secret) {
        say_error(&warning);
    }
    let secrets = Secrets {
        demo_tokens: demo_tokens.as_deref(),
        admin_password: admin_password.as_deref(),
        webhook_secret: webhook_secret.as_deref(),
    };
    print([introduction(&serve, &cloud, &listeners, secrets)])?;
    // The router of each port: here is the place to put further pages before the REST API.
    let secret = token_secret(&cloud.template).map(str::to_owned);
    let required = token::required(&cloud.template);
    let ports = listeners.into_iter().map(|Listener { socket: listener, dialect, address, .. }| {
        let stage_variables = stage_variables(dialect.name);
        let rest = with_hints(cloud.http_for(&stage_variables), dialect);
        let rest = following_host(rest, cloud.services.storage.origin());
        let loopback_only = address.ip().is_loopback();
        let tokens =
            TokenMaker { secret: secret.clone(), required: required.clone(), loopback_only, clock: clock.clone() };
        let rest = docs::in_front_of(playground::in_front_of(rest, tokens));
        let rest = inspector::router(&cloud, Hosts::of(address.ip()), &PAGES).merge(rest);
        Port { listener, stage_variables, rest }
    });
    let closing = || {
        if !serve.quiet {
            say("closing")
        }
    };
    run(&cloud, ports.collect(), clock, closing).await;
    Ok(())
}

/// Says that the tables are being opened, if that takes long.
async fn say_what_takes_long(storage: String) {
    tokio::time::sleep(SILENCE_MAX).await;
    say_error(&format!("opening the tables {storage} ..."));
}

/// Makes the user of a token known, as their first request does.
async fn introduce(cloud: &PocketCloud, token: &str) {
    let request =
        Request::get("/recruiting/api/message/unread-count").header("authorization", token).body(Body::empty());
    if let Ok(request) = request {
        let _ = cloud.http.clone().oneshot(request).await;
    }
}
