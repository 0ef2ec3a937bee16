//! `parlance cost`: what an hour of chat would cost on AWS.

use clap::Args;
use local::latency::Latency;
use local::standard_hour::{self, Hour};
use local::watch::{Charges, Totals};

use super::Failure;
use super::output::{print, say_error};

/// The flags of the command.
#[derive(Args)]
pub(crate) struct CostFlags {
    /// How many people chat, in pairs.
    #[arg(long, default_value_t = Hour::STANDARD.people, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    people: u32,
    /// How many devices each of them has, connected for the whole hour.
    #[arg(long, default_value_t = Hour::STANDARD.devices, value_parser = clap::value_parser!(u32).range(1..=10))]
    devices: u32,
    /// How many messages each of them sends in the hour.
    #[arg(long, default_value_t = Hour::STANDARD.messages, value_parser = clap::value_parser!(u32).range(1..=60))]
    messages: u32,
}

/// Plays the hour with separate handlers and with inline ones, and prints a table of each.
///
/// # Errors
/// If the hour cannot be played.
pub(crate) async fn run(flags: &CostFlags) -> Result<(), Failure> {
    let hour = Hour { people: flags.people, devices: flags.devices, messages: flags.messages };
    for isolation in ["separate", "inline"] {
        say_error(&format!("an hour of {} people, HandlerIsolation={isolation} ...", hour.people));
        let totals = standard_hour::play(hour, isolation, Latency::aws()).await?;
        print([table(hour, isolation, &totals)])?;
    }
    Ok(())
}

/// The table of an hour, in Markdown.
fn table(hour: Hour, isolation: &str, totals: &Totals) -> String {
    let Hour { people, devices, messages } = hour;
    let Charges { websocket_messages, connection_minutes, http_requests, functions, tables, total } = totals.charges;
    let sent = f64::from(hour.all_messages());
    let line = |what: &str, counted: String, usd: f64| {
        format!("| {what} | {counted} | {usd:.4} | {:.2} |\n", usd / sent * 1_000_000.0)
    };
    let units = totals.units;
    [
        format!("HandlerIsolation={isolation}: {people} people, {devices} devices each, {messages} messages each\n\n"),
        "| service | counted | USD for the hour | USD for a million messages |\n|---|---|---|---|\n".to_owned(),
        line("WebSocket messages", totals.websocket_messages.to_string(), websocket_messages),
        line("connection minutes", format!("{:.0}", totals.connection_minutes), connection_minutes),
        line("HTTP requests", totals.http_requests.to_string(), http_requests),
        line(
            "functions",
            format!("{} invocations, {:.0} GB-seconds", totals.invocations, totals.gigabyte_seconds),
            functions,
        ),
        line("tables", format!("{:.0} read units, {:.0} write units", units.read, units.write), tables),
        line("**all**", String::new(), total),
    ]
    .concat()
}
