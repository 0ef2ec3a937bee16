//! The functions as processes of their bootstraps. `tests/run` also runs the transcripts of the other files with them.

mod settings;
mod several;
mod unruly;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chat::Chat;
use local::bootstraps::Bootstraps;
use local::cloud::{BootError, Options, PocketCloud};
use local::code::of_chat;
use local::schedule;
use local::template::Template;
use relay::clock::{Clock, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use world::World;

use crate::invocation::Lines;

/// A folder with one script as the bootstrap of every function. It is removed with the value.
struct Scripts(PathBuf);

impl Scripts {
    fn new(name: &str, script: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("parlance-{name}-{}", std::process::id()));
        for package in template().functions.keys() {
            let of_package = folder.join(package);
            fs::create_dir_all(&of_package).unwrap();
            let bootstrap = of_package.join("bootstrap");
            fs::write(&bootstrap, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(bootstrap, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }
}

impl Drop for Scripts {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn template() -> Template {
    local::cloud::template(&BTreeMap::new()).unwrap()
}

async fn booted(folder: &Path) -> Result<PocketCloud, BootError> {
    let clock = Clock::manual(Timestamp::from_millis(1_767_323_045_006));
    let options = Options::<Chat>::in_memory("http://127.0.0.1:3000".to_owned(), clock, of_chat);
    let bootstraps = Some(Bootstraps::in_folder(folder));
    PocketCloud::boot(Options { retry_scale: 0.0, bootstraps, ..options }).await
}

/// Runs the heartbeat once, and gives how many of its invocations failed.
async fn failures_of_heartbeat(cloud: &PocketCloud) -> u64 {
    let (_, heartbeat) = cloud.schedules().into_iter().find(|(one, _)| one.function == "heartbeat").unwrap();
    let event = schedule::event(Timestamp::from_millis(1_767_323_045_006));
    cloud.lambda.run_scheduled(&heartbeat, event).await;
    cloud.lambda.failures()
}

#[tokio::test]
async fn a_function_without_a_bootstrap_is_named_at_the_start() {
    let folder = std::env::temp_dir();
    let problem = booted(&folder).await.err().unwrap().to_string();
    assert!(problem.starts_with("there is no bootstrap of block in "), "{problem}");
    assert!(problem.ends_with("build them with `cargo lambda build --release`"), "{problem}");
}

#[tokio::test]
async fn a_process_that_ends_before_it_asks_for_an_event_is_a_failed_invocation_and_is_tried_again() {
    let scripts = Scripts::new("exits", "exit 3");
    let cloud = booted(&scripts.0).await.unwrap();
    let retries = template().functions["heartbeat"].asynchronous.retries;
    assert_eq!(failures_of_heartbeat(&cloud).await, u64::from(retries) + 1);
}

/// The processes of a world that was made with this value of the parameter `AllowedOrigins`: their ids and variables.
fn processes(origin: &str) -> BTreeMap<u32, BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = process.file_name().to_string_lossy().parse() else { continue };
        let Ok(environment) = fs::read(process.path().join("environ")) else { continue };
        let environment: BTreeMap<String, String> = String::from_utf8_lossy(&environment)
            .split('\0')
            .filter_map(|variable| variable.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if environment.get("ALLOWED_ORIGINS").is_some_and(|value| value == origin) {
            found.insert(pid, environment);
        }
    }
    found
}

/// The state of a process as the kernel names it, such as `T` for a stopped one.
fn state(pid: u32) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("State:"));
    line.unwrap_or_default().trim().chars().take(1).collect()
}

#[test]
#[ignore = "needs bootstraps in the folder that PARLANCE_BOOTSTRAPS names"]
fn a_process_is_stopped_between_two_events_and_ends_with_the_system() {
    let origin = "https://stopped.example";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::with(&[("AllowedOrigins", origin)]).await;
        world.join("alice").await;
        world.join("bob").await;
        let pids: Vec<u32> = processes(origin).into_keys().collect();
        assert!(!pids.is_empty(), "functions run as processes");
        for pid in &pids {
            // The kernel stops a process when it is next on a processor.
            eventually(|| state(*pid) == "T", || format!("{pid} is {}", state(*pid)));
        }
    });
    drop(runtime);
    eventually(|| processes(origin).is_empty(), || format!("left: {:?}", processes(origin).keys()));
}

