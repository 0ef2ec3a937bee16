//! Tokens for development: HS256 with a shared secret, by default one that everybody knows. A deployment has no default
//! secret.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use relay::clock::Timestamp;
use serde_json::{Map, Value};

use crate::template::Template;

/// The secret of the local system, as documented. No deployment accepts it, because template.yaml requires at least 32
/// characters.
pub const DEV_SECRET: &str = "dev-secret";

/// The value of template.yaml's secret parameter, which needs at least 32 characters. The secret that the template makes
/// of it has [`DEV_SECRET`] in its place.
pub(crate) const SECRET_PLACEHOLDER: &str = "replaced-by-the-development-secret";

/// A line of a secret as functions read it.
pub(crate) fn revealed(value: &str) -> &str {
    if value == SECRET_PLACEHOLDER { DEV_SECRET } else { value }
}

/// How long a token is valid unless something else is asked for, in seconds.
pub const LIFE_SECS: i64 = 30 * 24 * 3_600;

/// Creates a token for `user` that is valid from now on for thirty days, signed with the development secret.
///
/// # Errors
/// If the token cannot be signed.
pub fn mint(
    user: &str,
    name: Option<&str>,
    role: Option<&str>,
    now: Timestamp,
) -> Result<String, jsonwebtoken::errors::Error> {
    let given = [("name", name), ("role", role)];
    let profile = given.into_iter().filter_map(|(claim, value)| Some((claim.to_owned(), value?.into())));
    sign(&claims(user, profile.collect(), now, Some(LIFE_SECS)))
}

/// The claims that tokens for this system must have besides: its `JwtIssuer`, and the first `JwtAudience`.
#[must_use]
pub fn required(template: &Template) -> Map<String, Value> {
    let first = |name: &str| {
        let value = template.parameters.get(name)?.split(',').next()?.trim();
        (!value.is_empty()).then(|| Value::from(value))
    };
    let issuer = template.parameters.get("JwtIssuer").filter(|issuer| !issuer.is_empty());
    let issuer = issuer.map(|issuer| ("iss".to_owned(), issuer.as_str().into()));
    issuer.into_iter().chain(first("JwtAudience").map(|audience| ("aud".to_owned(), audience))).collect()
}

/// The claims of a token for `user`: who it is, these further claims, and that it is issued `now`. With a lifetime in
/// seconds it also says when it ends.
#[must_use]
pub fn claims(user: &str, mut further: Map<String, Value>, now: Timestamp, life_secs: Option<i64>) -> Value {
    further.insert("sub".to_owned(), user.into());
    further.insert("iat".to_owned(), now.seconds().into());
    if let Some(life_secs) = life_secs {
        further.insert("exp".to_owned(), now.seconds().saturating_add(life_secs).into());
    }
    Value::Object(further)
}

/// Signs any claims with the development secret.
///
/// # Errors
/// If they cannot be signed.
pub fn sign(claims: &Value) -> Result<String, jsonwebtoken::errors::Error> {
    sign_with(DEV_SECRET, claims)
}

/// Signs any claims with this secret, by HS256.
///
/// # Errors
/// If they cannot be signed.
pub fn sign_with(secret: &str, claims: &Value) -> Result<String, jsonwebtoken::errors::Error> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
}
