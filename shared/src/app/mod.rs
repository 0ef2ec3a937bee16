//! The use cases, one file per capability: checks, one transaction, and what to say to whom, as data.
//!
//! Nothing here posts; nothing here knows a dialect's words.

mod authenticate;
mod block;
mod chat;
mod message;
pub mod presence;
mod read;
mod search;
pub mod typing;

use crate::ctx::Ctx;
use crate::dialect::Dialect;
use crate::domain::chat::Chat;
use crate::domain::clock::Timestamp;
use crate::domain::command::Command;
use crate::domain::id::{ChatId, UserId};
use crate::domain::message::Message;
use crate::domain::notice::{Answer, Audience, ChatView, Envelope, Notice};
use crate::error::{Error, Thing};
use crate::store::Session;

pub use authenticate::{authenticate, verified};
pub use message::note_delivered;

/// On whose behalf a command runs.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// Who.
    pub user: &'a UserId,
    /// In whose words; its limits apply.
    pub dialect: &'static dyn Dialect,
    /// The socket it came over; none for REST.
    pub session: Option<&'a Session>,
    /// When the gateway received it.
    pub at: Timestamp,
    /// The gateway's name for the event, where one event may come twice.
    pub invocation: Option<&'a str>,
}

/// What a command comes to.
#[derive(Debug)]
pub struct Outcome {
    /// For the caller.
    pub answer: Answer,
    /// For everybody else.
    pub envelopes: Vec<Envelope>,
    /// What is left to do once that is said.
    pub then: Then,
}

/// What is left to do once a command's outcome is said.
#[derive(Debug)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// Say nothing at all: this very event was handled by an earlier invocation.
    HandledBefore,
    /// End the caller's socket.
    Leave,
    /// Note to whom the message was posted.
    NoteDelivery(Box<(Chat, Message)>),
}

impl Outcome {
    fn answer(answer: Answer) -> Self {
        Self { answer, envelopes: Vec::new(), then: Then::Nothing }
    }

    fn told(answer: Answer, notice: Notice, people: Vec<UserId>) -> Self {
        let envelopes = vec![Envelope { notice, to: Audience::People(people) }];
        Self { answer, envelopes, then: Then::Nothing }
    }
}

/// Runs a command.
///
/// # Errors
/// Whatever the caller is to be told: [`Error`]. Then nothing is stored, `Error::Internal` apart, of which nobody knows.
pub async fn run(ctx: &Ctx, caller: &Caller<'_>, command: Command) -> Result<Outcome, Error> {
    match command {
        Command::Authenticate { token } => authenticate::renew(ctx, caller, &token).await,
        Command::Block(chat) => block::block(ctx, caller, &chat).await,
        Command::CountUnread => read::count_unread(ctx, caller).await,
        Command::CreateChat(other) => chat::create(ctx, caller, &other).await,
        Command::DeleteChat(chat) => chat::delete(ctx, caller, &chat).await,
        Command::DeleteMessage(message) => message::delete(ctx, caller, &message).await,
        Command::Leave => Ok(Outcome { answer: Answer::Done, envelopes: Vec::new(), then: Then::Leave }),
        Command::ListBlockedChats => block::list(ctx, caller).await,
        Command::ListChats(page) => chat::list(ctx, caller, page).await,
        Command::ListMessages { chat, window } => message::list(ctx, caller, &chat, window).await,
        Command::ListOnline => Ok(Outcome::answer(Answer::Online(presence::online(ctx, caller.user).await?))),
        Command::MarkChatRead(chat) => read::mark_chat(ctx, caller, &chat).await,
        Command::Ping => Ok(Outcome::answer(Answer::Pong(ctx.clock.now()))),
        Command::Search { chat, term, page, before } => {
            search::search(ctx, caller, &chat, search::Wanted { term, page, before }).await
        }
        Command::Send { chat, receiver, draft } => message::send(ctx, caller, &chat, receiver.as_ref(), &draft).await,
        Command::ShowChat(chat) => chat::show(ctx, caller, &chat).await,
        Command::Type { chat, receiver, active } => typing::set(ctx, caller, &chat, receiver.as_ref(), active).await,
        Command::Unblock(chat) => block::unblock(ctx, caller, &chat).await,
    }
}

/// A chat in which `user` takes part. To anybody else it looks as if it did not exist.
async fn chat_of(ctx: &Ctx, user: &UserId, id: &ChatId) -> Result<Chat, Error> {
    let chat = ctx.store.chat(id).await?;
    chat.filter(|chat| chat.member(user).is_some()).ok_or(Error::NotFound(Thing::Chat))
}

/// Checks whom the client thinks it talks to: in a chat of two the other, in a larger one nobody in particular.
fn check_receiver(chat: &Chat, user: &UserId, receiver: Option<&UserId>) -> Result<(), Error> {
    match receiver {
        Some(receiver) if chat.other(user) != Some(receiver) => {
            Err(Error::validation("receiverId", "must be the other participant of the chat"))
        }
        _ => Ok(()),
    }
}

/// A chat with its newest message. One read, none if it has no message.
async fn view(ctx: &Ctx, chat: Chat) -> Result<ChatView, Error> {
    let mut views = views(ctx, vec![chat]).await?;
    views.pop().ok_or_else(|| Error::internal("one chat has one view"))
}

/// Chats with their newest messages, in the same order. One read per hundred.
async fn views(ctx: &Ctx, chats: Vec<Chat>) -> Result<Vec<ChatView>, Error> {
    let mut latest = ctx.store.latest_messages(&chats).await?;
    Ok(chats.into_iter().map(|chat| ChatView { latest: latest.remove(&chat.id), chat }).collect())
}
