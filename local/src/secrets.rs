//! The secrets of Secrets Manager: those that the template makes, and those that somebody makes afterwards.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::template::Template;
use crate::token::revealed;

/// Why a secret is not read, as Secrets Manager words it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretDenied {
    /// The role does not allow it.
    #[error("{0}")]
    Role(String),
    /// There is no such secret.
    #[error("Secrets Manager can't find the specified secret.")]
    NotFound,
}

impl SecretDenied {
    /// The name of the exception.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Role(_) => "AccessDeniedException",
            Self::NotFound => "ResourceNotFoundException",
        }
    }
}

/// The secrets, by ARN.
#[derive(Default)]
pub struct SecretStorage(Mutex<BTreeMap<String, String>>);

impl std::fmt::Debug for SecretStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretStorage")
    }
}

impl SecretStorage {
    /// The secrets that a template makes. Where it has the placeholder of the development secret, they have that.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        let text = |text: &str| text.split('\n').map(revealed).collect::<Vec<_>>().join("\n");
        let made = template.secrets.values().map(|secret| (secret.arn.clone(), text(&secret.text)));
        Self(Mutex::new(made.collect()))
    }

    /// The text of a secret.
    #[must_use]
    pub fn text(&self, arn: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(arn).cloned()
    }

    /// Makes a secret, or gives it another text.
    pub fn put(&self, arn: &str, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned(), text.to_owned());
    }

    /// Removes a secret.
    pub fn remove(&self, arn: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(arn);
    }
}
