//! The worlds that tests begin with: who is connected, and whose chat there is.

use serde_json::{Value, json};
use world::World;

/// Alice and Bob with one client each. A client is its label and its user.
pub(crate) const TWO_CLIENTS: [(&str, &str); 2] = [("alice", "alice"), ("bob", "bob")];

/// Alice with two clients, Bob with two, and Carol with one.
pub(crate) const FIVE_CLIENTS: [(&str, &str); 5] =
    [("alice", "alice"), ("alice2", "alice"), ("bob", "bob"), ("bob2", "bob"), ("carol", "carol")];

/// What the tests of one dialect need to create a world, to connect clients and to send messages.
pub(crate) struct TestDialect {
    /// The parameters of template.yaml with which root namespace and plain paths speak this dialect.
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    /// The token with which a user connects.
    pub(crate) token: fn(&World, &str) -> String,
    /// The event that sends a message.
    pub(crate) send_event: &'static str,
    /// The argument of that event: for a chat (in messenger: for a person), with a text.
    pub(crate) text: fn(&str, &str) -> Value,
}

impl TestDialect {
    /// A world without clients whose root namespace and plain paths speak this dialect.
    pub(crate) async fn world(&self) -> World {
        self.world_with(&[]).await
    }

    /// The same with some more parameters.
    pub(crate) async fn world_with(&self, parameters: &[(&str, &str)]) -> World {
        World::with(&[self.parameters, parameters].concat()).await
    }

    /// A world in which these clients are connected. Nobody has a chat.
    pub(crate) async fn connected(&self, clients: &[(&str, &str)]) -> World {
        self.connected_with(clients, &[]).await
    }

    /// The same with some more parameters.
    pub(crate) async fn connected_with(&self, clients: &[(&str, &str)], parameters: &[(&str, &str)]) -> World {
        let mut world = self.world_with(parameters).await;
        for (label, user) in clients {
            self.join_as(&mut world, label, user).await;
        }
        world
    }

    /// A world with [`TWO_CLIENTS`], and the id of the chat of Alice and Bob.
    pub(crate) async fn two_clients(&self) -> (World, String) {
        self.two_clients_with(&[]).await
    }

    /// The same with some more parameters.
    pub(crate) async fn two_clients_with(&self, parameters: &[(&str, &str)]) -> (World, String) {
        with_chat(self.connected_with(&TWO_CLIENTS, parameters).await).await
    }

    /// A world with [`FIVE_CLIENTS`], and the id of the chat of Alice and Bob. Carol has no chat.
    pub(crate) async fn five_clients(&self) -> (World, String) {
        self.five_clients_with(&[]).await
    }

    /// The same with some more parameters.
    pub(crate) async fn five_clients_with(&self, parameters: &[(&str, &str)]) -> (World, String) {
        with_chat(self.connected_with(&FIVE_CLIENTS, parameters).await).await
    }

    /// Connects a client, as the user with the same name as the label.
    pub(crate) async fn join(&self, world: &mut World, label: &str) -> String {
        self.join_as(world, label, label).await
    }

    /// Connects a client as `user`.
    pub(crate) async fn join_as(&self, world: &mut World, label: &str, user: &str) -> String {
        let token = (self.token)(world, user);
        world.join_with(label, &token).await
    }

    /// Sends texts one after the other, without asking for acks. The transcripts are dropped.
    pub(crate) async fn send_texts(&self, world: &mut World, label: &str, to: &str, texts: &[&str]) {
        for text in texts {
            world.emit(label, self.send_event, (self.text)(to, text)).await;
        }
    }
}

/// Connects Alice and Bob to the root namespace, one client each, and gives the id of their chat.
pub(crate) async fn connect_alice_and_bob(world: &mut World) -> String {
    world.join("alice").await;
    world.join("bob").await;
    world.chat("alice", "bob").await
}

/// A world with the echo application, and Alice's client in its root namespace.
pub(crate) async fn echo_with_alice() -> World {
    let mut world = World::with_application(echo::events, &[]).await;
    world.open("alice").await;
    world.send("alice", "40").await;
    world
}

async fn with_chat(mut world: World) -> (World, String) {
    let chat = world.chat("alice", "bob").await;
    (world, chat)
}

/// Puts the only socket that has joined a room into 499 more, so that it is in as many as a socket may be.
pub(crate) async fn fill_rooms(world: &World) {
    let users = world.rows("Users").await;
    let socket = users.iter().find(|row| row.get("rooms").is_some()).unwrap();
    let rooms: Vec<String> = (1..500).map(|index| format!("{index:024x}")).collect();
    let fill = json!({
        "TableName": "Users",
        "Key": {"userId": socket["userId"], "entry": socket["entry"]},
        "UpdateExpression": "ADD rooms :rooms",
        "ExpressionAttributeValues": {":rooms": {"SS": rooms}},
    });
    let (status, answer) = world.cloud.services.dynamodb.call("UpdateItem", fill).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
}

/// The frame of an event that asks for no ack.
pub(crate) fn event_frame(name: &str, argument: &Value) -> String {
    format!("42{}", json!([name, argument]))
}

/// The id of a message of a chat that was never deleted. The first message of a chat has number 1.
pub(crate) fn message_id(chat: &str, number: u64) -> String {
    format!("{chat}{number:012x}")
}

/// The id of a chat that does not exist.
pub(crate) fn unknown_chat_id() -> String {
    "f".repeat(24)
}
