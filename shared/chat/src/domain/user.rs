//! Users: what a token or the service said about them, and whether they are online.

use relay::clock::Timestamp;

use crate::domain::id::UserId;

/// What is known about a user besides the id. Every field is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The name to show.
    pub name: Option<String>,
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// A short name that users choose themselves.
    pub username: Option<String>,
    /// The e-mail address. It is shown to the user and to people who share a chat in which the user has written.
    pub email: Option<String>,
    /// The role, which decides what the user may do; `service` may manage users.
    pub role: Option<String>,
    /// The address of a picture.
    pub picture: Option<String>,
}

/// The status that a user sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// The user is online.
    #[default]
    Online,
    /// The user is online, but not looking.
    Away,
    /// The user is online, but must not be disturbed.
    Busy,
    /// The user is online, but wants to appear offline.
    Offline,
}

impl Status {
    /// All statuses.
    pub const ALL: [Self; 4] = [Self::Online, Self::Away, Self::Busy, Self::Offline];

    /// The name of the status, the same in every dialect and in the table.
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
    /// The id.
    pub id: UserId,
    /// The newest claims that were seen.
    pub claims: Claims,
    /// When the token with these claims was issued.
    pub claims_at: Timestamp,
    /// The number of live sockets, on all devices.
    pub sockets: u64,
    /// The number of chats of which the user is a participant.
    pub chats: u64,
    /// When the user's last socket left, or when the user began to appear offline; `None` for a user who was never seen
    /// online.
    pub last_seen: Option<Timestamp>,
    /// The status that the user set.
    pub status: Status,
    /// When the user's tokens were revoked, if ever.
    pub revoked_at: Option<Timestamp>,
}

impl User {
    /// A user of whom only the id is known.
    #[must_use]
    pub fn unknown(id: UserId) -> Self {
        let (claims, status) = Default::default();
        let (claims_at, last_seen, revoked_at) = Default::default();
        Self { id, claims, claims_at, sockets: 0, chats: 0, last_seen, status, revoked_at }
    }

    /// Whether anything is known about the user but that tokens were revoked.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.revoked_at.is_none() || self.claims_at > Timestamp::default() || self.sockets > 0 || self.chats > 0
    }

    /// Whether others see the user as online.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.sockets > 0 && self.status != Status::Offline
    }

    /// The name to show: the name, else first and last name, else the username, else the id (docs/dialects.md,
    /// "Profiles").
    #[must_use]
    pub fn display_name(&self) -> String {
        let Claims { name, first_name, last_name, username, .. } = &self.claims;
        let full = [first_name, last_name].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        let full = Some(full).filter(|full| !full.is_empty());
        name.clone().or(full).or_else(|| username.clone()).unwrap_or_else(|| self.id.to_string())
    }

    /// When the user was last online: now for a user who is online.
    #[must_use]
    pub fn seen_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_online() { Some(now) } else { self.last_seen }
    }
}
