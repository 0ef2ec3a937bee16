//! Prints every permission of every role, one on a line: of separate handlers, and of inline ones with everything that
//! parameters switch on.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use local::template::Template;

const SECRET: (&str, &str) = ("JwtSecret", "a secret of 32 characters or more");

/// The parameters that add permissions.
const EVERYTHING: [(&str, &str); 6] = [
    ("HandlerIsolation", "inline"),
    ("AdminPassword", "correct horse battery staple"),
    ("WebhookUrl", "https://example.com/hook"),
    ("WebhookSecret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ("EventBus", "default"),
    ("PushTopic", "create"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut all = BTreeSet::new();
    for parameters in [&[("HandlerIsolation", "separate")][..], &EVERYTHING] {
        let parameters = parameters.iter().copied().chain([SECRET]);
        let parameters: BTreeMap<String, String> =
            parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        all.extend(world::roles::permissions(&Template::read(local::cloud::TEMPLATE, &parameters)?));
    }
    let mut output = std::io::stdout().lock();
    for permission in all {
        writeln!(output, "{permission}")?;
    }
    Ok(())
}
