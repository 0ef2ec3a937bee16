//! What a client asks for, whatever dialect it asked in.

use crate::domain::chat::Place;
use crate::domain::id::{ChatId, ClientMessageId, ListingId, MessageId, UserId};
use crate::domain::listing::Details;
use crate::domain::media::{File, MediaName};
use crate::domain::message::Content;
use crate::domain::page::{Page, Window};
use crate::domain::user::{Claims, Status};
use crate::error::Error;

/// One request of one user.
#[derive(Debug)]
pub enum Command {
    /// Renews the credentials of the socket with another token of the same user.
    Authenticate {
        /// The token, with or without `Bearer ` before it.
        token: String,
    },
    /// Blocks a chat.
    Block(ChatId),
    /// Says that the caller is here, should they appear offline.
    Come,
    /// Makes the one chat of these people about this, or finds it.
    CreateChat {
        /// With whom; may be left out for a listing, whose owner always takes part.
        with: Option<UserId>,
        /// About which listing; none for a plain chat.
        about: Option<ListingId>,
    },
    /// How many messages wait, over all chats.
    CountUnread {
        /// Only those in plain chats.
        plain: bool,
    },
    /// Removes a chat for everybody in it.
    DeleteChat(ChatId),
    /// Makes a message a placeholder.
    DeleteMessage {
        /// Which.
        message: MessageId,
        /// For everyone, which its sender alone may; else for the caller alone.
        for_everyone: bool,
    },
    /// From now on this socket hears who types in a chat.
    JoinRoom(ChatId),
    /// Ends this socket.
    Leave,
    /// From now on this socket does not hear who types in a chat.
    LeaveRoom(ChatId),
    /// Where an object of our own can be fetched without a token, for a while.
    LinkMedia(MediaName),
    /// The chats the caller blocks.
    ListBlockedChats,
    /// A page of the caller's chats, most recent activity first.
    ListChats(Page),
    /// A part of a chat's messages.
    ListMessages {
        /// Where.
        place: Place,
        /// Which.
        window: Window,
    },
    /// Who is here.
    ListOnline,
    /// Everything in a chat has been read.
    MarkChatRead(ChatId),
    /// These messages of one chat have been read.
    MarkRead {
        /// The chat the client thinks they are in; must be right if given.
        chat: Option<ChatId>,
        /// Which.
        messages: Vec<MessageId>,
        /// Whether the client gave a list: then its own messages are passed over instead of refused.
        listed: bool,
    },
    /// Tells every device of somebody something; for services.
    Notify {
        /// Whom.
        user: UserId,
        /// What.
        text: String,
        /// Of what kind.
        kind: String,
    },
    /// Is anybody there.
    Ping,
    /// Where to put a file that is too large for a request.
    PrepareUpload {
        /// The chat it is for.
        chat: ChatId,
        /// What it says it is.
        content_type: String,
        /// In bytes.
        size: u64,
    },
    /// Makes a listing or changes it.
    PutListing {
        /// Which.
        id: ListingId,
        /// What it says.
        details: Details,
    },
    /// Makes somebody known or changes their profile; for services.
    PutUser {
        /// Who.
        user: UserId,
        /// What is known of them.
        claims: Claims,
    },
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
    /// Stores a message. A repeat is answered whatever it asks for, even what could not be stored.
    Send {
        /// The client's own name for this send.
        client_message_id: Option<ClientMessageId>,
        /// What is to be stored, or what is wrong with it.
        posting: Result<Posting, Error>,
    },
    /// Stores a message with a file.
    SendMedia {
        /// The client's own name for this send.
        client_message_id: Option<ClientMessageId>,
        /// What is to be stored, or what is wrong with it.
        posting: Result<FilePosting, Error>,
    },
    /// Says how the caller is here.
    SetStatus(Status),
    /// One chat.
    ShowChat(ChatId),
    /// One listing.
    ShowListing(ListingId),
    /// Blocks a chat, or takes the block back if the caller blocks it.
    ToggleBlock(ChatId),
    /// The caller begins or stops typing.
    Type {
        /// Where.
        place: Place,
        /// Who the client thinks is the other; must be right if given.
        receiver: Option<UserId>,
        /// Begins, or stops.
        active: bool,
    },
    /// Takes one's own block back.
    Unblock(ChatId),
}

/// A message to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Where.
    pub place: Place,
    /// Who the client thinks is the other; must be right if given.
    pub receiver: Option<UserId>,
    /// What it says.
    pub content: Content,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
}

/// A message with a file to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePosting {
    /// Where.
    pub chat: ChatId,
    /// What is said with it, as sent; empty or left out stands for words of the system's own.
    pub caption: Option<String>,
    /// The file.
    pub file: File,
}
