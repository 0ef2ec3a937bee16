//! The parameters of template.yaml: the list, and errors that say what is allowed.

use std::collections::BTreeMap;

use local::cloud::{self, TEMPLATE};
use local::template::{ParameterInfo, Template, TemplateError};

use super::Failure;
use super::output::print;

/// How similar a name must be to be suggested, from 0 to 1.
const SIMILAR: f64 = 0.7;

/// Prints all parameters with defaults and descriptions.
///
/// # Errors
/// If they cannot be printed.
pub(crate) fn run() -> Result<(), Failure> {
    let described = Template::parameters(TEMPLATE)?.into_iter().flat_map(|parameter| {
        let ParameterInfo { name, description, default, allowed, is_secret: _ } = parameter;
        let allowed = allowed.map(|allowed| format!("    It {allowed}."));
        [Some(format!("{name}={}", default.unwrap_or_default())), Some(format!("    {description}")), allowed]
    });
    print(described.flatten())
}

/// The template with these parameters.
///
/// # Errors
/// For a name that is none, with the names that there are; for a value that is not allowed, with what is.
pub(crate) fn template(parameters: &BTreeMap<String, String>) -> Result<Template, Failure> {
    let known = Template::parameters(TEMPLATE)?;
    for name in parameters.keys() {
        // Pseudo parameters, such as `AWS::Region`, are not declared.
        if !name.starts_with("AWS::") && !known.iter().any(|parameter| parameter.name == *name) {
            return Err(no_such(name, &known).into());
        }
    }
    cloud::template(parameters).map_err(|error| match error {
        TemplateError::Parameter { name, problem } => {
            let default =
                known.iter().find(|parameter| parameter.name == name).and_then(|info| info.default.as_deref());
            let default = default.filter(|default| !default.is_empty()).map(|default| format!(" (default: {default})"));
            format!("--parameter: {name} {problem}{}", default.unwrap_or_default()).into()
        }
        TemplateError::Rule { description, .. } => format!("--parameter: {description}").into(),
        other => other.into(),
    })
}

fn no_such(name: &str, known: &[ParameterInfo]) -> String {
    let similarity = |parameter: &ParameterInfo| {
        let lowercase = |name: &str| name.to_ascii_lowercase();
        strsim::jaro_winkler(&lowercase(name), &lowercase(&parameter.name))
    };
    let similar = known.iter().map(|parameter| (similarity(parameter), parameter.name.as_str()));
    let similar = similar.filter(|(similarity, _)| *similarity >= SIMILAR).max_by(|(a, _), (b, _)| a.total_cmp(b));
    let meant = similar.map_or_else(|| ".".to_owned(), |(_, name)| format!("; did you mean {name}?"));
    let list = known
        .iter()
        .map(|parameter| format!("\n  {}={}", parameter.name, parameter.default.as_deref().unwrap_or_default()));
    format!(
        "--parameter: there is no parameter {name}{meant} These are all, with their defaults (`parlance parameters` \
         describes them):{}",
        list.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, value: &str) -> String {
        template(&BTreeMap::from([(name.to_owned(), value.to_owned())])).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_name_lists_all_with_their_defaults() {
        let said = refused("pinginterval", "1");
        assert!(said.starts_with("--parameter: there is no parameter pinginterval; did you mean PingIntervalMinutes?"));
        for parameter in Template::parameters(TEMPLATE).unwrap() {
            assert!(said.contains(&format!("\n  {}={}", parameter.name, parameter.default.unwrap())), "{said}");
        }
        let nothing = refused("qqqqq", "1");
        assert!(nothing.starts_with("--parameter: there is no parameter qqqqq. These are all"), "{nothing}");
    }

    #[test]
    fn a_value_that_is_not_allowed_is_told_in_words() {
        let told = [
            ("PingIntervalMinutes", "9", "must be a whole number from 1 to 8 (default: 5)"),
            (
                "DefaultDialect",
                "french",
                "must be one of recruiting, marketplace, messenger, workspace, classroom (default: recruiting)",
            ),
            ("EventsPerSecond", "many", "must be empty or a whole number from 1 to 999999"),
            (
                "ConcurrencyPerFunction",
                "62",
                "must be 0 to 57; more does not fit into an account's default quota of 1,000 (default: 0)",
            ),
            ("JwtSecret", "short", "must be 32 to 1024 characters, or none if tokens are verified with a public key"),
        ];
        for (name, value, words) in told {
            assert_eq!(refused(name, value), format!("--parameter: {name} {words}"));
        }
        assert_eq!(
            refused("JwtSecret", "none"),
            "--parameter: one of JwtSecret, JwtSecretArn, JwtPublicKey and JwtKeysUrl is needed to verify tokens"
        );
    }

    #[test]
    fn no_parameter_tells_a_pattern_where_words_are_needed() {
        for parameter in Template::parameters(TEMPLATE).unwrap() {
            let allowed = parameter.allowed.unwrap_or_default();
            assert!(!allowed.contains("must match"), "{} needs a ConstraintDescription: {allowed}", parameter.name);
        }
    }
}
