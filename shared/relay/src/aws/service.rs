//! The AWS services that Parlance calls with its own requests, and their endpoints.

use aws_runtime::auth::SigningOptions;
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    EventBridge,
    Lambda,
    S3,
    SecretsManager,
    Sns,
    Sqs,
}

impl Service {
    /// The name in configurations and in errors.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::EventBridge => "EventBridge",
            Self::Lambda => "Lambda",
            Self::S3 => "S3",
            Self::SecretsManager => "Secrets Manager",
            Self::Sns => "SNS",
            Self::Sqs => "SQS",
        }
    }

    /// The name in signatures and in addresses.
    pub(super) const fn signing_name(self) -> &'static str {
        match self {
            Self::EventBridge => "events",
            Self::Lambda => "lambda",
            Self::S3 => "s3",
            Self::SecretsManager => "secretsmanager",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
        }
    }

    /// S3 differs from the other services in three ways: it signs the path as it is sent, without encoding it a second
    /// time and without removing dots, and it wants the digest of the body as a header.
    pub(super) fn signing_options(self) -> SigningOptions {
        let mut options = SigningOptions::default();
        options.double_uri_encode = self != Self::S3;
        options.normalize_uri_path = self != Self::S3;
        options.content_sha256_header = self == Self::S3;
        options
    }
}

/// The endpoint that is configured in place of a service's own: for the service, or for all services.
pub(super) fn configured_endpoint(aws: &SdkConfig, service: Service) -> Option<String> {
    let general = aws.endpoint_url().map(str::to_owned);
    if aws.get_origin("endpoint_url").is_client_config() {
        return general;
    }
    let key = ServiceConfigKey::builder()
        .service_id(service.id())
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    aws.service_config().and_then(|config| config.load_config(key)).or(general)
}

/// The endpoint of a service in the region of this configuration.
pub(super) fn regional_endpoint(aws: &SdkConfig, service: Service) -> String {
    let region = aws.region().map_or("us-east-1", AsRef::as_ref);
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{}.{region}.{domain}", service.signing_name())
}

/// The endpoint of a bucket, as the SDK has it: the bucket's name is part of the host, unless the host is an address or
/// the name has a dot, which no certificate covers.
pub(super) fn bucket_endpoint(endpoint: &str, bucket: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    let (scheme, host) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let name = host.split('/').next().unwrap_or_default();
    let is_address =
        name.starts_with('[') || name.split(':').next().is_some_and(|name| name.parse::<std::net::Ipv4Addr>().is_ok());
    if is_address || bucket.contains('.') {
        format!("{endpoint}/{bucket}")
    } else {
        format!("{scheme}://{bucket}.{host}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buckets_name_is_part_of_the_host_unless_that_is_impossible() {
        for (endpoint, bucket, expected) in [
            ("https://s3.eu-west-1.amazonaws.com", "media", "https://media.s3.eu-west-1.amazonaws.com"),
            ("https://s3.eu-west-1.amazonaws.com", "a.b", "https://s3.eu-west-1.amazonaws.com/a.b"),
            ("http://127.0.0.1:3000/", "media", "http://127.0.0.1:3000/media"),
            ("http://[::1]:3000", "media", "http://[::1]:3000/media"),
            ("http://localhost:3000", "media", "http://media.localhost:3000"),
        ] {
            assert_eq!(bucket_endpoint(endpoint, bucket), expected);
        }
    }
}
