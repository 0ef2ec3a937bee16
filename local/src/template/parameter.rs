//! The declaration of a parameter: its default, and the values that it takes.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::TemplateError;
use super::form::text_of;

/// A parameter as the template declares it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Parameter {
    r#type: ParameterType,
    description: String,
    default: Option<Value>,
    allowed_values: Option<Vec<Value>>,
    allowed_pattern: Option<String>,
    constraint_description: Option<String>,
    min_value: Option<i64>,
    max_value: Option<i64>,
    #[serde(default)]
    no_echo: bool,
}

#[derive(Deserialize)]
enum ParameterType {
    String,
    Number,
}

/// A parameter of a template, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterInfo {
    /// The name.
    pub name: String,
    /// The description of the template.
    pub description: String,
    /// The value that it has unless another is given; `None` if one must be given.
    pub default: Option<String>,
    /// The values that it takes, as a sentence without its subject, such as `must be on or off`; `None` if it takes any.
    pub allowed: Option<String>,
    /// Whether its value is not to be shown.
    pub is_secret: bool,
}

impl Parameter {
    /// The parameter of this name in words.
    pub(super) fn info(self, name: String) -> ParameterInfo {
        let allowed = self.allowed();
        ParameterInfo {
            name,
            allowed,
            description: self.description,
            default: self.default.as_ref().map(text_of),
            is_secret: self.no_echo,
        }
    }

    /// What a value must be: as the template says it, or as the list, the range or the pattern says it.
    fn allowed(&self) -> Option<String> {
        if let Some(description) = &self.constraint_description {
            return Some(description.clone());
        }
        if let Some(values) = &self.allowed_values {
            return Some(format!("must be one of {}", values.iter().map(text_of).collect::<Vec<_>>().join(", ")));
        }
        match (&self.r#type, &self.allowed_pattern) {
            (_, Some(pattern)) => Some(format!("must match {pattern}")),
            (ParameterType::Number, None) => {
                let (least, most) = self.range();
                Some(format!("must be a whole number from {least} to {most}"))
            }
            (ParameterType::String, None) => None,
        }
    }

    fn range(&self) -> (i64, i64) {
        (self.min_value.unwrap_or(i64::MIN), self.max_value.unwrap_or(i64::MAX))
    }

    /// The value of the parameter of this name: the given one, or its default, checked as CloudFormation would.
    pub(super) fn value(&self, name: &str, given: Option<&String>) -> Result<Value, TemplateError> {
        let bad = |problem: String| TemplateError::Parameter { name: name.to_owned(), problem };
        let not_allowed = || bad(self.allowed().unwrap_or_default());
        let text = given.cloned().or_else(|| self.default.as_ref().map(text_of));
        let text = text.ok_or_else(|| bad("has no default and was given no value".to_owned()))?;
        if self.allowed_values.as_ref().is_some_and(|values| !values.iter().any(|value| text_of(value) == text)) {
            return Err(not_allowed());
        }
        if let Some(pattern) = &self.allowed_pattern {
            let regex =
                Regex::new(&format!("^(?:{pattern})$")).map_err(|error| bad(format!("has a bad pattern: {error}")))?;
            if !regex.is_match(&text) {
                return Err(not_allowed());
            }
        }
        match self.r#type {
            ParameterType::String => Ok(Value::from(text)),
            ParameterType::Number => {
                let (least, most) = self.range();
                let number = text.parse::<i64>().ok().filter(|number| (least..=most).contains(number));
                number.map(Value::from).ok_or_else(not_allowed)
            }
        }
    }
}
