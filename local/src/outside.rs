//! The network outside of AWS, as functions in this process reach it.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

/// How long it may take to open a connection, as for deployed functions.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connector for addresses with any certificate that this machine trusts, and for those without one.
pub(crate) fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
    let connector = Connector::builder().connector_settings(settings);
    SharedHttpConnector::new(connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build())
}
