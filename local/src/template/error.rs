//! Why a template cannot be used.

use thiserror::Error;

/// Why a template cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TemplateError {
    /// The text is not YAML.
    #[error("template.yaml is not YAML: {0}")]
    Yaml(String),
    /// A part of the template is not supported here, or contradicts another part.
    #[error("template.yaml, {place}: {problem}")]
    Refused {
        /// The place: the keys that lead there, with dots.
        place: String,
        /// What is wrong, and what is allowed.
        problem: String,
    },
    /// A value was given for a parameter that does not exist.
    #[error("template.yaml has no parameter {0}")]
    NoSuchParameter(String),
    /// A parameter has no value, or one that is not allowed.
    #[error("the parameter {name} {problem}")]
    Parameter {
        /// The name of the parameter.
        name: String,
        /// What is wrong, without the value, which may be secret.
        problem: String,
    },
    /// An assertion of the `Rules` section is false.
    #[error("the parameters break the rule {name}: {description}")]
    Rule {
        /// The name of the rule.
        name: String,
        /// The description in the template.
        description: String,
    },
}

impl TemplateError {
    pub(super) fn refused(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Refused { place: place.into(), problem: problem.into() }
    }
}
