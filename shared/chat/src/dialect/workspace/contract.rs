//! The contract of workspace: the fields of its events and requests, and the type of each answer.

use crate::dialect::contract::{Argument, Call, Contract, Emitted, Field, Kind, schema};
use crate::dialect::envelope::{Data, Failure, List, NoFields, NumberedPage, Success};
use crate::dialect::every::Listing;
use crate::dialect::every::contract::{
    self as every, Bodies, CHAT, CLIENT_MESSAGE_ID, MESSAGE, PAGE_OF_CHATS, USER, WINDOW,
};
use crate::dialect::shapes::{ErrorObject, RefusedConnect};
use crate::dialect::workspace::heard::{Heard, Sent};
use crate::dialect::workspace::shapes::{Conversation, KINDS, Message};
use crate::domain::message::{MessageKind, TEXT_MAX_CHARACTERS};
use crate::domain::user::Status;

const CONVERSATION_ID: Field = Field::required("conversationId", CHAT, "The id of the conversation.");

/// The contract of workspace.
pub(super) fn contract() -> Contract {
    let mut calls = calls();
    calls.extend(every::calls(&Bodies {
        listing: schema::<Data<Listing>>,
        sent: schema::<Data<Message>>,
        done: schema::<Data<()>>,
    }));
    Contract {
        says: "Colleagues: conversations with rooms, and statuses.",
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
        Emitted {
            event: "message:send",
            says: "Sends a message.",
            argument: Argument::Object(
                const {
                    &[
                        CONVERSATION_ID,
                        Field::depends(
                            "content",
                            every::content(TEXT_MAX_CHARACTERS),
                            "The text. Required, and not only white space, if `type` is `text`.",
                        ),
                        Field::optional(
                            "mediaUrl",
                            Kind::Address,
                            "The address of a medium. Required if `type` is not `text`.",
                        ),
                        Field::optional(
                            "type",
                            Kind::OneOf(|| MessageKind::names(KINDS)),
                            "The type of the content, `text` if absent.",
                        ),
                        CLIENT_MESSAGE_ID,
                    ]
                },
            ),
            ack: schema::<Success<Sent>>,
        },
        plain(
            "message:read",
            "Marks one message as read.",
            Argument::Object(const { &[Field::required("messageId", MESSAGE, "The id of the message.")] }),
        ),
        plain("typing:start", "Says that the user begins to type.", Argument::Object(&[CONVERSATION_ID])),
        plain("typing:stop", "Says that the user stops typing.", Argument::Object(&[CONVERSATION_ID])),
        plain(
            "conversation:join",
            "Joins the room of a conversation. From now on the socket hears who types there, and gets no notifications \
             of its messages.",
            Argument::Bare(CONVERSATION_ID),
        ),
        plain("conversation:leave", "Leaves the room of a conversation.", Argument::Bare(CONVERSATION_ID)),
        plain(
            "user:status",
            "Sets the user's status. With `offline` the user appears offline.",
            Argument::Bare(Field::required(
                "status",
                Kind::OneOf(|| Status::ALL.map(Status::name).into()),
                "The status.",
            )),
        ),
        every::emitted(),
    ]
}

fn calls() -> Vec<Call> {
    vec![
        Call {
            method: "POST",
            path: "/api/conversations",
            says: "Creates the conversation of the caller and another user, or finds it.",
            parameters: &[],
            query: &[],
            body: const { &[Field::required("participantId", USER, "The id of the other user.")] },
            answers: vec![(201, schema::<Data<Conversation>>), (200, schema::<Data<Conversation>>)],
        },
        Call {
            method: "GET",
            path: "/api/conversations",
            says: "Lists the caller's conversations, those with the most recent activity first.",
            parameters: &[],
            query: PAGE_OF_CHATS,
            body: &[],
            answers: vec![(200, schema::<List<Conversation, NumberedPage>>)],
        },
        Call {
            method: "GET",
            path: "/api/conversations/{conversationId}/messages",
            says: "Lists the messages of a conversation, oldest first.",
            parameters: &[CONVERSATION_ID],
            query: WINDOW,
            body: &[],
            answers: vec![(200, schema::<List<Message, NumberedPage>>)],
        },
    ]
}
