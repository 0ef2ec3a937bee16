//! S3's operations on one object, over [`Files`]: what S3 reads of a request, and how it answers.

use std::io;
use std::time::SystemTime;

use axum::body::Body;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED, RANGE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::files::{Attributes, Files, Found, ObjectName};
use super::{COPY_SOURCE, ObjectBody, object_name, refusal};

/// The longest key of an object, in bytes.
const KEY_MAX_BYTES: usize = 1_024;
/// The type of an object that was stored without one.
const UNKNOWN_TYPE: &str = "binary/octet-stream";
/// The beginning of the headers with which a client describes an object in its own words.
const USER_METADATA: &str = "x-amz-meta-";

/// The conditions and forms of S3 that are not here. A request with one of them is refused instead of misunderstood.
const UNSUPPORTED: [&str; 7] = [
    "if-match",
    "if-none-match",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-unmodified-since",
    "x-amz-copy-source-range",
    "x-amz-tagging",
];

/// The moment of a change in a header.
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
/// The moment of a change in XML.
const ISO_DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].000Z");

/// An answer, or a refusal, which is an answer, too.
type Outcome = Result<Response<ObjectBody>, Response<ObjectBody>>;

/// Answers a request on an object.
pub(super) async fn answer(files: &Files, name: &ObjectName, request: Request<Body>) -> Response<ObjectBody> {
    let answer = match check(files, name, &request) {
        Ok(()) => perform(files, name, request).await,
        Err(refusal) => Err(refusal),
    };
    answer.unwrap_or_else(|refusal| refusal)
}

async fn perform(files: &Files, name: &ObjectName, request: Request<Body>) -> Outcome {
    match *request.method() {
        Method::PUT if request.headers().contains_key(COPY_SOURCE) => copy(files, name, request.headers()).await,
        Method::PUT => put(files, name, request).await,
        Method::DELETE => {
            files.delete(name).await.map_err(|error| internal(&error))?;
            Ok(plain(StatusCode::NO_CONTENT))
        }
        _ => get(files, name, &request.into_parts().0).await,
    }
}

/// Refuses what is not here, and names that no object can have.
#[expect(clippy::result_large_err, reason = "it is the answer to the request")]
fn check(files: &Files, name: &ObjectName, request: &Request<Body>) -> Result<(), Response<ObjectBody>> {
    if name.key.len() > KEY_MAX_BYTES {
        return Err(refusal(StatusCode::BAD_REQUEST, "KeyTooLongError", "the key is longer than 1024 bytes"));
    }
    let not_here = |what: &str| refusal(StatusCode::NOT_IMPLEMENTED, "NotImplemented", what);
    if files.path(name).is_none() {
        return Err(not_here("the local system has no keys with empty parts, `.` or `..`"));
    }
    let may_change_answer = *request.method() == Method::GET;
    for (parameter, _) in parameters(request.uri()) {
        if parameter != "x-id" && !(may_change_answer && override_of(&parameter).is_some()) {
            return Err(not_here("the local system does not have this parameter"));
        }
    }
    let encoding = request.headers().get(CONTENT_ENCODING).and_then(|encoding| encoding.to_str().ok());
    let is_chunked = encoding.is_some_and(|encoding| encoding.contains("aws-chunked"));
    if is_chunked || UNSUPPORTED.iter().any(|header| request.headers().contains_key(*header)) {
        return Err(not_here("the local system does not have what a header asks for"));
    }
    Ok(())
}

