//! What a client asks for, whatever dialect it asked in.

use crate::domain::id::{ChatId, MessageId, UserId};
use crate::domain::message::Draft;
use crate::domain::page::{Page, Window};

/// One request of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Renews the credentials of the socket with another token of the same user.
    Authenticate {
        /// The token, with or without `Bearer ` before it.
        token: String,
    },
    /// Blocks a chat.
    Block(ChatId),
    /// Makes the plain chat with somebody, or finds it.
    CreateChat(UserId),
    /// How many messages wait, over all chats.
    CountUnread,
    /// Removes a chat for everybody in it.
    DeleteChat(ChatId),
    /// Takes one's own message back, for everyone.
    DeleteMessage(MessageId),
    /// The chats the caller blocks.
    ListBlockedChats,
    /// A page of the caller's chats, most recent activity first.
    ListChats(Page),
    /// A part of a chat's messages.
    ListMessages {
        /// Where.
        chat: ChatId,
        /// Which.
        window: Window,
    },
    /// Who is here.
    ListOnline,
    /// Everything in a chat has been read.
    MarkChatRead(ChatId),
    /// Is anybody there.
    Ping,
    /// Messages whose text contains a term.
    Search {
        /// Where.
        chat: ChatId,
        /// What for.
        term: String,
        /// Which page of what is found, the newest first.
        page: Page,
        /// Look only before this message, where an earlier search stopped.
        before: Option<MessageId>,
    },
    /// Stores a message.
    Send {
        /// Where.
        chat: ChatId,
        /// Who the client thinks is the other; must be right if given.
        receiver: Option<UserId>,
        /// What.
        draft: Draft,
    },
    /// One chat.
    ShowChat(ChatId),
    /// The server is to end this socket.
    Leave,
    /// The caller begins or stops typing.
    Type {
        /// Where.
        chat: ChatId,
        /// Who the client thinks is the other; must be right if given.
        receiver: Option<UserId>,
        /// Begins, or stops.
        active: bool,
    },
    /// Takes one's own block back.
    Unblock(ChatId),
}
