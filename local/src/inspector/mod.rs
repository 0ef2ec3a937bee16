//! The inspector: a page under `/_local` that shows what the local system sees, and the routes that it reads.
//!
//! Everything here is for the developer at this machine. It exists only in `local`, it changes nothing, and it shows the
//! texts of messages. So a request must name this machine as its host ([`Hosts`]), and no answer has a CORS header: a
//! page of another site can read nothing, also if its name is made to resolve to this machine.
//!
//! - `page`: the page's own files.
//! - `events`: the records as they come, and those that are kept.
//! - `state`: the connections and sockets of this moment.
//! - `tables`: the rows of the tables.
//! - `functions`: the functions, with counts and costs.

mod events;
mod functions;
mod page;
mod state;
mod tables;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::cloud::PocketCloud;
use crate::connector::Services;
use crate::gateway::Gateway;
use crate::meter;
use crate::template::Template;
use crate::watch::{Totals, Watch};

/// The header that keeps other sites from embedding what is answered.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What the page may load and do: nothing but what this server has.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The hosts that a request may name. A name that another site could have is never one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hosts {
    /// `localhost`, `127.0.0.1` and `[::1]`.
    #[default]
    Loopback,
    /// Also every IP address, for a server that other machines reach.
    Addresses,
}

impl Hosts {
    /// Those of a server that listens at this address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.is_loopback() { Self::Loopback } else { Self::Addresses }
    }

    /// Whether a `Host` header names one of them, on any port.
    fn allow(self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let is_loopback = name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]");
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        is_loopback || (self == Self::Addresses && bare.parse::<IpAddr>().is_ok())
    }
}

/// Another page of the same server, to which the inspector links.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The text of the link.
    pub name: &'static str,
    /// The path that it leads to.
    pub path: &'static str,
}

/// What the routes read.
#[derive(Clone)]
struct Inspected {
    watch: Watch,
    services: Arc<Services>,
    gateway: Arc<Gateway>,
    template: Arc<Template>,
}

impl Inspected {
    /// What AWS would have counted and charged since the start.
    fn totals(&self) -> Totals {
        meter::totals(&self.services, &self.gateway, &self.template, &self.watch)
    }
}

/// The routes under `/_local`, to be merged in front of those of a port that also has these pages.
pub fn router(cloud: &PocketCloud, hosts: Hosts, pages: &[Page]) -> Router {
    let html = page::index(pages);
    let index = move || async move { answer(StatusCode::OK, page::HTML, html) };
    let inspected = Inspected {
        watch: cloud.watch.clone(),
        services: Arc::clone(&cloud.services),
        gateway: Arc::clone(&cloud.gateway),
        template: Arc::new(cloud.template.clone()),
    };
    Router::new()
        .route("/_local", get(index.clone()))
        .route("/_local/", get(index))
        .route("/_local/page/{file}", get(page::file))
        .route("/_local/events", get(events::stream))
        .route("/_local/export", get(events::export))
        .route("/_local/state", get(state::state))
        .route("/_local/tables", get(tables::list))
        .route("/_local/tables/{name}", get(tables::rows))
        .route("/_local/functions", get(functions::functions))
        .route("/_local/cost", get(functions::cost))
        .with_state(inspected)
        .route_layer(from_fn(move |request, next| guarded(hosts, request, next)))
}

/// Refuses a request that names another host, and adds the headers that protect the answer.
async fn guarded(hosts: Hosts, request: Request, next: Next) -> Response {
    let mut answer = match host(&request) {
        Some(host) if hosts.allow(&host) => next.run(request).await,
        named => {
            let named = named.unwrap_or_else(|| "no host".to_owned());
            problem(
                StatusCode::FORBIDDEN,
                &format!(
                    "the request names {named}; open the inspector at http://localhost and the port of this server"
                ),
            )
        }
    };
    protect(answer.headers_mut());
    answer
}

fn host(request: &Request) -> Option<String> {
    request.headers().get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned)
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (RESOURCE_POLICY, "same-origin"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// An answer of this type.
fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

fn as_json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => answer(StatusCode::OK, "application/json", body),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn problem(status: StatusCode, message: &str) -> Response {
    answer(status, "application/json", json!({"message": message}).to_string())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn only_this_machine_is_a_host_unless_the_server_listens_elsewhere() {
        for host in ["localhost", "localhost:3000", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]:3000", "[::1]"] {
            assert!(Hosts::Loopback.allow(host), "{host}");
        }
        for host in ["", "evil.example", "evil.example:3000", "localhost.evil.example", "192.168.1.5:3000", "::1"] {
            assert!(!Hosts::Loopback.allow(host), "{host}");
        }
    }

    #[test]
    fn a_server_that_other_machines_reach_is_named_by_an_address() {
        let hosts = Hosts::of(Ipv4Addr::UNSPECIFIED.into());
        for host in ["localhost:3000", "192.168.1.5:3000", "[fe80::1]:3000"] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in ["evil.example:3000", "192.168.1.5.evil.example", ""] {
            assert!(!hosts.allow(host), "{host}");
        }
    }

    #[test]
    fn a_server_at_a_loopback_address_is_for_this_machine_alone() {
        assert_eq!(Hosts::of(Ipv4Addr::LOCALHOST.into()), Hosts::Loopback);
        assert_eq!(Hosts::of(Ipv6Addr::LOCALHOST.into()), Hosts::Loopback);
    }
}
