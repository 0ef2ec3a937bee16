//! The parts that are the same in every dialect: renewing a socket's token, listings, media, and the routes for
//! services (docs/dialects.md, "What every dialect gains"). REST envelope: `{success,data}`.

#[cfg(feature = "contracts")]
pub(super) mod contract;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::dialect::envelope::Data;
use crate::dialect::fields::Fields;
use crate::dialect::json::{IsoTime, Price, value};
use crate::dialect::shapes::Profile;
use crate::dialect::{Asker, Family, Request, Route};
use crate::domain::command::{Command, FilePosting};
use crate::domain::id::UserId;
use crate::domain::listing::{Details, Listing as DomainListing};
use crate::domain::media::{File, UploadId};
use crate::domain::notice::Answer;
use crate::domain::user::Claims;
use crate::error::{Error, Thing};

/// The event that renews a socket's credentials.
const RENEWAL: &str = "authenticate";

/// The events that every dialect knows.
pub(super) const EVENTS: [&str; 1] = [RENEWAL];

pub(super) const ROUTES: &[Route] = &[
    Route::new("PUT", "/api/listings/{petId}", put_listing),
    Route::new("GET", "/api/listings/{petId}", |request| Ok(Command::ShowListing(request.path.listing("petId")?))),
    Route::new("POST", "/api/media/uploads", |request| {
        Ok(Command::PrepareUpload {
            chat: request.body.chat("chatId")?,
            content_type: request.body.text("contentType")?.to_owned(),
            size: request.body.count("size")?,
        })
    }),
    Route::new("GET", "/api/media/{name}/link", |request| Ok(Command::LinkMedia(request.path.media_name("name")?))),
    Route {
        takes_file: true,
        ..Route::new("POST", "/api/chat/{chatId}/send-media", |request| {
            Ok(Command::SendMedia {
                client_message_id: request.body.client_message_id()?,
                posting: file_posting(request),
            })
        })
    },
    Route { asker: Asker::Service, ..Route::new("PUT", "/api/users/{userId}", put_user) },
    Route {
        asker: Asker::Service,
        ..Route::new("POST", "/api/users/{userId}/notifications", |request| {
            Ok(Command::Notify {
                user: known_user(request)?,
                text: bounded(request.body, "message", NOTIFICATION_MAX_CHARACTERS)?,
                kind: bounded(request.body, "type", CLAIM_MAX_CHARACTERS)?,
            })
        })
    },
];

const NOTIFICATION_MAX_CHARACTERS: usize = 4_000;
/// The longest profile claim that REST accepts, in characters.
const CLAIM_MAX_CHARACTERS: usize = 512;

/// Parses an event that every dialect knows; `None` for any other event.
pub(super) fn command(event: &str, arguments: &[Value]) -> Option<Result<Command, Error>> {
    let token = || Ok(Fields::of_arguments(arguments)?.text("token")?.to_owned());
    (event == RENEWAL).then(|| token().map(|token| Command::Authenticate { token }))
}

/// The family of an event that every dialect knows; `None` for any other event.
pub(super) fn owner(event: &str) -> Option<Family> {
    (event == RENEWAL).then_some(Family::Connect)
}

/// The status and body of an answer that is the same in every dialect; `None` for any other answer.
pub(super) fn rest_answer(answer: &Answer) -> Option<(u16, Value)> {
    let (status, body) = match answer {
        Answer::MediaLink { url, expires_at } => {
            (200, value(&Data::new(MediaLink { url: url.clone(), expires_at: IsoTime(*expires_at) })))
        }
        Answer::Upload { id, method, url, headers } => {
            let upload = Upload {
                upload_id: id.to_string(),
                method,
                url: url.clone(),
                headers: headers.iter().cloned().collect(),
                expires_at: IsoTime(id.expires_at),
            };
            (201, value(&Data::new(upload)))
        }
        Answer::User(user) => (200, value(&Data::new(Profile::new(user)))),
        Answer::Block(_)
        | Answer::BlockedChats(_)
        | Answer::Chat { .. }
        | Answer::Chats { .. }
        | Answer::Done
        | Answer::Found { .. }
        | Answer::ChatDeleted(_)
        | Answer::Listing(_)
        | Answer::MessageDeleted { .. }
        | Answer::Messages { .. }
        | Answer::Online(_)
        | Answer::Pong(_)
        | Answer::Read(_)
        | Answer::Sent { .. }
        | Answer::Unread(_) => return None,
    };
    Some((status, body))
}

