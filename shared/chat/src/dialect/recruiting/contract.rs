//! The contract of recruiting: the fields of its events and requests, and the type of each answer.

use crate::dialect::contract::{Argument, Call, Contract, Emitted, Field, Kind, schema};
use crate::dialect::envelope::{NoFields, Success, Told};
use crate::dialect::every::Listing;
use crate::dialect::every::contract::{
    self as every, Bodies, CHAT, CLIENT_MESSAGE_ID, MESSAGE, MESSAGES_LIMIT, PAGE, PAGE_OF_CHATS, USER, WINDOW,
};
use crate::dialect::recruiting::events::Pong;
use crate::dialect::recruiting::heard::{ChatChanged, Heard, MarkedRead, Sent};
use crate::dialect::recruiting::rest::{Chats, ChatsPage, Failure, MessagesPage};
use crate::dialect::recruiting::shapes::{Chat, ErrorObject, KINDS, Message, OnlineUsers};
use crate::dialect::shapes::{Marked, RefusedConnect, UnreadCount};
use crate::domain::message::{MessageKind, TEXT_MAX_CHARACTERS};

const CHAT_ID: Field = Field::required("chatId", CHAT, "The id of the chat.");
const SEND: &[Field] = &[
    CHAT_ID,
    Field::optional("receiverId", USER, "The id of the other participant. If it is given, it must be right."),
    Field::depends(
        "content",
        every::content(TEXT_MAX_CHARACTERS),
        "The text. Required, and not only white space, if `messageType` is `text`.",
    ),
    Field::optional("mediaUrl", Kind::Address, "The address of a medium. Required if `messageType` is not `text`."),
    Field::optional(
        "messageType",
        Kind::OneOf(|| MessageKind::names(KINDS)),
        "The type of the content, `text` if absent.",
    ),
    CLIENT_MESSAGE_ID,
];
const TYPING: &[Field] = &[
    CHAT_ID,
    Field::optional("receiverId", USER, "The id of the other participant. If it is given, it must be right."),
];

/// The contract of recruiting.
pub(super) fn contract() -> Contract {
    let mut calls = calls();
    calls.extend(every::calls(&Bodies {
        listing: schema::<Told<Listing>>,
        sent: schema::<Told<Message>>,
        done: schema::<Told<()>>,
    }));
    Contract {
        says: "Candidates and employers. Clients name a chat and its other participant.",
        emitted: emitted(),
        heard: Heard::contract(),
        calls,
        error: schema::<ErrorObject<'static>>,
        refusal: schema::<RefusedConnect<'static>>,
        rest_error: schema::<Failure<'static>>,
    }
}

fn emitted() -> Vec<Emitted> {
    let chat = || Argument::Object(&[CHAT_ID]);
    vec![
        Emitted {
            event: "send_message",
            says: "Sends a message.",
            argument: Argument::Object(SEND),
            ack: schema::<Success<Sent>>,
        },
        Emitted {
            event: "mark_messages_read",
            says: "Marks everything in a chat as read.",
            argument: chat(),
            ack: schema::<Success<MarkedRead>>,
        },
        Emitted {
            event: "typing_start",
            says: "Says that the user begins to type.",
            argument: Argument::Object(TYPING),
            ack: schema::<Success<NoFields>>,
        },
        Emitted {
            event: "typing_stop",
            says: "Says that the user stops typing.",
            argument: Argument::Object(TYPING),
            ack: schema::<Success<NoFields>>,
        },
        Emitted {
            event: "block_user",
            says: "Blocks a chat. Nobody can send to it any more.",
            argument: chat(),
            ack: schema::<Success<ChatChanged>>,
        },
        Emitted {
            event: "unblock_user",
            says: "Takes back the user's own block.",
            argument: chat(),
            ack: schema::<Success<ChatChanged>>,
        },
        Emitted {
            event: "get_online_users",
            says: "Asks who is online. Without an ack the answer is the event `online_users`.",
            argument: Argument::None,
            ack: schema::<Success<OnlineUsers>>,
        },
        Emitted {
            event: "ping",
            says: "Asks for a sign of life.",
            argument: Argument::None,
            ack: schema::<Success<Pong>>,
        },
        Emitted {
            event: "manual_disconnect",
            says: "Ends the socket.",
            argument: Argument::None,
            ack: schema::<Success<NoFields>>,
        },
        every::emitted(),
    ]
}

