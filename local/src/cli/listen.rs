//! The sockets that the system listens on.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use chat::dialect::Dialect;
use local::gateway::server;
use tokio::net::TcpListener;

/// How many ports after a taken one are tried, to name one that is free.
const PORTS_TRIED: u16 = 50;

/// A listening socket.
pub(crate) struct Listener {
    /// The socket.
    pub(crate) socket: TcpListener,
    /// Its address.
    pub(crate) address: SocketAddr,
    /// The dialect that is spoken there.
    pub(crate) dialect: &'static Dialect,
    /// Whether it is the IPv6 address of a port whose IPv4 address has a listener, too.
    pub(crate) is_second: bool,
}

impl Listener {
    fn new(socket: TcpListener, dialect: &'static Dialect, is_second: bool) -> io::Result<Self> {
        Ok(Self { address: socket.local_addr()?, socket, dialect, is_second })
    }

    /// The address that a program on this machine connects to.
    pub(crate) fn url(&self) -> String {
        let ip = self.address.ip();
        if ip.is_unspecified() || ip == Ipv4Addr::LOCALHOST {
            return format!("http://localhost:{}", self.address.port());
        }
        format!("http://{}", self.address)
    }
}

/// Listens on these ports, each with its dialect: at this address, or else at the loopback addresses.
///
/// # Errors
/// A sentence that names the port and says what to do.
pub(crate) fn open(host: Option<IpAddr>, ports: &[(u16, &'static Dialect)]) -> Result<Vec<Listener>, String> {
    let mut listeners = Vec::new();
    for (index, (port, dialect)) in ports.iter().enumerate() {
        let refused = |error: &io::Error| refusal(error, host, *port, ports, index > 0);
        let first = bind(host.unwrap_or(Ipv4Addr::LOCALHOST.into()), *port).map_err(|error| refused(&error))?;
        let first = Listener::new(first, dialect, false).map_err(|error| refused(&error))?;
        let taken_port = first.address.port();
        listeners.push(first);
        if host.is_some() {
            continue;
        }
        match bind(Ipv6Addr::LOCALHOST.into(), taken_port).and_then(|second| Listener::new(second, dialect, true)) {
            Ok(second) => listeners.push(second),
            // Who says localhost would mostly reach the other program.
            Err(error) if error.kind() == ErrorKind::AddrInUse && *port != 0 => return Err(refused(&error)),
            // On a machine without IPv6 only the IPv4 address is used.
            Err(_) => {}
        }
    }
    Ok(listeners)
}

/// The origin at which this process reaches itself.
pub(crate) fn origin(first: &Listener) -> String {
    let mut address = first.address;
    if address.ip().is_unspecified() {
        let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { IpAddr::from(Ipv6Addr::LOCALHOST) };
        address.set_ip(loopback);
    }
    format!("http://{address}")
}

/// Whether a port is free at this address, or else at the loopback addresses.
pub(crate) fn is_free(host: Option<IpAddr>, port: u16) -> bool {
    let is_taken = |ip| bind(ip, port).is_err_and(|error| error.kind() == ErrorKind::AddrInUse);
    match host {
        Some(host) => bind(host, port).is_ok(),
        None => bind(Ipv4Addr::LOCALHOST.into(), port).is_ok() && !is_taken(Ipv6Addr::LOCALHOST.into()),
    }
}

fn bind(ip: IpAddr, port: u16) -> io::Result<TcpListener> {
    server::listen(SocketAddr::new(ip, port))
}

fn refusal(
    error: &io::Error,
    host: Option<IpAddr>,
    port: u16,
    ports: &[(u16, &'static Dialect)],
    is_further: bool,
) -> String {
    match (error.kind(), host) {
        (ErrorKind::AddrInUse, _) => {
            let free = free_port(host, port, ports);
            let dialect = ports.iter().find(|(asked, _)| *asked == port).map(|(_, dialect)| dialect.name);
            let hint = match dialect.filter(|_| is_further) {
                Some(dialect) => format!("--listen {free}:{dialect}"),
                None => format!("--port {free}"),
            };
            format!("port {port} is taken: another Parlance? try {hint}")
        }
        (ErrorKind::PermissionDenied, _) => {
            format!(
                "port {port} cannot be listened on: permission denied, as for most ports below 1024; try a higher one"
            )
        }
        (ErrorKind::AddrNotAvailable, Some(host)) => {
            format!("--host {host} is not an address of this machine: try --host 0.0.0.0, which is all of them")
        }
        _ => format!("port {port} cannot be listened on: {error}"),
    }
}

/// The next port that is free and not asked for; 0, which takes any, if there is none nearby.
fn free_port(host: Option<IpAddr>, taken: u16, ports: &[(u16, &'static Dialect)]) -> u16 {
    let is_asked_for = |free: u16| ports.iter().any(|(port, _)| *port == free);
    let mut next = taken.saturating_add(1)..=taken.saturating_add(PORTS_TRIED);
    next.find(|free| !is_asked_for(*free) && is_free(host, *free)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chat::dialect::FIRST;

    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_one_that_is_free() {
        let listeners = open(None, &[(0, FIRST)]).unwrap();
        let first = &listeners[0];
        let port = first.address.port();
        let said = open(None, &[(port, FIRST)]).err().unwrap();
        let (before, free) = said.rsplit_once(' ').unwrap();
        assert_eq!(before, format!("port {port} is taken: another Parlance? try --port"));
        let free: u16 = free.parse().unwrap();
        assert!(free == 0 || free > port && is_free(None, free), "{said}");
        let further = open(None, &[(0, FIRST), (port, FIRST)]).err().unwrap();
        assert!(further.contains("try --listen ") && further.ends_with(":recruiting"), "{further}");
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_refused() {
        // TEST-NET-1 of RFC 5737, which no machine has.
        let said = open(Some(Ipv4Addr::new(192, 0, 2, 1).into()), &[(0, FIRST)]).err().unwrap();
        assert_eq!(
            said,
            "--host 192.0.2.1 is not an address of this machine: try --host 0.0.0.0, which is all of them"
        );
    }

    #[test]
    fn a_port_that_needs_permission_is_told_so() {
        let error = io::Error::from(ErrorKind::PermissionDenied);
        let said = refusal(&error, None, 80, &[(80, FIRST)], false);
        assert!(said.starts_with("port 80 cannot be listened on: permission denied"), "{said}");
    }
}
