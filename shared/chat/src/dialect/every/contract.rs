//! The contract of what is the same in every dialect, and the fields that several dialects read.

use crate::dialect::contract::{Argument, Call, Emitted, Field, Kind, SchemaOf, schema};
use crate::dialect::envelope::{Data, NoFields, Success};
use crate::dialect::every::{CLAIM_MAX_CHARACTERS, MediaLink, NOTIFICATION_MAX_CHARACTERS, RENEWAL, Upload};
use crate::dialect::shapes::Profile;
use crate::domain::listing::{ADDRESS_MAX_CHARACTERS, IMAGES_MAX, TITLE_MAX_CHARACTERS};
use crate::domain::media::OBJECT_MAX_BYTES;
use crate::domain::page::{CHATS_LIMIT_DEFAULT, MESSAGES_LIMIT_DEFAULT, PAGE_LIMIT_MAX};

/// The id of a chat.
pub(in crate::dialect) const CHAT: Kind = Kind::Id("3f1c9a52b0de4477aa01c2d9");
const MESSAGE_ID: &str = "3f1c9a52b0de4477aa01c2d9000000000007";
/// The id of a message.
pub(in crate::dialect) const MESSAGE: Kind = Kind::Id(MESSAGE_ID);
/// A list of at most `max` messages.
pub(in crate::dialect) const fn messages(max: usize) -> Kind {
    Kind::Ids { max, example: MESSAGE_ID }
}
/// The id of a user.
pub(in crate::dialect) const USER: Kind = Kind::text(128, "bob");
/// The id of a listing.
pub(in crate::dialect) const LISTING: Kind = Kind::text(128, "pet-7");
/// The name that a client gives to a send.
pub(in crate::dialect) const CLIENT_MESSAGE_ID: Field = Field::optional(
    "clientMessageId",
    Kind::text(64, "d5f8c0a1-1"),
    "An id of the client's own. Sending it again within 24 hours stores nothing and answers with the first message.",
);
/// A text of at most `max` characters that may be empty.
pub(in crate::dialect) const fn content(max: usize) -> Kind {
    Kind::Text { min: 0, max: Some(max), example: "Hello" }
}

/// The number of a page.
pub(in crate::dialect) const PAGE: Field =
    Field::optional("page", Kind::Count { min: 1, max: None, default: Some(1) }, "The number of the page, from 1.");
const CHATS_LIMIT: Field = limit(CHATS_LIMIT_DEFAULT);
/// The most messages of a page.
pub(in crate::dialect) const MESSAGES_LIMIT: Field = limit(MESSAGES_LIMIT_DEFAULT);
/// The message after which a list begins.
pub(in crate::dialect) const AFTER_SEQ: Field = Field::optional(
    "afterSeq",
    Kind::Count { min: 0, max: None, default: None },
    "Instead of `page`: lists the messages whose `seq` is greater, oldest first.",
);

/// The query of a list of chats.
pub(in crate::dialect) const PAGE_OF_CHATS: &[Field] = &[PAGE, CHATS_LIMIT];
/// The query of a list of messages.
pub(in crate::dialect) const WINDOW: &[Field] = &[PAGE, MESSAGES_LIMIT, AFTER_SEQ];

const fn limit(default: u64) -> Field {
    let kind = Kind::Count { min: 1, max: Some(PAGE_LIMIT_MAX), default: Some(default) };
    Field::optional("limit", kind, "The most entries of the page.")
}

/// The event that every dialect knows.
pub(in crate::dialect) fn emitted() -> Emitted {
    Emitted {
        event: RENEWAL,
        says: "Renews the credentials of the socket with another token of the same user.",
        argument: Argument::Object(
            const {
                &[Field::required(
                    "token",
                    Kind::Text { min: 1, max: None, example: "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl" },
                    "The token, with or without `Bearer ` in front of it.",
                )]
            },
        ),
        ack: schema::<Success<NoFields>>,
    }
}

/// The bodies of the answers that a dialect puts in its own envelope.
pub(in crate::dialect) struct Bodies {
    /// A listing.
    pub(in crate::dialect) listing: SchemaOf,
    /// A message that was sent.
    pub(in crate::dialect) sent: SchemaOf,
    /// Nothing.
    pub(in crate::dialect) done: SchemaOf,
}

