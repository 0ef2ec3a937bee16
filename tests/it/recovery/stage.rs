//! The world of a client that is cut, of one that is not, and of the people who talk to both.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use world::World;

use super::ear::{Ear, Transport};
use super::picture::{Picture, chat_of, disorder, misplaced_offsets};
use super::property::{Act, ChatEvent, Deed, End, OTHERS, Round};
use super::words::{ME, Words};

/// The world, the client that is cut, and the one that is not.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) ear: Ear,
    /// The client's other namespace, on the same connection, if it has one.
    pub(super) beside: Option<Ear>,
    reference: Ear,
    transport: Transport,
    /// Every message ever stored, in order of commit.
    stored: Vec<String>,
    /// Those by the user of the client.
    mine: BTreeSet<String>,
    /// Those whose chat was deleted since.
    erased: BTreeSet<String>,
    /// The chats that ever were.
    chats: BTreeSet<String>,
    /// Those that ever were deleted.
    ever_deleted: BTreeSet<String>,
    texts: usize,
    cuts: usize,
    /// Whether the client has no connection.
    away: bool,
}

impl Stage {
    pub(super) async fn new(words: &'static Words, beside: Option<&'static Words>, transport: Transport) -> Self {
        let mut world = World::with(&[("RateLimits", "off")]).await;
        world.know(&OTHERS).await;
        for other in OTHERS {
            world.join_namespace(other, other, "/recruiting").await;
        }
        let reference = Ear::join(&mut world, "reference", words, Transport::WebSocket).await;
        let ear = Ear::join(&mut world, "ear", words, transport).await;
        let mut beside = beside.map(|words| Ear::new("ear", words));
        if let Some(beside) = &mut beside {
            beside.moves_on();
            beside.connect(&mut world).await;
        }
        Self {
            world,
            ear,
            beside,
            reference,
            transport,
            stored: Vec::new(),
            mine: BTreeSet::new(),
            erased: BTreeSet::new(),
            chats: BTreeSet::new(),
            ever_deleted: BTreeSet::new(),
            texts: 0,
            cuts: 0,
            away: false,
        }
    }

    /// Lets everybody hear what there is to be heard.
    async fn settle(&mut self) {
        self.world.send_all(&[]).await;
        self.listen();
    }

    pub(super) fn listen(&mut self) {
        self.reference.listen(&mut self.world);
        if !self.away {
            self.ear.listen_with(&mut self.world, self.beside.as_mut());
        }
    }

    async fn request(&mut self, user: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.world.request(user, method, path, &body).await
    }

    /// The chat with one of the others, made if it is not there.
    async fn chat(&mut self, with: usize) -> String {
        let body = json!({"otherUserId": OTHERS[with]});
        let (_, made) = self.request(ME, "POST", "/recruiting/api/chat/create-or-get", body).await;
        let id = made["data"]["_id"].as_str().unwrap().to_owned();
        self.chats.insert(id.clone());
        id
    }

    /// The message of a chat that was stored so many before its newest one.
    fn back(&self, chat: &str, number: usize) -> Option<String> {
        let there = self.stored.iter().filter(|id| chat_of(id) == chat && !self.erased.contains(*id));
        there.rev().nth(number).cloned()
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        format!("text {}", self.texts)
    }

    fn note(&mut self, id: String, mine: bool) {
        if mine {
            self.mine.insert(id.clone());
        }
        self.stored.push(id);
    }

    async fn perform(&mut self, with: usize, act: &Act) {
        let other = OTHERS[with];
        let chat = self.chat(with).await;
        let who = |mine: bool| if mine { ME } else { other };
        match *act {
            Act::Block { mine } => {
                self.request(who(mine), "POST", &format!("/recruiting/api/chat/{chat}/block"), Value::Null).await;
            }
            Act::Unblock { mine } => {
                self.request(who(mine), "POST", &format!("/recruiting/api/chat/{chat}/unblock"), Value::Null).await;
            }
            Act::DeleteChat { mine } => {
                self.request(who(mine), "DELETE", &format!("/recruiting/api/chat/{chat}"), Value::Null).await;
                self.erased.extend(self.stored.iter().filter(|id| chat_of(id) == chat).cloned());
                self.ever_deleted.insert(chat);
            }
            Act::Delete(number) => {
                let Some(id) = self.back(&chat, number) else { return };
                let sender = who(self.mine.contains(&id));
                self.request(sender, "DELETE", &format!("/recruiting/api/message/{id}"), Value::Null).await;
            }
            Act::Hide(number) => {
                let Some(id) = self.back(&chat, number) else { return };
                let body = json!({"deleteForEveryone": false});
                self.request(ME, "DELETE", &format!("/classroom/api/chat/message/{id}"), body).await;
            }
            Act::Read { mine } => {
                let path = format!("/recruiting/api/message/chat/{chat}/mark-read");
                self.request(who(mine), "POST", &path, Value::Null).await;
            }
            Act::ReadSome(number) => {
                let Some(id) = self.back(&chat, number) else { return };
                let reader = who(!self.mine.contains(&id));
                let body = json!({"conversationId": chat, "messageIds": [id]});
                self.request(reader, "POST", "/classroom/api/chat/messages/read", body).await;
            }
            Act::Send { mine } => {
                let body = json!({"chatId": chat, "content": self.text()});
                let (status, sent) = self.request(who(mine), "POST", "/recruiting/api/message/send", body).await;
                if status == 201 {
                    self.note(sent["data"]["_id"].as_str().unwrap().to_owned(), mine);
                }
            }
            Act::Wait(millis) => self.world.clock.advance(millis),
        }
        self.settle().await;
    }

