//! `parlance doctor`: whether this machine is ready to run the system.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use local::cloud::{self, TEMPLATE};
use local::data_folder::{DataFolder, DataFolderError};
use local::template::Template;

use super::Failure;
use super::listen;
use super::output::print;
use super::serve::{DATA_FOLDER, PORT};

/// Below this many open files it is said how to have more: each client is one.
const FILES_FEW: u64 = 4_096;
/// Below this much free disk it is said, in kilobytes.
const DISK_LOW_KB: u64 = 1024 * 1024;
/// How many files of the data folder are looked at, to say how large it is.
const FILES_COUNTED: usize = 100_000;

/// The flags of `parlance doctor`.
#[derive(Args)]
pub(crate) struct DoctorFlags {
    /// Port that the system is to listen on.
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Address that it is to listen on.
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// Folder that it is to keep its data in.
    #[arg(long, value_name = "DIR", default_value = DATA_FOLDER)]
    data: PathBuf,
}

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    /// All is well.
    Good(String),
    /// The system runs, but there is something to know.
    Note(String),
    /// The system does not run as it is to be started.
    Bad(String),
}

/// Prints what was found.
///
/// # Errors
/// If the system cannot run as it is to be started.
pub(crate) fn run(flags: &DoctorFlags) -> Result<(), Failure> {
    let findings =
        [versions()?, node(), port(flags.host, flags.port), data_folder(&flags.data), disk(&flags.data), open_files()];
    print(findings.iter().map(|finding| match finding {
        Finding::Good(text) => format!("ok      {text}"),
        Finding::Note(text) => format!("note    {text}"),
        Finding::Bad(text) => format!("FAILED  {text}"),
    }))?;
    let failed = findings.iter().filter(|finding| matches!(finding, Finding::Bad(_))).count();
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} failed", findings.len()).into()) }
}

fn versions() -> Result<Finding, Failure> {
    let template = cloud::template(&BTreeMap::new())?;
    let (functions, tables) = (template.functions.len(), template.tables.len());
    let parameters = Template::parameters(TEMPLATE)?.len();
    let version = env!("CARGO_PKG_VERSION");
    Ok(Finding::Good(format!(
        "parlance {version}, with a template.yaml of {functions} functions, {tables} tables and {parameters} parameters"
    )))
}

fn node() -> Finding {
    match output_of(Command::new("node").arg("--version")) {
        Some(version) => Finding::Good(format!("node {}, for clients in JavaScript and tests/run", version.trim())),
        None => Finding::Note("node is missing: clients in JavaScript and tests/run need Node 20 or later".to_owned()),
    }
}

fn port(host: Option<IpAddr>, port: u16) -> Finding {
    if listen::is_free(host, port) {
        return Finding::Good(format!("port {port} is free"));
    }
    Finding::Bad(format!("port {port} cannot be listened on: end what uses it, or start with another --port"))
}

fn data_folder(folder: &Path) -> Finding {
    let name = folder.display();
    let existing = folder.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("."));
    // A relative path has the empty path as its last ancestor.
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    let probe = existing.join(format!(".parlance-doctor-{}", std::process::id()));
    if let Err(error) = fs::write(&probe, "") {
        return Finding::Bad(DataFolderError::Folder { folder: folder.to_owned(), error }.to_string());
    }
    let _ = fs::remove_file(&probe);
    if !DataFolder::has_tables(folder) {
        return Finding::Good(format!("data folder {name}: it has no tables yet, and can be written"));
    }
    let size = size(folder) / 1024;
    match DataFolder::take(folder).and_then(|taken| taken.tables().map(drop)) {
        Ok(()) => Finding::Good(format!("data folder {name}: {size} KB, can be read and written")),
        Err(error @ DataFolderError::InUse { .. }) => Finding::Bad(format!("{error} ({size} KB)")),
        Err(error) => Finding::Bad(error.to_string()),
    }
}

/// The bytes of the files below a folder.
fn size(folder: &Path) -> u64 {
    let (mut bytes, mut folders, mut files) = (0, vec![folder.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path())
            } else {
                bytes += metadata.len()
            }
            files += 1;
            if files == FILES_COUNTED {
                return bytes;
            }
        }
    }
    bytes
}

fn disk(folder: &Path) -> Finding {
    let existing = folder.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("."));
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    match output_of(Command::new("df").arg("-Pk").arg(existing)).as_deref().and_then(free_kilobytes) {
        Some(free) if free >= DISK_LOW_KB => Finding::Good(format!("disk: {} MB are free", free / 1024)),
        Some(free) => Finding::Note(format!("disk: only {} MB are free", free / 1024)),
        None => Finding::Note("disk: `df` does not say how much is free".to_owned()),
    }
}

/// The free kilobytes in what `df -Pk` prints: the fourth column of the line after the heading.
fn free_kilobytes(printed: &str) -> Option<u64> {
    printed.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

fn open_files() -> Finding {
    let limit = output_of(Command::new("sh").args(["-c", "ulimit -n"]));
    match limit.as_deref().map(str::trim) {
        Some("unlimited") => Finding::Good("open files: no limit".to_owned()),
        Some(limit) => match limit.parse::<u64>() {
            Ok(limit) if limit < FILES_FEW => Finding::Note(format!(
                "open files: at most {limit}, and each client is one; `ulimit -n 65536` in this shell allows more"
            )),
            _ => Finding::Good(format!("open files: at most {limit}, and each client is one")),
        },
        None => Finding::Note("open files: `ulimit -n` does not say how many are allowed".to_owned()),
    }
}

/// What a program prints; `None` if it cannot be run or fails.
fn output_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_free_space_is_the_fourth_column() {
        let printed = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 1000 400 600 40% /\n";
        assert_eq!(free_kilobytes(printed), Some(600));
        assert_eq!(free_kilobytes("df: no such file"), None);
    }

    #[test]
    fn a_data_folder_is_free_in_use_or_damaged() {
        let folder = std::env::temp_dir().join(format!("parlance-doctor-{}", std::process::id()));
        let Finding::Good(text) = data_folder(&folder) else { unreachable!("it can be made") };
        assert!(text.contains("it has no tables yet"), "{text}");
        assert!(!folder.exists(), "nothing is made");
        let taken = DataFolder::take(&folder).unwrap();
        drop(taken.tables().unwrap());
        let Finding::Bad(text) = data_folder(&folder) else { unreachable!("it is in use") };
        assert!(text.contains(&format!("is used by the process {}", std::process::id())), "{text}");
        drop(taken);
        assert!(matches!(data_folder(&folder), Finding::Good(_)));
        fs::write(folder.join("dynamodb.log"), [b'x'; 64]).unwrap();
        let Finding::Bad(text) = data_folder(&folder) else { unreachable!("it is damaged") };
        assert!(text.contains("dynamodb.log cannot be used"), "{text}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
