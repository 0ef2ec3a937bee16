//! The contract of marketplace: the fields of its events and requests, and the type of each answer.

use crate::dialect::contract::{Argument, Call, Contract, Emitted, Field, Kind, schema};
use crate::dialect::envelope::{Failure, NoFields, Success, Told};
use crate::dialect::every::Listing;
use crate::dialect::every::contract::{
    self as every, Bodies, CHAT, CLIENT_MESSAGE_ID, LISTING, MESSAGE, PAGE_OF_CHATS, USER, WINDOW,
};
use crate::dialect::marketplace::events::{Sent, TEXT_MAX_CHARACTERS};
use crate::dialect::marketplace::heard::Heard;
use crate::dialect::marketplace::rest::{Block, Chats, Messages};
use crate::dialect::marketplace::shapes::{Chat, KINDS, Message};
use crate::dialect::shapes::{ErrorObject, Marked, RefusedConnect};
use crate::domain::message::MessageKind;

const CHAT_ID: Field = Field::required("chatId", CHAT, "The id of the chat.");
const MESSAGE_ID: Field = Field::required("messageId", MESSAGE, "The id of the message.");
const CONTENT: Field = Field::depends(
    "content",
    every::content(TEXT_MAX_CHARACTERS),
    "The text. Required, and not only white space, if `messageType` is `text`.",
);
const MEDIA_URL: Field =
    Field::optional("mediaUrl", Kind::Address, "The address of a medium. Required if `messageType` is not `text`.");
const MESSAGE_TYPE: Field = Field::optional(
    "messageType",
    Kind::OneOf(|| MessageKind::names(KINDS)),
    "The type of the content, `text` if absent.",
);
const PARENT: Field = Field::optional("parentMessageId", MESSAGE, "The id of the message to which this one replies.");

/// The contract of marketplace.
pub(super) fn contract() -> Contract {
    let mut calls = calls();
    calls.extend(every::calls(&Bodies {
        listing: schema::<Told<Listing>>,
        sent: schema::<Told<Message>>,
        done: schema::<Told<()>>,
    }));
    Contract {
        says: "Buyers and sellers of listings. Clients join the rooms of chats.",
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
    vec![
        plain("online", "Says that the user is there: they no longer appear offline.", Argument::None),
        plain(
            "join-chat",
            "Joins the room of a chat. From now on the socket hears who types there.",
            Argument::Object(&[CHAT_ID]),
        ),
        plain(
            "leave-chat",
            "Leaves the room of a chat. From now on the socket does not hear who types there.",
            Argument::Object(&[CHAT_ID]),
        ),
        plain(
            "typing",
            "Says that the user begins or stops typing.",
            Argument::Object(
                const {
                    &[
                        CHAT_ID,
                        Field::required(
                            "isTyping",
                            Kind::Flag,
                            "Whether the user begins to type. Otherwise the user stops.",
                        ),
                    ]
                },
            ),
        ),
        Emitted {
            event: "sendMessage",
            says: "Sends a message.",
            argument: Argument::Object(&[CHAT_ID, CONTENT, MEDIA_URL, MESSAGE_TYPE, PARENT, CLIENT_MESSAGE_ID]),
            ack: schema::<Success<Sent>>,
        },
        plain("markAsRead", "Marks one message as read.", Argument::Object(&[CHAT_ID, MESSAGE_ID])),
        every::emitted(),
    ]
}

fn calls() -> Vec<Call> {
    const CHAT_OF_PATH: &[Field] = &[CHAT_ID];
    let of_chat = |method, path, says, body| Call {
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
            path: "/api/chat/create",
            says: "Creates the chat of the caller with another user or about a listing, or finds it.",
            parameters: &[],
            query: &[],
            body: const {
                &[
                    Field::optional("participantId", USER, "The id of the other user. Required without `petId`."),
                    Field::optional("petId", LISTING, "The id of the listing, whose owner always takes part."),
                ]
            },
            answers: vec![(201, schema::<Told<Chat>>), (200, schema::<Told<Chat>>)],
        },
        Call {
            method: "GET",
            path: "/api/chat/my-chats",
            says: "Lists the caller's chats, those with the most recent activity first.",
            parameters: &[],
            query: PAGE_OF_CHATS,
            body: &[],
            answers: vec![(200, schema::<Told<Chats>>)],
        },
        Call {
            query: WINDOW,
            ..of_chat("GET", "/api/chat/{chatId}/messages", "Lists the messages of a chat.", schema::<Told<Messages>>)
        },
        Call {
            body: &[CONTENT, MEDIA_URL, MESSAGE_TYPE, PARENT, CLIENT_MESSAGE_ID],
            answers: vec![(201, schema::<Told<Message>>), (200, schema::<Told<Message>>)],
            ..of_chat("POST", "/api/chat/{chatId}/send", "Sends a message.", schema::<Told<Message>>)
        },
        of_chat("PUT", "/api/chat/{chatId}/mark-read", "Marks everything in a chat as read.", schema::<Told<Marked>>),
        Call {
            method: "DELETE",
            path: "/api/chat/message/{messageId}",
            says: "Deletes a message that the caller sent, for everybody. Its place stays.",
            parameters: &[MESSAGE_ID],
            query: &[],
            body: &[],
            answers: vec![(200, schema::<Told<Message>>)],
        },
        of_chat(
            "PUT",
            "/api/chat/{chatId}/toggle-block",
            "Blocks a chat, or takes back the caller's own block.",
            schema::<Told<Block>>,
        ),
    ]
}