    /// Has the client itself do something, if it still is there.
    async fn behave(&mut self, with: usize, deed: &Deed) {
        let chat = self.chat(with).await;
        self.settle().await;
        if !self.ear.hears() {
            return;
        }
        let words = self.ear.words;
        let asked = match deed {
            Deed::Move if self.transport == Transport::Polling => {
                self.world.move_to_websocket("ear").await;
                self.transport = Transport::WebSocket;
                return self.listen();
            }
            Deed::Move => return,
            Deed::Read => match self.back(&chat, 0) {
                Some(newest) => self.ear.ask((words.read)(&chat, &newest)),
                None => return,
            },
            Deed::Send => {
                let text = self.text();
                self.ear.ask((words.send)(&chat, OTHERS[with], &text))
            }
        };
        self.world.send("ear", &asked).await;
        if matches!(deed, Deed::Send) {
            let sent = self.newest(&chat).await;
            if let Some(id) = sent.filter(|id| !self.stored.contains(id)) {
                self.note(id, true);
            }
        }
        self.listen();
    }

    async fn newest(&mut self, chat: &str) -> Option<String> {
        let path = format!("/recruiting/api/message/chat/{chat}?limit=1");
        let (_, page) = self.request(ME, "GET", &path, Value::Null).await;
        page["data"]["messages"][0]["_id"].as_str().map(str::to_owned)
    }

    /// Everything that is stored for the user now: the messages that are no placeholders, and whether they were read.
    async fn truth(&mut self) -> Vec<(String, bool)> {
        let mut all = Vec::new();
        for chat in self.chats.clone() {
            let mut after = 0;
            loop {
                let path = format!("/recruiting/api/message/chat/{chat}?afterSeq={after}&limit=100");
                let (status, page) = self.request(ME, "GET", &path, Value::Null).await;
                let messages =
                    page["data"]["messages"].as_array().filter(|_| status == 200).cloned().unwrap_or_default();
                let Some(last) = messages.last() else { break };
                after = last["seq"].as_u64().unwrap();
                let shown = messages.iter().filter(|message| message["isDeleted"] == false);
                all.extend(shown.map(|one| (one["_id"].as_str().unwrap().to_owned(), one["isRead"] == true)));
            }
        }
        all
    }

    /// What happens while the client is connected.
    pub(super) async fn live(&mut self, steps: &[(usize, ChatEvent)]) {
        for (with, step) in steps {
            match step {
                ChatEvent::Act(act) => self.perform(*with, act).await,
                ChatEvent::Deed(deed) => self.behave(*with, deed).await,
            }
        }
    }

    /// What happens without its doing.
    pub(super) async fn witness(&mut self, acts: &[(usize, Act)]) {
        for (with, act) in acts {
            self.perform(*with, act).await;
        }
    }

    /// Ends the connection. The label of what is still to be closed.
    pub(super) async fn cut(&mut self, end: End) -> Option<String> {
        self.cuts += 1;
        self.away = true;
        match end {
            End::Closed => drop(self.world.close("ear").await),
            End::Moving if self.transport == Transport::Polling => {
                self.world.offer_websocket("ear", "probe").await.unwrap();
                self.world.send("probe", "2probe").await;
                self.world.lose("ear");
                self.world.lose("probe");
            }
            End::Lost | End::Moving => self.world.lose("ear"),
            End::Late => {
                let late = format!("ear before cut {}", self.cuts);
                self.world.rename("ear", &late);
                return Some(late);
            }
        }
        None
    }

