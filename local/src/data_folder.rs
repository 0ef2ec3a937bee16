//! The data folder. Only one process at a time may use it, and a file in it that cannot be read is never overwritten.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use engine::Tables;

/// The file of the tables.
const TABLES: &str = "dynamodb.log";
/// The file of the tables in earlier versions.
const EARLIER_TABLES: &str = "dynamodb.sqlite";
/// The file that is locked. It contains the id of the process that holds the lock.
const LOCK: &str = "local.lock";

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
    /// The folder has the tables of an earlier version.
    #[error(
        "the data file {file} is from an earlier version, which stored its tables in another way, and cannot be read: \
         remove the folder to begin anew, or start with another folder (--data DIR) or without one (--memory)"
    )]
    EarlierVersion {
        /// The file.
        file: PathBuf,
    },
    /// The folder cannot be created, or its lock file cannot be written.
    #[error("cannot write to {folder}: {}; use --data DIR or --memory", in_words(.error))]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system answered.
        error: std::io::Error,
    },
}

/// What is wrong, in words, where the operating system says less.
fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => "it, or a part of its path, is a file".to_owned(),
        _ => error.to_string(),
    }
}

/// A data folder that this process holds, as long as this value exists.
#[derive(Debug)]
pub struct DataFolder {
    folder: PathBuf,
    /// The lock. The operating system releases it when the process ends, in whatever way it ends.
    _lock: File,
}

impl DataFolder {
    /// Whether tables were ever stored in this folder. It does not tell whether they can be read.
    #[must_use]
    pub fn has_tables(folder: &Path) -> bool {
        folder.join(TABLES).exists() || folder.join(EARLIER_TABLES).exists()
    }

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
    pub fn tables(&self) -> Result<Tables, DataFolderError> {
        let (file, earlier) = (self.folder.join(TABLES), self.folder.join(EARLIER_TABLES));
        if earlier.exists() && !file.exists() {
            return Err(DataFolderError::EarlierVersion { file: earlier });
        }
        let tables = Tables::open(&file)
            .map_err(|error| DataFolderError::File { file: file.clone(), why: error.fault.to_string() })?;
        if tables.cut_off() > 0 {
            let bytes = tables.cut_off();
            tracing::warn!(bytes, "the last write of the tables was not complete, and is left out");
        }
        Ok(tables)
    }
}

/// Writes the id of this process into the locked file.
fn lock_exclusively(lock: &mut File) -> std::io::Result<()> {
    lock.set_len(0)?;
    lock.seek(SeekFrom::Start(0))?;
    writeln!(lock, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_written_is_named_with_the_reason_and_what_to_do() {
        for (kind, reason) in [
            (ErrorKind::PermissionDenied, "permission denied"),
            (ErrorKind::ReadOnlyFilesystem, "the file system is read-only"),
            (ErrorKind::StorageFull, "the disk is full"),
            (ErrorKind::NotADirectory, "it, or a part of its path, is a file"),
        ] {
            let error = DataFolderError::Folder { folder: "/srv/data".into(), error: kind.into() };
            assert_eq!(error.to_string(), format!("cannot write to /srv/data: {reason}; use --data DIR or --memory"));
        }
    }
}
