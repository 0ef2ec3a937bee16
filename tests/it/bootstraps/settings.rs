//! Functions that lack a setting.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use chat::Chat;
use local::cloud::{BootError, Options, PocketCloud};
use local::code::of_chat;
use local::template::Template;
use relay::clock::{Clock, Timestamp};

/// What Lambda sets, and a function cannot do without.
const OF_LAMBDA: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "us-east-1")];

/// Why the system cannot start in one process with this template; `None` if it can.
async fn refusal(template: Template) -> Option<String> {
    let clock = Clock::manual(Timestamp::from_millis(1_767_323_045_006));
    let options = Options::<Chat>::in_memory("http://127.0.0.1:3000".to_owned(), clock, of_chat);
    match PocketCloud::boot_from(template, options).await.err()? {
        BootError::Config { error, .. } => Some(error.to_string()),
        other => panic!("{other}"),
    }
}

/// What a bootstrap with this environment writes, which must end at once.
fn said(program: &Path, environment: &BTreeMap<String, String>) -> String {
    // Nothing listens there: a function that lacks nothing ends, too, and says so.
    let api = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1");
    let output = Command::new(program).env_clear().envs(environment).envs([api]).output().unwrap();
    assert!(!output.status.success(), "{}", program.display());
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[tokio::test]
#[ignore = "needs bootstraps in the folder that PARLANCE_BOOTSTRAPS names"]
async fn a_function_that_lacks_a_setting_ends_with_one_line_that_names_it() {
    let folder = std::env::var("PARLANCE_BOOTSTRAPS").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(folder);
    let parameters = crate::hook::WEBHOOKS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let parameters = parameters.into_iter().chain([("JwtSecret".to_owned(), "x".repeat(32))]).collect();
    let template = local::cloud::template(&parameters).unwrap();
    let mut needed: BTreeMap<&str, usize> = BTreeMap::new();
    for (package, function) in &template.functions {
        let program = [folder.join(package).join("bootstrap"), folder.join(package)];
        let program = program.iter().find(|path| path.is_file()).unwrap();
        let mut environment = function.environment.clone();
        environment.extend(OF_LAMBDA.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for name in function.environment.keys() {
            // A setting that has a default, or that the function has no use for, is none that it lacks.
            let mut without = template.clone();
            without.functions.get_mut(package).unwrap().environment.remove(name);
            let Some(expected) = refusal(without).await else { continue };
            assert!(expected.contains(name.as_str()), "{expected}");
            let mut without = environment.clone();
            without.remove(name);
            assert_eq!(said(program, &without), format!("Error: {expected}\n"), "{package}");
            *needed.entry(name).or_default() += 1;
        }
        for (name, _) in OF_LAMBDA {
            let mut without = environment.clone();
            without.remove(name);
            let expected = format!("Error: the setting {name} is missing: Lambda sets it\n");
            assert_eq!(said(program, &without), expected, "{package}");
        }
    }
    // Every function needs the table of connections and an endpoint to post to.
    for name in ["CONNECTIONS_TABLE", "CONNECTIONS_ENDPOINT", "JWT_SECRET_ARN", "WEBHOOK_SECRET_ARN"] {
        assert!(needed.contains_key(name), "{needed:?}");
    }
    assert_eq!(needed["CONNECTIONS_TABLE"], template.functions.len(), "{needed:?}");
}
