//! Tokens: which user a client acts for, and until when (docs/dialects.md, "Authentication").
//!
//! `jsonwebtoken` verifies signatures. The [`Clock`](relay::clock::Clock) decides about times, without leeway.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use frame::json;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use relay::clock::Timestamp;
use serde::Deserialize as _;
use serde_json::{Map, Value};

use crate::domain::id::UserId;
use crate::domain::user::Claims;
use crate::error::{Error, Refusal};

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

impl Identity {
    /// Checks that the token was issued after this time, when tokens of the user were revoked. A token gives its time of
    /// issue in whole seconds, so one of the same second is refused. So is one that does not say when it was issued.
    ///
    /// # Errors
    /// `Error::Authentication`.
    pub fn check_revocation(&self, revoked_at: Option<Timestamp>) -> Result<(), Error> {
        let is_revoked = |at: Timestamp| self.issued_at.is_none_or(|issued| issued.seconds() <= at.seconds());
        if revoked_at.is_some_and(is_revoked) { Err(Error::Authentication(Refusal::ExpiredToken)) } else { Ok(()) }
    }
}

/// The most shared secrets in one text: the present one, former ones, and one that is still to be used.
const SECRETS_MAX: usize = 8;

/// The most keys in a JSON Web Key Set. Identity providers publish two or three.
const SET_MAX: usize = 64;

/// A key, which verifies one algorithm.
#[derive(Clone)]
pub struct Key {
    algorithm: Algorithm,
    /// Its `kid`, if it has one.
    id: Option<String>,
    key: DecodingKey,
}

/// What the header of a token says about its key. Nothing of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// By a shared secret.
    Shared,
    /// By a private key, whose `kid` this is, if the token names one.
    Private(Option<String>),
}

/// The keys that verify tokens, and what else a token must have.
#[derive(Clone)]
pub struct Keys {
    keys: Vec<Key>,
    require_exp: bool,
    /// The `iss` that a token must have; `None` for any.
    issuer: Option<String>,
    /// The values of `aud` of which a token must have one. If there are none, it may have any.
    audiences: Vec<String>,
}

impl Keys {
    /// Creates the keys from a shared secret (HS256), public keys (RS256, ES256 or EdDSA), or both; `None` if a public
    /// key cannot be read. Public keys are PEMs one after another, with their line ends or with `\n` in their place, or
    /// a JSON Web Key Set (RFC 7517), or Base64 of either.
    #[must_use]
    pub fn new(secret: Option<&str>, public_keys: Option<&str>, require_exp: bool) -> Option<Self> {
        let mut keys = Vec::new();
        keys.extend(secret.map(shared));
        if let Some(public_keys) = public_keys {
            keys.extend(public(&text(public_keys)?)?);
        }
        Some(Self { keys, require_exp, issuer: None, audiences: Vec::new() })
    }

    /// The same keys, and further ones.
    #[must_use]
    pub fn with(mut self, keys: Vec<Key>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// The same keys, for tokens of this issuer alone, and for one of these audiences. `None` and an empty list stand
    /// for any.
    #[must_use]
    pub fn only_for(self, issuer: Option<String>, audiences: Vec<String>) -> Self {
        Self { issuer, audiences, ..self }
    }

    /// Verifies a token, with or without `Bearer ` in front of it.
    ///
    /// # Errors
    /// The [`Refusal`] to send to the client.
    pub fn verify(&self, token: Option<&str>, now: Timestamp) -> Result<Identity, Refusal> {
        self.verify_with(&[], token, now)
    }

    /// Verifies a token as [`Self::verify`], with these keys, too.
    ///
    /// # Errors
    /// The [`Refusal`] to send to the client.
    pub fn verify_with(&self, more: &[Key], token: Option<&str>, now: Timestamp) -> Result<Identity, Refusal> {
        let token = token.map(bare).filter(|token| !token.is_empty()).ok_or(Refusal::NoToken)?;
        let claims = self.claims(more, token).ok_or(Refusal::InvalidToken)?;
        if !self.is_meant(&claims) {
            return Err(Refusal::InvalidToken);
        }
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

    /// Whether one of these keys, or of `more`, has this `kid`.
    #[must_use]
    pub fn has(&self, more: &[Key], id: &str) -> bool {
        self.keys.iter().chain(more).any(|key| key.id.as_deref() == Some(id))
    }

    /// The keys that may have signed a token with this header. Each key is for one algorithm, whatever a token says. A
    /// token that names a key is verified with that one, or with keys that have no name.
    fn candidates<'a>(
        &'a self,
        more: &'a [Key],
        algorithm: Algorithm,
        id: Option<&str>,
    ) -> impl Iterator<Item = &'a Key> {
        let is_named = move |key: &&Key| match (&key.id, id) {
            (Some(own), Some(named)) => own == named,
            _ => true,
        };
        self.keys.iter().chain(more).filter(move |key| key.algorithm == algorithm).filter(is_named)
    }

