//! People: what a token or the service said of them, and whether they are here.

use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;

/// What is known of a user besides the id. Every part is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The name to show.
    pub name: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// A short name people choose themselves.
    pub username: Option<String>,
    /// Shown to oneself and to people who share a chat.
    pub email: Option<String>,
    /// What the user may do; `service` may manage users.
    pub role: Option<String>,
    /// Address of a picture.
    pub picture: Option<String>,
}

/// A user as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The newest claims seen.
    pub claims: Claims,
    /// When the token that carried the claims was issued.
    pub claims_at: Timestamp,
    /// Live sockets, on all devices.
    pub sockets: u64,
    /// Chats the user takes part in.
    pub chats: u64,
    /// When the last socket went; `None` for someone never seen online.
    pub last_seen: Option<Timestamp>,
}