    /// Comes back, while others send, and hears what was missed.
    pub(super) async fn come_back(&mut self, round: &Round) {
        self.transport = if round.back_by { Transport::Polling } else { Transport::WebSocket };
        self.ear.open(&mut self.world, self.transport).await;
        self.away = false;
        let mut frames = vec![("ear", self.ear.connect_frame(&self.world))];
        if let Some(beside) = &mut self.beside {
            beside.moves_on();
            frames.push(("ear", beside.connect_frame(&self.world)));
        }
        let mut sent_in = Vec::new();
        for with in &round.at_once {
            let chat = self.chat(*with).await;
            let text = self.text();
            frames.push((
                OTHERS[*with],
                format!("42/recruiting,{}", json!(["send_message", {"chatId": chat, "content": text}])),
            ));
            sent_in.push(chat);
        }
        let middle = frames.len() / 2;
        frames.swap(0, middle);
        self.world.send_all(&frames).await;
        self.listen();
        self.settle().await;
        let known: BTreeSet<String> = self.stored.iter().cloned().collect();
        for chat in BTreeSet::from_iter(sent_in) {
            let path = format!("/recruiting/api/message/chat/{chat}?limit=100");
            let (_, page) = self.request(ME, "GET", &path, Value::Null).await;
            let messages = page["data"]["messages"].as_array().cloned().unwrap_or_default();
            for id in messages.iter().filter_map(|one| one["_id"].as_str()).filter(|id| !known.contains(*id)) {
                self.note(id.to_owned(), false);
            }
        }
    }

    /// What each of the client's sessions is known by.
    pub(super) fn sids(&self) -> Vec<String> {
        let ears = [&self.ear].into_iter().chain(&self.beside);
        ears.map(|ear| ear.reply.as_ref().map(|reply| reply.sid.clone()).unwrap_or_default()).collect()
    }

    /// Every session is back, and its client has the picture that it should have.
    pub(super) async fn check(&mut self, sids: &[String]) -> Result<(), String> {
        for (ear, sid) in [&self.ear].into_iter().chain(&self.beside).zip(sids) {
            let name = ear.words.name;
            if !ear.recovered {
                return Err(format!("the session of {name} is not recovered: {:?}", ear.reply));
            }
            if ear.reply.as_ref().is_none_or(|reply| reply.sid != *sid) {
                return Err(format!("the sid of {name} is another one: {:?}, not {sid}", ear.reply));
            }
            if let Some(complaint) = ear.complaints.first() {
                return Err(format!("{name} is told {complaint}"));
            }
            if let Some(misplaced) = misplaced_offsets(ear).first() {
                return Err(format!("an offset of {name} is missing, or in the wrong place: {misplaced:?}"));
            }
            disorder(ear).map_err(|problem| format!("{name}: {problem}"))?;
        }
        self.compare().await
    }

    /// The picture that the client has is what is stored and what the other client shows.
    pub(super) async fn compare(&mut self) -> Result<(), String> {
        let truth = self.truth().await;
        for ear in [&self.ear].into_iter().chain(&self.beside) {
            self.compare_stored(ear, &truth).map_err(|problem| format!("{}: {problem}", ear.words.name))?;
        }
        let words = self.ear.words;
        let seen = Picture::of(&self.ear, &self.mine);
        let uncut = Picture::of(&self.reference, &self.mine);
        let read = |picture: &Picture, id: &String| picture.messages.get(id) == Some(&true);
        if let Some((id, _)) = truth.iter().find(|(id, _)| read(&uncut, id) && !read(&seen, id)) {
            return Err(format!("it does not know that {id} was read"));
        }
        let lasting = |blocked: &BTreeSet<(String, String)>| {
            let told = |chat: &String| words.tells_of_deleted_chats || !self.ever_deleted.contains(chat);
            blocked.iter().filter(|(chat, _)| told(chat)).cloned().collect::<Vec<_>>()
        };
        let (blocked, expected) = (lasting(&seen.blocked), lasting(&uncut.blocked));
        if blocked != expected {
            return Err(format!("it believes that {blocked:?} block, not {expected:?}"));
        }
        Ok(())
    }

    /// What a client shows is what is stored.
    fn compare_stored(&self, ear: &Ear, truth: &[(String, bool)]) -> Result<(), String> {
        let mut seen = Picture::of(ear, &self.mine);
        if !ear.words.tells_of_deleted_chats {
            seen.messages.retain(|id, _| !self.erased.contains(id));
        }
        for (id, read) in truth {
            let Some(known) = seen.messages.get(id) else { return Err(format!("{id} is missing")) };
            if *known && !read && ear.words.names_what_is_read {
                return Err(format!("it believes that {id} was read"));
            }
        }
        let stored: BTreeSet<&String> = truth.iter().map(|(id, _)| id).collect();
        match seen.messages.keys().find(|id| !stored.contains(id)) {
            Some(id) => Err(format!("{id} is shown although it was deleted")),
            None => Ok(()),
        }
    }

    /// What the client and the other one heard last, for whoever looks for the reason.
    pub(super) fn account(&self) -> String {
        let of = |ear: &Ear| {
            let late = ear.heard.iter().rev().take(30).collect::<Vec<_>>();
            let lines = late.iter().rev().map(|heard| format!("  {} {} {}", heard.connection, heard.event, heard.said));
            lines.collect::<Vec<_>>().join("\n")
        };
        let beside = self.beside.as_ref().map(of).unwrap_or_default();
        format!("it heard:\n{}\nand beside:\n{beside}\nthe other heard:\n{}", of(&self.ear), of(&self.reference))
    }
}
