//! The properties of `AWS::SecretsManager::Secret`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::template::form::typed;
use crate::template::{Secret, TemplateError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Properties {
    #[serde(rename = "Description")]
    _description: Option<IgnoredAny>,
    secret_string: String,
}

/// Reads a secret.
pub(super) fn read(arn: String, properties: Value, place: &str) -> Result<Secret, TemplateError> {
    // The error of a form may show the value.
    let properties: Result<Properties, _> = typed(properties, place);
    let Properties { secret_string: text, .. } =
        properties.map_err(|_| TemplateError::refused(place, "must have a SecretString, and at most a Description"))?;
    Ok(Secret { arn, text })
}
