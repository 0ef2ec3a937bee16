//! Prints every permission of every role, one on a line, for separate handlers and then for handlers inline with the
//! Admin UI.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use local::template::Template;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut all = BTreeSet::new();
    for (isolation, password) in [("separate", "none"), ("inline", "none"), ("inline", "correct horse battery staple")]
    {
        let parameters = [
            ("HandlerIsolation", isolation),
            ("AdminPassword", password),
            ("JwtSecret", "a secret of 32 characters or more"),
        ];
        let parameters: BTreeMap<String, String> =
            parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        all.extend(world::roles::permissions(&Template::read(local::cloud::TEMPLATE, &parameters)?));
    }
    let mut output = std::io::stdout().lock();
    for permission in all {
        writeln!(output, "{permission}")?;
    }
    Ok(())
}
