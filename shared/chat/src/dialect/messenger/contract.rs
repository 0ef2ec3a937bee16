//! The contract of messenger: the fields of its events, and the type of each answer.

use crate::dialect::contract::{Argument, Contract, Emitted, Field, Kind, schema};
use crate::dialect::envelope::{Failure, NoFields, Success, Told};
use crate::dialect::every::Listing;
use crate::dialect::every::contract::{
    self as every, AFTER_SEQ, Bodies, CLIENT_MESSAGE_ID, MESSAGE, MESSAGES_LIMIT, PAGE, USER,
};
use crate::dialect::messenger::heard::{Confirmation, Heard, History, Sent, Unread};
use crate::dialect::messenger::shapes::Message;
use crate::dialect::shapes::{ErrorObject, RefusedConnect};
use crate::domain::message::TEXT_MAX_CHARACTERS;

/// The contract of messenger.
pub(super) fn contract() -> Contract {
    let calls = every::calls(&Bodies {
        listing: schema::<Told<Listing>>,
        sent: schema::<Told<Message>>,
        done: schema::<Told<()>>,
    });
    Contract {
        says: "Messages from user to user, without a notion of chats.",
        emitted: emitted(),
        heard: Heard::contract(),
        calls,
        error: schema::<ErrorObject>,
        refusal: schema::<RefusedConnect<'static>>,
        rest_error: schema::<Failure>,
    }
}

fn emitted() -> Vec<Emitted> {
    const RECEIVER: Field = Field::required("receiverId", USER, "The id of the recipient.");
    vec![
        Emitted {
            event: "send_message",
            says: "Sends a message. Without an ack the answer is the event `message_sent`.",
            argument: Argument::Object(
                const {
                    &[
                        RECEIVER,
                        Field::required(
                            "content",
                            Kind::text(TEXT_MAX_CHARACTERS, "Hello"),
                            "The text, not only white space.",
                        ),
                        CLIENT_MESSAGE_ID,
                    ]
                },
            ),
            ack: schema::<Success<Sent>>,
        },
        Emitted {
            event: "mark_message_read",
            says: "Marks one message as read. Without an ack the answer is the event `message_read_confirmed`.",
            argument: Argument::Object(const { &[Field::required("messageId", MESSAGE, "The id of the message.")] }),
            ack: schema::<Success<Confirmation>>,
        },
        Emitted {
            event: "get_message_history",
            says: "Lists the messages of the user and another one. Without an ack the answer is the event \
                   `message_history`.",
            argument: Argument::Object(
                const {
                    &[
                        Field::required("otherUserId", USER, "The id of the other user."),
                        PAGE,
                        MESSAGES_LIMIT,
                        AFTER_SEQ,
                    ]
                },
            ),
            ack: schema::<Success<History>>,
        },
        Emitted {
            event: "get_unread_count",
            says: "Counts the messages of other users that the user has not read. Without an ack the answer is the \
                   event `unread_count`.",
            argument: Argument::None,
            ack: schema::<Success<Unread>>,
        },
        Emitted {
            event: "typing_start",
            says: "Says that the user begins to type.",
            argument: Argument::Object(&[RECEIVER]),
            ack: schema::<Success<NoFields>>,
        },
        Emitted {
            event: "typing_stop",
            says: "Says that the user stops typing.",
            argument: Argument::Object(&[RECEIVER]),
            ack: schema::<Success<NoFields>>,
        },
        every::emitted(),
    ]
}
