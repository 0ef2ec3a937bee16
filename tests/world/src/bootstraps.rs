//! The functions as processes of their bootstraps.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use local::bootstraps::Bootstraps;
use relay::clock::Clock;

/// The library that gives a process the time of a file.
const CLOCK_LIBRARY: &str = "libclock.so";

/// The number of clocks that were made.
static CLOCKS: AtomicU64 = AtomicU64::new(0);

/// The file with the time of one world's processes. It is removed with the world.
struct ClockFile(PathBuf);

impl ClockFile {
    fn new() -> Self {
        let number = CLOCKS.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("parlance-clock-{}-{number}", std::process::id())))
    }

    /// Sets the time. The file stays the same, so processes that have mapped it see the change.
    fn set(&self, millis: i64) {
        use std::io::{Seek as _, SeekFrom, Write as _};
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&self.0);
        let mut file = file.expect("the file of the clock can be opened");
        file.seek(SeekFrom::Start(0)).expect("the file of the clock begins somewhere");
        file.write_all(&millis.to_ne_bytes()).expect("the file of the clock can be written");
    }
}

impl Drop for ClockFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The bootstraps that `PARLANCE_BOOTSTRAPS` names, with the time of this clock; `None` if it names none, or if the
/// world cannot have processes.
///
/// Processes take real time, so the time of tokio, which most tests have paused, goes on from here.
pub(super) fn chosen(clock: &Clock, is_possible: bool) -> Option<Bootstraps> {
    let folder = std::env::var_os("PARLANCE_BOOTSTRAPS").filter(|_| is_possible)?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let library = library().expect("the package clock is built");
    if is_paused() {
        tokio::time::resume();
    }
    let (file, clock) = (ClockFile::new(), clock.clone());
    file.set(clock.now().millis());
    let environment = BTreeMap::from([
        ("LD_PRELOAD".to_owned(), library.display().to_string()),
        ("PARLANCE_TEST_CLOCK".to_owned(), file.0.display().to_string()),
    ]);
    let before_event = Arc::new(move || file.set(clock.now().millis()));
    let events_at_once = events_at_once().unwrap_or(1);
    Some(Bootstraps { environment, before_event, events_at_once, ..Bootstraps::in_folder(folder) })
}

/// How many events a process handles at once, if `PARLANCE_EVENTS_AT_ONCE` says so.
fn events_at_once() -> Option<usize> {
    let chosen = std::env::var("PARLANCE_EVENTS_AT_ONCE").ok()?;
    Some(chosen.parse().expect("PARLANCE_EVENTS_AT_ONCE is a number"))
}

/// The library, which is built into the folder of this program or of programs.
fn library() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    program.ancestors().skip(1).take(2).map(|folder| folder.join(CLOCK_LIBRARY)).find(|path| path.is_file())
}

/// Whether the time of tokio stands still.
fn is_paused() -> bool {
    let before = tokio::time::Instant::now();
    std::thread::sleep(Duration::from_millis(1));
    before.elapsed().is_zero()
}
