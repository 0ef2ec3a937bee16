//! The outcome of verifying the token in a handshake's `Authorization` header, as the relay keeps it with the
//! connection.

use relay::clock::Timestamp;
use relay::id::UserId;
use serde_json::Value;

use super::rows::HeaderRow;
use crate::auth::Identity;
use crate::error::Refusal;

/// The stored form of an outcome. It does not contain the token.
#[must_use]
pub fn header_value(verified: &Result<Identity, Refusal>) -> Option<Value> {
    let row = match verified {
        Ok(Identity { user, claims, issued_at, expires_at }) => HeaderRow::Verified {
            user_id: user.to_string(),
            claims: claims.into(),
            issued_at: issued_at.map(Timestamp::millis),
            expires_at: expires_at.map(Timestamp::millis),
        },
        Err(refusal) => HeaderRow::Refused(refusal.reason().to_owned()),
    };
    serde_json::to_value(row).ok()
}

/// The outcome with this stored form. What cannot be read is an invalid token.
///
/// # Errors
/// The [`Refusal`] of the token.
pub fn verified_header(value: &Value) -> Result<Identity, Refusal> {
    match serde_json::from_value(value.clone()).map_err(|_| Refusal::InvalidToken)? {
        HeaderRow::Verified { user_id, claims, issued_at, expires_at } => Ok(Identity {
            user: UserId::parse(&user_id).map_err(|_| Refusal::InvalidToken)?,
            claims: claims.into(),
            issued_at: issued_at.map(Timestamp::from_millis),
            expires_at: expires_at.map(Timestamp::from_millis),
        }),
        HeaderRow::Refused(reason) => Err(Refusal::of_reason(&reason).unwrap_or(Refusal::InvalidToken)),
    }
}