fn calls() -> Vec<Call> {
    const CHAT_OF_PATH: &[Field] = &[CHAT_ID];
    const SEARCH: &[Field] = &[
        Field::required("searchTerm", Kind::Text { min: 1, max: None, example: "hello" }, "The text to look for."),
        PAGE,
        MESSAGES_LIMIT,
        Field::optional("before", MESSAGE, "The id of the message before which the search begins."),
    ];
    let one = |method, path, says, body| Call {
        method,
        path,
        says,
        parameters: CHAT_OF_PATH,
        query: &[],
        body: &[],
        answers: vec![(200, body)],
    };
    vec![
        Call {
            method: "POST",
            path: "/api/chat/create-or-get",
            says: "Creates the chat of the caller and another user, or finds it.",
            parameters: &[],
            query: &[],
            body: const { &[Field::required("otherUserId", USER, "The id of the other user.")] },
            answers: vec![(201, schema::<Told<Chat>>), (200, schema::<Told<Chat>>)],
        },
        Call {
            method: "GET",
            path: "/api/chat/my-chats",
            says: "Lists the caller's chats, those with the most recent activity first.",
            parameters: &[],
            query: PAGE_OF_CHATS,
            body: &[],
            answers: vec![(200, schema::<Told<ChatsPage>>)],
        },
        Call {
            method: "GET",
            path: "/api/chat/blocked",
            says: "Lists the chats that the caller blocks.",
            parameters: &[],
            query: &[],
            body: &[],
            answers: vec![(200, schema::<Told<Chats>>)],
        },
        one("GET", "/api/chat/{chatId}", "Reads one chat.", schema::<Told<Chat>>),
        one("DELETE", "/api/chat/{chatId}", "Deletes a chat for everybody in it.", schema::<Told<()>>),
        one("POST", "/api/chat/{chatId}/block", "Blocks a chat. Nobody can send to it any more.", schema::<Told<Chat>>),
        one("POST", "/api/chat/{chatId}/unblock", "Takes back the caller's own block.", schema::<Told<Chat>>),
        Call {
            method: "POST",
            path: "/api/message/send",
            says: "Sends a message.",
            parameters: &[],
            query: &[],
            body: SEND,
            answers: vec![(201, schema::<Told<Message>>), (200, schema::<Told<Message>>)],
        },
        Call {
            query: WINDOW,
            ..one("GET", "/api/message/chat/{chatId}", "Lists the messages of a chat.", schema::<Told<MessagesPage>>)
        },
        one(
            "POST",
            "/api/message/chat/{chatId}/mark-read",
            "Marks everything in a chat as read.",
            schema::<Told<Marked>>,
        ),
        Call {
            query: SEARCH,
            ..one(
                "GET",
                "/api/message/chat/{chatId}/search",
                "Searches the messages of a chat, whatever their case. Page 1 has the newest results.",
                schema::<Told<MessagesPage>>,
            )
        },
        Call {
            method: "GET",
            path: "/api/message/unread-count",
            says: "Counts the caller's unread messages in all chats.",
            parameters: &[],
            query: &[],
            body: &[],
            answers: vec![(200, schema::<Told<UnreadCount>>)],
        },
        Call {
            method: "DELETE",
            path: "/api/message/{messageId}",
            says: "Deletes a message that the caller sent, for everybody. Its place stays.",
            parameters: const { &[Field::required("messageId", MESSAGE, "The id of the message.")] },
            query: &[],
            body: &[],
            answers: vec![(200, schema::<Told<Message>>)],
        },
    ]
}
