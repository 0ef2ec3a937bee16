//! Examples: what alice hears and is answered in a small chat with bob, worded by the dialect itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chat::dialect::contract::{Call, Field};
use chat::dialect::fields::Fields;
use chat::dialect::{Dialect, Request, Route};
use chat::domain::chat::Chat;
use chat::domain::command::Command;
use chat::domain::directory::Directory;
use chat::domain::extent::Extent;
use chat::domain::id::{ListingId, SocketId, UserId};
use chat::domain::listing::{Details, Listing};
use chat::domain::media::UploadId;
use chat::domain::message::{Content, Draft, Message, MessageKind, TEXT_MAX_CHARACTERS};
use chat::domain::notice::{Answer, ChatView, Notice, Paging, Reading, Viewer};
use chat::domain::page::{MESSAGES_LIMIT_DEFAULT, Page};
use chat::domain::user::{Claims, Status, User};
use chat::error::{Error, Refusal};
use relay::clock::Timestamp;
use serde_json::{Map, Value};

/// The time of the examples: 2026-01-02T03:04:05.006Z.
const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_006);

/// The examples of a dialect.
pub(crate) struct Examples {
    dialect: &'static Dialect,
    alice: UserId,
    bob: UserId,
    directory: Directory,
    chat: Chat,
    /// Two messages: the first by bob, the second by alice.
    messages: [Message; 2],
    heard: BTreeMap<&'static str, Value>,
}

impl Examples {
    /// The examples of a dialect.
    pub(crate) fn new(dialect: &'static Dialect) -> Self {
        let (alice, bob) = (user_id("alice"), user_id("bob"));
        let people = BTreeSet::from([alice.clone(), bob.clone()]);
        let chat = Chat::between(&people, None, 0, NOW);
        let draft = |text: &str| {
            let content = Content::new(MessageKind::Text, Some(text.to_owned()), Vec::new(), TEXT_MAX_CHARACTERS);
            Draft { content: content.expect("a text"), reply_to: None, client_message_id: None, via: None }
        };
        let (chat, first) = draft("Hello Alice").stored_in(&chat, &bob, NOW, NOW);
        let (chat, second) = draft("Hello Bob").stored_in(&chat, &alice, NOW, NOW);
        let profiles = [user(&alice, "Alice", "Liddell"), user(&bob, "Bob", "Builder")];
        let users: HashMap<UserId, User> = profiles.map(|user| (user.id.clone(), user)).into();
        let directory = Directory { users, listings: HashMap::new() };
        let heard = BTreeMap::new();
        let mut examples = Self { dialect, alice, bob, directory, chat, messages: [first, second], heard };
        examples.heard = examples.all_heard();
        examples
    }

