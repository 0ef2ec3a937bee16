//! The root certificates that AWS is trusted by.
//!
//! The endpoints of AWS's commercial regions and of GovCloud have certificates under the five roots of Amazon Trust
//! Services, which are in `amazon.pem`. The certificates of the machine are hundreds of files, and reading them takes
//! longer than everything else that a function does before its first event.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

/// How long it may take to open a connection to an address outside of AWS.
const OUTSIDE_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The beginnings of the names of regions whose endpoints have certificates of Amazon Trust Services.
const AREAS: [&str; 9] = ["af-", "ap-", "ca-", "eu-", "il-", "me-", "mx-", "sa-", "us-"];
/// What the names of isolated regions contain, which have roots of their own.
const ISOLATED: &str = "-iso";

/// The roots of Amazon Trust Services.
const AMAZON: &[u8] = include_bytes!("amazon.pem");

/// Which certificates are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Roots {
    /// Those of Amazon Trust Services.
    Amazon,
    /// Those of the machine.
    Machine,
}

/// The certificates for the endpoints of a region. `SSL_CERT_FILE` or `SSL_CERT_DIR`, for a network with a proxy that
/// has a root of its own, goes before everything else.
fn roots(region: &str, is_set: impl Fn(&str) -> bool) -> Roots {
    let is_configured = is_set("SSL_CERT_FILE") || is_set("SSL_CERT_DIR");
    let is_known = AREAS.iter().any(|area| region.starts_with(area)) && !region.contains(ISOLATED);
    if is_known && !is_configured { Roots::Amazon } else { Roots::Machine }
}

/// How a function recognizes the endpoints of its region.
///
/// # Errors
/// Never, as far as is known: the HTTP client promises less.
pub(super) fn tls(region: &str) -> Result<TlsContext, Box<dyn std::error::Error + Send + Sync>> {
    let store = match roots(region, |name| std::env::var_os(name).is_some()) {
        Roots::Amazon => TrustStore::empty().with_pem_certificate(AMAZON),
        Roots::Machine => TrustStore::default(),
    };
    Ok(TlsContext::builder().with_trust_store(store).build()?)
}

/// A connector for addresses outside of AWS, which may have any certificate that this machine trusts.
pub(super) fn outside() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(OUTSIDE_CONNECT_TIMEOUT).build();
    let connector = Connector::builder().connector_settings(settings);
    SharedHttpConnector::new(connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build())
}

#[cfg(test)]
mod tests {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

    use super::*;

    #[test]
    fn amazons_roots_are_for_the_regions_that_use_them() {
        for (region, expected) in [
            ("eu-central-1", Roots::Amazon),
            ("us-east-1", Roots::Amazon),
            ("us-gov-west-1", Roots::Amazon),
            ("us-iso-east-1", Roots::Machine),
            ("us-isob-east-1", Roots::Machine),
            ("eu-isoe-west-1", Roots::Machine),
            ("eusc-de-east-1", Roots::Machine),
            ("cn-north-1", Roots::Machine),
            ("", Roots::Machine),
        ] {
            assert_eq!(roots(region, |_| false), expected, "{region}");
            assert_eq!(roots(region, |name| name == "SSL_CERT_FILE"), Roots::Machine, "{region}");
        }
    }

    /// The HTTP client reads the certificates when it opens its first connection, and panics if it cannot.
    #[tokio::test]
    async fn the_http_client_can_read_amazons_roots() {
        assert_eq!(AMAZON.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"-----BEGIN")).count(), 5);
        let tls = tls("eu-central-1").unwrap();
        let provider = Provider::Rustls(CryptoMode::Ring);
        let connector = aws_smithy_http_client::Connector::builder().tls_provider(provider).tls_context(tls).build();
        assert!(format!("{connector:?}").contains("Connector"));
    }
}
