//! The contract of classroom: the fields of its events and requests, and the type of each answer.

use crate::dialect::classroom::events::READ_MAX;
use crate::dialect::classroom::heard::{Heard, Sent};
use crate::dialect::classroom::shapes::{Conversation, Message};
use crate::dialect::contract::{Argument, Call, Contract, Emitted, Field, Kind, Presence, schema};
use crate::dialect::envelope::{Data, Failure, List, NoFields, NumberedPage, Success};
use crate::dialect::every::Listing;
use crate::dialect::every::contract::{
    self as every, Bodies, CHAT, CLIENT_MESSAGE_ID, MESSAGE, PAGE_OF_CHATS, USER, WINDOW,
};
use crate::dialect::shapes::{ErrorObject, Marked, RefusedConnect, UnreadCount};
use crate::domain::media::{FILENAME_MAX_CHARACTERS, MEDIA_MAX, TYPE_MAX_CHARACTERS};
use crate::domain::message::{MessageKind, TEXT_MAX_CHARACTERS};

const CONVERSATION_ID: Field = Field::required("conversationId", CHAT, "The id of the conversation.");
const MEDIUM: &[Field] = &[
    Field::required("url", Kind::Address, "The address."),
    Field::optional(
        "type",
        Kind::Text { min: 0, max: Some(TYPE_MAX_CHARACTERS), example: "image/png" },
        "The media type.",
    ),
    Field::optional(
        "filename",
        Kind::Text { min: 0, max: Some(FILENAME_MAX_CHARACTERS), example: "picture.png" },
        "The name of the file.",
    ),
    Field::optional("size", Kind::Size, "The size, in bytes."),
];
const SEND: &[Field] = &[
    CONVERSATION_ID,
    Field::depends(
        "text",
        every::content(TEXT_MAX_CHARACTERS),
        "The text. Required, and not only white space, if `messageType` is `text`.",
    ),
    Field::optional(
        "media",
        Kind::Objects { max: MEDIA_MAX, fields: MEDIUM },
        "The media. Required if `messageType` is not `text`.",
    ),
    Field::optional(
        "messageType",
        Kind::OneOf(|| MessageKind::names(&MessageKind::ALL)),
        "The type of the content, `text` if absent.",
    ),
    Field::optional("replyTo", MESSAGE, "The id of the message to which this one replies."),
    CLIENT_MESSAGE_ID,
];
const MESSAGE_IDS: Field = Field::required("messageIds", every::messages(READ_MAX), "The ids of the messages.");

/// The contract of classroom.
pub(super) fn contract() -> Contract {
    let mut calls = calls();
    calls.extend(every::calls(&Bodies {
        listing: schema::<Data<Listing>>,
        sent: schema::<Data<Message>>,
        done: schema::<Data<()>>,
    }));
    Contract {
        says: "A learning platform: conversations with rooms, and lists of media.",
        emitted: emitted(),
        heard: Heard::contract(),
        calls,
        error: schema::<ErrorObject>,
        refusal: schema::<RefusedConnect<'static>>,
        rest_error: schema::<Failure>,
    }
}

fn emitted() -> Vec<Emitted> {
    let plain = |event, says, argument| Emitted { event, says, argument, ack: schema::<Success<NoFields>> };
    let conversation = || Argument::Object(&[CONVERSATION_ID]);
    vec![
        plain(
            "join:conversation",
            "Joins the room of a conversation. From now on the socket hears who types there.",
            conversation(),
        ),
        plain(
            "leave:conversation",
            "Leaves the room of a conversation. From now on the socket does not hear who types there.",
            conversation(),
        ),
        Emitted {
            event: "send:message",
            says: "Sends a message.",
            argument: Argument::Object(SEND),
            ack: schema::<Success<Sent>>,
        },
        plain("typing:start", "Says that the user begins to type.", conversation()),
        plain("typing:stop", "Says that the user stops typing.", conversation()),
        Emitted {
            event: "message:read",
            says: "Marks messages of one conversation as read. The user's own are skipped.",
            argument: Argument::Object(&[CONVERSATION_ID, MESSAGE_IDS]),
            ack: schema::<Success<Marked>>,
        },
        every::emitted(),
    ]
}

fn calls() -> Vec<Call> {
    let plain = |method, path, says, body| Call {
        method,
        path,
        says,
        parameters: &[],
        query: &[],
        body: &[],
        answers: vec![(200, body)],
    };
    vec![
        Call {
            query: PAGE_OF_CHATS,
            ..plain(
                "GET",
                "/api/chat/conversations",
                "Lists the caller's conversations, those with the most recent activity first.",
                schema::<Data<Vec<Conversation>>>,
            )
        },
        Call {
            method: "GET",
            path: "/api/chat/conversation/{id}",
            says: "Creates the conversation of the caller and another user, or finds it.",
            parameters: const { &[Field::required("id", USER, "The id of the other user.")] },
            query: &[],
            body: &[],
            answers: vec![(201, schema::<Data<Conversation>>), (200, schema::<Data<Conversation>>)],
        },
        Call {
            parameters: const { &[Field::required("id", CHAT, "The id of the conversation.")] },
            query: WINDOW,
            ..plain(
                "GET",
                "/api/chat/conversation/{id}/messages",
                "Lists the messages of a conversation, oldest first, and marks them as delivered to the caller.",
                schema::<List<Message, NumberedPage>>,
            )
        },
        Call {
            method: "POST",
            path: "/api/chat/message",
            says: "Sends a message.",
            parameters: &[],
            query: &[],
            body: SEND,
            answers: vec![(201, schema::<Data<Message>>), (200, schema::<Data<Message>>)],
        },
        Call {
            parameters: const { &[Field::required("messageId", MESSAGE, "The id of the message.")] },
            body: const {
                &[Field::optional(
                    "deleteForEveryone",
                    Kind::Flag,
                    "Whether to delete it for everybody, which only its sender may. Otherwise for the caller alone.",
                )]
            },
            ..plain(
                "DELETE",
                "/api/chat/message/{messageId}",
                "Deletes a message. Its place stays.",
                schema::<Data<Message>>,
            )
        },
        Call {
            body: &[
                CONVERSATION_ID,
                Field {
                    presence: Presence::Optional,
                    says: "The ids of the messages. If absent, everything.",
                    ..MESSAGE_IDS
                },
            ],
            ..plain("POST", "/api/chat/messages/read", "Marks messages as read.", schema::<Data<Marked>>)
        },
        plain(
            "GET",
            "/api/chat/unread-count",
            "Counts the caller's unread messages in all conversations.",
            schema::<Data<UnreadCount>>,
        ),
    ]
}