    fn viewer(&self, origin: bool) -> Viewer<'_> {
        let (directory, extent) = (&self.directory, Extent::WHOLE);
        Viewer { user: &self.alice, origin, joined: false, directory, now: NOW, extent }
    }

    /// The argument of an event that a client hears.
    pub(crate) fn heard(&self, event: &str) -> Value {
        self.heard.get(event).unwrap_or_else(|| unheard(self.dialect, event)).clone()
    }

    fn all_heard(&self) -> BTreeMap<&'static str, Value> {
        let mut heard = BTreeMap::new();
        for (notice, origin) in self.notices() {
            for (event, argument) in (self.dialect.notice_events)(&notice, &self.viewer(origin)) {
                heard.entry(event).or_insert(argument);
            }
        }
        let read_before = self.reading(&self.alice, 0);
        for answer in [self.messages(), Answer::Unread(3), Answer::Read(read_before)] {
            let event = (self.dialect.answer_event)(&answer, &self.viewer(true));
            heard.extend(event.into_iter().filter(|(event, _)| !heard.contains_key(event)).collect::<Vec<_>>());
        }
        heard
    }

    fn notices(&self) -> Vec<(Notice, bool)> {
        let Self { alice, bob, chat, messages: [first, second], .. } = self;
        let blocked = |by: &UserId| Notice::Blocked { view: self.view(), by: by.clone() };
        let unblocked = |by: &UserId| Notice::Unblocked { view: self.view(), by: by.clone() };
        let typing = |active| Notice::Typing { chat: chat.id.clone(), user: bob.clone(), active };
        let sent = |message: &Message| Notice::Sent { chat: chat.clone(), message: message.clone() };
        let socket = SocketId::parse("x2xVPVBgZ9JHB2hYAAAB").expect("an id of a socket");
        vec![
            (Notice::Connected { user: alice.clone(), socket }, true),
            (Notice::OnlineUsers(self.people()), true),
            (sent(second), true),
            (sent(first), false),
            (Notice::Read(self.reading(alice, 1)), false),
            (Notice::Read(self.reading(bob, 1)), false),
            (typing(true), false),
            (typing(false), false),
            (blocked(alice), false),
            (blocked(bob), false),
            (unblocked(alice), false),
            (unblocked(bob), false),
            (Notice::Online { user: bob.clone(), status: Status::Online, became_online: true }, false),
            (Notice::Offline { user: bob.clone(), last_seen: NOW }, false),
            (Notice::Delivered(second.id.clone()), false),
            (Notice::MessageDeleted { message: first.id.clone(), for_everyone: true }, false),
            (Notice::ChatCreated(self.view()), false),
            (Notice::ChatDeleted(chat.id.clone()), false),
            (notification(), false),
        ]
    }

    fn view(&self) -> ChatView {
        let [_, latest] = &self.messages;
        ChatView { chat: self.chat.clone(), latest: Some(latest.clone()) }
    }

    fn people(&self) -> Vec<User> {
        [&self.alice, &self.bob].map(|id| self.directory.user(id).into_owned()).into()
    }

    fn messages(&self) -> Answer {
        let page = Page::new(1, MESSAGES_LIMIT_DEFAULT).expect("the first page");
        let paging = Paging::Page { page, total: 2 };
        Answer::Messages { chat: self.chat.clone(), messages: self.messages.clone().into(), paging }
    }

    fn reading(&self, reader: &UserId, marked: u64) -> Reading {
        let mine = |message: &&Message| message.sender != *reader;
        let messages = self.messages.iter().filter(mine).cloned().map(|mut message| {
            message.read_by.insert(reader.clone(), NOW);
            message
        });
        let (chat, reader, messages) = (self.chat.clone(), reader.clone(), messages.collect());
        Reading { chat, reader, at: NOW, marked, messages, whole: false }
    }

    /// The ack of an event with this argument.
    pub(crate) fn ack(&self, event: &str, argument: Option<Value>) -> Value {
        let arguments: Vec<Value> = argument.into_iter().collect();
        let command = self.dialect.parse_command(event, &arguments).expect("the example of an event is taken");
        (self.dialect.ack)(&self.answer_to(&command), &self.viewer(true)).into()
    }

    /// The route of a call.
    pub(crate) fn route(&self, call: &Call) -> &'static Route {
        let same = |route: &&Route| (route.method, route.path) == (call.method, call.path);
        self.dialect.all_routes().find(same).expect("each call is a route")
    }

    /// The body of the answer to a call.
    pub(crate) fn answer(&self, route: &Route, call: &Call) -> Value {
        let part = |fields: &[Field]| -> Map<String, Value> {
            let given = fields.iter().filter(|field| field.name != "afterSeq");
            given.map(|field| (field.name.to_owned(), field.kind.example())).collect()
        };
        let (path, query, body) = (part(call.parameters), part(call.query), part(call.body));
        let (path, query, body) = (Fields::new(&path), Fields::new(&query), Fields::new(&body));
        let command = (route.read)(&Request { path: &path, query: &query, body: &body, file: None });
        let answer = self.answer_to(&command.expect("the example of a request is taken"));
        self.dialect.rest_response(&answer, &self.viewer(false)).1
    }

    /// The error of an event.
    pub(crate) fn error(&self) -> Value {
        (self.dialect.error)(&Error::Blocked, NOW)
    }

    /// The body of an error over REST.
    pub(crate) fn rest_error(&self) -> Value {
        (self.dialect.rest_error)(&Error::Blocked, NOW)
    }

    /// The payload of CONNECT_ERROR for a token that is refused.
    pub(crate) fn refusal(&self) -> Value {
        (self.dialect.refusal)(Refusal::ExpiredToken)
    }

    fn answer_to(&self, command: &Command) -> Answer {
        let [first, second] = &self.messages;
        let chat = || self.chat.clone();
        let first_page = Paging::Page { page: Page::new(1, 20).expect("the first page"), total: 1 };
        match command {
            Command::Authenticate { .. }
            | Command::Come
            | Command::JoinRoom(_)
            | Command::Leave
            | Command::LeaveRoom(_)
            | Command::Notify { .. }
            | Command::SetStatus(_)
            | Command::Type { .. } => Answer::Done,
            Command::Block(_) | Command::ToggleBlock(_) | Command::Unblock(_) => Answer::Block(self.view()),
            Command::CountUnread { .. } => Answer::Unread(3),
            Command::CreateChat { .. } => Answer::Chat { view: self.view(), created: true },
            Command::DeleteChat(id) => Answer::ChatDeleted(id.clone()),
            Command::DeleteMessage { .. } => {
                let mut message = second.clone();
                (message.content, message.deleted_at) = (None, Some(NOW));
                Answer::MessageDeleted { chat: chat(), message }
            }
            Command::LinkMedia(name) => {
                let url = format!("https://example.com/api/media/{name}?signature=...");
                Answer::MediaLink { url, expires_at: NOW.plus_millis(300_000) }
            }
            Command::ListBlockedChats => Answer::BlockedChats(vec![self.view()]),
            Command::ListChats(_) => Answer::Chats { views: vec![self.view()], paging: first_page },
            Command::ListMessages { .. } => self.messages(),
            Command::ListOnline => Answer::Online(self.people()),
            Command::MarkChatRead(_) | Command::MarkRead { .. } => Answer::Read(self.reading(&self.alice, 1)),
            Command::Ping => Answer::Pong(NOW),
            Command::PrepareUpload { .. } => Answer::Upload {
                id: UploadId { random: "0123456789abcdef0123456789abcdef".to_owned(), expires_at: NOW },
                method: "PUT",
                url: "https://example.com/upload?signature=...".to_owned(),
                headers: vec![("content-type".to_owned(), "image/png".to_owned())],
            },
            Command::PutListing { .. } | Command::ShowListing(_) => Answer::Listing(self.listing()),
            Command::PutUser { .. } => Answer::User(self.directory.user(&self.alice).into_owned()),
            Command::Search { .. } => {
                Answer::Found { chat: chat(), messages: vec![first.clone()], paging: first_page, stopped_before: None }
            }
            Command::Send { .. } | Command::SendMedia { .. } => {
                Answer::Sent { chat: chat(), message: second.clone(), repeated: false }
            }
            Command::ShowChat(_) => Answer::Chat { view: self.view(), created: false },
        }
    }

    fn listing(&self) -> Listing {
        let details = Details {
            title: "A dog".to_owned(),
            images: vec!["https://example.com/dog.png".to_owned()],
            price: Some(250.0),
            address: Some("Lisbon".to_owned()),
        };
        Listing { id: ListingId::parse("pet-7").expect("an id"), owner: self.alice.clone(), details }
    }
}

fn notification() -> Notice {
    Notice::Notified {
        id: "5b2f0c6e".to_owned(),
        text: "Your order has left".to_owned(),
        kind: "order".to_owned(),
        at: NOW,
    }
}

fn user_id(id: &str) -> UserId {
    UserId::parse(id).expect("an id of a user")
}

fn user(id: &UserId, first_name: &str, last_name: &str) -> User {
    let claims = Claims {
        first_name: Some(first_name.to_owned()),
        last_name: Some(last_name.to_owned()),
        email: Some(format!("{id}@example.com")),
        ..Claims::default()
    };
    User { claims, sockets: 1, ..User::unknown(id.clone()) }
}

#[expect(clippy::panic, reason = "an event that no example causes needs one")]
fn unheard(dialect: &Dialect, event: &str) -> ! {
    panic!("no example causes the event {event} of {}", dialect.name)
}
