//! The buckets: `s3s` over files in a folder.
//!
//! As in S3, a role that may not list a bucket does not learn whether an object exists: a missing object is answered
//! with a refusal. [`ObjectStorage::expire`] removes what is too old by template.yaml's lifecycle rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::domain::id;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use relay::clock::{Clock, Timestamp};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tower::ServiceExt as _;

use crate::template::{Bucket, Resource};

/// A day, in milliseconds.
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// The header with the source of a copy: bucket and key.
const COPY_SOURCE: &str = "x-amz-copy-source";

/// The object storage.
pub struct ObjectStorage {
    service: S3Service,
    folder: Folder,
    buckets: Vec<Bucket>,
    secret: String,
    origin: String,
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
    #[error("the media folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// The backend reports an error.
    #[error("the media folder cannot be opened: {0}")]
    Backend(String),
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
        for bucket in buckets.values() {
            std::fs::create_dir_all(folder.path.join(&bucket.name))?;
        }
        std::fs::create_dir_all(&folder.path)?;
        let files = FileSystem::new(&folder.path).map_err(|error| ObjectStorageError::Backend(format!("{error:?}")))?;
        let service = S3ServiceBuilder::new(files).build();
        let (buckets, secret) = (buckets.values().cloned().collect(), id::hex(&random.random::<32>()));
        Ok(Self { service, folder, buckets, secret, origin: origin.to_owned(), requests: Mutex::default() })
    }

    /// The origin to which requests must be addressed: scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
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
        let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
        let (bucket, key) = path.trim_start_matches('/').split_once('/')?;
        self.buckets.iter().any(|one| one.name == bucket).then(|| (bucket.to_owned(), key.to_owned()))
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
    pub async fn serve(&self, mut request: Request<Body>) -> Response<s3s::Body> {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(operation(&request)).or_default() += 1;
        // The caller was authenticated before. With this header the backend would check again.
        request.headers_mut().remove("authorization");
        let deleted = if request.method() == Method::DELETE { self.object(request.uri().path()) } else { None };
        let answered = self.service.clone().oneshot(request).await;
        let answer = answered.unwrap_or_else(|error| {
            tracing::error!(error.cause = ?error, "the media folder does not answer");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the media folder does not answer")
        });
        if let Some((bucket, key)) = deleted.filter(|_| answer.status().is_success()) {
            self.forget(&bucket, &key);
        }
        if answer.status() == StatusCode::NOT_FOUND {
            return refusal(StatusCode::FORBIDDEN, "AccessDenied", "there is no such object, or it is not yours");
        }
        answer
    }

    /// Removes the files that the backend keeps beside an object and does not remove with it.
    fn forget(&self, bucket: &str, key: &str) {
        let (bucket, key) = (URL_SAFE_NO_PAD.encode(bucket), URL_SAFE_NO_PAD.encode(key));
        for kind in ["metadata", "internal"] {
            let _ = std::fs::remove_file(self.folder.path.join(format!(".bucket-{bucket}.object-{key}.{kind}.json")));
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
                let root = self.folder.path.join(&bucket.name);
                for file in files(&root.join(&rule.prefix))? {
                    let written = std::fs::metadata(&file)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
                    let written = i64::try_from(written.as_millis()).unwrap_or(i64::MAX);
                    let Some(key) = file.strip_prefix(&root).ok().and_then(Path::to_str) else { continue };
                    if Timestamp::from_millis(written) < oldest {
                        std::fs::remove_file(&file)?;
                        self.forget(&bucket.name, key);
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
        let root = self.folder.path.join(bucket);
        let mut keys: Vec<String> = files(&root)?
            .iter()
            .filter_map(|file| Some(file.strip_prefix(&root).ok()?.to_string_lossy().into_owned()))
            .collect();
        keys.sort();
        Ok(keys)
    }
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
pub(crate) fn refusal(status: StatusCode, code: &str, message: &str) -> Response<s3s::Body> {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"#
    );
    let mut refusal = Response::new(s3s::Body::from(body));
    *refusal.status_mut() = status;
    refusal.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/xml"));
    refusal
}
