//! Rows as the streams of the tables hand them over.

use std::collections::HashMap;

use relay::dynamo::{Item, read};
use serde_json::Value;

use super::Store;
use super::rows::{ChatRow, ProfileRow};
use crate::domain::chat::Chat;
use crate::domain::user::User;
use crate::error::Error;

impl Store {
    /// A chat, from an image of its row in DynamoDB's JSON.
    ///
    /// # Errors
    /// `Error::Internal` if it is no image of a chat's row.
    pub fn chat_of_image(&self, image: &Value) -> Result<Chat, Error> {
        read::<ChatRow>(item(image)?)?.try_into()
    }

    /// A user, from an image of their profile in DynamoDB's JSON.
    ///
    /// # Errors
    /// `Error::Internal` if it is no image of a profile.
    pub fn user_of_image(&self, image: &Value) -> Result<User, Error> {
        read::<ProfileRow>(item(image)?)?.try_into()
    }
}

fn item(image: &Value) -> Result<Item, Error> {
    let item: serde_dynamo::Item = serde_json::from_value(image.clone()).map_err(Error::internal)?;
    Ok(HashMap::from(item))
}
