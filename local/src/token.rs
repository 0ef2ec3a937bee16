//! Tokens for development: HS256 with a secret that everybody knows. A deployment has no default secret.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use relay::clock::Timestamp;
use serde_json::json;

/// The secret of the local system, as documented. No deployment accepts it, because template.yaml requires at least 32
/// characters.
pub const DEV_SECRET: &str = "dev-secret";

/// How long a token is valid, in seconds.
const LIFE_SECS: i64 = 30 * 24 * 3_600;

/// Creates a token for `user` that is valid from now on for thirty days.
///
/// # Errors
/// If the token cannot be signed.
pub fn mint(
    user: &str,
    name: Option<&str>,
    role: Option<&str>,
    now: Timestamp,
) -> Result<String, jsonwebtoken::errors::Error> {
    let mut claims = json!({"sub": user, "iat": now.seconds(), "exp": now.seconds() + LIFE_SECS});
    if let Some(claims) = claims.as_object_mut() {
        let given = [("name", name), ("role", role)];
        claims.extend(given.into_iter().filter_map(|(claim, value)| Some((claim.to_owned(), value?.into()))));
    }
    sign(&claims)
}

/// Signs any claims with the development secret.
///
/// # Errors
/// If they cannot be signed.
pub fn sign(claims: &serde_json::Value) -> Result<String, jsonwebtoken::errors::Error> {
    let key = EncodingKey::from_secret(DEV_SECRET.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
}
