//! The environment variable `LOG_LEVEL`: what is logged to the standard error.

use local::watch::log;

/// The levels, from none to all.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The levels at which libraries print far more than the local system itself.
const TALKATIVE_LEVELS: [&str; 3] = ["info", "debug", "trace"];

/// Libraries, by what the names of their modules begin with. They log warnings only, unless `LOG_LEVEL` names them.
/// The same holds for the lines of invocations, as in `info,invocation=info`.
const LIBRARIES: [&str; 5] = ["aws_", "hyper", "h2", "rustls", "invocation"];

/// Begins to log, as `LOG_LEVEL` says.
///
/// # Errors
/// A sentence that says what `LOG_LEVEL` may be.
pub(crate) fn start() -> Result<(), String> {
    let asked = std::env::var("LOG_LEVEL").unwrap_or_default();
    log::start(&directives(&asked)?).map_err(|error| wrong(&asked, &error.to_string()))
}

/// The directives of the filter for a value of `LOG_LEVEL`; the empty one counts as `warn`.
fn directives(asked: &str) -> Result<String, String> {
    let asked = if asked.trim().is_empty() { "warn" } else { asked.trim() };
    let mut directives: Vec<String> = Vec::new();
    let mut is_talkative = false;
    for part in asked.split(',').map(str::trim) {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level).to_ascii_lowercase();
        if !LEVELS.contains(&level.as_str()) {
            return Err(wrong(asked, &format!("{level:?} is not a level")));
        }
        is_talkative |= !part.contains('=') && TALKATIVE_LEVELS.contains(&level.as_str());
        directives.push(part.to_owned());
    }
    if is_talkative {
        let named = |library: &&str| directives.iter().any(|part| part.split('=').next() == Some(*library));
        let quiet: Vec<&str> = LIBRARIES.into_iter().filter(|library| !named(library)).collect();
        directives.extend(quiet.into_iter().map(|library| format!("{library}=warn")));
    }
    Ok(directives.join(","))
}

fn wrong(asked: &str, why: &str) -> String {
    format!(
        "LOG_LEVEL={asked}: {why}; it must be one of {}, or name modules too, as in info,aws_=debug",
        LEVELS.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_log_warnings_only_unless_they_are_named() {
        assert_eq!(directives("").unwrap(), "warn");
        assert_eq!(directives("error").unwrap(), "error");
        assert_eq!(directives("debug").unwrap(), "debug,aws_=warn,hyper=warn,h2=warn,rustls=warn,invocation=warn");
        assert_eq!(
            directives("INFO,hyper=debug").unwrap(),
            "INFO,hyper=debug,aws_=warn,h2=warn,rustls=warn,invocation=warn"
        );
        assert_eq!(directives("relay=debug").unwrap(), "relay=debug");
    }

    #[test]
    fn what_is_no_level_is_refused_with_the_levels() {
        for (asked, why) in [("loud", "\"loud\" is not a level"), ("info,relay=much", "\"much\" is not a level")] {
            let said = directives(asked).unwrap_err();
            assert_eq!(
                said,
                format!(
                    "LOG_LEVEL={asked}: {why}; it must be one of off, error, warn, info, debug, trace, or name \
                     modules too, as in info,aws_=debug"
                )
            );
        }
    }
}
