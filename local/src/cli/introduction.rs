//! What is printed when the system runs.

use local::cloud::PocketCloud;
use relay::admin::USER as ADMIN;

use super::listen::Listener;
use super::serve::Serve;

/// What is printed because whoever starts the system needs it.
#[derive(Clone, Copy)]
pub(crate) struct Secrets<'a> {
    /// The demo users with their tokens, if there can be any.
    pub(crate) demo_tokens: Option<&'a [(&'static str, String)]>,
    /// The password of the Admin UI, if it was made.
    pub(crate) admin_password: Option<&'a str>,
    /// The secret with which webhooks are signed, if it was made.
    pub(crate) webhook_secret: Option<&'a str>,
}

/// The lines for a system that listens there.
pub(crate) fn introduction(
    serve: &Serve,
    cloud: &PocketCloud,
    listeners: &[Listener],
    Secrets { demo_tokens, admin_password, webhook_secret }: Secrets<'_>,
) -> String {
    let shown = listeners.iter().filter(|listener| !listener.is_second);
    if serve.quiet {
        return shown.map(Listener::url).collect::<Vec<_>>().join(" ");
    }
    let mut lines = vec!["Parlance is running:".to_owned()];
    let stage = &cloud.gateway.settings().stage;
    lines.extend(shown.map(|listener| {
        let (url, dialect) = (listener.url(), listener.dialect.name);
        format!("  {url}  speaks {dialect} (Socket.IO at /socket.io/ and /{stage}, REST at /api)")
    }));
    let (functions, tables) = (cloud.template.functions.len(), cloud.template.tables.len());
    lines.push(format!("  {functions} functions, {tables} tables {}", serve.storage_in_words()));
    if let Some((seed, rate)) = serve.faults {
        lines.push(format!(
            "  faults at random: seed {seed}, rate {rate} (--faults {seed}:{rate} gives the same ones again)"
        ));
    }
    if let Some(first) = listeners.first() {
        let url = first.url();
        lines.push(format!("Open {url} in a browser to chat there, and {url}/_local to see what happens."));
    }
    lines.extend(
        admin_password
            .map(|password| format!("Socket.IO Admin UI (docs/admin-ui.md): user name {ADMIN}, password {password}")),
    );
    lines.extend(webhook_secret.map(|secret| format!("Webhooks (docs/hooks.md) are signed with {secret}")));
    match demo_tokens {
        Some(tokens) => {
            lines.push("Tokens for two demo users, good for thirty days:".to_owned());
            lines.extend(tokens.iter().map(|(user, token)| format!("  {user}  {token}")));
        }
        None => lines.push(
            "No tokens for demo users: tokens are verified with JwtPublicKey, so sign them with its private key."
                .to_owned(),
        ),
    }
    lines.push("Ctrl-C ends it.".to_owned());
    lines.join("\n")
}

/// The warning for a system that other machines can reach; `None` if only this machine can.
pub(crate) fn warning(serve: &Serve, listeners: &[Listener], uses_dev_secret: bool) -> Option<String> {
    let open = listeners.iter().find(|listener| !listener.address.ip().is_loopback())?;
    let mut text = format!(
        "warning: --host {}: every machine that can reach this one can use the system, and read all \
         that is in it at /_local, without encryption",
        serve.host.unwrap_or(open.address.ip())
    );
    if uses_dev_secret {
        text.push_str(
            ". Its development secret is public: everybody can sign tokens; --parameter JwtSecret=... sets another one",
        );
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use chat::dialect::FIRST;
    use clap::Parser as _;

    use super::super::{Cli, listen};
    use super::*;

    #[tokio::test]
    async fn a_system_that_other_machines_can_reach_warns() {
        let mut listeners = listen::open(None, &[(0, FIRST)]).unwrap();
        let serve = Cli::try_parse_from(["parlance", "--host", "192.168.1.5"]).unwrap().serve;
        assert_eq!(warning(&serve, &listeners, true), None);
        listeners[0].address.set_ip(serve.host.unwrap());
        let said = warning(&serve, &listeners, true).unwrap();
        assert!(said.starts_with("warning: --host 192.168.1.5: every machine that can reach this one"), "{said}");
        assert!(said.contains("development secret is public"), "{said}");
        assert!(!warning(&serve, &listeners, false).unwrap().contains("development secret"));
    }
}
