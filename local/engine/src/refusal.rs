//! Refusals: the errors with which requests are answered.

use std::sync::Arc;

use crate::value::Item;

/// The error with which a request is answered. A request that is refused changes nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The request is not valid. The value says why.
    #[error("{0}")]
    Validation(String),
    /// The body of the request does not have the form of DynamoDB's JSON protocol. The value says why.
    #[error("{0}")]
    Serialization(String),
    /// The table does not exist.
    #[error("Requested resource not found")]
    ResourceNotFound,
    /// The condition of a PutItem, UpdateItem or DeleteItem did not hold.
    #[error("The conditional request failed")]
    ConditionalCheckFailed {
        /// The item that is there, if the request asked for it and there is one.
        item: Option<Arc<Item>>,
        /// The write units that DynamoDB charges.
        write_units: f64,
    },
    /// At least one part of a transaction failed, so that nothing is written.
    #[error("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes(.reasons))]
    TransactionCanceled {
        /// A reason for each part of the transaction, in their order.
        reasons: Vec<Reason>,
        /// The write units that DynamoDB charges.
        write_units: f64,
    },
    /// The token of the transaction was used for another transaction.
    #[error("An error occurred (IdempotentParameterMismatchException)")]
    IdempotentParameterMismatch,
    /// The engine does not have this operation.
    #[error("the local tables do not have the operation {0}")]
    UnsupportedOperation(String),
    /// The log file cannot be written. Nothing is changed.
    #[error("{0}")]
    Internal(String),
}

/// Why a part of a canceled transaction failed, or that it did not.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The part did not fail.
    None,
    /// The condition of the part did not hold. The value is the item that is there, if there is one and the part asked
    /// for it.
    ConditionalCheckFailed(Option<Arc<Item>>),
    /// The part is not valid. The value says why.
    ValidationError(String),
}

impl Reason {
    /// DynamoDB's code for the reason, such as `ConditionalCheckFailed`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::ConditionalCheckFailed(_) => "ConditionalCheckFailed",
            Self::ValidationError(_) => "ValidationError",
        }
    }

    /// DynamoDB's message for the reason. `None` if the part did not fail.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::ConditionalCheckFailed(_) => Some("The conditional request failed"),
            Self::ValidationError(message) => Some(message),
        }
    }

    /// The item that is there, if the part asked for it.
    #[must_use]
    pub fn item(&self) -> Option<&Arc<Item>> {
        match self {
            Self::ConditionalCheckFailed(item) => item.as_ref(),
            Self::None | Self::ValidationError(_) => None,
        }
    }
}

fn codes(reasons: &[Reason]) -> String {
    reasons.iter().map(Reason::code).collect::<Vec<_>>().join(", ")
}

impl Refusal {
    /// The status of the HTTP answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Internal(_) => 500,
            Self::UnsupportedOperation(_) => 501,
            _ => 400,
        }
    }

    /// The name of DynamoDB's exception, without its namespace.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Validation(_) => "ValidationException",
            Self::Serialization(_) => "SerializationException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::ConditionalCheckFailed { .. } => "ConditionalCheckFailedException",
            Self::TransactionCanceled { .. } => "TransactionCanceledException",
            Self::IdempotentParameterMismatch => "IdempotentParameterMismatchException",
            Self::UnsupportedOperation(_) => "UnsupportedOperation",
            Self::Internal(_) => "InternalServerError",
        }
    }

    /// The write units that DynamoDB charges for the refused request.
    #[must_use]
    pub fn write_units(&self) -> f64 {
        match self {
            Self::ConditionalCheckFailed { write_units, .. } | Self::TransactionCanceled { write_units, .. } => {
                *write_units
            }
            _ => 0.0,
        }
    }
}

/// Why one write is refused. Alone it becomes a [`Refusal`]; in a transaction it may become a [`Reason`].
#[derive(Debug)]
pub(crate) enum Fault {
    /// The write is not valid. In a transaction this is a reason.
    Invalid(String),
    /// A key is empty. In a transaction this refuses the whole request.
    EmptyKey(String),
    /// The condition did not hold. The item is the one that is there, if the request asked for it.
    Condition { item: Option<Arc<Item>>, write_units: f64 },
    /// Something else, which refuses the whole request.
    Other(Refusal),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Invalid(message) | Fault::EmptyKey(message) => Self::Validation(message),
            Fault::Condition { item, write_units } => Self::ConditionalCheckFailed { item, write_units },
            Fault::Other(refusal) => refusal,
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal)
    }
}

/// The refusal of a request that is not valid, with this message.
pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::Validation(message.into())
}
