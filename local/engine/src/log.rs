//! The log file: every write, one record after the other.
//!
//! The file begins with a mark and a version. Each record has a header of twelve bytes, with the length of its content,
//! a checksum of the length and a checksum of the content, all with the lowest byte first. The content is what one
//! request wrote, as `record` encodes it.
//!
//! A record is written with one call of the operating system before the request is answered, and the file is not
//! flushed to the disk. So what was answered survives the end of the process, however it ends. If the machine loses
//! power, the last moments may be lost: all that the operating system had not written to the disk yet.
//!
//! When the file is opened, a record at its end that is not complete is cut off: it was never answered. A damaged
//! record anywhere else is an error.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::record::Record;

/// The first bytes of the file.
const MARK: &[u8; 16] = b"parlance-tables\n";
/// The version of the format.
const VERSION: u32 = 1;
/// The length of the mark and the version.
const START_BYTES: u64 = 20;
/// The length of the header of a record.
const HEADER_BYTES: usize = 12;

/// Why a log file cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", file.display())]
pub struct OpenError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub fault: LogFault,
}

/// What is wrong with a log file.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// The operating system reports an error.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The file is something else.
    #[error("it is no log of tables")]
    NoLog,
    /// The file has the format of another version.
    #[error("it has the format {found}, and this version reads the format {VERSION}")]
    Version {
        /// The version of the file.
        found: u32,
    },
    /// The file is damaged.
    #[error("it is damaged at byte {offset}: {why}")]
    Damaged {
        /// The first byte of the damaged record.
        offset: u64,
        /// What is wrong with the record.
        why: &'static str,
    },
}

/// When the log is written anew, with only what is in the tables: when it is longer than both bounds say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compaction {
    /// The log is longer than this many bytes.
    pub bytes_min: u64,
    /// The log is longer than this many times its length after it was last written anew. After the file was opened,
    /// this bound counts from the second time on.
    pub factor: u64,
}

impl Default for Compaction {
    fn default() -> Self {
        Self { bytes_min: 128 * 1024 * 1024, factor: 4 }
    }
}

/// An open log file, to which records are appended.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    bytes: u64,
    compaction: Compaction,
    /// The log is written anew when it is longer than this.
    compact_at: u64,
    /// Whether a record could not be written and could not be taken back.
    is_broken: bool,
}

/// A log that was just opened, and what was in it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) log: Log,
    pub(crate) records: Vec<At>,
    /// How many bytes of an incomplete record were cut off.
    pub(crate) cut_off: u64,
}

/// A record, and where it begins in the file.
#[derive(Debug)]
pub(crate) struct At {
    pub(crate) offset: u64,
    pub(crate) record: Record,
}

/// The outcome of reading one record.
enum Found<'b> {
    /// The content of a complete record.
    Content(&'b [u8]),
    /// The record is not complete.
    Torn,
}

