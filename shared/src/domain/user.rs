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
    /// Shown to oneself and to people who share a chat in which the user has written.
    pub email: Option<String>,
    /// What the user may do; `service` may manage users.
    pub role: Option<String>,
    /// Address of a picture.
    pub picture: Option<String>,
}

/// What somebody says of being here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Here.
    #[default]
    Online,
    /// Here, but not looking.
    Away,
    /// Here, but not to be disturbed.
    Busy,
    /// Here, but wishing to appear as if not.
    Offline,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Online, Self::Away, Self::Busy, Self::Offline];

    /// The status's name, the same in every dialect and in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
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
    /// When the last socket went, or when they began to appear offline; `None` for someone never seen online.
    pub last_seen: Option<Timestamp>,
    /// What they say of being here.
    pub status: Status,
}

impl User {
    /// Somebody of whom nothing is known but the id.
    #[must_use]
    pub fn unknown(id: UserId) -> Self {
        let (claims, status) = Default::default();
        Self { id, claims, claims_at: Timestamp::from_millis(0), sockets: 0, chats: 0, last_seen: None, status }
    }

    /// Whether others see them as here.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.sockets > 0 && self.status != Status::Offline
    }

    /// The name to show: the name, else first and last name, else the username, else the id (dialects.md, section 9).
    #[must_use]
    pub fn display_name(&self) -> String {
        let Claims { name, first_name, last_name, username, .. } = &self.claims;
        let full = [first_name, last_name].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        let full = Some(full).filter(|full| !full.is_empty());
        name.clone().or(full).or_else(|| username.clone()).unwrap_or_else(|| self.id.to_string())
    }

    /// When they were last here: now for someone online.
    #[must_use]
    pub fn seen_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_online() { Some(now) } else { self.last_seen }
    }
}
