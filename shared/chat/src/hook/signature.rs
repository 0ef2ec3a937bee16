//! Signatures of webhooks, by the scheme of Standard Webhooks (docs/hooks.md, "Signatures").

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, Mac as _};
use relay::clock::Timestamp;
use sha2::Sha256;

/// How a secret begins.
const PREFIX: &str = "whsec_";

/// The fewest and the most bytes of a secret, as Standard Webhooks recommends.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The most secrets that sign at once: the present one, and the one before it while receivers change.
const SECRETS_MAX: usize = 2;

/// The secrets with which webhooks are signed.
#[derive(Clone)]
pub struct WebhookSecrets(Vec<Vec<u8>>);

impl WebhookSecrets {
    /// Parses one secret, or two that are separated by a comma. Each is `whsec_` and the Base64 of 24 to 64 bytes.
    /// `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let secret = |text: &str| {
            let encoded = text.trim().strip_prefix(PREFIX)?;
            let bytes = STANDARD.decode(encoded).or_else(|_| STANDARD_NO_PAD.decode(encoded)).ok()?;
            SECRET_BYTES.contains(&bytes.len()).then_some(bytes)
        };
        let secrets: Vec<Vec<u8>> = text.split(',').map(secret).collect::<Option<_>>()?;
        (secrets.len() <= SECRETS_MAX).then_some(Self(secrets))
    }

    /// The value of `webhook-signature` for a webhook that is sent at this time: one signature for each secret,
    /// separated by spaces.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        let signed = format!("{id}.{}.{body}", at.seconds());
        let signature = |secret: &Vec<u8>| {
            // HMAC takes keys of any length.
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
            mac.update(signed.as_bytes());
            Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        };
        self.0.iter().filter_map(signature).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecrets")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// The example of the specification's reference libraries.
    #[test]
    fn a_signature_is_that_of_the_reference_libraries() {
        let secrets = WebhookSecrets::parse(SECRET).unwrap();
        let at = Timestamp::from_millis(1_614_265_330_000);
        let signed = secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(!format!("{secrets:?}").contains("MfKQ"));
    }

    #[test]
    fn two_secrets_sign_at_once_and_malformed_ones_are_refused() {
        let two = WebhookSecrets::parse(&format!("{SECRET}, whsec_{}", STANDARD.encode([7; 32]))).unwrap();
        assert_eq!(two.sign("id", Timestamp::default(), "{}").split(' ').count(), 2);
        for bad in
            ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_short", "whsec_????", &format!("{SECRET},")]
        {
            assert!(WebhookSecrets::parse(bad).is_none(), "{bad}");
        }
        assert!(WebhookSecrets::parse(&format!("{SECRET},{SECRET},{SECRET}")).is_none());
    }
}
