//! The users of the sockets whose events this process has handled lately.
//!
//! An application can name the row that an event needs before its session is read ([`crate::application`]). If the key
//! of that row depends on the user, the relay has only this guess: a socket can leave a namespace and join it again as
//! another user, perhaps seen by another process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::id::{ConnectionId, UserId};

/// The most sockets that are remembered. With one more, all are forgotten, which costs each one request more.
const SOCKETS_MAX: usize = 20_000;

/// The users of sockets, as far as this process knows them.
#[derive(Debug, Default)]
pub struct SeenUsers(Mutex<HashMap<String, UserId>>);

impl SeenUsers {
    /// The user of a socket when this process last saw it.
    pub fn user(&self, connection: &ConnectionId, namespace: &str) -> Option<UserId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&socket(connection, namespace)).cloned()
    }

    /// Remembers the user of a socket.
    pub fn remember(&self, connection: &ConnectionId, namespace: &str, user: &UserId) {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let socket = socket(connection, namespace);
        if users.get(&socket) == Some(user) {
            return;
        }
        if users.len() >= SOCKETS_MAX {
            users.clear();
        }
        users.insert(socket, user.clone());
    }
}

fn socket(connection: &ConnectionId, namespace: &str) -> String {
    format!("{connection}{namespace}")
}
