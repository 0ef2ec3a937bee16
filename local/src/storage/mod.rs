//! The buckets: S3's operations on objects, over files in a folder.
//!
//! As in S3, a role that may not list a bucket does not learn whether an object exists: a missing object is answered
//! with a refusal. [`ObjectStorage::expire`] removes what is too old by template.yaml's lifecycle rules.

mod files;
mod operation;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use axum::body::Body;
use bytes::Bytes;
use chat::domain::id;
use files::{Files, ObjectName};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use relay::clock::{Clock, Timestamp};

use crate::template::{Bucket, Resource};

/// A day, in milliseconds.
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// The header with the source of a copy: bucket and key.
const COPY_SOURCE: &str = "x-amz-copy-source";

/// The body of an answer.
pub type ObjectBody = BoxBody<Bytes, std::io::Error>;

/// The object storage.
pub struct ObjectStorage {
    files: Files,
    folder: Folder,
    buckets: Vec<Bucket>,
    secret: String,
    origin: String,
    /// Further hosts for which functions sign addresses.
    further_hosts: Mutex<Vec<String>>,
    requests: Mutex<BTreeMap<&'static str, u64>>,
}

/// The folder of the files. A temporary folder is removed when the value is dropped.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Why the storage cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ObjectStorageError {
    /// The folder cannot be used.
    #[error("cannot write to {folder}, the folder of the media: {error}; use --data DIR or --memory")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system answered.
        error: std::io::Error,
    },
}

