//! The data folder. Only one process at a time may use it, and a file in it that cannot be read is never overwritten.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use dynoxide::Database;

/// The file of the tables.
const TABLES: &str = "dynamodb.sqlite";
/// The file that is locked. It contains the id of the process that holds the lock.
const LOCK: &str = "local.lock";
/// The first bytes of an SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// The length of the header of an SQLite file.
const HEADER_BYTES: usize = 100;
/// The position of the format version that a reader must know, and the newest version that is known here.
const READ_VERSION_AT: usize = 19;
const READ_VERSION_MAX: u8 = 2;

/// Why a data folder cannot be used. Each message says what to do instead.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// Another process uses the folder.
    #[error(
        "the data folder {folder} is used by {holder}: end that process, or start with another folder (--data DIR) or without one (--memory)"
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process that uses it.
        holder: String,
    },
    /// The tables cannot be read.
    #[error(
        "the data file {file} cannot be used: {why}. It is left as it is: move it away to begin anew, or start with another folder (--data DIR) \
         or without one (--memory)"
    )]
    File {
        /// The file.
        file: PathBuf,
        /// Why it cannot be used, for example because it is cut off.
        why: String,
    },
    /// The folder cannot be created, or its lock file cannot be written.
    #[error(
        "the data folder {folder} cannot be used: {error}. Start with another folder (--data DIR) or without one (--memory)"
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system answered.
        error: std::io::Error,
    },
}

/// A data folder that this process holds, as long as this value exists.
#[derive(Debug)]
pub struct DataFolder {
    folder: PathBuf,
    /// The lock. The operating system releases it when the process ends, in whatever way it ends.
    _lock: File,
}

impl DataFolder {
    /// Takes the folder for this process. Creates it if it does not exist.
    ///
    /// # Errors
    /// If another process uses the folder, or it cannot be used.
    pub fn take(folder: &Path) -> Result<Self, DataFolderError> {
        let unusable = |error| DataFolderError::Folder { folder: folder.to_owned(), error };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut lock = options.open(folder.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                let read = lock.read_to_string(&mut process);
                let known = read.is_ok() && process.trim().parse::<u32>().is_ok();
                let holder =
                    if known { format!("the process {}", process.trim()) } else { "another process".to_owned() };
                return Err(DataFolderError::InUse { folder: folder.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        lock_exclusively(&mut lock).map_err(unusable)?;
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }

    /// Opens the tables. Creates them if there are none yet.
    ///
    /// # Errors
    /// If there are tables that cannot be read. Nothing is written to them in this case.
    pub fn tables(&self) -> Result<Database, DataFolderError> {
        let file = self.folder.join(TABLES);
        let refused = |why: String| DataFolderError::File { file: file.clone(), why };
        if let Some(why) = damage(&file).map_err(|error| refused(error.to_string()))? {
            return Err(refused(why.to_owned()));
        }
        let open = || {
            let database = Database::new(&file.to_string_lossy())?;
            // The engine's call for `PRAGMA synchronous = NORMAL`. WAL is on from the start.
            database.disable_bulk_loading()?;
            database.list_tables(dynoxide::actions::list_tables::ListTablesRequest::default())?;
            Ok(database)
        };
        open().map_err(|error: dynoxide::DynoxideError| refused(error.to_string()))
    }
}

/// Writes the id of this process into the locked file.
fn lock_exclusively(lock: &mut File) -> std::io::Result<()> {
    lock.set_len(0)?;
    lock.seek(SeekFrom::Start(0))?;
    writeln!(lock, "{}", std::process::id())
}

/// The damage of an SQLite file that can be seen from outside, if there is any.
fn damage(file: &Path) -> std::io::Result<Option<&'static str>> {
    if !file.try_exists()? {
        return Ok(None);
    }
    let mut opened = File::open(file)?;
    let length = opened.metadata()?.len();
    if length == 0 {
        return Ok(Some("it is empty"));
    }
    let mut header = [0; HEADER_BYTES];
    if length < HEADER_BYTES as u64 {
        return Ok(Some("it is cut off"));
    }
    opened.read_exact(&mut header)?;
    if !header.starts_with(MAGIC) {
        return Ok(Some("it is no database, or a damaged one"));
    }
    if header.get(READ_VERSION_AT).is_some_and(|version| *version > READ_VERSION_MAX) {
        return Ok(Some("a newer version wrote it"));
    }
    // While changes wait in the WAL file, the header may be newer than the rest.
    let beside = PathBuf::from(format!("{}-wal", file.display()));
    let changes_wait = std::fs::metadata(beside).is_ok_and(|beside| beside.len() > 0);
    let page_bytes = match number(&header, 16, 2) {
        1 => 65_536,
        bytes => bytes,
    };
    let is_counted = number(&header, 24, 4) == number(&header, 92, 4);
    if !changes_wait && is_counted && length < number(&header, 28, 4) * page_bytes {
        return Ok(Some("it is cut off"));
    }
    Ok(None)
}

/// A number of this many bytes in a header, with the highest byte first.
fn number(header: &[u8], at: usize, bytes: usize) -> u64 {
    header.iter().skip(at).take(bytes).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
