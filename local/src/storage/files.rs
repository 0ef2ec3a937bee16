//! The objects as files. The object `KEY` of the bucket `BUCKET` is the file `BUCKET/KEY` of the folder, and its
//! attributes are in a file beside the buckets: `.bucket-{BUCKET}.object-{KEY}.metadata.json`, with both names in
//! base64. Data folders of earlier versions have the same files, and a further one with the ETag.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chat::domain::id;
use http_body_util::{BodyExt as _, StreamBody};
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::RwLock;

use super::ObjectBody;

/// How many bytes are read from a file at a time.
const CHUNK_BYTES: usize = 64 * 1_024;

/// An object: its bucket, and its key in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectName {
    pub(super) bucket: String,
    pub(super) key: String,
}

/// What is kept with an object. The names are those of the stored form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Attributes {
    pub(super) content_type: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) user_metadata: Option<BTreeMap<String, String>>,
    /// The MD5 of the content, in hexadecimal. Folders of earlier versions have it in a file of its own.
    pub(super) e_tag: Option<String>,
}

/// The ETag, as an earlier version stored it.
#[derive(Deserialize)]
struct EarlierInfo {
    e_tag: String,
}

/// An object that exists.
pub(super) struct Found {
    file: File,
    pub(super) bytes: u64,
    pub(super) modified: SystemTime,
    pub(super) e_tag: String,
    pub(super) attributes: Attributes,
}

/// The folder.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    written: AtomicU64,
    /// An object is two files. A reader must not see the one before and the other after a write.
    pairs: RwLock<()>,
}

impl Files {
    /// Opens a folder, and removes what writes that did not come to their end have left there.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(root)?;
        for entry in std::fs::read_dir(root)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.starts_with(".tmp.") && name.ends_with(".part")) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { root: root.to_owned(), written: AtomicU64::new(0), pairs: RwLock::new(()) })
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The file of an object. `None` if the name is none that a file can have: with empty parts, or with `.` and `..`.
    pub(super) fn path(&self, name: &ObjectName) -> Option<PathBuf> {
        let ObjectName { bucket, key } = name;
        let is_plain = |part: &str| {
            let mut components = Path::new(part).components();
            let is_one = matches!(components.next(), Some(Component::Normal(only)) if only == part);
            is_one && components.next().is_none() && !part.contains('\0')
        };
        let all_plain = is_plain(bucket) && key.split('/').all(is_plain);
        all_plain.then(|| self.root.join(bucket).join(key))
    }

    /// Opens an object; `None` if it does not exist.
    pub(super) async fn find(&self, name: &ObjectName) -> io::Result<Option<Found>> {
        let Some(path) = self.path(name) else { return Ok(None) };
        let _whole = self.pairs.read().await;
        let file = match File::open(&path).await {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let metadata = file.metadata().await?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let attributes: Attributes = stored(&self.beside(name, "metadata")).await?.unwrap_or_default();
        let e_tag = match attributes.e_tag.clone() {
            Some(e_tag) => e_tag,
            None => match stored::<EarlierInfo>(&self.beside(name, "internal")).await? {
                Some(EarlierInfo { e_tag }) => e_tag,
                None => digest(&path).await?,
            },
        };
        Ok(Some(Found { file, bytes: metadata.len(), modified: metadata.modified()?, e_tag, attributes }))
    }

    /// Stores an object, in place of one of the same name if there is one. Returns its ETag; `None` if the body does not
    /// have as many bytes as expected.
    pub(super) async fn put<B>(
        &self,
        name: &ObjectName,
        mut attributes: Attributes,
        body: B,
        expected: Option<u64>,
    ) -> io::Result<Option<String>>
    where
        B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
    {
        let mut body = std::pin::pin!(body);
        let path = self.path(name).ok_or(io::ErrorKind::InvalidFilename)?;
        let (temporary, mut hash, mut bytes) = (self.temporary(), Md5::new(), 0);
        let mut file = File::create(&temporary.0).await?;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(io::Error::other)?.into_data() else { continue };
            bytes += data.len() as u64;
            hash.update(&data);
            file.write_all(&data).await?;
        }
        file.flush().await?;
        if expected.is_some_and(|expected| expected != bytes) {
            return Ok(None);
        }
        let e_tag = id::hex(&hash.finalize());
        attributes.e_tag = Some(e_tag.clone());
        let beside = self.temporary();
        fs::write(&beside.0, serde_json::to_vec(&attributes)?).await?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).await?;
        }
        let _whole = self.pairs.write().await;
        fs::rename(&beside.0, self.beside(name, "metadata")).await?;
        fs::rename(&temporary.0, &path).await?;
        Ok(Some(e_tag))
    }

    /// Removes an object, if it exists.
    pub(super) async fn delete(&self, name: &ObjectName) -> io::Result<()> {
        let Some(path) = self.path(name) else { return Ok(()) };
        let _whole = self.pairs.write().await;
        match fs::remove_file(&path).await {
            Ok(()) => self.forget(name),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Removes the files beside an object.
    pub(super) fn forget(&self, name: &ObjectName) {
        for kind in ["metadata", "internal"] {
            let _ = std::fs::remove_file(self.beside(name, kind));
        }
    }

    fn beside(&self, ObjectName { bucket, key }: &ObjectName, kind: &str) -> PathBuf {
        let (bucket, key) = (URL_SAFE_NO_PAD.encode(bucket), URL_SAFE_NO_PAD.encode(key));
        self.root.join(format!(".bucket-{bucket}.object-{key}.{kind}.json"))
    }

    fn temporary(&self) -> Temporary {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        Temporary(self.root.join(format!(".tmp.{number}.part")))
    }
}

/// A file that is removed unless it is renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Found {
    /// The content from one byte on, of this length.
    pub(super) async fn body(mut self, from: u64, length: u64) -> io::Result<ObjectBody> {
        self.file.seek(io::SeekFrom::Start(from)).await?;
        let file = self.file.take(length);
        let chunks = futures_util::stream::try_unfold(file, |mut file| async move {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            let read = (&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk).await?;
            Ok::<_, io::Error>((read > 0).then(|| (http_body::Frame::data(Bytes::from(chunk)), file)))
        });
        Ok(ObjectBody::new(StreamBody::new(chunks)))
    }
}

/// Reads a file of JSON; `None` if there is no such file, or if it has another form.
async fn stored<T: for<'a> Deserialize<'a>>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path).await {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The MD5 of a file, in hexadecimal.
async fn digest(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut chunk) = (File::open(path).await?, Md5::new(), vec![0; CHUNK_BYTES]);
    loop {
        let read = file.read(&mut chunk).await?;
        if read == 0 {
            return Ok(id::hex(&hash.finalize()));
        }
        hash.update(chunk.get(..read).unwrap_or_default());
    }
}
