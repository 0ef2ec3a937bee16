//! Signatures of requests, as AWS checks them: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use crate::presigned::ACCESS_KEY;
use crate::template::REGION;

/// How far the time of a signature may be from that of the service.
const SKEW_MAX: Duration = Duration::from_secs(15 * 60);

/// The digest of a body that is not signed.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Checks the signature of a request. `session` is the session token that it must be signed with.
///
/// # Errors
/// Why the request is refused.
pub(super) fn check(
    parts: &Parts,
    body: &[u8],
    (secret, session): (&str, &str),
    now: SystemTime,
) -> Result<(), &'static str> {
    let given = text(&parts.headers, AUTHORIZATION.as_str()).ok_or("the request is not signed")?;
    let date = date(text(&parts.headers, "x-amz-date").ok_or("the signature has no time")?)
        .ok_or("the time of the signature is none")?;
    if date > now + SKEW_MAX || now > date + SKEW_MAX {
        return Err("the signature is for another time");
    }
    let digest = text(&parts.headers, "x-amz-content-sha256");
    if digest.is_some_and(|digest| digest != UNSIGNED && digest != sha256(body)) {
        return Err("the body is not the one that was signed");
    }
    let expected = signed(parts, body, (secret, session), date).ok_or("the request cannot be signed")?;
    if expected == given { Ok(()) } else { Err("the signature does not match the request") }
}

/// The header `Authorization` of the same request.
fn signed(parts: &Parts, body: &[u8], (secret, session): (&str, &str), date: SystemTime) -> Option<String> {
    let given = text(&parts.headers, AUTHORIZATION.as_str())?;
    // Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=A;B, Signature=HEX
    let part = |name: &str| given.split([' ', ',']).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let service = part("Credential")?.split('/').nth(3)?;
    let names = part("SignedHeaders")?;
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let digest = text(&parts.headers, "x-amz-content-sha256");
    if digest.is_some() {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let body = match digest {
        Some(UNSIGNED) => SignableBody::UnsignedPayload,
        Some(digest) => SignableBody::Precomputed(digest.to_owned()),
        None => SignableBody::Bytes(body),
    };
    let mut headers = Vec::new();
    for name in names.split(';') {
        headers.push((name, text(&parts.headers, name)?));
    }
    let identity = Credentials::new(ACCESS_KEY, secret, Some(session.to_owned()), None, "local").into();
    let signing = v4::SigningParams::builder().identity(&identity).region(REGION).name(service);
    let signing = signing.time(date).settings(settings).build().ok()?.into();
    let uri = format!("http://{}{}", text(&parts.headers, HOST.as_str())?, parts.uri.path_and_query()?);
    let request = SignableRequest::new(parts.method.as_str(), uri, headers.into_iter(), body).ok()?;
    let (instructions, _) = sign(request, &signing).ok()?.into_parts();
    instructions.headers().find(|(name, _)| *name == "authorization").map(|(_, value)| value.to_owned())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn date(text: &str) -> Option<SystemTime> {
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    Some(time::PrimitiveDateTime::parse(text, format).ok()?.assume_utc().into())
}

fn sha256(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