/// The routes that every dialect has.
pub(in crate::dialect) fn calls(bodies: &Bodies) -> Vec<Call> {
    let pet = const { &[Field::required("petId", LISTING, "The id of the listing.")] };
    let user = const { &[Field::required("userId", USER, "The id of the user.")] };
    vec![
        Call {
            method: "PUT",
            path: "/api/listings/{petId}",
            says: "Creates a listing, or changes it if the caller owns it.",
            parameters: pet,
            query: &[],
            body: const {
                &[
                    Field::required("title", Kind::text(TITLE_MAX_CHARACTERS, "A dog"), "The title."),
                    Field::optional("images", Kind::Objects { max: IMAGES_MAX, fields: IMAGE }, "Pictures."),
                    Field::optional("price", Kind::Decimal, "The price."),
                    Field::optional(
                        "address",
                        Kind::Text { min: 0, max: Some(ADDRESS_MAX_CHARACTERS), example: "Lisbon" },
                        "The place where it is.",
                    ),
                ]
            },
            answers: vec![(200, bodies.listing)],
        },
        Call {
            method: "GET",
            path: "/api/listings/{petId}",
            says: "Reads a listing.",
            parameters: pet,
            query: &[],
            body: &[],
            answers: vec![(200, bodies.listing)],
        },
        Call {
            method: "POST",
            path: "/api/media/uploads",
            says: "Prepares the upload of a file that is too large for a request. Its answer names the request that \
                   puts the file. `send-media` then names the upload.",
            parameters: &[],
            query: &[],
            body: const {
                &[
                    Field::required("chatId", CHAT, "The id of the chat for which the file is."),
                    Field::required(
                        "contentType",
                        Kind::Text { min: 1, max: None, example: "image/png" },
                        "The media type of the file.",
                    ),
                    Field::required("size", Kind::Size, "The size of the file, in bytes, from 1 to 52,428,800."),
                ]
            },
            answers: vec![(201, schema::<Data<Upload>>)],
        },
        Call {
            method: "GET",
            path: "/api/media/{name}/link",
            says: "Makes an address from which a medium can be fetched without a token for five minutes.",
            parameters: const {
                &[Field::required(
                    "name",
                    Kind::Id("3f1c9a52b0de4477aa01c2d9-0123456789abcdef0123456789abcdef.png"),
                    "The generated name of the medium.",
                )]
            },
            query: &[],
            body: &[],
            answers: vec![(200, schema::<Data<MediaLink>>)],
        },
        Call {
            method: "POST",
            path: "/api/chat/{chatId}/send-media",
            says: "Sends a picture or a film: as a form with the file in the field `media`, or as JSON with the id of \
                   a prepared upload.",
            parameters: const { &[Field::required("chatId", CHAT, "The id of the chat.")] },
            query: &[],
            body: const {
                &[
                    CLIENT_MESSAGE_ID,
                    Field::optional(
                        "content",
                        Kind::Text { min: 0, max: None, example: "Look" },
                        "The text. If it is empty or absent, `Sent image` or `Sent video`.",
                    ),
                    Field::depends(
                        "uploadId",
                        Kind::Id("0123456789abcdef0123456789abcdef01973b1e2a00"),
                        "The id of a prepared upload. Required if there is no file.",
                    ),
                ]
            },
            answers: vec![(201, bodies.sent), (200, bodies.sent)],
        },
        Call {
            method: "PUT",
            path: "/api/users/{userId}",
            says: "Creates the profile of a user, or changes it. Only with a token whose role is `service`.",
            parameters: user,
            query: &[],
            body: const {
                &[
                    Field::optional("name", CLAIM, "The name to show."),
                    Field::optional("firstName", CLAIM, "The given name."),
                    Field::optional("lastName", CLAIM, "The family name."),
                    Field::optional("username", CLAIM, "A short name that users choose themselves."),
                    Field::optional("email", CLAIM, "The e-mail address."),
                    Field::optional("role", CLAIM, "The role."),
                    Field::optional("picture", CLAIM, "The address of a picture."),
                ]
            },
            answers: vec![(200, schema::<Data<Profile<'static>>>)],
        },
        Call {
            method: "POST",
            path: "/api/users/{userId}/notifications",
            says: "Sends a notification to every socket of a user. Only with a token whose role is `service`.",
            parameters: user,
            query: &[],
            body: const {
                &[
                    Field::required(
                        "message",
                        Kind::text(NOTIFICATION_MAX_CHARACTERS, "Your order has left"),
                        "The text.",
                    ),
                    Field::required("type", Kind::text(CLAIM_MAX_CHARACTERS, "order"), "A kind of the service's own."),
                ]
            },
            answers: vec![(200, bodies.done)],
        },
    ]
}

const IMAGE: &[Field] = &[Field::required(
    "url",
    Kind::WebAddress,
    "The `https:` address of the picture. The local system also takes `http:`.",
)];
const CLAIM: Kind = Kind::Text { min: 0, max: Some(CLAIM_MAX_CHARACTERS), example: "Ada" };

const _: () = assert!(OBJECT_MAX_BYTES == 52_428_800, "the text of `size` names the limit");
