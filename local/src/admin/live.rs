//! The task that shows sockets and events to the pages of the Admin UI as they happen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use relay::admin::namespaces_json;
use relay::application::event_frame;
use relay::clock::{Clock, Timestamp};
use relay::store::{ADMIN_NAMESPACE, Admin};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::AdminUi;
use super::counts::Counts;
use super::records::{Direction, Packet, Seen, What};
use super::sockets::{Sockets, UserAgents};
use crate::gateway::Gateway;
use crate::watch::{Entry, Watch};

/// How often a page gets the numbers, as from the official server. Then the sockets are also read again.
const STATS_EVERY: Duration = Duration::from_secs(2);
/// How long after a record that may have changed the sockets or rooms they are read again: about what a function needs.
const CHANGE_MILLIS: u64 = 100;
/// The name of this server on the page.
const SERVER: &str = "local";
/// Why a socket ended, if no record says it; the word of the official server.
const TRANSPORT_CLOSE: &str = "transport close";
/// The most clients whose `User-Agent` or reason is remembered between two looks at the tables.
const REMEMBERED_MAX: usize = 1_000;

/// Reads the records of what happens, and posts changes to the pages of the Admin UI that are connected.
pub(crate) struct Live {
    admin_ui: AdminUi,
    gateway: Arc<Gateway>,
    watch: Watch,
    clock: Clock,
    started: Timestamp,
    /// Who uses the Admin UI.
    admins: Vec<Admin>,
    sockets: Sockets,
    /// The sockets before the last look at the tables: records of those that have just ended may still come.
    before: Sockets,
    /// Every namespace that had a socket, because the page never forgets one.
    namespaces: BTreeMap<String, usize>,
    counts: Counts,
    user_agents: UserAgents,
    /// Why a socket ends, by connection and namespace; with an empty namespace, all sockets of the connection.
    reasons: BTreeMap<(String, String), &'static str>,
    /// Whether the last look found a socket gone and nothing that says why.
    is_in_doubt: bool,
}

impl Live {
    pub(crate) fn new(admin_ui: AdminUi, gateway: Arc<Gateway>, watch: Watch, clock: Clock) -> Self {
        let started = clock.now();
        Self {
            admin_ui,
            gateway,
            watch,
            clock,
            started,
            admins: Vec::new(),
            sockets: Sockets::default(),
            before: Sockets::default(),
            namespaces: BTreeMap::new(),
            counts: Counts::default(),
            user_agents: UserAgents::new(),
            reasons: BTreeMap::new(),
            is_in_doubt: false,
        }
    }

    /// Waits for somebody who uses the Admin UI, and shows what happens as long as there is anybody.
    pub(crate) async fn run(mut self) {
        loop {
            self.admin_ui.joined.notified().await;
            self.show().await;
        }
    }

    /// Shows what happens until nobody uses the Admin UI any more.
    async fn show(&mut self) {
        let mut viewer = self.watch.view_from_now();
        let joined = Arc::clone(&self.admin_ui.joined);
        let mut stats = interval(STATS_EVERY);
        stats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut due: Option<Instant> = None;
        self.welcome().await;
        loop {
            let at_change = sleep_until(due.unwrap_or_else(Instant::now));
            tokio::select! {
                () = joined.notified() => self.welcome().await,
                _ = stats.tick() => {
                    self.look().await;
                    if !self.find_admins().await {
                        return;
                    }
                    self.post_stats().await;
                    due = None;
                }
                () = at_change, if due.is_some() => {
                    self.look().await;
                    due = None;
                }
                seen = viewer.next() => {
                    let Some(seen) = seen else { return };
                    if self.tell(&seen.entries).await {
                        due = due.or_else(|| Instant::now().checked_add(Duration::from_millis(CHANGE_MILLIS)));
                    }
                }
            }
        }
    }

    /// Reads who uses the Admin UI. Returns whether anybody does.
    async fn find_admins(&mut self) -> bool {
        match self.admin_ui.function.admins().await {
            Ok(admins) => self.admins = admins,
            Err(error) => tracing::warn!(%error, "who uses the Admin UI could not be read"),
        }
        !self.admins.is_empty()
    }

    /// Shows everything to a page that has just joined. The others get the same again, which changes nothing for them.
    async fn welcome(&mut self) {
        self.look().await;
        self.find_admins().await;
        let all = self.sockets.frame(&self.user_agents);
        self.post(&Vec::from_iter(all)).await;
        self.post_stats().await;
    }

    /// Reads the sockets, and tells the pages what has changed. A socket whose row is gone, and of which no record says
    /// why, is told at the next look: the packet that ends it is sent a moment after the row is gone.
    async fn look(&mut self) {
        let shown = match self.admin_ui.function.shown().await {
            Ok(shown) => shown,
            Err(error) => return tracing::warn!(%error, "the sockets for the Admin UI could not be read"),
        };
        for (connection, description) in self.gateway.connections() {
            if let Some(user_agent) = description.user_agent {
                self.user_agents.insert(connection, user_agent);
            }
        }
        let now = Sockets::new(shown);
        let known = |connection: &str, namespace: &str| {
            let of = |namespace: &str| self.reasons.get(&(connection.to_owned(), namespace.to_owned())).copied();
            of(namespace).or_else(|| of(""))
        };
        let was_in_doubt = std::mem::take(&mut self.is_in_doubt);
        if !was_in_doubt && self.sockets.gone_in(&now).any(|(connection, of)| known(&connection, of).is_none()) {
            self.is_in_doubt = true;
            return;
        }
        let reason =
            |connection: &str, namespace: &str| known(connection, namespace).unwrap_or(TRANSPORT_CLOSE).to_owned();
        let frames = self.sockets.changes(&now, &self.user_agents, reason, &self.clock.now().iso());
        self.before = std::mem::replace(&mut self.sockets, now);
        self.namespaces.values_mut().for_each(|count| *count = 0);
        self.namespaces.extend(self.sockets.by_namespace().clone());
        if self.user_agents.len() > REMEMBERED_MAX {
            self.user_agents.clear();
        }
        if self.reasons.len() > REMEMBERED_MAX {
            self.reasons.clear();
        }
        self.post(&frames).await;
    }

