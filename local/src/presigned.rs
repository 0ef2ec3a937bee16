//! Addresses that a function signed. Until such an address expires, everybody who has it may do what the role of the
//! function allows.
//!
//! An address expires by the clock of the local system, which a test moves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Uri};
use relay::clock::Clock;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::connector::Services;
use crate::storage::{ObjectBody, ObjectStorage, refusal};
use crate::template::{CorsRule, Function, REGION, Template};

/// The key that belongs to the storage's secret. The session token says which function signed.
pub const ACCESS_KEY: &str = "local";
/// How far the clock of a signer may be ahead.
const SKEW_MAX: Duration = Duration::from_secs(15 * 60);
/// The longest lifetime of an address that S3 accepts.
const LIFE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The parameters of a signed address that describe its signature.
const SIGNATURE_PARAMETERS: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

struct Front {
    services: Arc<Services>,
    functions: BTreeMap<String, Function>,
    clock: Clock,
}

/// The router of the buckets over HTTP.
pub fn router(services: &Arc<Services>, template: &Template, clock: &Clock) -> Router {
    let (services, functions) = (Arc::clone(services), template.functions.clone());
    let front = Arc::new(Front { services, functions, clock: clock.clone() });
    let mut router = Router::new();
    for bucket in template.buckets.values() {
        let front = Arc::clone(&front);
        let objects = any(move |request: Request| async move { front.answer(request).await.map(Body::new) });
        let objects = Router::new().route(&format!("/{}/{{*key}}", bucket.name), objects);
        router = router.merge(match &bucket.cors {
            Some(rule) => objects.layer(cors(rule)),
            None => objects,
        });
    }
    router
}

impl Front {
    async fn answer(&self, request: Request) -> Response<ObjectBody> {
        let denied = |message: &str| refusal(StatusCode::FORBIDDEN, "AccessDenied", message);
        let (mut parts, body) = request.into_parts();
        let Some(address) = Address::read(&parts) else { return denied("the address is not signed") };
        let now = u64::try_from(self.clock.now().millis()).unwrap_or_default();
        if let Err(problem) = address.check(&parts, &self.services.storage, UNIX_EPOCH + Duration::from_millis(now)) {
            return denied(problem);
        }
        let Some(function) = self.functions.get(address.package()) else { return denied("nobody here signed this") };
        let Some(needs) = self.services.storage.needs(&parts.method, parts.uri.path(), &parts.headers) else {
            return refusal(StatusCode::NOT_IMPLEMENTED, "NotImplemented", "the local system does not have this");
        };
        for (action, resource) in needs {
            if self.services.permit(function, action, resource).is_err() {
                return denied("the role of the function that signed this does not allow it");
            }
        }
        parts.uri = address.plain;
        self.services.storage.serve(Request::from_parts(parts, body)).await
    }
}

/// A signed address.
struct Address {
    /// The address without its signature.
    plain: Uri,
    /// The session token of who signed: a package, and the number of its process after a dot, if it has one.
    session: String,
    date: SystemTime,
    life: Duration,
    signed_headers: String,
    signature: String,
}

impl Address {
    fn read(parts: &Parts) -> Option<Self> {
        let query = parts.uri.query().unwrap_or_default();
        let value = |wanted: &str| {
            let mut all = form_urlencoded::parse(query.as_bytes());
            all.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let rest: Vec<&str> = query
            .split('&')
            .filter(|pair| !SIGNATURE_PARAMETERS.contains(&pair.split('=').next().unwrap_or_default()))
            .collect();
        let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
        let date = time::PrimitiveDateTime::parse(&value("X-Amz-Date")?, format).ok()?.assume_utc();
        Some(Self {
            plain: format!("{}?{}", parts.uri.path(), rest.join("&")).parse().ok()?,
            session: value("X-Amz-Security-Token")?,
            date: date.into(),
            life: Duration::from_secs(value("X-Amz-Expires")?.parse().ok()?),
            signed_headers: value("X-Amz-SignedHeaders")?,
            signature: value("X-Amz-Signature")?,
        })
    }

    /// The package of the function that signed.
    fn package(&self) -> &str {
        self.session.split('.').next().unwrap_or_default()
    }

    /// Checks the time, and compares the signature with that of the same request. It may be signed for the host that
    /// the client asked, for the origin of the storage ([`crate::media_links`]), or for the endpoint that functions use
    /// ([`crate::bootstraps`]).
    fn check(&self, parts: &Parts, storage: &ObjectStorage, now: SystemTime) -> Result<(), &'static str> {
        if self.life > LIFE_MAX || self.date > now + SKEW_MAX {
            return Err("the address is signed for another time");
        }
        if now > self.date + self.life {
            return Err("Request has expired");
        }
        let asked = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let own = storage.origin().split_once("://").map(|(_, host)| host);
        let further = storage.further_hosts();
        let mut hosts = [asked, own].into_iter().flatten().chain(further.iter().map(String::as_str));
        let is_signed =
            hosts.any(|host| self.signature_for(parts, host, storage.secret()).as_ref() == Some(&self.signature));
        if is_signed { Ok(()) } else { Err("the signature does not match the request") }
    }

    /// The signature of the same request to this host; `None` if it cannot be signed.
    fn signature_for(&self, parts: &Parts, host: &str, secret: &str) -> Option<String> {
        let mut headers = Vec::new();
        for name in self.signed_headers.split(';').filter(|name| *name != "host") {
            headers.push((name, parts.headers.get(name)?.to_str().ok()?));
        }
        let uri = format!("http://{host}{}", self.plain);
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.expires_in = Some(self.life);
        let identity = Credentials::new(ACCESS_KEY, secret, Some(self.session.clone()), None, "local").into();
        let signing = v4::SigningParams::builder().identity(&identity).region(REGION).name("s3");
        let signing = signing.time(self.date).settings(settings).build().ok()?.into();
        let method = parts.method.as_str();
        let request = SignableRequest::new(method, uri, headers.into_iter(), SignableBody::UnsignedPayload);
        let (instructions, _) = sign(request.ok()?, &signing).ok()?.into_parts();
        let signature = instructions.params().iter().find(|(name, _)| *name == "X-Amz-Signature")?;
        Some(signature.1.to_string())
    }
}

fn cors(rule: &CorsRule) -> CorsLayer {
    let any = |values: &[String]| values.iter().any(|value| value == "*");
    let names = |values: &[String]| values.iter().filter_map(|name| name.parse().ok()).collect::<Vec<HeaderName>>();
    let origins = rule.origins.iter().filter_map(|origin| origin.parse::<HeaderValue>().ok());
    let methods = rule.methods.iter().filter_map(|method| Method::from_bytes(method.as_bytes()).ok());
    CorsLayer::new()
        .allow_origin(if any(&rule.origins) { AllowOrigin::any() } else { AllowOrigin::list(origins) })
        .allow_methods(methods.collect::<Vec<_>>())
        .allow_headers(if any(&rule.headers) { AllowHeaders::any() } else { AllowHeaders::list(names(&rule.headers)) })
        .expose_headers(names(&rule.exposed))
}
