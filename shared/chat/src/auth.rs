//! Tokens: which user a client acts for, and until when (docs/dialects.md, "Authentication").
//!
//! `jsonwebtoken` verifies signatures. The [`Clock`](relay::clock::Clock) decides about times, without leeway.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use frame::json;
use jsonwebtoken::{Algorithm, DecodingKey};
use relay::clock::Timestamp;
use serde_json::{Map, Value};

use crate::domain::id::UserId;
use crate::domain::user::Claims;
use crate::error::Refusal;

/// The role whose tokens manage users. A token with this role is not a user itself.
pub const SERVICE_ROLE: &str = "service";

/// The longest token that is examined, in bytes: the size of a frame. A longer text cannot be a token of ours.
const TOKEN_MAX_BYTES: usize = 16_384;

/// The content of a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user whom the token belongs to.
    pub user: UserId,
    /// The claims about the user.
    pub claims: Claims,
    /// When the token was issued, if it says so.
    pub issued_at: Option<Timestamp>,
    /// When the token ends, if ever.
    pub expires_at: Option<Timestamp>,
}

/// The keys that verify tokens.
#[derive(Clone)]
pub struct Keys {
    by_algorithm: Vec<(Vec<Algorithm>, DecodingKey)>,
    require_exp: bool,
}

impl Keys {
    /// Creates the keys from a shared secret (HS256), a public key (RS256, ES256 or EdDSA), or both; `None` if the
    /// public key cannot be read. A public key is a PEM with its line ends or with `\n` in their place, or Base64 of
    /// such a PEM.
    #[must_use]
    pub fn new(secret: Option<&str>, public_key: Option<&str>, require_exp: bool) -> Option<Self> {
        let mut by_algorithm = Vec::new();
        if let Some(secret) = secret {
            by_algorithm.push((vec![Algorithm::HS256], DecodingKey::from_secret(secret.as_bytes())));
        }
        if let Some(public_key) = public_key {
            by_algorithm.push(public(pem(public_key)?.as_bytes())?);
        }
        Some(Self { by_algorithm, require_exp })
    }

    /// Verifies a token, with or without `Bearer ` in front of it.
    ///
    /// # Errors
    /// The [`Refusal`] to send to the client.
    pub fn verify(&self, token: Option<&str>, now: Timestamp) -> Result<Identity, Refusal> {
        let token = token.map(bare).filter(|token| !token.is_empty()).ok_or(Refusal::NoToken)?;
        let claims = self.claims(token).ok_or(Refusal::InvalidToken)?;
        let expires_at = moment(&claims, "exp")?;
        if expires_at.is_none() && self.require_exp {
            return Err(Refusal::EndlessToken);
        }
        if expires_at.is_some_and(|end| end <= now) {
            return Err(Refusal::ExpiredToken);
        }
        if moment(&claims, "nbf")?.is_some_and(|start| now < start) {
            return Err(Refusal::InvalidToken);
        }
        let user = ["sub", "userId", "id", "_id"].iter().find_map(|name| user_id(claims.get(*name)?));
        // A service is not a user, so its token need not name one.
        let service =
            || UserId::parse(SERVICE_ROLE).ok().filter(|_| claims.get("role").is_some_and(|role| role == SERVICE_ROLE));
        Ok(Identity {
            user: user.or_else(service).ok_or(Refusal::UnknownUser)?,
            issued_at: moment(&claims, "iat")?,
            expires_at,
            claims: profile(&claims),
        })
    }

    fn claims(&self, token: &str) -> Option<Map<String, Value>> {
        if token.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let algorithm = jsonwebtoken::decode_header(token).ok()?.alg;
        let (_, key) = self.by_algorithm.iter().find(|(algorithms, _)| algorithms.contains(&algorithm))?;
        let (signed, signature) = token.rsplit_once('.')?;
        if !jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, algorithm).ok()? {
            return None;
        }
        // The claims are read as all other JSON is: half a surrogate pair in a name locks nobody out.
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
        match json::parse(std::str::from_utf8(&claims).ok()?).ok()? {
            Value::Object(claims) => Some(claims),
            _ => None,
        }
    }
}

/// The token without the scheme that some clients put in front of it.
fn bare(token: &str) -> &str {
    let token = token.trim();
    match token.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim_start(),
        None if token.eq_ignore_ascii_case("bearer") => "",
        _ => token,
    }
}

/// The PEM in a setting. If it is on one line, its line ends are written as `\n`, or all of it is Base64.
fn pem(setting: &str) -> Option<String> {
    let setting = setting.trim();
    let text = if setting.starts_with("-----BEGIN") {
        setting.to_owned()
    } else {
        let encoded: String = setting.split_whitespace().collect();
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?
    };
    Some(text.replace("\\n", "\n"))
}

fn public(pem: &[u8]) -> Option<(Vec<Algorithm>, DecodingKey)> {
    if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
        return Some((vec![Algorithm::RS256], key));
    }
    if let Ok(key) = DecodingKey::from_ec_pem(pem) {
        return Some((vec![Algorithm::ES256], key));
    }
    DecodingKey::from_ed_pem(pem).ok().map(|key| (vec![Algorithm::EdDSA], key))
}

/// Reads a NumericDate claim. If the claim exists and is not a number, the token is invalid.
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Refusal> {
    /// The end of the year 9999. A later date has no ISO-8601 form with four digits.
    const LAST_SECOND: f64 = 253_402_300_799.0;
    let Some(value) = claims.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let seconds = value.as_f64().ok_or(Refusal::InvalidToken)?.clamp(0.0, LAST_SECOND);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
    Ok(Some(Timestamp::from_millis((seconds * 1_000.0) as i64)))
}

fn user_id(claim: &Value) -> Option<UserId> {
    match claim {
        Value::String(text) => UserId::parse(text).ok(),
        Value::Number(number) => UserId::parse(&number.to_string()).ok(),
        _ => None,
    }
}

fn profile(claims: &Map<String, Value>) -> Claims {
    /// The longest profile claim that is kept, in characters. A longer one is cut, so that a profile stays small.
    const CLAIM_MAX_CHARACTERS: usize = 512;
    let text = |name: &str| {
        let claim = claims.get(name)?.as_str()?;
        Some(claim.chars().take(CLAIM_MAX_CHARACTERS).collect::<String>()).filter(|claim| !claim.is_empty())
    };
    Claims {
        name: text("name"),
        first_name: text("firstName"),
        last_name: text("lastName"),
        username: text("username"),
        email: text("email"),
        role: text("role"),
        picture: text("picture"),
    }
}