    /// Tells the pages the events among these records. Returns whether the sockets or rooms may have changed.
    async fn tell(&mut self, entries: &[Arc<Entry>]) -> bool {
        let seen: Vec<Seen> = entries.iter().filter_map(|entry| Seen::read(entry)).collect();
        // An event of a socket that the pages do not know would be shown before its socket.
        if seen.iter().any(|seen| self.is_of_unknown(seen)) {
            self.look().await;
        }
        let mut frames = Vec::new();
        let mut may_have_changed = false;
        for seen in &seen {
            may_have_changed |= self.note(seen);
            frames.extend(self.event(seen));
        }
        self.post(&frames).await;
        may_have_changed
    }

    /// Whether a record is about a socket that has joined since the tables were last looked at.
    fn is_of_unknown(&self, seen: &Seen) -> bool {
        let What::Packet { direction, packet: Packet { kind, namespace: Some(namespace), event, .. } } = &seen.what
        else {
            return false;
        };
        let is_joined = *direction == Direction::Out && kind == "connect";
        (is_joined || event.is_some()) && self.sockets.sid(&seen.connection, namespace).is_none()
    }

    /// Counts a record, and remembers what it says. Returns whether the sockets or rooms may change because of it.
    fn note(&mut self, Seen { at, connection, what }: &Seen) -> bool {
        let at = Timestamp::parse(at).unwrap_or_default();
        match what {
            What::Opened { user_agent } => {
                self.counts.add(at, "rawConnection", None, 1);
                if let Some(user_agent) = user_agent {
                    self.user_agents.insert(connection.clone(), user_agent.clone());
                }
                false
            }
            What::Closed { reason } => {
                self.counts.add(at, "rawDisconnection", Some(reason), 1);
                self.reasons.entry((connection.clone(), String::new())).or_insert(TRANSPORT_CLOSE);
                true
            }
            What::Packet { direction, packet } => {
                let (packets, bytes) = match direction {
                    Direction::In => ("packetsIn", "bytesIn"),
                    Direction::Out => ("packetsOut", "bytesOut"),
                };
                self.counts.add(at, packets, None, 1);
                self.counts.add(at, bytes, None, packet.bytes);
                if packet.kind == "disconnect" {
                    let why = match direction {
                        Direction::In => "client namespace disconnect",
                        Direction::Out => "server namespace disconnect",
                    };
                    let namespace = packet.namespace.clone().unwrap_or_default();
                    self.reasons.insert((connection.clone(), namespace), why);
                }
                let changes = ["connect", "disconnect", "upgrade", "event", "binary_event"];
                let is_admin = packet.namespace.as_deref() == Some(ADMIN_NAMESPACE);
                // What is posted to a page must not lead to further posts.
                let is_post = is_admin && *direction == Direction::Out && packet.event.is_some();
                changes.contains(&packet.kind.as_str()) && !is_post
            }
            What::Other => false,
        }
    }

    /// The frame that tells an event, unless it is one of the Admin UI itself.
    fn event(&self, Seen { at, connection, what }: &Seen) -> Option<String> {
        let What::Packet { direction, packet } = what else { return None };
        let namespace = packet.namespace.as_deref().filter(|namespace| *namespace != ADMIN_NAMESPACE)?;
        let event = packet.event()?;
        let sid = self.sockets.sid(connection, namespace).or_else(|| self.before.sid(connection, namespace))?;
        let name = match direction {
            Direction::In => "event_received",
            Direction::Out => "event_sent",
        };
        event_frame(ADMIN_NAMESPACE, name, vec![namespace.into(), sid.into(), event.into(), at.as_str().into()])
    }

    async fn post_stats(&mut self) {
        let polling = self.sockets.polling();
        let stats = json!({
            "serverId": SERVER,
            "hostname": SERVER,
            "pid": std::process::id(),
            "uptime": (self.clock.now().millis() - self.started.millis()) / 1_000,
            "clientsCount": self.gateway.open_connections() + polling,
            "pollingClientsCount": polling,
            "aggregatedEvents": self.counts.take(),
            "namespaces": namespaces_json(&self.namespaces),
        });
        let frame = event_frame(ADMIN_NAMESPACE, "server_stats", vec![stats]);
        self.post(&Vec::from_iter(frame)).await;
    }

    /// Posts frames to all pages, in order.
    async fn post(&self, frames: &[String]) {
        for admin in &self.admins {
            for frame in frames {
                self.admin_ui.function.post(admin, frame).await;
            }
        }
    }
}
