//! The properties of `AWS::S3::Bucket` and `AWS::S3::BucketPolicy`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::template::form::typed;
use crate::template::{Bucket, CorsRule, Expiration, TemplateError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Properties {
    lifecycle_configuration: Option<Lifecycle>,
    cors_configuration: Option<Cors>,
    // Nobody else reaches the files here, and their encryption is that of the disk.
    #[serde(rename = "PublicAccessBlockConfiguration")]
    _public_access: Option<IgnoredAny>,
    #[serde(rename = "OwnershipControls")]
    _ownership: Option<IgnoredAny>,
    #[serde(rename = "BucketEncryption")]
    _encryption: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Lifecycle {
    rules: Vec<LifecycleRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct LifecycleRule {
    #[serde(rename = "Id")]
    _id: String,
    status: Status,
    prefix: Option<String>,
    expiration_in_days: Option<u32>,
    // Uploads in parts are not used.
    #[serde(rename = "AbortIncompleteMultipartUpload")]
    _abort: Option<IgnoredAny>,
}

#[derive(Deserialize, PartialEq)]
enum Status {
    Enabled,
    Disabled,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Cors {
    cors_rules: Vec<CorsProperties>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct CorsProperties {
    allowed_methods: Vec<String>,
    allowed_origins: Vec<String>,
    #[serde(default)]
    allowed_headers: Vec<String>,
    #[serde(default)]
    exposed_headers: Vec<String>,
    #[serde(rename = "MaxAge")]
    _max_age: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PolicyProperties {
    #[serde(rename = "Bucket")]
    _bucket: String,
    policy_document: PolicyDocument,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PolicyDocument {
    #[serde(rename = "Version")]
    _version: String,
    statement: Vec<PolicyStatement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PolicyStatement {
    sid: String,
    #[serde(rename = "Effect")]
    _effect: Deny,
    #[serde(rename = "Principal")]
    _principal: IgnoredAny,
    #[serde(rename = "Action")]
    _action: IgnoredAny,
    #[serde(rename = "Resource")]
    _resource: IgnoredAny,
    condition: Value,
}

#[derive(Deserialize)]
enum Deny {
    Deny,
}

/// Reads a bucket with its rules. A rule that is switched off is left out.
pub(super) fn read(name: &str, properties: Value, place: &str) -> Result<Bucket, TemplateError> {
    let properties: Properties = typed(properties, place)?;
    let rules = properties.lifecycle_configuration.map_or_else(Vec::new, |lifecycle| lifecycle.rules);
    let expiration = |rule: LifecycleRule| {
        let days = rule.expiration_in_days.filter(|_| rule.status == Status::Enabled)?;
        Some(Expiration { prefix: rule.prefix.unwrap_or_default(), days })
    };
    let mut cors = properties.cors_configuration.map_or_else(Vec::new, |cors| cors.cors_rules).into_iter();
    let rule = cors.next().map(|rule| CorsRule {
        origins: rule.allowed_origins,
        methods: rule.allowed_methods,
        headers: rule.allowed_headers,
        exposed: rule.exposed_headers,
    });
    if cors.next().is_some() {
        return Err(TemplateError::refused(format!("{place}.CorsConfiguration"), "only one rule is understood"));
    }
    Ok(Bucket { name: name.to_owned(), expirations: rules.into_iter().filter_map(expiration).collect(), cors: rule })
}

/// Checks a bucket policy. The only supported policy refuses connections that are not encrypted, and in this process
/// there are none.
pub(super) fn check_policy(properties: Value, place: &str) -> Result<(), TemplateError> {
    let properties: PolicyProperties = typed(properties, place)?;
    let unencrypted = serde_json::json!({"Bool": {"aws:SecureTransport": "false"}});
    match properties.policy_document.statement.iter().find(|statement| statement.condition != unencrypted) {
        None => Ok(()),
        Some(other) => Err(TemplateError::refused(
            format!("{place}.PolicyDocument, {}", other.sid),
            "only a statement that denies what is not encrypted is understood",
        )),
    }
}