    /// Whether a token was issued by whom, and for what, it must be (RFC 7519, sections 4.1.1 and 4.1.3).
    fn is_meant(&self, claims: &Map<String, Value>) -> bool {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let is_audience = |value: &Value| value.as_str().is_some_and(|one| self.audiences.iter().any(|own| own == one));
        let is_for_us = || match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(is_audience),
            Some(one) => is_audience(one),
            None => false,
        };
        self.issuer.as_deref().is_none_or(|issuer| text("iss") == Some(issuer))
            && (self.audiences.is_empty() || is_for_us())
    }

    fn claims(&self, more: &[Key], token: &str) -> Option<Map<String, Value>> {
        if token.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let (signed, signature) = token.rsplit_once('.')?;
        let verifies = |Key { algorithm, key, .. }: &Key| {
            jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, *algorithm).unwrap_or_default()
        };
        if !self.candidates(more, header.alg, header.kid.as_deref()).any(verifies) {
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

/// The keys of shared secrets, one a line: the present one, and others whose tokens are valid, too. Empty lines and lines
/// with the word `none` are left out. `None` if there are no secrets, or more than eight.
#[must_use]
pub fn secrets(text: &str) -> Option<Vec<Key>> {
    let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let keys: Vec<Key> = lines.filter(|line| !matches!(line.trim(), "" | "none")).map(shared).collect();
    (1..=SECRETS_MAX).contains(&keys.len()).then_some(keys)
}

/// What the header of a token, with or without `Bearer ` in front of it, says about its key. `None` if the text is no
/// token.
#[must_use]
pub fn signature(token: Option<&str>) -> Option<Signature> {
    let token = bare(token?);
    if token.len() > TOKEN_MAX_BYTES {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    match header.alg {
        Algorithm::HS256 => Some(Signature::Shared),
        Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA => Some(Signature::Private(header.kid)),
        _ => None,
    }
}

/// A secret as a key.
fn shared(secret: &str) -> Key {
    Key { algorithm: Algorithm::HS256, id: None, key: DecodingKey::from_secret(secret.as_bytes()) }
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

/// The text in a setting of public keys: as it is, or Base64 of it. The line ends of a PEM on one line are written `\n`.
fn text(setting: &str) -> Option<String> {
    let setting = setting.trim();
    let text = if setting.starts_with("-----BEGIN") || setting.starts_with('{') {
        setting.to_owned()
    } else {
        let encoded: String = setting.split_whitespace().collect();
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?
    };
    Some(if text.trim_start().starts_with('{') { text } else { text.replace("\\n", "\n") })
}

/// The public keys in a text; `None` if there are none, or if one cannot be read.
fn public(text: &str) -> Option<Vec<Key>> {
    let keys: Vec<Key> = if text.trim_start().starts_with('{') {
        key_set(text)?
    } else {
        let (begin, texts) = ("-----BEGIN", text.split("-----BEGIN").skip(1));
        texts.map(|rest| of_pem(format!("{begin}{rest}").as_bytes())).collect::<Option<_>>()?
    };
    (!keys.is_empty()).then_some(keys)
}

/// The keys of a JSON Web Key Set. A set may have keys for other purposes and of other kinds, which are not meant for us:
/// they are left out. `None` if the text is no set, or has more than sixty-four keys.
#[must_use]
pub fn key_set(text: &str) -> Option<Vec<Key>> {
    let set: Value = serde_json::from_str(text).ok()?;
    let keys = set.get("keys")?.as_array().filter(|keys| keys.len() <= SET_MAX)?;
    Some(keys.iter().filter_map(of_set).collect())
}

/// A key of a set, unless it is for encryption or of a kind that verifies none of our algorithms.
fn of_set(jwk: &Value) -> Option<Key> {
    let jwk = Jwk::deserialize(jwk).ok()?;
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    if jwk.common.key_algorithm.is_some_and(|stated| stated.to_string() != format!("{algorithm:?}")) {
        return None;
    }
    Some(Key { algorithm, id: jwk.common.key_id.clone(), key: DecodingKey::from_jwk(&jwk).ok()? })
}

/// The key in one PEM.
fn of_pem(pem: &[u8]) -> Option<Key> {
    let of = |algorithm: Algorithm, key: DecodingKey| Key { algorithm, id: None, key };
    if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
        return Some(of(Algorithm::RS256, key));
    }
    if let Ok(key) = DecodingKey::from_ec_pem(pem) {
        return Some(of(Algorithm::ES256, key));
    }
    DecodingKey::from_ed_pem(pem).ok().map(|key| of(Algorithm::EdDSA, key))
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
