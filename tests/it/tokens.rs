//! Tokens: which are taken, and what a refusal says (docs/dialects.md, "Authentication" and "Profiles"). The keys in
//! `keys/` are for this test alone.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chat::auth::{Keys, secrets};
use chat::config::Config;
use chat::error::Refusal;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use relay::clock::Timestamp;
use relay::config::Settings;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_500);
const SECRET: &str = "a secret of more than thirty-two characters";

fn signed(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, key).unwrap()
}

fn hs256(claims: &Value) -> String {
    signed(Algorithm::HS256, &EncodingKey::from_secret(SECRET.as_bytes()), claims)
}

fn keys() -> Keys {
    Keys::new(Some(SECRET), None, true).unwrap()
}

fn user(claims: &Value) -> Result<String, Refusal> {
    keys().verify(Some(&hs256(claims)), NOW).map(|identity| identity.user.to_string())
}

#[test]
fn half_an_emoji_in_a_claim_becomes_the_replacement_character() {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    for (claims, user, name) in [
        (r#"{"sub":"alice","name":"cut \ud83d","exp":4102444800}"#, "alice", Some("cut \u{fffd}")),
        (r#"{"sub":"al\ud83dice","exp":4102444800}"#, "al\u{fffd}ice", None),
        (r#"{"sub":"alice","unused":"\udc00","exp":4102444800}"#, "alice", None),
    ] {
        let signed = format!("{}.{}", encode(r#"{"alg":"HS256","typ":"JWT"}"#), encode(claims));
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
        let identity = keys().verify(Some(&format!("{signed}.{signature}")), NOW).unwrap();
        assert_eq!(identity.user.to_string(), user);
        assert_eq!(identity.claims.name.as_deref(), name);
    }
}

fn private(name: &str) -> (Algorithm, EncodingKey, &'static str) {
    match name {
        "rsa" => (
            Algorithm::RS256,
            EncodingKey::from_rsa_pem(include_bytes!("keys/rsa.pem")).unwrap(),
            include_str!("keys/rsa.pub.pem"),
        ),
        "ec" => (
            Algorithm::ES256,
            EncodingKey::from_ec_pem(include_bytes!("keys/ec.pem")).unwrap(),
            include_str!("keys/ec.pub.pem"),
        ),
        _ => (
            Algorithm::EdDSA,
            EncodingKey::from_ed_pem(include_bytes!("keys/ed.pem")).unwrap(),
            include_str!("keys/ed.pub.pem"),
        ),
    }
}

/// A token of one of the private keys, which names a key.
fn token_of(name: &str, id: Option<&str>) -> String {
    let (algorithm, key, _) = private(name);
    let header = Header { kid: id.map(str::to_owned), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, &json!({"sub": "alice", "exp": NOW.seconds() + 60}), &key).unwrap()
}

/// The public keys as a JSON Web Key Set, each with its file's name as its id.
fn key_set(changes: impl Fn(&mut Value)) -> String {
    let mut keys: Vec<Value> = serde_json::from_str(include_str!("keys/set.json")).unwrap();
    keys.iter_mut().for_each(changes);
    json!({"keys": keys}).to_string()
}

#[test]
fn tokens_of_the_secret_before_are_taken_too() {
    let before = "the secret that was used until yesterday";
    let claims = json!({"sub": "alice", "exp": NOW.seconds() + 60});
    let of_before = signed(Algorithm::HS256, &EncodingKey::from_secret(before.as_bytes()), &claims);
    assert_eq!(keys().verify(Some(&of_before), NOW).unwrap_err(), Refusal::InvalidToken);
    let secret = SECRET;
    for lines in
        [format!("{secret}\n{before}"), format!("{secret}\r\n\r\n{before}\r\n"), format!("none\n{before}\n{secret}\n")]
    {
        let both = Keys::new(None, None, true).unwrap().with(secrets(&lines).unwrap());
        for token in [&of_before, &hs256(&claims)] {
            assert_eq!(both.verify(Some(token), NOW).unwrap().user.to_string(), "alice", "{lines:?}");
        }
    }
}

#[test]
fn a_secret_has_one_to_eight_lines() {
    let lines = |count: usize| vec![SECRET; count].join("\n");
    assert!(secrets(&lines(1)).is_some() && secrets(&lines(8)).is_some());
    for text in [String::new(), "none\n".to_owned(), "\r\n \n".to_owned(), lines(9)] {
        assert!(secrets(&text).is_none(), "{text:?}");
    }
}

#[test]
fn several_public_keys_are_given_one_after_another_or_as_a_set() {
    let pems: String = ["rsa", "ec", "ed"].map(|name| private(name).2).concat();
    let set = key_set(|_| ());
    for form in [pems.clone(), pems.replace('\n', "\\n"), STANDARD.encode(&pems), set.clone(), STANDARD.encode(&set)] {
        let keys = Keys::new(None, Some(&form), true).unwrap();
        for name in ["rsa", "ec", "ed"] {
            let verified = keys.verify(Some(&token_of(name, None)), NOW);
            assert_eq!(verified.unwrap().user.to_string(), "alice", "{name} of {form}");
        }
    }
    let broken = format!("{pems}-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    assert!(Keys::new(None, Some(&broken), true).is_none(), "one of them cannot be read");
    for none in ["{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#, r#"{"keys":"#] {
        assert!(Keys::new(None, Some(none), true).is_none(), "{none}");
    }
}

#[test]
fn a_token_that_names_a_key_is_verified_with_that_one() {
    let keys = Keys::new(None, Some(&key_set(|_| ())), true).unwrap();
    for name in ["rsa", "ec", "ed"] {
        assert!(keys.verify(Some(&token_of(name, Some(name))), NOW).is_ok(), "{name}");
        assert_eq!(
            keys.verify(Some(&token_of(name, Some("another"))), NOW).unwrap_err(),
            Refusal::InvalidToken,
            "{name}"
        );
    }
    let unnamed = Keys::new(None, Some(private("ed").2), true).unwrap();
    assert!(unnamed.verify(Some(&token_of("ed", Some("any"))), NOW).is_ok(), "a PEM has no name");
}

#[test]
fn a_key_of_a_set_is_for_signatures_by_its_own_algorithm() {
    for (field, value) in [("use", "enc"), ("alg", "RS512"), ("alg", "HS256"), ("kty", "oct")] {
        let set = key_set(|key| {
            if key["kid"] == "rsa" {
                key[field] = value.into();
            }
        });
        let keys = Keys::new(None, Some(&set), true).unwrap();
        assert_eq!(
            keys.verify(Some(&token_of("rsa", None)), NOW).unwrap_err(),
            Refusal::InvalidToken,
            "{field} {value}"
        );
        assert!(keys.verify(Some(&token_of("ec", None)), NOW).is_ok(), "{field} {value}");
    }
    // HMAC with the public key as its secret, which everybody has.
    let keys = Keys::new(None, Some(private("rsa").2), true).unwrap();
    let claims = json!({"sub": "alice", "exp": NOW.seconds() + 60});
    let forged = signed(Algorithm::HS256, &EncodingKey::from_secret(private("rsa").2.as_bytes()), &claims);
    assert_eq!(keys.verify(Some(&forged), NOW).unwrap_err(), Refusal::InvalidToken);
}

#[test]
fn a_token_of_another_issuer_or_for_another_audience_is_refused() {
    let keys = keys().only_for(Some("https://id.example/".to_owned()), vec!["chat".to_owned(), "mobile".to_owned()]);
    let taken = |issuer: Value, audience: Value| {
        let claims = json!({"sub": "alice", "exp": NOW.seconds() + 60, "iss": issuer, "aud": audience});
        keys.verify(Some(&hs256(&claims)), NOW).map(|_| ())
    };
    let issuer = || json!("https://id.example/");
    for audience in [json!("chat"), json!("mobile"), json!(["other", "chat"])] {
        assert_eq!(taken(issuer(), audience), Ok(()));
    }
    for (issuer, audience) in [
        (issuer(), json!("other")),
        (issuer(), json!(["other"])),
        (issuer(), json!([])),
        (issuer(), Value::Null),
        (issuer(), json!("chat,mobile")),
        (json!("https://id.example"), json!("chat")),
        (json!(["https://id.example/"]), json!("chat")),
        (Value::Null, json!("chat")),
    ] {
        assert_eq!(taken(issuer.clone(), audience.clone()), Err(Refusal::InvalidToken), "{issuer} {audience}");
    }
}

#[test]
fn each_kind_of_public_key_verifies_its_algorithm_and_no_other() {
    let claims = json!({"sub": "alice", "exp": NOW.seconds() + 60});
    let cases = [
        (Algorithm::RS256, EncodingKey::from_rsa_pem(include_bytes!("keys/rsa.pem")), include_str!("keys/rsa.pub.pem")),
        (Algorithm::ES256, EncodingKey::from_ec_pem(include_bytes!("keys/ec.pem")), include_str!("keys/ec.pub.pem")),
        (Algorithm::EdDSA, EncodingKey::from_ed_pem(include_bytes!("keys/ed.pem")), include_str!("keys/ed.pub.pem")),
    ];
    for (algorithm, private, public) in cases {
        let keys = Keys::new(None, Some(public), true).unwrap();
        let token = signed(algorithm, &private.unwrap(), &claims);
        assert_eq!(keys.verify(Some(&token), NOW).unwrap().user.to_string(), "alice", "{algorithm:?}");
        // On one line, as a parameter is given, and as tools may break or pad it.
        let escaped = public.trim().replace('\n', "\\n");
        let encoded = STANDARD.encode(public);
        let broken = format!("{}\n{}\n", encoded.split_at(64).0, encoded.split_at(64).1);
        for form in [&escaped, &format!("{escaped}\\n"), &encoded, &broken, &STANDARD.encode(&escaped)] {
            let keys = Keys::new(None, Some(form), true).unwrap();
            assert!(keys.verify(Some(&token), NOW).is_ok(), "{algorithm:?}: {form}");
        }
        // The public key is no secret: what is signed with it as one is not taken.
        let forged = signed(Algorithm::HS256, &EncodingKey::from_secret(public.as_bytes()), &claims);
        assert_eq!(keys.verify(Some(&forged), NOW), Err(Refusal::InvalidToken), "{algorithm:?}");
        assert_eq!(keys.verify(Some(&hs256(&claims)), NOW), Err(Refusal::InvalidToken), "{algorithm:?}");
    }
    for none in ["no key", "-----BEGIN", "LS0tLS1CRUdJTi", &STANDARD.encode("no key"), &STANDARD.encode([0xff])] {
        assert!(Keys::new(None, Some(none), true).is_none(), "{none}");
    }
}

/// What a function says that is told these settings beside those that are no secret.
fn start(settings: &[(&str, &str)]) -> Result<bool, String> {
    let lookup = |name: &str| {
        let told = settings.iter().find(|(told, _)| *told == name).map(|(_, value)| *value);
        let needed = ["_TABLE", "_BUCKET", "_FUNCTION", "_ENDPOINT"].iter().any(|end| name.ends_with(end));
        told.or(needed.then_some("there")).map(str::to_owned)
    };
    Config::read(&Settings::new(&lookup)).map(|config| config.keys.is_some()).map_err(|error| error.to_string())
}

#[test]
fn a_function_that_verifies_tokens_does_not_start_without_a_key() {
    let public = ("JWT_PUBLIC_KEY", include_str!("keys/ed.pub.pem"));
    assert_eq!(start(&[]), Ok(false), "one that verifies none needs none");
    assert_eq!(start(&[("JWT_REQUIRE_EXP", "true"), ("JWT_SECRET_ARN", "arn")]), Ok(true));
    assert_eq!(start(&[("JWT_REQUIRE_EXP", "true"), ("JWT_SECRET_ARN", ""), public]), Ok(true));
    let neither = "none of JWT_SECRET_ARN, JWT_PUBLIC_KEY and JWT_KEYS_URL is set: one is needed to verify tokens";
    let settings = [("JWT_REQUIRE_EXP", "true"), ("JWT_SECRET_ARN", ""), ("JWT_PUBLIC_KEY", "")];
    assert_eq!(start(&settings), Err(neither.to_owned()));
    let cut = start(&[("JWT_REQUIRE_EXP", "true"), ("JWT_PUBLIC_KEY", "-----BEGIN")]);
    let bad = "JWT_PUBLIC_KEY is neither a PEM public key of RSA, EC P-256 or Ed25519, nor Base64 of one";
    assert_eq!(cut, Err(bad.to_owned()));
}

#[test]
fn a_token_may_have_bearer_before_it() {
    let token = hs256(&json!({"sub": "alice", "exp": NOW.seconds() + 60}));
    for given in [token.clone(), format!("Bearer {token}"), format!("bearer  {token} ")] {
        assert!(keys().verify(Some(&given), NOW).is_ok(), "{given:?}");
    }
    for given in [None, Some(""), Some("Bearer"), Some("Bearer ")] {
        assert_eq!(keys().verify(given, NOW), Err(Refusal::NoToken), "{given:?}");
    }
    for given in ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9."] {
        assert_eq!(keys().verify(Some(given), NOW), Err(Refusal::InvalidToken), "{given:?}");
    }
}

#[test]
fn an_end_is_required_and_honoured_without_leeway() {
    let at = |exp: Value| user(&json!({"sub": "alice", "exp": exp}));
    assert_eq!(at(json!(NOW.seconds() + 1)), Ok("alice".to_owned()));
    assert_eq!(at(json!(1_767_323_045.6)), Ok("alice".to_owned()));
    assert_eq!(at(json!(1_767_323_045.5)), Err(Refusal::ExpiredToken));
    assert_eq!(at(json!(NOW.seconds())), Err(Refusal::ExpiredToken));
    assert_eq!(at(json!("tomorrow")), Err(Refusal::InvalidToken));
    assert_eq!(user(&json!({"sub": "alice"})), Err(Refusal::EndlessToken));
    let lenient = Keys::new(Some(SECRET), None, false).unwrap();
    assert!(lenient.verify(Some(&hs256(&json!({"sub": "alice"}))), NOW).unwrap().expires_at.is_none());
    let early = json!({"sub": "alice", "exp": NOW.seconds() + 60, "nbf": NOW.seconds() + 1});
    assert_eq!(user(&early), Err(Refusal::InvalidToken));
}

#[test]
fn the_user_is_the_first_claim_that_can_be_one() {
    let exp = NOW.seconds() + 60;
    for claims in [
        json!({"sub": "a", "userId": "b", "id": "c", "_id": "d"}),
        json!({"userId": "a", "id": "c", "_id": "d"}),
        json!({"id": "a", "_id": "d"}),
        json!({"_id": "a"}),
    ] {
        let mut claims = claims;
        claims["exp"] = exp.into();
        assert_eq!(user(&claims), Ok("a".to_owned()), "{claims}");
    }
    assert_eq!(user(&json!({"sub": 42, "exp": exp})), Ok("42".to_owned()));
    for nobody in [json!(null), json!(""), json!(true), json!("x".repeat(129))] {
        assert_eq!(user(&json!({"sub": nobody, "exp": exp})), Err(Refusal::UnknownUser), "{nobody}");
    }
    assert_eq!(user(&json!({"sub": "é".repeat(128), "exp": exp})), Ok("é".repeat(128)));
}
