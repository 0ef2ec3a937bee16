//! The edge in front of both APIs (docs/deploy.md, "With the edge"). It proves itself with a secret in a header, so that
//! nobody reaches the APIs past it, and past the firewall that stands there.
//!
//! A function knows only the digest of the secret.

use http::HeaderMap;
use sha2::{Digest as _, Sha256};

/// The header in which the edge sends its secret.
pub const HEADER: &str = "x-parlance-edge";

/// The header with the addresses through which a request came. Everyone adds the one that it was reached from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// How many secrets may be valid at the same time: the present one, and the one before or after it.
const SECRETS_MAX: usize = 2;

/// The edge through which requests must come, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// The SHA-256 of each valid secret. If there are none, requests may come from anywhere.
    digests: Vec<[u8; 32]>,
}

impl Edge {
    /// Reads the SHA-256 of each valid secret, in hexadecimal and separated by commas; at most two. `None` if the text is
    /// not of that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let digests = entries.map(digest).collect::<Option<Vec<_>>>()?;
        (digests.len() <= SECRETS_MAX).then_some(Self { digests })
    }

    /// Whether a request with these headers may be handled: there is no edge, or the request has its secret.
    #[must_use]
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        self.admits_secret(headers.get(HEADER).map(http::HeaderValue::as_bytes))
    }

    /// Like [`Edge::admits`], for the value of [`HEADER`] alone.
    #[must_use]
    pub fn admits_secret(&self, secret: Option<&[u8]>) -> bool {
        // The digests are compared, not the secrets: the time of a comparison tells nothing about a secret.
        let given = secret.map(|secret| <[u8; 32]>::from(Sha256::digest(secret)));
        self.digests.is_empty() || given.is_some_and(|given| self.digests.contains(&given))
    }

    /// The address of the client. `peer` is the address from which API Gateway was reached. With an edge that is the
    /// edge's, and the client's stands before it in the header.
    #[must_use]
    pub fn client_address(&self, headers: &HeaderMap, peer: &str) -> String {
        let forwarded = headers.get(FORWARDED_FOR).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let from_last = if self.digests.is_empty() { None } else { forwarded.rsplit(',').nth(1) };
        from_last.map_or(peer, str::trim).to_owned()
    }
}

/// Reads 32 bytes from hexadecimal.
fn digest(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of `secret` and of `other`.
    const DIGESTS: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b, \
                           d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_the_secrets_are_admitted_if_there_are_any() {
        let edge = Edge::parse(DIGESTS).unwrap();
        let admitted = |value| edge.admits(&headers(&[(HEADER, value)]));
        assert_eq!(["secret", "other", "Secret", ""].map(admitted), [true, true, false, false]);
        assert!(!edge.admits(&HeaderMap::new()));
        assert!(Edge::parse("").unwrap().admits(&HeaderMap::new()));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let digest = "0".repeat(64);
        for text in ["secret", &"0".repeat(63), &format!("{digest}0"), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Edge::parse(text), None, "{text}");
        }
        assert!(Edge::parse(&[&*digest; 2].join(",")).is_some());
        assert_eq!(Edge::parse(&[&*digest; 3].join(",")), None, "three secrets");
    }

    #[test]
    fn the_clients_address_is_the_one_before_the_edges() {
        let through = headers(&[(FORWARDED_FOR, "6.6.6.6, 1.2.3.4, 9.9.9.9")]);
        assert_eq!(Edge::parse(DIGESTS).unwrap().client_address(&through, "9.9.9.9"), "1.2.3.4");
        assert_eq!(Edge::default().client_address(&through, "9.9.9.9"), "9.9.9.9");
        assert_eq!(Edge::parse(DIGESTS).unwrap().client_address(&HeaderMap::new(), "9.9.9.9"), "9.9.9.9");
    }
}
