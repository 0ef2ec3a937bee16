//! One table per scenario, with what it measures.

use super::results::{Figure, Results, digits};
use super::systems::{SYSTEMS, title};

/// A scenario of the page.
struct Scenario {
    /// Its name in the results.
    name: &'static str,
    /// The heading.
    title: &'static str,
    /// What is done and measured.
    text: &'static str,
    /// The figures: the name in the results, and the heading of the column.
    columns: &'static [(&'static str, &'static str)],
}

/// The columns of the scenarios with messages.
const MESSAGES: &[(&str, &str)] = &[
    ("messages_per_s", "messages/s"),
    ("delivery_p50_ms", "delivery p50, ms"),
    ("delivery_p99_ms", "delivery p99, ms"),
    ("ack_p50_ms", "ack p50, ms"),
    ("ack_p99_ms", "ack p99, ms"),
    ("cpu_us_per_message", "CPU per message, µs"),
];

const SCENARIOS: [Scenario; 9] = [
    Scenario {
        name: "closed-1",
        title: "Chat 50×1",
        text: "50 pairs of one sender and one recipient. Each sender has one message in flight: it sends the next one \
               when the ack is there. Delivery is the time from the send to the arrival at the recipient.",
        columns: MESSAGES,
    },
    Scenario {
        name: "closed-8",
        title: "Chat 50×8",
        text: "The same with eight messages in flight per sender.",
        columns: MESSAGES,
    },
    Scenario {
        name: "open",
        title: "Open loop",
        text: "50 pairs send at fixed times, at half of the system's own best rate in the two scenarios above. Times are \
               measured from the moment at which a message should have been sent, so that waiting senders hide nothing. \
               The generator's clock has steps of one millisecond.",
        columns: &[
            ("rate_per_s", "rate, messages/s"),
            ("delivery_p50_ms", "delivery p50, ms"),
            ("delivery_p99_ms", "delivery p99, ms"),
            ("delivery_max_ms", "delivery max, ms"),
            ("ack_p99_ms", "ack p99, ms"),
            ("cpu_us_per_message", "CPU per message, µs"),
        ],
    },
    Scenario {
        name: "devices",
        title: "One chat with many sockets",
        text: "One sender, and one recipient with 50 sockets. One message is in flight. Delivery is the time from the \
               send to the arrival at each socket.",
        columns: &[
            ("messages_per_s", "messages/s"),
            ("deliveries_per_s", "deliveries/s"),
            ("delivery_p50_ms", "delivery p50, ms"),
            ("delivery_p99_ms", "delivery p99, ms"),
            ("cpu_us_per_message", "CPU per message, µs"),
        ],
    },
    Scenario {
        name: "polling",
        title: "Polling",
        text: "20 pairs that stay with HTTP long-polling, both sides. Each sender has one message in flight.",
        columns: MESSAGES,
    },
    Scenario {
        name: "connect",
        title: "Connect and join",
        text: "5,000 people connect over WebSocket and join, 64 at the same time. The CPU time is that of all server \
               processes, with the greetings.",
        columns: &[("joins_per_s", "joins/s"), ("cpu_ms_per_join", "CPU per join, ms")],
    },
    Scenario {
        name: "idle",
        title: "Idle connections",
        text: "The memory of all server processes with these 5,000 connections minus that without, per connection. A page \
               that several processes share counts once.",
        columns: &[("kib_per_connection", "KiB per connection")],
    },
    Scenario {
        name: "gone",
        title: "All gone at once",
        text: "The 5,000 connections end at once. Each person shares a chat with one of 50 watchers, who must hear that \
               they are offline. Afterwards the watchers join again, and nobody who is gone may be online.",
        columns: &[
            ("seconds_until_all_offline", "seconds until all are offline"),
            ("cpu_ms_per_leave", "CPU per leave, ms"),
        ],
    },
    Scenario {
        name: "storm",
        title: "Storm",
        text: "2,000 connections end at once, and all clients come back at once, 64 handshakes at a time, with their \
               `pid` and offset. One in ten is written to before, while away, and after. A client whose session the \
               server does not recover fetches what it missed by REST.",
        columns: &[
            ("seconds_until_all_back", "seconds until all are back"),
            ("cpu_ms_per_return", "CPU per return, ms"),
            ("recovered", "recovered sessions"),
        ],
    },
];

/// The tables of all scenarios that were measured.
pub(super) fn section(results: &Results) -> String {
    let mut text = "## Scenarios\n\n\
                    CPU is that of all processes of a system. The last column says what was wrong in any round: lost,\n\
                    doubled or reordered messages, gaps in `seq` where the system promises none, refused sends, closed\n\
                    connections.\n\n"
        .to_owned();
    for scenario in SCENARIOS {
        let systems = SYSTEMS.map(|(name, _, _)| name);
        let rows: Vec<String> = systems.iter().filter_map(|system| row(results, system, &scenario)).collect();
        if rows.is_empty() {
            continue;
        }
        let heads: Vec<&str> = scenario.columns.iter().map(|(_, head)| *head).collect();
        text.push_str(&format!("### {}\n\n{}\n\n", scenario.title, wrapped(scenario.text)));
        text.push_str(&format!(
            "| system | {} | wrong |\n|---{}|---|\n",
            heads.join(" | "),
            "|---:".repeat(heads.len())
        ));
        text.push_str(&rows.concat());
        text.push('\n');
    }
    text
}

fn row(results: &Results, system: &str, scenario: &Scenario) -> Option<String> {
    let faults = results.faults(system, scenario.name)?;
    let cells = scenario.columns.iter().map(|(name, _)| match results.figure(system, scenario.name, name) {
        Some(figure) => cell(figure),
        None => "–".to_owned(),
    });
    let wrong =
        if faults.is_empty() { "nothing".to_owned() } else { faults.iter().cloned().collect::<Vec<_>>().join(", ") };
    Some(format!("| {} | {} | {wrong} |\n", title(system), cells.collect::<Vec<_>>().join(" | ")))
}

fn cell(Figure { median, least, most }: Figure) -> String {
    if least.total_cmp(&most).is_eq() {
        return digits(median);
    }
    format!("{} ({}–{})", digits(median), digits(least), digits(most))
}

/// The text in lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= 120 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