impl Log {
    /// Opens a log file, and reads all its records. Creates the file if it does not exist, and cuts off a record at its
    /// end that is not complete.
    pub(crate) fn open(path: &Path, compaction: Compaction) -> Result<Opened, OpenError> {
        let failed = |error: std::io::Error| OpenError { file: path.to_owned(), fault: error.into() };
        // What is left of a compaction that was interrupted.
        match std::fs::remove_file(beside(path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let length = bytes.len() as u64;
        if bytes.is_empty() || length < START_BYTES && start().starts_with(&bytes) {
            file.set_len(0).map_err(failed)?;
            file.write_all(&start()).map_err(failed)?;
            let log = Self::new(path, file, START_BYTES, compaction);
            return Ok(Opened { log, records: Vec::new(), cut_off: length });
        }
        let (records, end) = read(&bytes).map_err(|fault| OpenError { file: path.to_owned(), fault })?;
        if end < length {
            file.set_len(end).map_err(failed)?;
        }
        Ok(Opened { log: Self::new(path, file, end, compaction), records, cut_off: length - end })
    }

    fn new(path: &Path, file: File, bytes: u64, compaction: Compaction) -> Self {
        let compact_at = compaction.bytes_min;
        Self { path: path.to_owned(), file, bytes, compaction, compact_at, is_broken: false }
    }

    /// Appends a record to the file. If that fails, the file is as it was before. If it cannot be brought back to that,
    /// all further records fail, too.
    pub(crate) fn append(&mut self, record: &Record) -> std::io::Result<()> {
        if self.is_broken {
            return Err(std::io::Error::other("an earlier record could not be written"));
        }
        let framed = framed(record)?;
        if let Err(error) = self.file.write_all(&framed) {
            // A part of the record may be in the file, and the next one must not follow it.
            self.is_broken = self.file.set_len(self.bytes).is_err();
            return Err(error);
        }
        self.bytes += framed.len() as u64;
        Ok(())
    }

    /// Whether the log is to be written anew.
    pub(crate) fn is_long(&self) -> bool {
        self.bytes > self.compact_at
    }

    /// Replaces the log by one with these records. If that fails, the log stays as it is, and is not written anew
    /// before it is twice as long.
    pub(crate) fn compact(&mut self, records: impl Iterator<Item = Record>) -> std::io::Result<()> {
        self.compact_at = self.bytes.saturating_mul(2);
        let new = beside(&self.path);
        let mut file = BufWriter::new(File::create(&new)?);
        file.write_all(&start())?;
        let mut bytes = START_BYTES;
        for record in records {
            let framed = framed(&record)?;
            file.write_all(&framed)?;
            bytes += framed.len() as u64;
        }
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        let mut file = OpenOptions::new().append(true).open(&new)?;
        file.seek(SeekFrom::End(0))?;
        std::fs::rename(&new, &self.path)?;
        self.file = file;
        self.bytes = bytes;
        self.compact_at = bytes.saturating_mul(self.compaction.factor).max(self.compaction.bytes_min);
        // The name is in the folder once the folder is on the disk. Nothing depends on when that is.
        if let Some(folder) = self.path.parent().and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

/// The path of the file that a compaction writes, beside the log.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// The first bytes of a log file: the mark and the version.
fn start() -> Vec<u8> {
    let mut start = MARK.to_vec();
    start.extend(VERSION.to_le_bytes());
    start
}

/// A record with its header.
fn framed(record: &Record) -> std::io::Result<Vec<u8>> {
    let mut framed = vec![0; HEADER_BYTES];
    record.encode(&mut framed);
    let content = framed.get(HEADER_BYTES..).unwrap_or_default();
    let length = u32::try_from(content.len()).map_err(|_| std::io::Error::other("the record is too long"))?;
    let length = length.to_le_bytes();
    let sums = [length, crc32fast::hash(&length).to_le_bytes(), crc32fast::hash(content).to_le_bytes()];
    for (place, byte) in framed.iter_mut().zip(sums.concat()) {
        *place = byte;
    }
    Ok(framed)
}

/// Reads all records of a file. Returns them, and where the last complete one ends.
fn read(bytes: &[u8]) -> Result<(Vec<At>, u64), LogFault> {
    let Some((mark, rest)) = bytes.split_at_checked(MARK.len()) else { return Err(LogFault::NoLog) };
    let Some((version, mut rest)) = rest.split_first_chunk::<4>().filter(|_| mark == MARK) else {
        return Err(LogFault::NoLog);
    };
    let found = u32::from_le_bytes(*version);
    if found != VERSION {
        return Err(LogFault::Version { found });
    }
    let (mut records, mut offset) = (Vec::new(), START_BYTES);
    while !rest.is_empty() {
        let damaged = |why: &'static str| LogFault::Damaged { offset, why };
        match next(rest).map_err(damaged)? {
            Found::Torn => break,
            Found::Content(content) => {
                let record = Record::decode(content).ok_or_else(|| damaged("its content has another form"))?;
                records.push(At { offset, record });
                let length = HEADER_BYTES + content.len();
                rest = rest.get(length..).unwrap_or_default();
                offset += length as u64;
            }
        }
    }
    Ok((records, offset))
}

/// Reads the first record of these bytes. Fails with what is wrong with it, if it is damaged.
fn next(bytes: &[u8]) -> Result<Found<'_>, &'static str> {
    // After a loss of power, a file may end with zeros that nobody wrote.
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(Found::Torn);
    }
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else { return Ok(Found::Torn) };
    let [l0, l1, l2, l3, s0, s1, s2, s3, c0, c1, c2, c3] = *header;
    let length = [l0, l1, l2, l3];
    if crc32fast::hash(&length) != u32::from_le_bytes([s0, s1, s2, s3]) {
        return Err("the checksum of its length does not match");
    }
    let length = u32::from_le_bytes(length) as usize;
    let Some(content) = rest.get(..length) else { return Ok(Found::Torn) };
    if crc32fast::hash(content) != u32::from_le_bytes([c0, c1, c2, c3]) {
        let is_last = rest.len() == length;
        return if is_last && content.last() == Some(&0) {
            Ok(Found::Torn)
        } else {
            Err("the checksum of its content does not match")
        };
    }
    Ok(Found::Content(content))
}