/// An address from which an object can be fetched without a token.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaLink {
    /// The address.
    url: String,
    /// When the address expires.
    expires_at: IsoTime,
}

/// A prepared upload: the request that puts the file, and the id that a message then names.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Upload {
    /// The id for `send-media`.
    upload_id: String,
    /// The HTTP method of the request that puts the file.
    method: &'static str,
    /// The address of that request.
    url: String,
    /// The headers that the request must have.
    headers: BTreeMap<String, String>,
    /// When the upload expires.
    expires_at: IsoTime,
}

/// A listing: a thing for sale about which people write to its owner.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Listing {
    /// The id of the listing.
    #[serde(rename = "_id")]
    id: String,
    /// The title.
    title: String,
    /// Pictures, in the order of the owner.
    images: Vec<Image>,
    /// The price, null if the owner named none.
    price: Option<Price>,
    /// The place where it is, null if the owner named none.
    address: Option<String>,
}

/// A picture of a listing.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
struct Image {
    /// The address of the picture.
    url: String,
}

impl Listing {
    /// A listing as every dialect shows it.
    pub(super) fn new(listing: &DomainListing) -> Self {
        let DomainListing { id, owner: _, details: Details { title, images, price, address } } = listing;
        Self {
            id: id.to_string(),
            title: title.clone(),
            images: images.iter().map(|url| Image { url: url.clone() }).collect(),
            price: price.map(Price),
            address: address.clone(),
        }
    }
}

fn put_listing(request: &Request<'_>) -> Result<Command, Error> {
    let id = request.path.listing("petId")?;
    let images = request.body.objects("images")?.unwrap_or_default();
    let url = |image: &Fields<'_>| image.web_address("url", "images");
    let details = Details {
        title: request.body.text("title")?.to_owned(),
        images: images.iter().map(url).collect::<Result<_, Error>>()?,
        price: request.body.optional_decimal("price")?,
        address: request.body.optional_text("address")?.map(str::to_owned),
    };
    Ok(Command::PutListing { id, details: details.checked()? })
}

fn file_posting(request: &Request<'_>) -> Result<FilePosting, Error> {
    let chat = request.path.chat("chatId")?;
    let caption = request.body.optional_text("content")?.map(str::to_owned);
    let file = match (request.file, request.body.optional_text("uploadId")?) {
        (Some(bytes), _) => File::Bytes(bytes.to_vec()),
        (None, Some(id)) => File::Upload(UploadId::parse(id)?),
        (None, None) => return Err(Error::validation("media", "is required")),
    };
    Ok(FilePosting { chat, caption, file })
}

fn put_user(request: &Request<'_>) -> Result<Command, Error> {
    let claim = |name| {
        let claim = request.body.optional_text(name)?.filter(|claim| !claim.is_empty());
        claim.map(|_| bounded(request.body, name, CLAIM_MAX_CHARACTERS)).transpose()
    };
    let claims = Claims {
        name: claim("name")?,
        first_name: claim("firstName")?,
        last_name: claim("lastName")?,
        username: claim("username")?,
        email: claim("email")?,
        role: claim("role")?,
        picture: claim("picture")?,
    };
    let user = request.path.user("userId")?;
    Ok(Command::PutUser { user, claims })
}

/// The id of a user in the path. Text that cannot be an id counts as a user who does not exist.
fn known_user(request: &Request<'_>) -> Result<UserId, Error> {
    request.path.user("userId").map_err(|_| Error::NotFound(Thing::User))
}

fn bounded(fields: &Fields<'_>, name: &'static str, most: usize) -> Result<String, Error> {
    let text = fields.text(name)?;
    if text.chars().nth(most).is_some() {
        return Err(Error::validation(name, format!("must be at most {most} characters")));
    }
    Ok(text.to_owned())
}