impl std::fmt::Debug for ObjectStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectStorage").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl ObjectStorage {
    /// Opens buckets in this folder, or in a temporary one that is removed at the end. Over HTTP they are reached at
    /// `origin`.
    ///
    /// # Errors
    /// If the folder cannot be used.
    pub fn open(
        folder: Option<&Path>,
        origin: &str,
        buckets: &BTreeMap<String, Bucket>,
    ) -> Result<Self, ObjectStorageError> {
        // The randomness comes from the machine and not from the clock of the local system, whose sequence belongs to
        // the test.
        let random = Clock::system();
        let folder = match folder {
            Some(path) => Folder { path: path.to_owned(), temporary: false },
            None => {
                let path = std::env::temp_dir().join(format!("parlance-{}", id::hex(&random.random::<12>())));
                Folder { path, temporary: true }
            }
        };
        let unusable = |error| ObjectStorageError::Folder { folder: folder.path.clone(), error };
        let files = Files::open(&folder.path).map_err(unusable)?;
        for bucket in buckets.values() {
            std::fs::create_dir_all(folder.path.join(&bucket.name)).map_err(unusable)?;
        }
        let (buckets, secret) = (buckets.values().cloned().collect(), id::hex(&random.random::<32>()));
        Ok(Self {
            files,
            folder,
            buckets,
            secret,
            origin: origin.to_owned(),
            further_hosts: Mutex::default(),
            requests: Mutex::default(),
        })
    }

    /// The origin to which requests must be addressed: scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Functions sign addresses for this host, too.
    pub(crate) fn also_at(&self, host: &str) {
        self.further_hosts.lock().unwrap_or_else(PoisonError::into_inner).push(host.to_owned());
    }

    /// The hosts for which functions sign addresses, besides the origin.
    pub(crate) fn further_hosts(&self) -> Vec<String> {
        self.further_hosts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secret with which requests are signed. It is different in each process, so that no address outlives the
    /// process.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The bucket and the key of a path, if the path names a bucket.
    #[must_use]
    pub fn object(&self, path: &str) -> Option<(String, String)> {
        let ObjectName { bucket, key } = object_name(path)?;
        self.buckets.iter().any(|one| one.name == bucket).then_some((bucket, key))
    }

    /// The permissions that a request needs: IAM's action, and the folder to which it applies. `None` for a request
    /// that is not supported.
    #[must_use]
    pub fn needs(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Vec<(&'static str, Resource)>> {
        let resource = |path: &str| {
            let (bucket, key) = self.object(path)?;
            let (folder, _) = key.split_once('/')?;
            Some(Resource::Objects { bucket, prefix: format!("{folder}/") })
        };
        let object = resource(path)?;
        let source = headers.get(COPY_SOURCE).map(|source| source.to_str().ok().and_then(resource));
        match (method, source) {
            (&Method::PUT, Some(source)) => Some(vec![("s3:GetObject", source?), ("s3:PutObject", object)]),
            (&Method::PUT, None) => Some(vec![("s3:PutObject", object)]),
            (&Method::GET | &Method::HEAD, None) => Some(vec![("s3:GetObject", object)]),
            (&Method::DELETE, None) => Some(vec![("s3:DeleteObject", object)]),
            _ => None,
        }
    }

    /// The requests since the start or the last call, by S3's name of the operation.
    pub fn spent(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers a request that is known to be allowed.
    pub async fn serve(&self, request: Request<Body>) -> Response<ObjectBody> {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(operation(&request)).or_default() += 1;
        match self.object(request.uri().path()) {
            Some((bucket, key)) => operation::answer(&self.files, &ObjectName { bucket, key }, request).await,
            None => refusal(StatusCode::NOT_FOUND, "NoSuchBucket", "there is no such bucket"),
        }
    }

    /// Removes objects that are too old by the lifecycle rules. Returns their keys.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn expire(&self, now: Timestamp) -> std::io::Result<Vec<String>> {
        let mut expired = Vec::new();
        for bucket in &self.buckets {
            for rule in &bucket.expirations {
                let oldest = now.plus_millis(-DAY_MILLIS * i64::from(rule.days));
                let root = self.files.root().join(&bucket.name);
                for file in files(&root.join(&rule.prefix))? {
                    let written = std::fs::metadata(&file)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
                    let written = i64::try_from(written.as_millis()).unwrap_or(i64::MAX);
                    let Some(key) = file.strip_prefix(&root).ok().and_then(Path::to_str) else { continue };
                    if Timestamp::from_millis(written) < oldest {
                        std::fs::remove_file(&file)?;
                        self.files.forget(&ObjectName { bucket: bucket.name.clone(), key: key.to_owned() });
                        expired.push(key.to_owned());
                    }
                }
            }
        }
        Ok(expired)
    }

    /// The keys of a bucket's objects, in order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn keys(&self, bucket: &str) -> std::io::Result<Vec<String>> {
        let root = self.files.root().join(bucket);
        let mut keys: Vec<String> = files(&root)?
            .iter()
            .filter_map(|file| Some(file.strip_prefix(&root).ok()?.to_string_lossy().into_owned()))
            .collect();
        keys.sort();
        Ok(keys)
    }
}

/// The bucket and the key that a path names, with or without a slash at its beginning.
fn object_name(path: &str) -> Option<ObjectName> {
    let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
    let (bucket, key) = path.strip_prefix('/').unwrap_or(&path).split_once('/')?;
    Some(ObjectName { bucket: bucket.to_owned(), key: key.to_owned() })
}

/// S3's name of the operation.
fn operation(request: &Request<Body>) -> &'static str {
    match *request.method() {
        Method::PUT if request.headers().contains_key(COPY_SOURCE) => "CopyObject",
        Method::PUT => "PutObject",
        Method::HEAD => "HeadObject",
        Method::DELETE => "DeleteObject",
        _ => "GetObject",
    }
}

/// All files below a folder; none if the folder does not exist.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    Ok(found)
}

/// An error in the form of S3.
pub(crate) fn refusal(status: StatusCode, code: &str, message: &str) -> Response<ObjectBody> {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"#
    );
    xml(status, body)
}

fn xml(status: StatusCode, body: String) -> Response<ObjectBody> {
    let body = http_body_util::Full::from(body).map_err(|never| match never {});
    let mut answer = Response::new(ObjectBody::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/xml"));
    answer
}
