//! The users who are known from the start, so that either can begin a chat with the other.

use local::cloud::token_secret;
use local::template::Template;
use local::token;
use relay::clock::Timestamp;

use super::Failure;

/// A demo user.
struct DemoUser {
    id: &'static str,
    first_name: &'static str,
    last_name: &'static str,
}

const DEMO_USERS: [DemoUser; 2] = [
    DemoUser { id: "alice", first_name: "Alice", last_name: "Adams" },
    DemoUser { id: "bob", first_name: "Bob", last_name: "Brown" },
];

/// The demo users, each with a token that this system accepts; `None` if it verifies tokens with a public key only, so
/// that no token can be made here. If the template allows certain roles only, they have the first of them.
///
/// # Errors
/// If a token cannot be signed.
pub(crate) fn tokens(template: &Template, now: Timestamp) -> Result<Option<Vec<(&'static str, String)>>, Failure> {
    let Some(secret) = token_secret(template) else { return Ok(None) };
    let roles = template.parameters.get("AllowedRoles").map(String::as_str).unwrap_or_default();
    let role = roles.split(',').map(str::trim).find(|role| !role.is_empty());
    let mut tokens = Vec::new();
    for DemoUser { id, first_name, last_name } in DEMO_USERS {
        let mut profile = token::required(template);
        profile.insert("firstName".to_owned(), first_name.into());
        profile.insert("lastName".to_owned(), last_name.into());
        profile.extend(role.map(|role| ("role".to_owned(), role.into())));
        let claims = token::claims(id, profile, now, Some(token::LIFE_SECS));
        tokens.push((id, token::sign_with(secret, &claims)?));
    }
    Ok(Some(tokens))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chat::auth::Keys;
    use local::cloud;

    use super::*;

    fn template(parameters: &[(&str, &str)]) -> Template {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        cloud::template(&parameters.collect::<BTreeMap<_, _>>()).unwrap()
    }

    #[test]
    fn the_tokens_of_demo_users_are_signed_with_the_secret_of_the_system() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let secret = "a secret of at least thirty-two characters";
        for (parameters, secret) in [(vec![], "dev-secret"), (vec![("JwtSecret", secret)], secret)] {
            let tokens = tokens(&template(&parameters), now).unwrap().unwrap();
            let keys = Keys::new(Some(secret), None, true).unwrap();
            for (user, token) in tokens {
                assert_eq!(keys.verify(Some(&token), now).unwrap().user.to_string(), user);
            }
        }
    }

    #[test]
    fn demo_users_have_an_allowed_role() {
        let tokens = tokens(&template(&[("AllowedRoles", "seller, buyer")]), Timestamp::from_millis(0)).unwrap();
        let keys = Keys::new(Some("dev-secret"), None, true).unwrap();
        let (_, token) = tokens.unwrap().remove(0);
        let identity = keys.verify(Some(&token), Timestamp::from_millis(0)).unwrap();
        assert_eq!(identity.claims.role.as_deref(), Some("seller"));
        assert_eq!(identity.claims.first_name.as_deref(), Some("Alice"));
    }

    #[test]
    fn with_a_public_key_alone_there_are_no_tokens() {
        let pem = include_str!("../../../tests/it/keys/ed.pub.pem");
        assert!(
            tokens(&template(&[("JwtSecret", "none"), ("JwtPublicKey", pem)]), Timestamp::from_millis(0))
                .unwrap()
                .is_none()
        );
    }
}
