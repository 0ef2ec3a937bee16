//! What the Admin UI shows of the chat: the rooms of its sockets.

use relay::error::Error as RelayError;
use relay::store::Session;

use crate::ctx::Ctx;
use crate::dialect;
use crate::store::dialect_of;

/// The rooms of these sessions, in their order: that of the user, and in dialects with rooms those of the chats that
/// the socket has joined.
pub(super) async fn rooms(ctx: &Ctx, sessions: &[Session]) -> Result<Vec<Vec<String>>, RelayError> {
    let has_rooms = |session: &&Session| dialect::named(dialect_of(session)).is_some_and(|dialect| dialect.has_rooms);
    let asked: Vec<&Session> = sessions.iter().filter(has_rooms).collect();
    let mut joined = if asked.is_empty() { Default::default() } else { ctx.app.store.rooms_of(&asked).await? };
    let of_session = |session: &Session| {
        let mut rooms = vec![format!("user:{}", session.user)];
        rooms.append(&mut joined.remove(&session.pid.to_string()).unwrap_or_default());
        rooms
    };
    Ok(sessions.iter().map(of_session).collect())
}