/// Waits until something is true.
fn eventually(is_true: impl Fn() -> bool, otherwise: impl Fn() -> String) {
    for _ in 0..500 {
        if is_true() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{}", otherwise());
}

#[tokio::test]
#[ignore = "needs bootstraps in the folder that PARLANCE_BOOTSTRAPS names"]
async fn a_process_prints_the_line_of_each_invocation_as_one_object() {
    let mut world = World::with(&[]).await;
    let mut lines = Lines::begin();
    world.join("alice").await;
    let mut all = Vec::new();
    // What a process prints arrives when it arrives.
    for _ in 0..500 {
        all.extend(lines.take());
        if all.iter().any(|line| line["event"] == "CONNECT packet" && line["function"] == "parlance-connect") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let of_connect: Vec<_> = all.iter().filter(|line| line["function"] == "parlance-connect").collect();
    let [opened, joined] = of_connect.as_slice() else { panic!("{all:?}") };
    assert_eq!((&opened["event"], &opened["cold"]), (&"CONNECT".into(), &true.into()), "{opened}");
    assert_eq!((&joined["event"], &joined["outcome"]), (&"CONNECT packet".into(), &"ok".into()), "{joined}");
    assert_eq!((&joined["dialect"], &joined["cold"]), (&"recruiting".into(), &false.into()), "{joined}");
    assert_eq!(joined["connectionId"].as_str().unwrap(), world.connection_id("alice"));
    assert_ne!(joined["requestId"], opened["requestId"]);
    assert!(joined["readUnits"].as_f64().unwrap() > 0.0 && joined["writeUnits"].as_f64().unwrap() > 0.0, "{joined}");
    assert!(joined["awsRequests"].as_u64() > joined["posts"].as_u64(), "{joined}");
}

#[tokio::test]
#[ignore = "needs bootstraps in the folder that PARLANCE_BOOTSTRAPS names"]
async fn processes_that_were_killed_are_replaced() {
    let origin = "https://killed.example";
    let mut world = World::with(&[("AllowedOrigins", origin)]).await;
    world.join("alice").await;
    let killed: Vec<u32> = processes(origin).into_keys().collect();
    for pid in &killed {
        let status = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
        assert!(status.success());
    }
    let joined = world.join("bob").await;
    assert!(joined.contains("bob hears 40"), "{joined}");
    assert!(processes(origin).keys().any(|pid| !killed.contains(pid)));
}

/// Sends a request for a table to the services, and gives the answer.
async fn asked(endpoint: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(endpoint).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {endpoint}\r\nconnection: close\r\ncontent-length: 2\r\n\
         x-amz-target: DynamoDB_20120810.Scan\r\n{headers}\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
#[ignore = "needs bootstraps in the folder that PARLANCE_BOOTSTRAPS names"]
async fn a_request_that_is_not_signed_as_it_must_be_is_refused() {
    let origin = "https://signed.example";
    let mut world = World::with(&[("AllowedOrigins", origin)]).await;
    world.join("alice").await;
    world.expect_errors();
    let environment = processes(origin).into_values().next().unwrap();
    let endpoint = environment["AWS_ENDPOINT_URL"].trim_start_matches("http://");
    let session = &environment["AWS_SESSION_TOKEN"];
    let unsigned = asked(endpoint, "").await;
    assert!(unsigned.starts_with("HTTP/1.1 403"), "{unsigned}");
    assert!(unsigned.contains("MissingAuthenticationTokenException"), "{unsigned}");
    let unknown = asked(endpoint, "x-amz-security-token: nobody\r\n").await;
    assert!(unknown.contains("UnrecognizedClientException"), "{unknown}");
    let forged = format!(
        "x-amz-security-token: {session}\r\nx-amz-date: 20260102T030405Z\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=local/20260102/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\n"
    );
    let forged = asked(endpoint, &forged).await;
    assert!(forged.contains("InvalidSignatureException"), "{forged}");
    assert!(forged.contains("the signature does not match the request"), "{forged}");
    let late = format!(
        "x-amz-security-token: {session}\r\nx-amz-date: 20260102T040405Z\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=local/20260102/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\n"
    );
    let late = asked(endpoint, &late).await;
    assert!(late.contains("the signature is for another time"), "{late}");
}

/// What the local system alone has: its pages, its contracts, and the paths under which it serves them.
const OF_THE_LOCAL_SYSTEM: [&str; 5] =
    ["Parlance playground", "/_local", "/playground/token", "socket.io.esm", "\"asyncapi\""];

#[test]
#[ignore = "needs bootstraps in the folder that PARLANCE_BOOTSTRAPS names"]
fn a_bootstrap_has_nothing_of_the_local_system() {
    let folder = std::env::var("PARLANCE_BOOTSTRAPS").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(folder);
    let read = |path: &Path| fs::read(path).map(|program| String::from_utf8_lossy(&program).into_owned());
    for package in template().functions.keys() {
        let program = [folder.join(package).join("bootstrap"), folder.join(package)];
        let program = read(program.iter().find(|path| path.is_file()).unwrap()).unwrap();
        assert!(
            program.contains("JWT_SECRET"),
            "{package}: the settings are there, so that the search finds something"
        );
        for text in OF_THE_LOCAL_SYSTEM {
            assert!(!program.contains(text), "{package} has {text}");
        }
    }
    if let Ok(local) = read(&folder.join("parlance")) {
        for text in OF_THE_LOCAL_SYSTEM {
            assert!(local.contains(text), "the local system has {text}");
        }
    }
}
