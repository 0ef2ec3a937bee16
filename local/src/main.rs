//! `local`: the whole system in one process, for development.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use axum::body::Body;
use chat::Chat;
use chat::dialect::{self, Dialect};
use clap::{Args, Parser, Subcommand, ValueEnum};
use http::Request;
use local::cloud::{Options, PocketCloud, Storage, stage_variables};
use local::code::of_chat;
use local::connector::Way;
use local::faults::Faults;
use local::gateway::server::{self, Port};
use local::gateway::{Mode, Settings};
use local::latency::Latency;
use local::{run, token};
use relay::clock::Clock;
use tower::ServiceExt as _;

/// The users who are known from the start, so that either can begin a chat with the other.
const DEMO_USERS: [(&str, &str); 2] = [("alice", "Alice"), ("bob", "Bob")];

/// The probability with which a request or an invocation fails under `--faults` without a rate.
const FAULT_RATE: f64 = 0.02;

type Failure = Box<dyn std::error::Error>;

/// Its requests are many small allocations from all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Parlance on this machine: a chat backend that unmodified Socket.IO clients can use, with the cloud it runs on.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Prints a token that speaks for a user for thirty days, signed with the development secret `dev-secret`.
    Token {
        /// Id of the user.
        user: String,
        /// Name to show.
        #[arg(long)]
        name: Option<String>,
        /// Role, where a deployment asks for one.
        #[arg(long)]
        role: Option<String>,
    },
}

