//! What becomes of processes that misbehave: the program `unruly` (tests/unruly/main.rs) in the place of a function.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat::Chat;
use local::bootstraps::Bootstraps;
use local::cloud::{Options, PocketCloud};
use local::code::of_chat;
use local::gateway::{FunctionError, Integration as _};
use local::lambda::Invoked;
use relay::clock::{Clock, Timestamp};
use serde_json::{Value, json};

use super::{Scripts, eventually, state, template};

/// The number of systems that were made.
static SYSTEMS: AtomicU64 = AtomicU64::new(0);

/// The function that misbehaves.
const FUNCTION: &str = "typing";

/// A system whose functions are all `unruly`.
struct Unruly {
    cloud: PocketCloud,
    marker: PathBuf,
    _scripts: Scripts,
}

impl Unruly {
    async fn new(how: &str) -> Self {
        Self::with(how, |_| {}).await
    }

    async fn with(how: &str, adapt: fn(&mut Bootstraps)) -> Self {
        let number = SYSTEMS.fetch_add(1, Ordering::Relaxed);
        let marker = std::env::temp_dir().join(format!("parlance-marker-{}-{number}", std::process::id()));
        let script = format!("exec {} {how} {}", env!("CARGO_BIN_EXE_unruly"), marker.display());
        let scripts = Scripts::new(&format!("unruly-{number}"), &script);
        let mut template = template();
        template.functions.get_mut(FUNCTION).unwrap().timeout = Duration::from_secs(3);
        let clock = Clock::manual(Timestamp::from_millis(1_767_323_045_006));
        let options = Options::<Chat>::in_memory("http://127.0.0.1:3000".to_owned(), clock, of_chat);
        let mut bootstraps = Bootstraps::in_folder(&scripts.0);
        adapt(&mut bootstraps);
        let options = Options { retry_scale: 0.0, bootstraps: Some(bootstraps), ..options };
        let cloud = PocketCloud::boot_from(template, options).await.unwrap();
        Self { cloud, marker, _scripts: scripts }
    }

    /// Invokes the function, and gives the id of the process that answers.
    async fn invoke(&self) -> Result<u64, FunctionError> {
        let name = &self.cloud.template.functions[FUNCTION].name;
        let answer: Value = Invoked(Arc::clone(&self.cloud.lambda)).invoke(name, json!({})).await?;
        Ok(answer["pid"].as_u64().unwrap())
    }

    /// The id of the first process.
    fn first(&self) -> u64 {
        let marker = fs::read_to_string(&self.marker).unwrap();
        marker.trim_end_matches('.').parse().unwrap()
    }

    /// Waits until the first process is gone.
    fn expect_first_gone(&self) {
        let first = u32::try_from(self.first()).unwrap();
        eventually(|| matches!(state(first).as_str(), "" | "Z"), || format!("{first} is {}", state(first)));
    }
}

impl Drop for Unruly {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.marker);
    }
}

#[tokio::test]
async fn a_process_that_does_not_start_is_followed_by_another_one_within_the_invocation() {
    for how in ["sleeps-at-start", "ends-at-start", "fails-at-start"] {
        let unruly = Unruly::with(how, |bootstraps| bootstraps.init_max = Duration::from_millis(500)).await;
        let second = unruly.invoke().await.unwrap_or_else(|error| panic!("{how}: {error}"));
        assert_ne!(second, unruly.first(), "{how}");
        unruly.expect_first_gone();
        assert_eq!(unruly.cloud.lambda.failures(), 0, "{how}: the invocation has not failed");
        assert_eq!(unruly.invoke().await.unwrap(), second, "{how}: the second process goes on");
    }
}

#[tokio::test]
async fn an_event_that_takes_too_long_ends_its_process_and_the_next_one_gets_another() {
    let unruly = Unruly::new("sleeps").await;
    let error = unruly.invoke().await.unwrap_err().to_string();
    assert_eq!(error, "typing: Task timed out after 3.00 seconds");
    unruly.expect_first_gone();
    assert_ne!(unruly.invoke().await.unwrap(), unruly.first());
    assert_eq!(unruly.cloud.lambda.failures(), 1);
}

#[tokio::test]
async fn a_process_that_ends_in_the_middle_of_an_event_is_a_failed_invocation_and_the_next_one_gets_another() {
    let unruly = Unruly::new("ends").await;
    let error = unruly.invoke().await.unwrap_err().to_string();
    assert_eq!(error, "Runtime.ExitError: typing: runtime exited with exit status: 3");
    assert_ne!(unruly.invoke().await.unwrap(), unruly.first());
    assert_eq!(unruly.cloud.lambda.failures(), 1);
}

#[tokio::test]
async fn work_that_goes_on_after_an_answer_stands_still_until_the_next_event() {
    let unruly = Unruly::new("ticks").await;
    let pid = unruly.invoke().await.unwrap();
    let stopped = u32::try_from(pid).unwrap();
    eventually(|| state(stopped) == "T", || format!("{stopped} is {}", state(stopped)));
    let written = || fs::metadata(&unruly.marker).unwrap().len();
    let before = written();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(written(), before, "it is stopped");
    assert_eq!(unruly.invoke().await.unwrap(), pid, "the same process");
    eventually(|| written() > before, || "it goes on with the next event".to_owned());
}

#[tokio::test]
async fn a_process_gets_several_events_at_once_if_it_is_to() {
    let unruly = Unruly::with("meets", |bootstraps| bootstraps.events_at_once = 2).await;
    // It answers neither before it has both, and three seconds are all that each has.
    let (one, other) = futures_util::future::join(unruly.invoke(), unruly.invoke()).await;
    assert_eq!((one.unwrap(), other.unwrap()), (unruly.first(), unruly.first()));
}

#[tokio::test]
async fn a_process_of_several_events_that_ends_fails_them_all_and_is_replaced() {
    let unruly = Unruly::with("ends", |bootstraps| bootstraps.events_at_once = 2).await;
    let (one, other) = futures_util::future::join(unruly.invoke(), unruly.invoke()).await;
    for outcome in [one, other] {
        let error = outcome.unwrap_err().to_string();
        assert!(error.starts_with("Runtime.ExitError: typing: runtime exited with "), "{error}");
    }
    assert_ne!(unruly.invoke().await.unwrap(), unruly.first());
}
