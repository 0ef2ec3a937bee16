//! Commands: what a client asks for, whatever its dialect.

use crate::domain::chat::{Place, plain_chat_id};
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
        /// The token, with or without `Bearer ` in front of it.
        token: String,
    },
    /// Blocks a chat.
    Block(ChatId),
    /// Makes the caller appear online, if they appear offline.
    Come,
    /// Creates the one chat of these people about this listing, or finds it.
    CreateChat {
        /// The other participant. May be absent for a listing, because its owner always takes part.
        with: Option<UserId>,
        /// The listing that the chat is about; none for a plain chat.
        about: Option<ListingId>,
    },
    /// Counts unread messages in all chats.
    CountUnread {
        /// Whether to count only those in plain chats.
        plain: bool,
    },
    /// Deletes a chat for everybody in it.
    DeleteChat(ChatId),
    /// Turns a message into a placeholder.
    DeleteMessage {
        /// The message.
        message: MessageId,
        /// Whether to delete it for everyone, which only its sender may ask for. Otherwise it is deleted for the caller
        /// only.
        for_everyone: bool,
    },
    /// Joins the room of a chat. From now on this socket is told who types in the chat.
    JoinRoom(ChatId),
    /// Ends this socket.
    Leave,
    /// Leaves the room of a chat. From now on this socket is not told who types in the chat.
    LeaveRoom(ChatId),
    /// Asks for an address from which an object of our own can be fetched without a token for a limited time.
    LinkMedia(MediaName),
    /// Lists the chats that the caller blocks.
    ListBlockedChats,
    /// Lists a page of the caller's chats, those with the most recent activity first.
    ListChats(Page),
    /// Lists a part of a chat's messages.
    ListMessages {
        /// The chat.
        place: Place,
        /// The part to list.
        window: Window,
    },
    /// Lists who is online.
    ListOnline,
    /// Marks everything in a chat as read.
    MarkChatRead(ChatId),
    /// Marks these messages of one chat as read.
    MarkRead {
        /// The chat of the messages, as the client believes. If it is given, it must be right.
        chat: Option<ChatId>,
        /// The messages.
        messages: Vec<MessageId>,
        /// Whether the client gave a list. In a list, the caller's own messages are ignored instead of refused.
        listed: bool,
    },
    /// Sends a notification to every device of a user; only for services.
    Notify {
        /// The user to notify.
        user: UserId,
        /// The text of the notification.
        text: String,
        /// The kind of the notification.
        kind: String,
    },
    /// Asks the server for a sign of life.
    Ping,
    /// Asks for an address to which the client puts a file that is too large for a request.
    PrepareUpload {
        /// The chat for which the file is.
        chat: ChatId,
        /// The content type that the client names.
        content_type: String,
        /// The size of the file, in bytes.
        size: u64,
    },
    /// Creates a listing or changes it.
    PutListing {
        /// The id of the listing.
        id: ListingId,
        /// The details of the listing.
        details: Details,
    },
    /// Creates a user's profile or changes it; only for services.
    PutUser {
        /// The user.
        user: UserId,
        /// The profile.
        claims: Claims,
    },
    /// Searches for messages whose text contains a term.
    Search {
        /// The chat to search.
        chat: ChatId,
        /// The term.
        term: String,
        /// The page of the results, the newest first.
        page: Page,
        /// If given, the search begins before this message, where an earlier search stopped.
        before: Option<MessageId>,
    },
    /// Stores a message. A repeat of an earlier send is answered whatever it asks for, even if it could not be stored.
    Send {
        /// The client message id of this send.
        client_message_id: Option<ClientMessageId>,
        /// The message to store, or what is wrong with it.
        posting: Result<Posting, Error>,
    },
    /// Stores a message with a file.
    SendMedia {
        /// The client message id of this send.
        client_message_id: Option<ClientMessageId>,
        /// The message to store, or what is wrong with it.
        posting: Result<FilePosting, Error>,
    },
    /// Sets the caller's status.
    SetStatus(Status),
    /// Reads one chat.
    ShowChat(ChatId),
    /// Reads one listing.
    ShowListing(ListingId),
    /// Blocks a chat, or removes the caller's block if there is one.
    ToggleBlock(ChatId),
    /// Says that the caller begins or stops typing.
    Type {
        /// The place.
        place: Place,
        /// The other participant, as the client believes. If it is given, it must be right.
        receiver: Option<UserId>,
        /// Whether the caller begins to type. Otherwise the caller stops.
        active: bool,
    },
    /// Removes the caller's own block.
    Unblock(ChatId),
}

impl Command {
    /// The chat that the command needs first, if `user` is the caller. `None` if it needs none, or if that depends on a
    /// caller who is not known.
    #[must_use]
    pub fn chat(&self, user: Option<&UserId>) -> Option<ChatId> {
        let of_place = |place: &Place| match place {
            Place::Chat(chat) => Some(chat.clone()),
            Place::With(other) => user.map(|user| plain_chat_id(user, other)),
        };
        match self {
            Self::Block(chat)
            | Self::DeleteChat(chat)
            | Self::JoinRoom(chat)
            | Self::LeaveRoom(chat)
            | Self::MarkChatRead(chat)
            | Self::PrepareUpload { chat, .. }
            | Self::Search { chat, .. }
            | Self::ShowChat(chat)
            | Self::ToggleBlock(chat)
            | Self::Unblock(chat) => Some(chat.clone()),
            Self::DeleteMessage { message, .. } => Some(message.chat.clone()),
            Self::ListMessages { place, .. } | Self::Type { place, .. } => of_place(place),
            Self::MarkRead { chat, messages, .. } => {
                chat.clone().or_else(|| messages.first().map(|message| message.chat.clone()))
            }
            Self::Send { posting, .. } => posting.as_ref().ok().and_then(|posting| of_place(&posting.place)),
            Self::Authenticate { .. }
            | Self::Come
            | Self::CountUnread { .. }
            | Self::CreateChat { .. }
            | Self::Leave
            | Self::LinkMedia(_)
            | Self::ListBlockedChats
            | Self::ListChats(_)
            | Self::ListOnline
            | Self::Notify { .. }
            | Self::Ping
            | Self::PutListing { .. }
            | Self::PutUser { .. }
            // It looks for an earlier send first.
            | Self::SendMedia { .. }
            | Self::SetStatus(_)
            | Self::ShowListing(_) => None,
        }
    }
}

/// A message to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The place where it is sent.
    pub place: Place,
    /// The other participant, as the client believes. If it is given, it must be right.
    pub receiver: Option<UserId>,
    /// The content.
    pub content: Content,
    /// The message to which it replies.
    pub reply_to: Option<MessageId>,
}

/// A message with a file to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePosting {
    /// The chat.
    pub chat: ChatId,
    /// The text of the message, as sent. If it is empty or absent, the server puts a text of its own.
    pub caption: Option<String>,
    /// The file.
    pub file: File,
}