#[derive(Args)]
struct Serve {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Dialect that the root namespace and REST paths without a prefix speak at --port.
    #[arg(long, default_value = "recruiting", value_parser = dialect_named)]
    dialect: &'static Dialect,
    /// One more port besides --port, with the dialect spoken there, such as 5000:recruiting; 0 takes a free one. May be
    /// given several times.
    #[arg(long, value_name = "PORT:DIALECT", value_parser = listener)]
    listen: Vec<(u16, &'static Dialect)>,
    /// Folder to keep the data in.
    #[arg(long, value_name = "DIR", default_value = ".parlance")]
    data: PathBuf,
    /// Keep the data in memory: it is gone when the process ends.
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// Keep the data at another DynamoDB-compatible endpoint, such as http://localhost:8000.
    #[arg(long, value_name = "URL", conflicts_with_all = ["data", "memory"], value_parser = endpoint)]
    dynamodb_url: Option<String>,
    /// Whether each family of events is handled by a function of its own, or all by the switchboard.
    #[arg(long, value_enum, default_value_t = Isolation::Separate)]
    isolation: Isolation,
    /// Whether the gateway hands on the frames of one connection one after another, or several at once as API Gateway
    /// may.
    #[arg(long, value_enum, default_value_t = GatewayMode::Serial)]
    gateway_mode: GatewayMode,
    /// How functions reach the tables, the connections and each other: within this process, or with HTTP requests of
    /// the AWS SDK, as deployed functions do.
    #[arg(long, value_enum, default_value_t = AwsWay::Direct)]
    aws: AwsWay,
    /// Let each step take as long as it typically takes in an AWS region (docs/latency.md).
    #[arg(long, value_enum)]
    latency: Option<Latencies>,
    /// Switch every limit off: the chat's and the gateway's.
    #[arg(long)]
    no_rate_limits: bool,
    /// Value for a parameter of template.yaml, such as PingIntervalMinutes=1. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,
    /// Let requests and invocations fail at random, as they do in a cloud: a seed, and how likely each is to fail (0.02
    /// if that is not given). The same seed and the same requests give the same faults.
    #[arg(long, value_name = "SEED[:RATE]", value_parser = faults, allow_hyphen_values = true)]
    faults: Option<(u64, f64)>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Isolation {
    Separate,
    Inline,
}

#[derive(Clone, Copy, ValueEnum)]
enum GatewayMode {
    Serial,
    Concurrent,
}

#[derive(Clone, Copy, ValueEnum)]
enum AwsWay {
    Direct,
    Sdk,
}

#[derive(Clone, Copy, ValueEnum)]
enum Latencies {
    Aws,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "warn".to_owned());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let Cli { command, serve } = Cli::parse();
    let done = match command {
        Some(Command::Token { user, name, role }) => print_token(&user, name.as_deref(), role.as_deref()),
        None => run(serve).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn print_token(user: &str, name: Option<&str>, role: Option<&str>) -> Result<(), Failure> {
    chat::domain::id::UserId::parse(user)?;
    run::say(&token::mint(user, name, role, Clock::system().now())?);
    Ok(())
}

async fn run(serve: Serve) -> Result<(), Failure> {
    let clock = Clock::system();
    let mut listeners = Vec::new();
    for (port, dialect) in ports(&serve)? {
        let taken = |error| format!("port {port} cannot be listened on: {error}");
        let listener = server::listen((Ipv4Addr::LOCALHOST, port).into()).map_err(taken)?;
        let port = listener.local_addr()?.port();
        listeners.push((listener, dialect));
        // On a machine without IPv6 only the IPv4 address is used.
        listeners.extend(server::listen((Ipv6Addr::LOCALHOST, port).into()).ok().map(|listener| (listener, dialect)));
    }
    let (first, _) = listeners.first().ok_or("there is no port to listen on")?;
    let origin = format!("http://{}", first.local_addr()?);
    let cloud = PocketCloud::boot(options(&serve, &clock, origin)).await?;
    for (user, name) in DEMO_USERS {
        introduce(&cloud, &token::mint(user, Some(name), None, clock.now())?).await;
    }
    run::say(&introduction(&serve, &cloud, &listeners, &clock)?);
    let ports = listeners.into_iter().map(|(listener, dialect)| {
        let stage_variables = stage_variables(dialect.name);
        let rest = cloud.http_for(&stage_variables);
        Port { listener, stage_variables, rest }
    });
    run::run(&cloud, ports.collect(), clock).await;
    Ok(())
}

/// Makes the user of a token known, as their first request does.
async fn introduce(cloud: &PocketCloud, token: &str) {
    let request =
        Request::get("/recruiting/api/message/unread-count").header("authorization", token).body(Body::empty());
    if let Ok(request) = request {
        let _ = cloud.http.clone().oneshot(request).await;
    }
}

/// The ports to listen on, each with its dialect.
fn ports(serve: &Serve) -> Result<Vec<(u16, &'static Dialect)>, Failure> {
    let mut ports = vec![(serve.port, serve.dialect)];
    ports.extend(&serve.listen);
    let mut taken = BTreeSet::new();
    // Each 0 stands for another free port.
    match ports.iter().find(|(port, _)| *port != 0 && !taken.insert(*port)) {
        Some((port, _)) if *port == serve.port => {
            Err(format!("--listen adds to --port, which is {port} already: give one of them another number").into())
        }
        Some((port, _)) => Err(format!("--listen names port {port} twice: one port speaks one dialect").into()),
        None => Ok(ports),
    }
}

fn options(serve: &Serve, clock: &Clock, origin: String) -> Options<Chat> {
    let isolation = match serve.isolation {
        Isolation::Separate => "separate",
        Isolation::Inline => "inline",
    };
    let rate_limits = if serve.no_rate_limits { "off" } else { "on" };
    let parameters =
        [("DefaultDialect", serve.dialect.name), ("HandlerIsolation", isolation), ("RateLimits", rate_limits)];
    Options {
        storage: match (&serve.dynamodb_url, serve.memory) {
            (Some(url), _) => Storage::Endpoint(url.clone()),
            (None, true) => Storage::Memory,
            (None, false) => Storage::Folder(serve.data.clone()),
        },
        media: (!serve.memory).then(|| serve.data.join("media")),
        origin,
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .chain(serve.parameter.iter().cloned())
            .collect::<BTreeMap<_, _>>(),
        gateway: Settings {
            mode: match serve.gateway_mode {
                GatewayMode::Serial => Mode::Serial,
                GatewayMode::Concurrent => Mode::Concurrent,
            },
            rate_limits: !serve.no_rate_limits,
            ..Settings::default()
        },
        clock: clock.clone(),
        clock_skew_millis: 0,
        retry_scale: 1.0,
        faults: serve.faults.map(|(seed, rate)| Faults::random(seed, rate)).unwrap_or_default(),
        way: match serve.aws {
            AwsWay::Direct => Way::Direct,
            AwsWay::Sdk => Way::Sdk,
        },
        latency: match serve.latency {
            Some(Latencies::Aws) => Latency::aws(),
            None => Latency::default(),
        },
        code: of_chat,
        adapt: |_| {},
    }
}

fn introduction(
    serve: &Serve,
    cloud: &PocketCloud,
    listeners: &[(tokio::net::TcpListener, &Dialect)],
    clock: &Clock,
) -> Result<String, Failure> {
    let mut lines = vec!["Parlance is running:".to_owned()];
    for (listener, dialect) in listeners {
        let address = listener.local_addr()?;
        if address.is_ipv6() {
            continue;
        }
        let port = address.port();
        lines.push(format!(
            "  http://localhost:{port}  speaks {} (Socket.IO at /socket.io/ and /{}, REST at /api)",
            dialect.name,
            cloud.gateway.settings().stage
        ));
    }
    let storage = match (&serve.dynamodb_url, serve.memory) {
        (Some(url), _) => format!("at {url}"),
        (None, true) => "in memory".to_owned(),
        (None, false) => format!("in {}", serve.data.display()),
    };
    lines.push(format!(
        "  {} functions, {} tables {storage}",
        cloud.template.functions.len(),
        cloud.template.tables.len()
    ));
    if let Some((seed, rate)) = serve.faults {
        lines.push(format!(
            "  faults at random: seed {seed}, rate {rate} (--faults {seed}:{rate} gives the same ones again)"
        ));
    }
    lines.push("Tokens for two demo users, good for thirty days:".to_owned());
    for (user, name) in DEMO_USERS {
        lines.push(format!("  {user}  {}", token::mint(user, Some(name), None, clock.now())?));
    }
    lines.push("Ctrl-C ends it.".to_owned());
    Ok(lines.join("\n"))
}

fn dialect_named(name: &str) -> Result<&'static Dialect, String> {
    dialect::named(name).ok_or_else(|| {
        let names: Vec<&str> = dialect::ALL.iter().map(|dialect| dialect.name).collect();
        format!("there is {}", names.join(", "))
    })
}

fn listener(text: &str) -> Result<(u16, &'static Dialect), String> {
    let (port, dialect) = text.split_once(':').ok_or("must be PORT:DIALECT, such as 5000:recruiting")?;
    let port = port.parse().map_err(|_| format!("{port} is not a port"))?;
    Ok((port, dialect_named(dialect)?))
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE, such as PingIntervalMinutes=1")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn faults(text: &str) -> Result<(u64, f64), String> {
    let (seed, rate) = text.split_once(':').map_or((text, None), |(seed, rate)| (seed, Some(rate)));
    let seed = seed.parse().map_err(|_| {
        format!(
            "the seed {seed:?} is not a number from 0 to {}: it must be SEED or SEED:RATE, such as 7:0.05",
            u64::MAX
        )
    })?;
    let Some(rate) = rate else { return Ok((seed, FAULT_RATE)) };
    let known = rate.parse().ok().filter(|rate: &f64| (0.0..=1.0).contains(rate));
    known.map(|rate| (seed, rate)).ok_or_else(|| format!("the rate {rate:?} is not a number from 0 to 1, such as 0.05"))
}

fn endpoint(text: &str) -> Result<String, String> {
    let known = text.starts_with("http://") || text.starts_with("https://");
    if known { Ok(text.to_owned()) } else { Err("must begin with http:// or https://".to_owned()) }
}

#[expect(clippy::print_stderr, reason = "what the user of a command line reads")]
fn say_error(text: &str) {
    eprintln!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(value: &str) -> Result<Option<(u64, f64)>, String> {
        let parsed = Cli::try_parse_from(["local", "--faults", value]);
        parsed.map(|cli| cli.serve.faults).map_err(|error| error.to_string())
    }

    #[test]
    fn faults_are_off_unless_asked_for() {
        assert_eq!(Cli::try_parse_from(["local"]).unwrap().serve.faults, None);
    }

    #[test]
    fn a_seed_goes_without_a_rate_or_with_one() {
        assert_eq!(faults_of("7"), Ok(Some((7, FAULT_RATE))));
        assert_eq!(faults_of("7:0.1"), Ok(Some((7, 0.1))));
        assert_eq!(faults_of(&format!("{}:1", u64::MAX)), Ok(Some((u64::MAX, 1.0))));
    }

    #[test]
    fn a_malformed_seed_or_rate_is_refused_with_the_option_and_what_is_allowed() {
        for (value, problem) in [
            ("x", "the seed \"x\" is not a number from 0 to 18446744073709551615"),
            ("", "the seed \"\" is not a number"),
            (":0.1", "the seed \"\" is not a number"),
            ("-1:0.1", "the seed \"-1\" is not a number"),
            ("7:", "the rate \"\" is not a number from 0 to 1"),
            ("7:1.5", "the rate \"1.5\" is not a number from 0 to 1"),
            ("7:NaN", "the rate \"NaN\" is not a number from 0 to 1"),
            ("7:0.1:2", "the rate \"0.1:2\" is not a number from 0 to 1"),
        ] {
            let said = faults_of(value).unwrap_err();
            assert!(said.contains("--faults <SEED[:RATE]>") && said.contains(problem), "{value}: {said}");
        }
    }
}
