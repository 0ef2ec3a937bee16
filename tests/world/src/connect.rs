//! Connecting clients by WebSocket, joining namespaces, and closing.

use chat::dialect;
use http::{HeaderMap, HeaderValue, StatusCode};
use local::cloud::stage_variables;
use local::gateway::{Close, ConnectRequest};
use local::token;
use serde_json::json;

use crate::World;
use crate::client::{Client, QUERY, Way, prefix, stock_request};

impl World {
    /// Opens a connection without joining a namespace.
    pub async fn open(&mut self, label: &str) -> String {
        self.upgrade(label, QUERY, HeaderMap::new()).await.expect("the upgrade is accepted");
        self.transcript(String::new()).await
    }

    /// Opens a connection as a client with this query and these headers would.
    ///
    /// # Errors
    /// The HTTP status that refuses the upgrade.
    pub async fn upgrade(&mut self, label: &str, query: &str, headers: HeaderMap) -> Result<(), StatusCode> {
        self.enter(label, ConnectRequest { query: Some(query.to_owned()), headers, ..stock_request() }).await
    }

    /// Opens a connection by this request.
    async fn enter(&mut self, label: &str, request: ConnectRequest) -> Result<(), StatusCode> {
        let named = request.stage_variables.values().find_map(|name| dialect::named(name));
        let stage_dialect = named.map(|dialect| dialect.name);
        let peer = self.cloud.gateway.connect(request).await?;
        self.admit(label, Client { stage_dialect, ..Client::new(Way::WebSocket(peer)) });
        Ok(())
    }

    /// Adds a client under a label that is free.
    pub(super) fn admit(&mut self, label: &str, client: Client) {
        assert!(self.clients.insert(label.to_owned(), client).is_none(), "{label} is connected already");
    }

    /// Opens a connection and joins the root namespace, as the user with the same name as the label.
    pub async fn join(&mut self, label: &str) -> String {
        self.join_as(label, label).await
    }

    /// Opens a connection and joins the root namespace as `user`.
    pub async fn join_as(&mut self, label: &str, user: &str) -> String {
        let token = self.token(user);
        self.join_with(label, &token).await
    }

    /// Opens a connection and joins the root namespace with this token.
    pub async fn join_with(&mut self, label: &str, token: &str) -> String {
        self.upgrade(label, QUERY, HeaderMap::new()).await.expect("the upgrade is accepted");
        self.quiet().await;
        self.heard_by_all();
        self.send(label, &format!("40{}", json!({"token": token}))).await
    }

    /// Opens a connection with a header and no payload, and joins the root namespace with it.
    pub async fn join_by_header(&mut self, label: &str, user: &str) -> String {
        let headers = self.authorization(user);
        self.upgrade(label, QUERY, headers).await.expect("the upgrade is accepted");
        self.quiet().await;
        self.heard_by_all();
        self.send(label, "40").await
    }

    /// Opens a connection where the stage names this dialect, and joins the root namespace as `user`.
    pub async fn join_on(&mut self, label: &str, user: &str, dialect: &str) -> String {
        let request = ConnectRequest { stage_variables: stage_variables(dialect).into(), ..stock_request() };
        self.enter(label, request).await.expect("the upgrade is accepted");
        self.quiet().await;
        self.heard_by_all();
        self.also_join(label, user, "/").await
    }

    /// Opens a connection and joins a namespace as `user`. The events that the client emits from here on go to this
    /// namespace.
    pub async fn join_namespace(&mut self, label: &str, user: &str, namespace: &str) -> String {
        self.upgrade(label, QUERY, HeaderMap::new()).await.expect("the upgrade is accepted");
        self.quiet().await;
        self.heard_by_all();
        self.client(label).namespace = namespace.to_owned();
        self.also_join(label, user, namespace).await
    }

    /// Joins one more namespace as `user`, on a connection that is open: [`World::ask_in`] emits events there. The
    /// transcript has what the client receives under its one label, and the frames themselves name the namespace.
    pub async fn also_join(&mut self, label: &str, user: &str, namespace: &str) -> String {
        let token = self.token(user);
        self.send(label, &format!("40{}{}", prefix(namespace), json!({"token": token}))).await
    }

    /// A token for a user, valid for thirty days of the world's time.
    #[must_use]
    pub fn token(&self, user: &str) -> String {
        token::mint(user, None, None, self.clock.now()).expect("a token can be signed")
    }

    /// The header with which `user` authenticates.
    pub(super) fn authorization(&self, user: &str) -> HeaderMap {
        let authorization = format!("Bearer {}", self.token(user));
        let value = HeaderValue::from_str(&authorization).expect("a token is a header");
        HeaderMap::from_iter([(http::header::AUTHORIZATION, value)])
    }

    /// Closes a connection from the client's side.
    pub async fn close(&mut self, label: &str) -> String {
        let client = self.clients.remove(label).expect("the client is connected");
        match client.way {
            Way::WebSocket(peer) => peer.close(Some(Close { code: 1000, reason: "" })),
            Way::Polling(poller) => drop(poller.post("1").await),
        }
        self.transcript(String::new()).await
    }
}
