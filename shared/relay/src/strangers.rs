//! Connections that join no namespace. Anybody can open them without a token, so one address may have only so many.

use crate::clock::Timestamp;
use crate::ctx::Ctx;
use crate::limit::Opening;
use crate::telemetry;

/// A client that has just opened a connection is about to join, so only older connections count.
const GRACE_MILLIS: i64 = 10_000;

/// Whether the relay accepts one more connection from this address. No request; for an address with many connections in
/// one minute, a query each five seconds. If the query fails, the connection is accepted.
pub(crate) async fn admits<A>(ctx: &Ctx<A>, address: &str, at: Timestamp) -> bool {
    let Some(limit) = ctx.config.strangers_per_address.filter(|_| !address.is_empty()) else { return true };
    match ctx.addresses.opening(address, limit, at) {
        Opening::Admitted => true,
        Opening::Refused => false,
        Opening::ToBeJudged => match ctx.store.strangers(address, at.plus_millis(-GRACE_MILLIS), limit).await {
            Ok(strangers) => {
                let is_refused = strangers >= limit;
                ctx.addresses.judge(address, is_refused, at);
                !is_refused
            }
            Err(error) => {
                telemetry::failed(None, &error);
                true
            }
        },
    }
}
