//! The use cases, one file per capability. Each checks the command, runs one transaction, and returns as data what to
//! send to whom.
//!
//! Nothing in this module posts to a socket, and nothing depends on the event names and fields of a dialect.

mod authenticate;
mod block;
mod chat;
mod delete;
mod listing;
mod media;
mod message;
pub mod moderation;
mod notify;
pub mod presence;
mod read;
pub mod recover;
mod room;
mod search;
pub mod typing;
mod user;

use relay::clock::Timestamp;
use relay::store::Session;

use crate::ctx::Ctx;
use crate::dialect::Dialect;
use crate::domain::chat::{Chat, Place, plain_chat_id};
use crate::domain::command::Command;
use crate::domain::id::{ChatId, UserId};
use crate::domain::log::ChatEvent;
use crate::domain::message::Message;
use crate::domain::notice::{Answer, Audience, ChatView, Envelope, Notice};
use crate::error::{Error, Thing};
use crate::store::FoundChat;

pub use authenticate::{authenticate, authenticate_service, verified};
pub use media::{Served, objects_of, serve as serve_media};
pub use message::note_delivered;

/// The user on whose behalf a command runs.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The user.
    pub user: &'a UserId,
    /// The dialect of the command. Its limits apply.
    pub dialect: &'static Dialect,
    /// The socket of the command; none for REST.
    pub session: Option<&'a Session>,
    /// When the gateway received the command.
    pub at: Timestamp,
    /// The gateway's id of the event, if one event may arrive twice.
    pub invocation: Option<&'a str>,
    /// A chat that was read together with the socket's session.
    pub found: Option<&'a FoundChat>,
}

/// The result of a command.
#[derive(Debug)]
pub struct Outcome {
    /// The answer to the caller.
    pub answer: Answer,
    /// The notices for everybody else.
    pub envelopes: Vec<Envelope>,
    /// The step that follows after these have been delivered.
    pub then: Then,
}

/// The step that follows after the outcome of a command has been delivered.
#[derive(Debug)]
pub enum Then {
    /// No further step.
    Nothing,
    /// No further step, and the answer goes out only as an ack: an earlier invocation for the same event ran the
    /// command, and may have delivered the rest. Clients ignore an ack that comes twice.
    HandledBefore,
    /// End the caller's socket.
    Leave,
    /// Record to whom the message was posted.
    NoteDelivery(Box<(Chat, Message)>),
}

impl Outcome {
    fn answer(answer: Answer) -> Self {
        Self { answer, envelopes: Vec::new(), then: Then::Nothing }
    }

    fn with_notice(answer: Answer, notice: Notice, people: Vec<UserId>) -> Self {
        let envelopes = vec![Envelope::new(notice, Audience::People(people))];
        Self { answer, envelopes, then: Then::Nothing }
    }

    /// The outcome with an event of a chat.
    fn happened(answer: Answer, step: ChatEvent, notice: Notice, people: Vec<UserId>) -> Self {
        let envelopes = vec![Envelope::of(step, notice, Audience::People(people))];
        Self { answer, envelopes, then: Then::Nothing }
    }
}

