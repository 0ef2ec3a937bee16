//! `parlance token`: a token for a user.

use std::collections::BTreeMap;

use chat::domain::id::UserId;
use clap::Args;
use http::Uri;
use local::cloud;
use local::token;
use relay::clock::Clock;
use serde_json::{Map, Value};

use super::Failure;
use super::introduce::introduce;
use super::output::print;
use super::parameters;
use super::serve::parameter;

/// The claims that a token always has, each with what sets it.
const FIXED_CLAIMS: [(&str, &str); 3] =
    [("sub", "it is the USER"), ("iat", "it is the present time"), ("exp", "--expires sets it")];

/// The longest lifetime of a token, in days: ten years.
const DAYS_MAX: i64 = 3_650;

/// The flags of `parlance token`.
#[derive(Args)]
pub(crate) struct TokenFlags {
    /// Id of the user.
    user: String,
    /// Name to show. Without it, people see the first and the last name.
    #[arg(long)]
    name: Option<String>,
    /// First name.
    #[arg(long)]
    first_name: Option<String>,
    /// Last name.
    #[arg(long)]
    last_name: Option<String>,
    /// Role, where a deployment asks for one. `service` manages users.
    #[arg(long)]
    role: Option<String>,
    /// Any further claim: JSON, or else a text. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = claim)]
    claim: Vec<(String, Value)>,
    /// How long the token is valid: 30s, 15m, 12h, 30d, or never.
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = lifetime)]
    expires: Lifetime,
    /// Secret to sign with: the JwtSecret of the system that is to accept the token. Without it, the development secret.
    #[arg(long, conflicts_with = "parameter")]
    secret: Option<String>,
    /// The parameters of the system that is to accept the token: its JwtSecret is the secret to sign with.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,
    /// Also make the user known to the system that runs at this address, such as http://localhost:3000. Others can only
    /// begin a chat with users who are known.
    #[arg(long, value_name = "URL")]
    introduce: Option<Uri>,
}

/// How long a token is valid, in seconds; `None` for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lifetime(Option<i64>);

/// Prints the token.
///
/// # Errors
/// If the user or a claim is not valid, no token can be made with these parameters, or the system to which the user is
/// introduced does not accept it.
pub(crate) async fn run(flags: TokenFlags) -> Result<(), Failure> {
    let address = flags.introduce.clone();
    let token = made(flags, &Clock::system())?;
    if let Some(address) = address {
        introduce(&address, &token).await?;
    }
    print([token])
}

fn made(flags: TokenFlags, clock: &Clock) -> Result<String, Failure> {
    let TokenFlags { user, name, first_name, last_name, role, claim, expires, secret, parameter, introduce: _ } = flags;
    let user = UserId::parse(&user).map_err(|error| format!("USER: {error}"))?;
    let given = parameter.into_iter().chain(secret.map(|secret| ("JwtSecret".to_owned(), secret)));
    let template = parameters::template(&given.collect::<BTreeMap<_, _>>())?;
    let secret = cloud::token_secret(&template).ok_or(
        "no token can be made for a system that verifies tokens with a public key only: sign them with the private key \
         that belongs to JwtPublicKey, or give the system a JwtSecret, too",
    )?;
    let named = [("name", name), ("firstName", first_name), ("lastName", last_name), ("role", role)];
    let named = named.into_iter().filter_map(|(claim, value)| Some((claim.to_owned(), Value::from(value?))));
    let mut further = Map::new();
    for (name, value) in named.chain(claim) {
        if further.insert(name.clone(), value).is_some() {
            return Err(format!("the claim {name} is given twice").into());
        }
    }
    for (name, value) in token::required(&template) {
        further.entry(name).or_insert(value);
    }
    let claims = token::claims(&user.to_string(), further, clock.now(), expires.0);
    Ok(token::sign_with(secret, &claims)?)
}

fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE, such as email=carol@example.com")?;
    if let Some((_, instead)) = FIXED_CLAIMS.iter().find(|(fixed, _)| *fixed == name) {
        return Err(format!("the claim {name} cannot be given: {instead}"));
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

fn lifetime(text: &str) -> Result<Lifetime, String> {
    if text == "never" {
        return Ok(Lifetime(None));
    }
    let wrong = || format!("must be a whole number and s, m, h or d, such as 15m, at most {DAYS_MAX}d, or never");
    let unit_secs = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 24 * 3_600,
        _ => return Err(wrong()),
    };
    let number = text.trim_end_matches(char::is_alphabetic).parse::<i64>().ok().filter(|number| *number > 0);
    let secs = number.and_then(|number| number.checked_mul(unit_secs)).filter(|secs| *secs <= DAYS_MAX * 24 * 3_600);
    // One letter only: `3min` is none of these.
    let has_one_letter = text.chars().filter(|letter| letter.is_alphabetic()).count() == 1;
    secs.filter(|_| has_one_letter).map(|secs| Lifetime(Some(secs))).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use chat::auth::{Identity, Keys};
    use clap::Parser as _;
    use local::token::LIFE_SECS;

    use super::super::{Cli, Command};
    use super::*;

    const SECRET: &str = "a secret of at least thirty-two characters";

    fn flags(arguments: &[&str]) -> Result<TokenFlags, String> {
        let parsed = Cli::try_parse_from(["parlance", "token"].iter().chain(arguments));
        match parsed.map(|cli| cli.command) {
            Ok(Some(Command::Token(flags))) => Ok(*flags),
            Ok(_) => unreachable!("the command is token"),
            Err(error) => Err(error.to_string()),
        }
    }

    fn token(arguments: &[&str]) -> Result<String, String> {
        made(flags(arguments)?, &Clock::system()).map_err(|error| error.to_string())
    }

    fn read(secret: &str, token: &str) -> Identity {
        Keys::new(Some(secret), None, false).unwrap().verify(Some(token), Clock::system().now()).unwrap()
    }

    #[test]
    fn a_token_is_good_for_thirty_days_unless_said_otherwise() {
        let days = |arguments: &[&str]| {
            let identity = read("dev-secret", &token(arguments).unwrap());
            let issued = identity.issued_at.unwrap().seconds();
            identity.expires_at.map(|end| end.seconds() - issued)
        };
        assert_eq!(days(&["carol"]), Some(LIFE_SECS));
        assert_eq!(days(&["carol", "--expires", "30s"]), Some(30));
        assert_eq!(days(&["carol", "--expires", "15m"]), Some(900));
        assert_eq!(days(&["carol", "--expires", "12h"]), Some(43_200));
        assert_eq!(days(&["carol", "--expires", "never"]), None);
    }

    #[test]
    fn a_lifetime_that_is_none_is_refused_with_examples() {
        for text in [
            "",
            "30",
            "0s",
            "-1s",
            "1.5h",
            "3min",
            "3w",
            "dd",
            "3651d",
            "99999999999999999999d",
            "9223372036854775807d",
        ] {
            let said = token(&["carol", &format!("--expires={text}")]).unwrap_err();
            assert!(said.contains("--expires <TIME>"), "{text}: {said}");
            let wanted = "such as 15m, at most 3650d, or never";
            // clap has a sentence of its own for an empty value.
            assert!(said.contains(wanted) || text.is_empty() && said.contains("a value is required"), "{text}: {said}");
        }
    }

    #[test]
    fn either_flag_gives_the_secret() {
        for flag in [["--secret", SECRET], ["--parameter", &format!("JwtSecret={SECRET}")]] {
            let token = token(&["carol", flag[0], flag[1]]).unwrap();
            assert_eq!(read(SECRET, &token).user.to_string(), "carol");
        }
        let said = token(&["carol", "--secret", "short"]).unwrap_err();
        assert!(said.contains("JwtSecret must be 32 to 1024 characters"), "{said}");
    }

    #[test]
    fn claims_are_json_or_else_text() {
        let token = token(&[
            "carol",
            "--first-name",
            "Carol",
            "--last-name",
            "Clark",
            "--role",
            "seller",
            "--claim",
            "email=carol@example.com",
            "--claim",
            "level=3",
            "--claim",
            "a=b=c",
        ])
        .unwrap();
        let claims = token.split('.').nth(1).unwrap();
        let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let of = |name: &str| claims[name].clone();
        assert_eq!([of("firstName"), of("lastName"), of("role")], ["Carol", "Clark", "seller"]);
        assert_eq!([of("email"), of("a")], ["carol@example.com", "b=c"]);
        assert_eq!(of("level"), 3);
    }

    #[test]
    fn a_claim_that_a_flag_or_the_user_sets_cannot_be_given() {
        for (claim, problem) in [
            ("exp=1", "the claim exp cannot be given: --expires sets it"),
            ("sub=dave", "the claim sub cannot be given: it is the USER"),
            ("email", "must be NAME=VALUE, such as email=carol@example.com"),
        ] {
            let said = token(&["carol", "--claim", claim]).unwrap_err();
            assert!(said.contains("--claim <NAME=VALUE>") && said.contains(problem), "{said}");
        }
        let twice = token(&["carol", "--name", "Carol", "--claim", "name=Caroline"]).unwrap_err();
        assert_eq!(twice, "the claim name is given twice");
    }

    #[test]
    fn no_token_is_made_for_a_system_that_has_a_public_key_only() {
        let key = format!("JwtPublicKey={}", include_str!("../../../tests/it/keys/ed.pub.pem"));
        let alone = ["carol", "--parameter", &key, "--parameter", "JwtSecret=none"];
        let said = token(&alone).unwrap_err();
        assert!(said.contains("no token can be made") && said.contains("the private key"), "{said}");
        let both = ["carol", "--parameter", &key, "--parameter", &format!("JwtSecret={SECRET}")];
        assert_eq!(read(SECRET, &token(&both).unwrap()).user.to_string(), "carol");
    }
}
