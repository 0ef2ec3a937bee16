//! Profiles: the users who have been seen, and what is known about them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use relay::clock::Timestamp;
use relay::dynamo::{Changed, Item, UpdateItemInput, number, read, text};

use super::rows::{ClaimsRow, ProfileRow, VERSION};
use super::{Store, keys};
use crate::auth::Identity;
use crate::domain::id::UserId;
use crate::domain::user::{Claims, User};
use crate::error::Error;

impl Store {
    /// Reads a user's profile, if the user has been seen. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        Ok(self.stored_user(id).await?.filter(User::is_known))
    }

    /// Reads a user's profile, also one that says only that tokens were revoked. One read.
    async fn stored_user(&self, id: &UserId) -> Result<Option<User>, Error> {
        let item = self.db.get(&self.tables.users, keys::user(id, keys::PROFILE)).await?;
        item.map(|item| read::<ProfileRow>(item)?.try_into()).transpose()
    }

    /// The profiles of those users who have been seen, in no particular order. One read per hundred.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, Error> {
        let keys = ids.iter().map(|id| keys::user(id, keys::PROFILE)).collect();
        let items = self.db.get_all(&self.tables.users, keys).await?;
        let users = items.into_iter().map(|item| read::<ProfileRow>(item)?.try_into());
        users.filter(|user: &Result<User, Error>| user.as_ref().map_or(true, User::is_known)).collect()
    }

    /// Stores the claims of a token in its user's profile. One read and one write. Does *not* write if the user is
    /// known and the known claims are the newest already.
    ///
    /// # Errors
    /// `Error::Authentication` if the token was revoked, `Error::Internal`.
    pub async fn see(&self, identity: &Identity) -> Result<(), Error> {
        let stored = self.stored_user(&identity.user).await?;
        identity.check_revocation(stored.as_ref().and_then(|user| user.revoked_at))?;
        let known = stored.filter(User::is_known);
        let Some(claims_at) = self.newer_claims(known.as_ref(), identity) else { return Ok(()) };
        let AttributeChange { expression, names, values } = claims_change(&identity.claims, claims_at, &[]);
        let update = UpdateItemInput::builder().table_name(&self.tables.users);
        let update = update
            .set_key(Some(keys::user(&identity.user, keys::PROFILE)))
            .update_expression(expression)
            .condition_expression("attribute_not_exists(claimsAt) OR claimsAt <= :claimsAt")
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values));
        self.db.applied(update).await?;
        Ok(())
    }

    /// Sets the claims of a user, whether the user has been seen or not. A token gives its time of issue in whole
    /// seconds, so the new claims are dated to the beginning of this second: a token of the same second replaces them.
    /// One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn put_user(&self, user: &UserId, claims: &Claims, at: Timestamp) -> Result<User, Error> {
        let AttributeChange { expression, names, values } =
            claims_change(claims, Timestamp::from_millis(at.seconds() * 1_000), &[]);
        let update = UpdateItemInput::builder().table_name(&self.tables.users);
        let update = update
            .set_key(Some(keys::user(user, keys::PROFILE)))
            .update_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values(ReturnValue::AllNew);
        match self.db.update::<ProfileRow>(update).await? {
            Changed::Done(row) | Changed::Refused(row) => row.unwrap_or_default().try_into(),
        }
    }

    /// Revokes the tokens of a user that were issued until now, whether the user has been seen or not. One write. Does
    /// *not* write if those of a later time are revoked already.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn revoke_tokens(&self, user: &UserId, at: Timestamp) -> Result<(), Error> {
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(user, keys::PROFILE)))
            .update_expression("SET revokedAt = :at, v = :v")
            .condition_expression("attribute_not_exists(revokedAt) OR revokedAt < :at")
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":v", number(VERSION));
        self.db.applied(update).await?;
        Ok(())
    }

    /// The date of the token's claims, if they replace the known ones: the newest token wins.
    pub(super) fn newer_claims(&self, known: Option<&User>, identity: &Identity) -> Option<Timestamp> {
        let issued_at = identity.issued_at.unwrap_or_else(|| self.db.clock.now());
        match known {
            Some(known) if known.claims == identity.claims || issued_at < known.claims_at => None,
            _ => Some(issued_at),
        }
    }
}

/// The parts of an UpdateItem.
pub(super) struct AttributeChange {
    pub(super) expression: String,
    pub(super) names: HashMap<String, String>,
    pub(super) values: Item,
}

/// Sets a profile's claims, and further attributes in the same write.
pub(super) fn claims_change(claims: &Claims, claims_at: Timestamp, also: &[(&str, AttributeValue)]) -> AttributeChange {
    let ClaimsRow { name, first_name, last_name, username, email, role, picture } = claims.into();
    let claims = [
        ("name", name.map(text)),
        ("firstName", first_name.map(text)),
        ("lastName", last_name.map(text)),
        ("username", username.map(text)),
        ("email", email.map(text)),
        ("role", role.map(text)),
        ("picture", picture.map(text)),
        ("claimsAt", Some(number(claims_at.millis()))),
        ("v", Some(number(VERSION))),
    ];
    change(claims.into_iter().chain(some(also)))
}

/// Sets attributes.
pub(super) fn set_change(attributes: &[(&str, AttributeValue)]) -> AttributeChange {
    change(some(attributes))
}

fn some<'a>(attributes: &'a [(&str, AttributeValue)]) -> impl Iterator<Item = (&'a str, Option<AttributeValue>)> {
    attributes.iter().map(|(attribute, value)| (*attribute, Some(value.clone())))
}

/// Sets the attributes that have a value and removes the others.
fn change<'a>(attributes: impl Iterator<Item = (&'a str, Option<AttributeValue>)>) -> AttributeChange {
    let (mut set, mut remove) = (Vec::new(), Vec::new());
    let (mut names, mut values) = (HashMap::new(), HashMap::new());
    for (attribute, value) in attributes {
        names.insert(format!("#{attribute}"), attribute.to_owned());
        match value {
            Some(value) => {
                set.push(format!("#{attribute} = :{attribute}"));
                values.insert(format!(":{attribute}"), value);
            }
            None => remove.push(format!("#{attribute}")),
        }
    }
    let removal = if remove.is_empty() { String::new() } else { format!(" REMOVE {}", remove.join(", ")) };
    AttributeChange { expression: format!("SET {}{removal}", set.join(", ")), names, values }
}
