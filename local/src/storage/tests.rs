//! The object storage, request by request.

use std::collections::BTreeMap;
use std::ops::Index;
use std::path::PathBuf;

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use relay::clock::Clock;

use super::{ObjectStorage, id};
use crate::template::Bucket;

const KEY: &str = "/bucket/media/one.png";

/// A folder that is removed at the end.
struct TemporaryFolder(PathBuf);

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn folder() -> TemporaryFolder {
    TemporaryFolder(std::env::temp_dir().join(format!("parlance-test-{}", id::hex(&Clock::system().random::<12>()))))
}

fn open(folder: &TemporaryFolder) -> ObjectStorage {
    let bucket = Bucket { name: "bucket".to_owned(), expirations: Vec::new(), cors: None };
    let buckets = BTreeMap::from([("Bucket".to_owned(), bucket)]);
    ObjectStorage::open(Some(&folder.0), "http://127.0.0.1:1", &buckets).unwrap()
}

/// The headers of an answer; one that is missing is empty.
struct Headers(HeaderMap);

impl Index<&str> for Headers {
    type Output = str;

    fn index(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(
    storage: &ObjectStorage,
    request: http::request::Builder,
    body: &'static [u8],
) -> (StatusCode, Headers, Vec<u8>) {
    let (parts, body) = storage.serve(request.body(Body::from(body)).unwrap()).await.into_parts();
    (parts.status, Headers(parts.headers), body.collect().await.unwrap().to_bytes().to_vec())
}

fn put(path: &str) -> http::request::Builder {
    Request::put(path).header("content-type", "image/png").header("x-amz-meta-camera", "old")
}

#[tokio::test]
async fn an_object_comes_back_with_its_attributes() {
    let folder = folder();
    let storage = open(&folder);
    let (status, headers, _) = ask(&storage, put(KEY).header("content-length", "5"), b"bytes").await;
    assert_eq!((status, &headers["etag"]), (StatusCode::OK, "\"4b3a6218bb3e3a7303e8a171a60fcf92\""));
    let storage = open(&folder);
    let (status, headers, body) = ask(&storage, Request::get(KEY), b"").await;
    assert_eq!((status, body.as_slice()), (StatusCode::OK, b"bytes".as_slice()));
    for (name, value) in [
        ("accept-ranges", "bytes"),
        ("content-length", "5"),
        ("content-type", "image/png"),
        ("etag", "\"4b3a6218bb3e3a7303e8a171a60fcf92\""),
        ("x-amz-meta-camera", "old"),
    ] {
        assert_eq!(&headers[name], value, "{name}");
    }
    assert!(headers["last-modified"].ends_with(" GMT"));
    let (status, headers, body) = ask(&storage, Request::head(KEY), b"").await;
    assert_eq!((status, &headers["content-length"], body.len()), (StatusCode::OK, "5", 0));
    assert_eq!(ask(&storage, Request::delete(KEY), b"").await.0, StatusCode::NO_CONTENT);
    assert_eq!(ask(&storage, Request::delete(KEY), b"").await.0, StatusCode::NO_CONTENT);
    assert_eq!(ask(&storage, Request::get(KEY), b"").await.0, StatusCode::FORBIDDEN);
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["bucket"], "a deleted object leaves no file");
}

#[tokio::test]
async fn a_signed_address_may_replace_headers_of_the_answer() {
    let folder = folder();
    let storage = open(&folder);
    ask(&storage, put(KEY), b"bytes").await;
    let path = format!("{KEY}?response-content-type=text%2Fplain&response-content-disposition=attachment");
    let (_, headers, _) = ask(&storage, Request::get(path), b"").await;
    assert_eq!((&headers["content-type"], &headers["content-disposition"]), ("text/plain", "attachment"));
    for (method, query) in [("GET", "acl"), ("PUT", "response-content-type=text"), ("GET", "versionId=1")] {
        let request = Request::builder().method(method).uri(format!("{KEY}?{query}"));
        assert_eq!(ask(&storage, request, b"").await.0, StatusCode::NOT_IMPLEMENTED, "{method} {query}");
    }
}

#[tokio::test]
async fn parts_are_those_of_the_header_range() {
    let folder = folder();
    let storage = open(&folder);
    ask(&storage, put(KEY), b"0123456789").await;
    for (range, status, part, bytes) in [
        ("bytes=0-3", 206, "bytes 0-3/10", b"0123".as_slice()),
        ("bytes=7-", 206, "bytes 7-9/10", b"789"),
        ("bytes=7-99", 206, "bytes 7-9/10", b"789"),
        ("bytes=-2", 206, "bytes 8-9/10", b"89"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=3-1", 200, "", b"0123456789"),
        ("bytes=0-1,3-4", 200, "", b"0123456789"),
        ("items=0-1", 200, "", b"0123456789"),
    ] {
        let (got, headers, body) = ask(&storage, Request::get(KEY).header("range", range), b"").await;
        assert_eq!((got.as_u16(), &headers["content-range"], body.as_slice()), (status, part, bytes), "{range}");
        assert_eq!(&headers["content-length"], bytes.len().to_string(), "{range}");
    }
    for range in ["bytes=10-", "bytes=-0"] {
        let (status, headers, body) = ask(&storage, Request::get(KEY).header("range", range), b"").await;
        assert_eq!((status.as_u16(), &headers["content-range"]), (416, "bytes */10"), "{range}");
        assert!(String::from_utf8(body).unwrap().contains("<Code>InvalidRange</Code>"));
    }
}

#[tokio::test]
async fn a_copy_is_made_of_the_version_that_is_asked_for() {
    let folder = folder();
    let storage = open(&folder);
    let (_, headers, _) = ask(&storage, put("/bucket/uploads/one"), b"bytes").await;
    let copy = |version: &str| {
        Request::put(KEY)
            .header("x-amz-copy-source", "bucket/uploads/one")
            .header("x-amz-copy-source-if-match", version)
            .header("x-amz-metadata-directive", "REPLACE")
            .header("content-type", "image/gif")
    };
    assert_eq!(ask(&storage, copy("\"0\""), b"").await.0, StatusCode::PRECONDITION_FAILED);
    assert_eq!(ask(&storage, Request::get(KEY), b"").await.0, StatusCode::FORBIDDEN);
    let (status, _, body) = ask(&storage, copy(&headers["etag"]), b"").await;
    let body = String::from_utf8(body).unwrap();
    assert!(
        status.is_success() && body.contains("<ETag>&quot;4b3a6218bb3e3a7303e8a171a60fcf92&quot;</ETag>"),
        "{body}"
    );
    let (_, headers, body) = ask(&storage, Request::get(KEY), b"").await;
    assert_eq!((&headers["content-type"], body.as_slice()), ("image/gif", b"bytes".as_slice()));
    assert_eq!(&headers["x-amz-meta-camera"], "");
    let missing = Request::put(KEY).header("x-amz-copy-source", "bucket/uploads/two");
    assert_eq!(ask(&storage, missing, b"").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn no_key_leads_out_of_its_bucket() {
    let folder = folder();
    let storage = open(&folder);
    std::fs::write(folder.0.join("secret"), "secret").unwrap();
    for path in [
        "/bucket/../secret",
        "/bucket/%2E%2E/secret",
        "/bucket/a/..%2F..%2Fsecret",
        "/bucket//etc/passwd",
        "/bucket/./a",
        "/bucket/a/",
        "/bucket/a%00",
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let request = Request::builder().method(method).uri(path);
            assert_eq!(ask(&storage, request, b"x").await.0, StatusCode::NOT_IMPLEMENTED, "{method} {path}");
        }
        let copy = Request::put(KEY).header("x-amz-copy-source", path);
        assert_eq!(ask(&storage, copy, b"").await.0, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(std::fs::read_to_string(folder.0.join("secret")).unwrap(), "secret");
    let long = format!("/bucket/{}", "a".repeat(1_025));
    assert_eq!(ask(&storage, Request::put(long), b"").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_body_that_is_too_short_is_not_stored() {
    let folder = folder();
    let storage = open(&folder);
    ask(&storage, put(KEY), b"before").await;
    let (status, _, body) = ask(&storage, put(KEY).header("content-length", "6"), b"after").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8(body).unwrap().contains("<Code>IncompleteBody</Code>"));
    assert_eq!(ask(&storage, Request::get(KEY), b"").await.2, b"before");
    let names = std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with(".tmp.")).count(), 0);
}

/// What version 0.1 of Parlance wrote, byte for byte.
#[tokio::test]
async fn a_folder_of_an_earlier_version_stays_readable() {
    let folder = folder();
    std::fs::create_dir_all(folder.0.join("bucket/media")).unwrap();
    std::fs::write(folder.0.join("bucket/media/one.png"), "bytes").unwrap();
    std::fs::write(folder.0.join("bucket/media/two.png"), "bytes").unwrap();
    let beside = |kind: &str| folder.0.join(format!(".bucket-YnVja2V0.object-bWVkaWEvb25lLnBuZw.{kind}.json"));
    std::fs::write(beside("metadata"), r#"{"content_type":"image/png","cache_control":"private"}"#).unwrap();
    std::fs::write(beside("internal"), r#"{"e_tag":"of-before"}"#).unwrap();
    std::fs::write(folder.0.join(".tmp.7.internal.part"), "of a write that was interrupted").unwrap();
    let storage = open(&folder);
    assert!(!folder.0.join(".tmp.7.internal.part").exists());
    let (_, headers, body) = ask(&storage, Request::get(KEY), b"").await;
    assert_eq!((&headers["content-type"], &headers["cache-control"]), ("image/png", "private"));
    assert_eq!((&headers["etag"], body.as_slice()), ("\"of-before\"", b"bytes".as_slice()));
    let (_, headers, _) = ask(&storage, Request::get("/bucket/media/two.png"), b"").await;
    assert_eq!(
        (&headers["content-type"], &headers["etag"]),
        ("binary/octet-stream", "\"4b3a6218bb3e3a7303e8a171a60fcf92\"")
    );
    ask(&storage, put(KEY), b"bytes").await;
    let (_, headers, _) = ask(&storage, Request::get(KEY), b"").await;
    assert_eq!(&headers["etag"], "\"4b3a6218bb3e3a7303e8a171a60fcf92\"");
    ask(&storage, Request::delete(KEY), b"").await;
    assert!(!beside("metadata").exists() && !beside("internal").exists());
}
