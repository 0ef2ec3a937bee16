//! Connecting clients by long-polling, and moving them to a WebSocket.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::World;
use crate::client::{Client, QUERY, Way};
use crate::poller::{self, Poller};

/// How long a GET may wait.
const POLL_MAX: Duration = Duration::from_secs(26);

impl World {
    /// Opens a connection by long-polling without joining a namespace. From here on the client always has a GET
    /// waiting, and what it sends is the body of a POST.
    pub async fn poll(&mut self, label: &str) -> String {
        self.poll_with(label, HeaderMap::new()).await
    }

    /// Opens a connection by long-polling as [`World::poll`] does, with these headers.
    pub async fn poll_with(&mut self, label: &str, headers: HeaderMap) -> String {
        let poller = Poller::open(self.cloud.http.clone(), headers).await.expect("the connection is opened");
        self.admit(label, Client::new(Way::Polling(poller)));
        self.transcript(String::new()).await
    }

    /// Opens a connection by long-polling and joins the root namespace, as the user with the same name as the label.
    pub async fn poll_join(&mut self, label: &str) -> String {
        self.poll_join_as(label, label).await
    }

    /// Opens a connection by long-polling and joins the root namespace as `user`.
    pub async fn poll_join_as(&mut self, label: &str, user: &str) -> String {
        self.poll(label).await;
        self.also_join(label, user, "/").await
    }

    /// Opens a connection by long-polling with a header and no payload, and joins the root namespace with it.
    pub async fn poll_join_by_header(&mut self, label: &str, user: &str) -> String {
        let headers = self.authorization(user);
        self.poll_with(label, headers).await;
        self.send(label, "40").await
    }

    /// Offers a WebSocket to the session of a polling client. The WebSocket is a client of its own until the session
    /// moves.
    ///
    /// # Errors
    /// The HTTP status that refuses it.
    pub async fn offer_websocket(&mut self, polling: &str, websocket: &str) -> Result<(), StatusCode> {
        let query = format!("{QUERY}&sid={}", self.connection_id(polling));
        self.upgrade(websocket, &query, HeaderMap::new()).await
    }

    /// Moves a polling client to a WebSocket, step by step as the stock client does.
    pub async fn move_to_websocket(&mut self, label: &str) -> String {
        let websocket = format!("{label} by WebSocket");
        self.offer_websocket(label, &websocket).await.expect("the WebSocket is accepted");
        let probed = self.send(&websocket, "2probe").await;
        let answer = format!("{websocket} hears 3probe\n");
        assert!(probed.contains(&answer), "the probe is answered: {probed}");
        let moved = self.finish_move(label, &websocket).await;
        probed.replace(&answer, "") + &moved
    }

    /// Makes a polling client whose WebSocket answered the probe wait for its last GET, and then move. From here on the
    /// label belongs to the WebSocket.
    pub async fn finish_move(&mut self, label: &str, websocket: &str) -> String {
        self.pause(label).await;
        let before = self.heard_by_all();
        let mut polling = self.clients.remove(label).expect("the client is connected");
        let moved = self.clients.remove(websocket).expect("the WebSocket is connected");
        polling.way = moved.way;
        self.clients.insert(label.to_owned(), polling);
        before + &self.send(label, "5").await
    }

    /// Makes a polling client's waiting GET its last one, and waits for its end.
    pub async fn pause(&mut self, label: &str) {
        match &mut self.client(label).way {
            Way::Polling(poller) => poller.pause().await,
            Way::WebSocket(_) => panic!("{label} does not poll"),
        }
    }

    /// Makes a polling client leave without telling the server. The GET that it leaves waiting ends.
    pub async fn vanish(&mut self, label: &str) {
        match self.clients.remove(label).expect("the client is connected").way {
            Way::Polling(poller) => poller.vanish(),
            Way::WebSocket(_) => panic!("{label} does not poll"),
        }
        tokio::time::sleep(POLL_MAX).await;
    }

    /// Makes one request to the Engine.IO path, and returns status, headers and body.
    pub async fn engine(&self, method: &str, query: &str, headers: HeaderMap, body: &str) -> (u16, HeaderMap, String) {
        poller::request(&self.cloud.http, method, query, headers, body.to_owned()).await
    }
}
