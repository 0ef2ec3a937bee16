//! The flags of a start, and the options of the pocket cloud that they stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chat::Chat;
use chat::dialect::{self, Dialect};
use clap::{Args, ValueEnum};
use local::admin::{self, password};
use local::bootstraps::Bootstraps;
use local::cloud::{Options, Storage};
use local::code::of_chat;
use local::connector::Way;
use local::faults::Faults;
use local::gateway::{Mode, Settings};
use local::latency::Latency;
use relay::clock::Clock;
use relay::config::AdminPassword;

use super::Failure;

/// The probability with which a request or an invocation fails under `--faults` without a rate.
const FAULT_RATE: f64 = 0.02;

/// The folder of the data unless another is given.
pub(crate) const DATA_FOLDER: &str = ".parlance";

/// The frames and HTTP requests a second that each API takes unless another number is given: API Gateway's quota. A
/// deployment takes fewer by default, because it pays for a flood.
const REQUESTS_PER_SECOND: &str = "10000";

/// The polling requests that are handled at once unless another number is given: as many as there are.
const POLLING_CONCURRENCY: &str = "0";

/// The port unless another is given.
pub(crate) const PORT: u16 = 3000;

/// The flags of a start.
#[derive(Args)]
pub(crate) struct Serve {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = PORT, help_heading = "Addresses")]
    pub(crate) port: u16,
    /// Dialect that the root namespace and REST paths without a prefix speak at --port.
    #[arg(long, default_value = "recruiting", value_parser = dialect_named, help_heading = "Addresses")]
    pub(crate) dialect: &'static Dialect,
    /// One more port besides --port, with the dialect spoken there, such as 5000:recruiting; 0 takes a free one. May be
    /// given several times.
    #[arg(long, value_name = "PORT:DIALECT", value_parser = listener, help_heading = "Addresses")]
    pub(crate) listen: Vec<(u16, &'static Dialect)>,
    /// Address to listen on: 0.0.0.0 for other machines, too. Without it, only programs on this machine can connect.
    #[arg(long, value_name = "ADDRESS", value_parser = host, help_heading = "Addresses")]
    pub(crate) host: Option<IpAddr>,
    /// Folder to keep the data in.
    #[arg(long, value_name = "DIR", default_value = DATA_FOLDER, help_heading = "Data")]
    pub(crate) data: PathBuf,
    /// Keep the data in memory: it is gone when the process ends.
    #[arg(long, conflicts_with = "data", help_heading = "Data")]
    pub(crate) memory: bool,
    /// Keep the data at another DynamoDB-compatible endpoint, such as http://localhost:8000.
    #[arg(long, value_name = "URL", conflicts_with_all = ["data", "memory"], value_parser = endpoint)]
    #[arg(help_heading = "Data")]
    pub(crate) dynamodb_url: Option<String>,
    /// Value for a parameter of template.yaml, such as PingIntervalMinutes=1. May be given several times; `parlance
    /// parameters` lists them.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter, help_heading = "Deployment")]
    parameter: Vec<(String, String)>,
    /// Password of the Socket.IO Admin UI at the namespace /admin, 16 to 128 characters; the user name is admin. Without
    /// it, one is made at random for the data folder, unless --host lets other machines connect: then there is no Admin
    /// UI.
    #[arg(long, value_name = "PASSWORD", value_parser = admin_password, help_heading = "Deployment")]
    admin_password: Option<String>,
    /// Post every event to this address, signed, as a deployment with WebhookUrl does (docs/hooks.md): an https address,
    /// or an http address of this machine, such as http://localhost:8080/hook.
    #[arg(long, value_name = "URL", help_heading = "Deployment")]
    webhook: Option<String>,
    /// Secret that webhooks are signed with: whsec_ and the Base64 of 24 to 64 bytes. Without it, one is made at random
    /// and printed.
    #[arg(long, value_name = "SECRET", requires = "webhook", help_heading = "Deployment")]
    webhook_secret: Option<String>,
    /// Switch every limit off: the chat's and the gateway's.
    #[arg(long, help_heading = "Deployment")]
    no_rate_limits: bool,
    /// Whether each family of events is handled by a function of its own, or all by the switchboard.
    #[arg(long, value_enum, default_value_t = Isolation::Separate, help_heading = "Deployment")]
    isolation: Isolation,
    /// Whether the gateway hands on the frames of one connection one after another, or several at once as API Gateway
    /// may.
    #[arg(long, value_enum, default_value_t = GatewayMode::Serial, help_heading = "Emulated cloud")]
    gateway_mode: GatewayMode,
    /// How functions reach the tables, the connections and each other: within this process, or with HTTP requests of
    /// the AWS SDK, as deployed functions do.
    #[arg(long, value_enum, default_value_t = AwsWay::Direct, help_heading = "Emulated cloud")]
    aws: AwsWay,
    /// Run the bootstraps in this folder, each in processes of its own, as Lambda does: those of `cargo lambda build`
    /// are in target/lambda (docs/local.md).
    #[arg(long, value_name = "DIR", help_heading = "Emulated cloud")]
    bootstraps: Option<PathBuf>,
    /// How many events a process of a bootstrap handles at once: more than one as in an instance that Lambda manages.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "bootstraps", help_heading = "Emulated cloud")]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=64))]
    events_at_once: u8,
    /// Let each step take as long as it typically takes in an AWS region (docs/latency.md).
    #[arg(long, value_enum, help_heading = "Emulated cloud")]
    latency: Option<Latencies>,
    /// Let requests and invocations fail at random, as they do in a cloud: a seed, and how likely each is to fail (0.02
    /// if that is not given). The same seed and the same requests give the same faults.
    #[arg(long, value_name = "SEED[:RATE]", value_parser = faults, allow_hyphen_values = true)]
    #[arg(help_heading = "Emulated cloud")]
    pub(crate) faults: Option<(u64, f64)>,
    /// Print one line with the addresses, and nothing else.
    #[arg(long, help_heading = "Output")]
    pub(crate) quiet: bool,
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

impl Serve {
    /// The ports to listen on, each with its dialect.
    pub(crate) fn ports(&self) -> Result<Vec<(u16, &'static Dialect)>, Failure> {
        let mut ports = vec![(self.port, self.dialect)];
        ports.extend(&self.listen);
        let mut taken = BTreeSet::new();
        // Each 0 stands for another free port.
        match ports.iter().find(|(port, _)| *port != 0 && !taken.insert(*port)) {
            Some((port, _)) if *port == self.port => {
                Err(format!("--listen adds to --port, which is {port} already: give one of them another number").into())
            }
            Some((port, _)) => Err(format!("--listen names port {port} twice: one port speaks one dialect").into()),
            None => Ok(ports),
        }
    }

    /// The values of the parameters that flags set.
    pub(crate) fn parameters(&self) -> BTreeMap<String, String> {
        let isolation = match self.isolation {
            Isolation::Separate => "separate",
            Isolation::Inline => "inline",
        };
        let rate_limits = if self.no_rate_limits { "off" } else { "on" };
        let flags = [
            ("DefaultDialect", self.dialect.name),
            ("HandlerIsolation", isolation),
            ("RateLimits", rate_limits),
            ("RequestsPerSecond", REQUESTS_PER_SECOND),
            ("PollingConcurrency", POLLING_CONCURRENCY),
        ];
        let flags = flags.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let admin = self.admin_password.iter().map(|password| (ADMIN_PASSWORD.to_owned(), password.clone()));
        let webhook = self.webhook.iter().map(|url| ("WebhookUrl".to_owned(), url.clone()));
        let secret = self.webhook_secret.iter().map(|secret| (WEBHOOK_SECRET.to_owned(), secret.clone()));
        flags.into_iter().chain(admin).chain(webhook).chain(secret).chain(self.parameter.iter().cloned()).collect()
    }

    /// Makes a secret for webhooks, if there are any and none is given. Returns it if it was made.
    pub(crate) fn make_webhook_secret(&mut self, clock: &Clock) -> Option<String> {
        let is_given = self.webhook_secret.is_some() || self.parameter.iter().any(|(name, _)| name == WEBHOOK_SECRET);
        if self.webhook.is_none() || is_given {
            return None;
        }
        let made = format!("whsec_{}", STANDARD.encode(clock.random::<32>()));
        self.webhook_secret = Some(made.clone());
        Some(made)
    }

    /// Makes a password of the Admin UI, unless one is given or other machines can connect. Returns it if it was made.
    ///
    /// # Errors
    /// If the data folder has a file for it without a password.
    pub(crate) fn make_admin_password(&mut self, clock: &Clock) -> Result<Option<String>, Failure> {
        let is_given = self.admin_password.is_some() || self.parameter.iter().any(|(name, _)| name == ADMIN_PASSWORD);
        if is_given || self.host.is_some_and(|host| !host.is_loopback()) {
            return Ok(None);
        }
        let keeps_data = !self.memory && self.dynamodb_url.is_none();
        let made = if keeps_data { password::of_folder(&self.data, clock)? } else { password::random(clock) };
        self.admin_password = Some(made.clone());
        Ok(Some(made))
    }

    /// Where the data is, in words.
    pub(crate) fn storage_in_words(&self) -> String {
        match (&self.dynamodb_url, self.memory) {
            (Some(url), _) => format!("at {url}"),
            (None, true) => "in memory".to_owned(),
            (None, false) => format!("in {}", self.data.display()),
        }
    }

    /// The options of the pocket cloud whose buckets are reached at this origin.
    pub(crate) fn options(&self, clock: &Clock, origin: String) -> Options<Chat> {
        Options {
            storage: match (&self.dynamodb_url, self.memory) {
                (Some(url), _) => Storage::Endpoint(url.clone()),
                (None, true) => Storage::Memory,
                (None, false) => Storage::Folder(self.data.clone()),
            },
            media: (!self.memory).then(|| self.data.join("media")),
            origin,
            parameters: self.parameters(),
            gateway: Settings {
                mode: match self.gateway_mode {
                    GatewayMode::Serial => Mode::Serial,
                    GatewayMode::Concurrent => Mode::Concurrent,
                },
                rate_limits: !self.no_rate_limits,
                ..Settings::default()
            },
            clock: clock.clone(),
            clock_skew_millis: 0,
            retry_scale: 1.0,
            faults: self.faults.map(|(seed, rate)| Faults::random(seed, rate)).unwrap_or_default(),
            way: match self.aws {
                AwsWay::Direct => Way::Direct,
                AwsWay::Sdk => Way::Sdk,
            },
            latency: match self.latency {
                Some(Latencies::Aws) => Latency::aws(),
                None => Latency::default(),
            },
            code: of_chat,
            outside: None,
            adapt: |ctx| {
                admin::live(ctx);
                ctx.app.config.allows_http_pictures = true;
            },
            bootstraps: self.bootstraps.as_ref().map(|folder| Bootstraps {
                events_at_once: self.events_at_once.into(),
                ..Bootstraps::in_folder(folder)
            }),
        }
    }
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

/// Reads NAME=VALUE.
///
/// # Errors
/// What it must be.
pub(crate) fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE, such as PingIntervalMinutes=1")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The parameter of template.yaml with the password of the Admin UI.
const ADMIN_PASSWORD: &str = "AdminPassword";

/// The parameter of template.yaml with the secret for webhooks.
const WEBHOOK_SECRET: &str = "WebhookSecret";

fn admin_password(text: &str) -> Result<String, String> {
    let known = AdminPassword::new(text).map(|_| text.to_owned());
    known.ok_or_else(|| "must have 16 to 128 characters".to_owned())
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

fn host(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| {
        "must be an IP address: one of this machine, or 0.0.0.0 for all of them; without --host, it is localhost"
            .to_owned()
    })
}

fn endpoint(text: &str) -> Result<String, String> {
    let known = text.starts_with("http://") || text.starts_with("https://");
    if known { Ok(text.to_owned()) } else { Err("must begin with http:// or https://".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Cli;
    use super::*;

    fn faults_of(value: &str) -> Result<Option<(u64, f64)>, String> {
        let parsed = Cli::try_parse_from(["parlance", "--faults", value]);
        parsed.map(|cli| cli.serve.faults).map_err(|error| error.to_string())
    }

    #[test]
    fn faults_are_off_unless_asked_for() {
        assert_eq!(Cli::try_parse_from(["parlance"]).unwrap().serve.faults, None);
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

    #[test]
    fn an_admin_password_is_made_unless_one_is_given_or_other_machines_can_connect() {
        let made = |flags: &[&str]| {
            let mut serve = Cli::try_parse_from(["parlance", "--memory"].iter().chain(flags)).unwrap().serve;
            let made = serve.make_admin_password(&Clock::system()).unwrap();
            (made, serve.parameters().remove(ADMIN_PASSWORD))
        };
        let (one, parameter) = made(&[]);
        assert_eq!((one.as_deref().map(str::len), &parameter), (Some(24), &one));
        assert_ne!(made(&["--host", "127.0.0.1"]).0, one);
        assert_eq!(made(&["--host", "0.0.0.0"]), (None, None));
        let given = "correct horse battery";
        assert_eq!(made(&["--host", "0.0.0.0", "--admin-password", given]), (None, Some(given.to_owned())));
        assert_eq!(made(&["--parameter", "AdminPassword=none"]), (None, Some("none".to_owned())));
        let said = Cli::try_parse_from(["parlance", "--admin-password", "hunter2"]).err().unwrap().to_string();
        assert!(said.contains("--admin-password <PASSWORD>") && said.contains("16 to 128 characters"), "{said}");
    }

    #[test]
    fn a_secret_for_webhooks_is_made_if_there_are_webhooks_and_none_is_given() {
        let made = |flags: &[&str]| {
            let mut serve = Cli::try_parse_from(["parlance", "--memory"].iter().chain(flags)).unwrap().serve;
            let made = serve.make_webhook_secret(&Clock::system());
            (made, serve.parameters().remove(WEBHOOK_SECRET))
        };
        let url = ["--webhook", "http://localhost:8080/hook"];
        let (one, parameter) = made(&url);
        assert!(one.as_ref().is_some_and(|one| one.starts_with("whsec_") && one.len() == 50), "{one:?}");
        assert_eq!(parameter, one);
        assert_ne!(made(&url).0, one);
        assert_eq!(made(&[]), (None, None));
        let given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(made(&[url[0], url[1], "--webhook-secret", given]), (None, Some(given.to_owned())));
        assert!(Cli::try_parse_from(["parlance", "--webhook-secret", given]).is_err());
    }

    #[test]
    fn a_host_is_an_address() {
        let of = |value| Cli::try_parse_from(["parlance", "--host", value]).map(|cli| cli.serve.host);
        assert_eq!(of("0.0.0.0").unwrap(), Some(IpAddr::from([0, 0, 0, 0])));
        assert_eq!(of("::1").unwrap(), Some(IpAddr::from(std::net::Ipv6Addr::LOCALHOST)));
        let said = of("my-laptop").unwrap_err().to_string();
        assert!(said.contains("must be an IP address: one of this machine, or 0.0.0.0 for all of them"), "{said}");
    }

    #[test]
    fn a_parameter_that_is_given_wins_over_the_flag_for_the_same() {
        let cli = Cli::try_parse_from(["parlance", "--dialect", "messenger", "--parameter", "RateLimits=off"]).unwrap();
        let parameters = cli.serve.parameters();
        assert_eq!((&*parameters["DefaultDialect"], &*parameters["RateLimits"]), ("messenger", "off"));
    }
}