async fn put(files: &Files, name: &ObjectName, request: Request<Body>) -> Outcome {
    let (parts, body) = request.into_parts();
    let length = text(&parts.headers, &CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let stored = files.put(name, described(&parts.headers), body, length).await.map_err(|error| internal(&error))?;
    let e_tag = stored.ok_or_else(|| {
        let message = "the body does not have as many bytes as the header says";
        refusal(StatusCode::BAD_REQUEST, "IncompleteBody", message)
    })?;
    let mut answer = plain(StatusCode::OK);
    set(answer.headers_mut(), ETAG, &quoted(&e_tag));
    Ok(answer)
}

async fn copy(files: &Files, name: &ObjectName, headers: &HeaderMap) -> Outcome {
    let source = headers.get(COPY_SOURCE).and_then(|source| source.to_str().ok()).and_then(object_name);
    let invalid = |message: &str| refusal(StatusCode::BAD_REQUEST, "InvalidArgument", message);
    let source = source.ok_or_else(|| invalid("the source of the copy is no object"))?;
    let found = find(files, &source).await?;
    let condition = headers.get("x-amz-copy-source-if-match").map(HeaderValue::as_bytes);
    if condition
        .is_some_and(|condition| condition != quoted(&found.e_tag).as_bytes() && condition != found.e_tag.as_bytes())
    {
        let message = "the source is another version";
        return Err(refusal(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message));
    }
    let attributes = match headers.get("x-amz-metadata-directive").map(HeaderValue::as_bytes) {
        Some(b"REPLACE") => described(headers),
        Some(b"COPY") | None if source == *name => {
            return Err(refusal(StatusCode::BAD_REQUEST, "InvalidRequest", "a copy onto itself must change something"));
        }
        Some(b"COPY") | None => found.attributes.clone(),
        Some(_) => return Err(invalid("the metadata directive is neither COPY nor REPLACE")),
    };
    let bytes = found.bytes;
    let body = found.body(0, bytes).await.map_err(|error| internal(&error))?;
    let stored = files.put(name, attributes, body, Some(bytes)).await.map_err(|error| internal(&error))?;
    let Some(e_tag) = stored else { return Err(internal(&io::Error::from(io::ErrorKind::UnexpectedEof))) };
    let modified = find(files, name).await?.modified;
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LastModified>{}</LastModified><ETag>&quot;{e_tag}&quot;</ETag></CopyObjectResult>"#,
        date(modified, ISO_DATE)
    );
    Ok(super::xml(StatusCode::OK, xml))
}

async fn get(files: &Files, name: &ObjectName, request: &Parts) -> Outcome {
    let found = find(files, name).await?;
    let (bytes, mut answer) = (found.bytes, plain(StatusCode::OK));
    let headers = answer.headers_mut();
    set(headers, ACCEPT_RANGES, "bytes");
    set(headers, ETAG, &quoted(&found.e_tag));
    set(headers, LAST_MODIFIED, &date(found.modified, HTTP_DATE));
    describe(headers, &found.attributes);
    for (parameter, value) in parameters(&request.uri) {
        if let Some(header) = override_of(&parameter) {
            set(headers, header, &value);
        }
    }
    let part = text(&request.headers, &RANGE).and_then(|range| Part::read(range, bytes));
    let (from, length) = match part {
        None => (0, bytes),
        Some(Part::Unsatisfiable) => {
            let message = "the object has no such part";
            let mut refusal = refusal(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message);
            set(refusal.headers_mut(), CONTENT_RANGE, &format!("bytes */{bytes}"));
            return Err(refusal);
        }
        Some(Part::Bytes { first, last }) => {
            set(headers, CONTENT_RANGE, &format!("bytes {first}-{last}/{bytes}"));
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            (first, last - first + 1)
        }
    };
    set(answer.headers_mut(), CONTENT_LENGTH, &length.to_string());
    if request.method != Method::HEAD {
        *answer.body_mut() = found.body(from, length).await.map_err(|error| internal(&error))?;
    }
    Ok(answer)
}

/// A part of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// From the first byte up to and including the last one.
    Bytes { first: u64, last: u64 },
    /// The object has no such part.
    Unsatisfiable,
}

