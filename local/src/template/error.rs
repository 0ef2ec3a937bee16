//! Why a template cannot be booted.

use thiserror::Error;

/// Why a template cannot be booted.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TemplateError {
    /// It is not YAML.
    #[error("template.yaml is not YAML: {0}")]
    Yaml(String),
    /// Something in it is not understood here, or contradicts itself.
    #[error("template.yaml, {place}: {problem}")]
    Refused {
        /// Where: the keys that lead there, with dots.
        place: String,
        /// What is wrong, and what is allowed.
        problem: String,
    },
    /// A value was given for a parameter, and there is no such parameter.
    #[error("template.yaml has no parameter {0}")]
    NoSuchParameter(String),
    /// A parameter has no value, or one it may not have.
    #[error("the parameter {name} {problem}")]
    Parameter {
        /// Which.
        name: String,
        /// What is wrong, without the value, which may be secret.
        problem: String,
    },
    /// An assertion of the `Rules` section is false.
    #[error("the parameters break the rule {name}: {description}")]
    Rule {
        /// Which.
        name: String,
        /// What the template says about it.
        description: String,
    },
}

impl TemplateError {
    pub(super) fn refused(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Refused { place: place.into(), problem: problem.into() }
    }
}