/// Runs a command.
///
/// # Errors
/// The [`Error`] to send to the caller. Nothing is then stored, except that for `Error::Internal` this is unknown.
pub async fn run(ctx: &Ctx, caller: &Caller<'_>, command: Command) -> Result<Outcome, Error> {
    match command {
        Command::Authenticate { token } => authenticate::renew(ctx, caller, &token).await,
        Command::Block(chat) => block::block(ctx, caller, &chat).await,
        Command::Come => presence::appear_online(ctx, caller).await,
        Command::CountUnread { plain } => read::count_unread(ctx, caller, plain).await,
        Command::CreateChat { with, about } => chat::create(ctx, caller, with, about).await,
        Command::DeleteChat(chat) => chat::delete(ctx, caller, &chat).await,
        Command::DeleteMessage { message, for_everyone } => delete::message(ctx, caller, &message, for_everyone).await,
        Command::JoinRoom(chat) => room::join(ctx, caller, &chat).await,
        Command::Leave => Ok(Outcome { answer: Answer::Done, envelopes: Vec::new(), then: Then::Leave }),
        Command::LeaveRoom(chat) => room::leave(ctx, caller, &chat).await,
        Command::LinkMedia(name) => media::link(ctx, caller, &name).await,
        Command::ListBlockedChats => block::list(ctx, caller).await,
        Command::ListChats(page) => chat::list(ctx, caller, page).await,
        Command::ListMessages { place, window } => message::list(ctx, caller, &place, window).await,
        Command::ListOnline => {
            Ok(Outcome::answer(Answer::Online(presence::online(ctx, caller.user, caller.dialect).await?)))
        }
        Command::MarkChatRead(chat) => read::mark_chat(ctx, caller, &chat).await,
        Command::MarkRead { chat, messages, listed } => {
            read::mark_messages(ctx, caller, chat.as_ref(), read::MessagesToMark { messages, listed }).await
        }
        Command::Notify { user, text, kind } => notify::notify(ctx, caller, user, text, kind).await,
        Command::Ping => Ok(Outcome::answer(Answer::Pong(ctx.clock.now()))),
        Command::PrepareUpload { chat, content_type, size } => {
            media::prepare(ctx, caller, &chat, &content_type, size).await
        }
        Command::PutListing { id, details } => listing::put(ctx, caller, id, details).await,
        Command::PutUser { user, claims } => user::put(ctx, caller, &user, &claims).await,
        Command::Search { chat, term, page, before } => {
            search::search(ctx, caller, &chat, search::SearchQuery { term, page, before }).await
        }
        Command::Send { client_message_id, posting } => message::send(ctx, caller, client_message_id, posting).await,
        Command::SendMedia { client_message_id, posting } => media::send(ctx, caller, client_message_id, posting).await,
        Command::SetStatus(status) => presence::set_status(ctx, caller, status).await,
        Command::ShowChat(chat) => chat::show(ctx, caller, &chat).await,
        Command::ShowListing(id) => listing::show(ctx, &id).await,
        Command::ToggleBlock(chat) => block::toggle(ctx, caller, &chat).await,
        Command::Type { place, receiver, active } => typing::set(ctx, caller, &place, receiver.as_ref(), active).await,
        Command::Unblock(chat) => block::unblock(ctx, caller, &chat).await,
    }
}

/// Reads a chat of which the caller is a participant. For everybody else the chat seems not to exist.
async fn chat_of(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Chat, Error> {
    visible(read_chat(ctx, caller, id).await?, caller.user)
}

/// The chat, if `user` is a participant.
fn visible(chat: Option<Chat>, user: &UserId) -> Result<Chat, Error> {
    chat.filter(|chat| chat.member(user).is_some()).ok_or(Error::NotFound(Thing::Chat))
}

/// Reads a chat; `None` if it was deleted or never existed. One read; none if it was read together with the session.
/// That chat may be slightly out of date, as every chat that was read; what is written has the condition that it is not.
async fn read_chat(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Option<Chat>, Error> {
    match caller.found.filter(|found| found.id == *id) {
        Some(found) => Ok(found.chat.clone().filter(|chat| !chat.deleted)),
        None => ctx.app.store.chat(id).await,
    }
}

/// Reads the chat of a place: one of the caller's chats, or the plain chat with somebody, which is `None` while it does
/// not exist.
async fn chat_at(ctx: &Ctx, caller: &Caller<'_>, place: &Place) -> Result<Option<Chat>, Error> {
    match place {
        Place::Chat(id) => chat_of(ctx, caller, id).await.map(Some),
        Place::With(other) if other == caller.user => Err(Error::validation("receiverId", "must be somebody else")),
        Place::With(other) => {
            let found = read_chat(ctx, caller, &plain_chat_id(caller.user, other)).await?;
            let found = found.filter(|chat| chat.member(caller.user).is_some());
            if found.is_none() && ctx.app.store.user(other).await?.is_none() {
                return Err(Error::NotFound(Thing::User));
            }
            Ok(found)
        }
    }
}

/// Checks the receiver that the client names. In a chat of two it must be the other participant; in a larger chat it
/// must be absent.
fn check_receiver(chat: &Chat, user: &UserId, receiver: Option<&UserId>) -> Result<(), Error> {
    match receiver {
        Some(receiver) if chat.other(user) != Some(receiver) => {
            Err(Error::validation("receiverId", "must be the other participant of the chat"))
        }
        _ => Ok(()),
    }
}

/// A chat with its newest message. One read; none if the chat has no message.
async fn view(ctx: &Ctx, chat: Chat) -> Result<ChatView, Error> {
    let mut views = views(ctx, vec![chat]).await?;
    views.pop().ok_or_else(|| Error::internal("one chat has one view"))
}

/// Chats with their newest messages, in the same order. One read per hundred.
async fn views(ctx: &Ctx, chats: Vec<Chat>) -> Result<Vec<ChatView>, Error> {
    let mut latest = ctx.app.store.latest_messages(&chats).await?;
    Ok(chats.into_iter().map(|chat| ChatView { latest: latest.remove(&chat.id), chat }).collect())
}