impl Part {
    /// Reads the header `Range`. `None` for several parts, and for what is no range: S3 then answers with the whole
    /// object.
    fn read(range: &str, bytes: u64) -> Option<Self> {
        let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        let (first, last) = match (first, last) {
            ("", count) => (bytes.saturating_sub(count.parse().ok()?), u64::MAX),
            (first, "") => (first.parse().ok()?, u64::MAX),
            (first, last) => (first.parse().ok()?, last.parse().ok()?),
        };
        if last < first {
            return None;
        }
        Some(if first < bytes { Self::Bytes { first, last: last.min(bytes - 1) } } else { Self::Unsatisfiable })
    }
}

/// Opens an object. A role that may not list a bucket does not learn whether an object exists: a missing object is
/// answered like one that the role may not read.
async fn find(files: &Files, name: &ObjectName) -> Result<Found, Response<ObjectBody>> {
    let found = files.find(name).await.map_err(|error| internal(&error))?;
    let message = "there is no such object, or it is not yours";
    found.ok_or_else(|| refusal(StatusCode::FORBIDDEN, "AccessDenied", message))
}

/// The attributes of an object, as the headers of a PUT have them.
fn described(headers: &HeaderMap) -> Attributes {
    let value = |name: &HeaderName| text(headers, name).map(str::to_owned);
    let user_metadata = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(USER_METADATA)?;
        Some((name.to_owned(), value.to_str().ok()?.to_owned()))
    });
    Attributes {
        content_type: value(&CONTENT_TYPE),
        content_disposition: value(&CONTENT_DISPOSITION),
        content_encoding: value(&CONTENT_ENCODING),
        content_language: value(&CONTENT_LANGUAGE),
        cache_control: value(&CACHE_CONTROL),
        user_metadata: Some(user_metadata.collect()),
        e_tag: None,
    }
}

/// Puts the attributes of an object into headers.
fn describe(headers: &mut HeaderMap, attributes: &Attributes) {
    let Attributes {
        content_type,
        content_disposition,
        content_encoding,
        content_language,
        cache_control,
        user_metadata,
        e_tag: _,
    } = attributes;
    set(headers, CONTENT_TYPE, content_type.as_deref().unwrap_or(UNKNOWN_TYPE));
    for (name, value) in [
        (CONTENT_DISPOSITION, content_disposition),
        (CONTENT_ENCODING, content_encoding),
        (CONTENT_LANGUAGE, content_language),
        (CACHE_CONTROL, cache_control),
    ] {
        if let Some(value) = value {
            set(headers, name, value);
        }
    }
    for (name, value) in user_metadata.iter().flatten() {
        if let Ok(name) = HeaderName::try_from(format!("{USER_METADATA}{name}")) {
            set(headers, name, value);
        }
    }
}

/// The parameters of the query, decoded.
fn parameters(uri: &Uri) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned()
}

/// The header of the answer that a parameter of a GET replaces.
fn override_of(parameter: &str) -> Option<HeaderName> {
    match parameter {
        "response-cache-control" => Some(CACHE_CONTROL),
        "response-content-disposition" => Some(CONTENT_DISPOSITION),
        "response-content-encoding" => Some(CONTENT_ENCODING),
        "response-content-language" => Some(CONTENT_LANGUAGE),
        "response-content-type" => Some(CONTENT_TYPE),
        _ => None,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Sets a header, unless the value is none that a header can have.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn quoted(e_tag: &str) -> String {
    format!("\"{e_tag}\"")
}

fn date(at: SystemTime, format: &[BorrowedFormatItem<'_>]) -> String {
    time::OffsetDateTime::from(at).format(format).unwrap_or_default()
}

fn plain(status: StatusCode) -> Response<ObjectBody> {
    let mut answer = Response::new(ObjectBody::new(Empty::new().map_err(|never| match never {})));
    *answer.status_mut() = status;
    answer
}

fn internal(error: &io::Error) -> Response<ObjectBody> {
    tracing::error!(error.cause = %error, "the media folder does not answer");
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the media folder does not answer")
}
