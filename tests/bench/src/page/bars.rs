//! What `local` must reach, and whether it does.

use super::results::{Results, digits};

/// One bar.
struct Bar {
    /// What must be true.
    what: &'static str,
    /// Parlance's figure: scenario and name.
    own: (&'static str, &'static str),
    /// Whether the figure must be at least the limit, or at most.
    at_least: bool,
    limit: Limit,
    /// A harder limit that is wished for.
    stretch: Option<Limit>,
}

/// What a figure is compared with.
#[derive(Clone, Copy)]
enum Limit {
    /// A number.
    Fixed(f64),
    /// So many times the same figure of another system.
    Of(f64, &'static str),
}

const BARS: [Bar; 10] = [
    Bar {
        what: "chat 50×1, durable: messages/s not below Node + PostgreSQL + Redis; stretch: twice as many",
        own: ("closed-1", "messages_per_s"),
        at_least: true,
        limit: Limit::Of(1.0, "node-postgres"),
        stretch: Some(Limit::Of(2.0, "node-postgres")),
    },
    Bar {
        what: "chat 50×1, messages/s not below the same without flush, which promises as much as Parlance",
        own: ("closed-1", "messages_per_s"),
        at_least: true,
        limit: Limit::Of(1.0, "node-postgres-unflushed"),
        stretch: None,
    },
    Bar {
        what: "chat 50×1, durable: delivery p99 (ms) not above Node + PostgreSQL + Redis",
        own: ("closed-1", "delivery_p99_ms"),
        at_least: false,
        limit: Limit::Of(1.0, "node-postgres"),
        stretch: None,
    },
    Bar {
        what: "open loop at half of the own peak: delivery p99 at most 10 ms",
        own: ("open", "delivery_p99_ms"),
        at_least: false,
        limit: Limit::Fixed(10.0),
        stretch: None,
    },
    Bar {
        what: "idle: at most 14 KiB per connection; stretch: 10",
        own: ("idle", "kib_per_connection"),
        at_least: false,
        limit: Limit::Fixed(14.0),
        stretch: Some(Limit::Fixed(10.0)),
    },
    Bar {
        what: "connect and join: at most 3 ms of CPU; stretch: that of Node + PostgreSQL + Redis",
        own: ("connect", "cpu_ms_per_join"),
        at_least: false,
        limit: Limit::Fixed(3.0),
        stretch: Some(Limit::Of(1.0, "node-postgres")),
    },
    Bar {
        what: "storm: all back within twice the seconds of Node + PostgreSQL + Redis",
        own: ("storm", "seconds_until_all_back"),
        at_least: false,
        limit: Limit::Of(2.0, "node-postgres"),
        stretch: None,
    },
    Bar {
        what: "storm: all back within twice the seconds of Node in memory",
        own: ("storm", "seconds_until_all_back"),
        at_least: false,
        limit: Limit::Of(2.0, "node-memory"),
        stretch: None,
    },
    Bar {
        what: "all gone at once: every disconnect is handled and presence is true within 60 s",
        own: ("gone", "seconds_until_all_offline"),
        at_least: false,
        limit: Limit::Fixed(60.0),
        stretch: None,
    },
    Bar {
        what: "CPU per message (µs) in 50×1 at most a third of before: the whole process, with gateway and database",
        own: ("closed-1", "cpu_us_per_message"),
        at_least: false,
        limit: Limit::Of(1.0 / 3.0, "before"),
        stretch: None,
    },
];

/// The scenarios in which nothing may be wrong.
const CLEAN: [(&str, &str); 5] = [
    ("closed-1", "chat 50×1: in order per chat, nothing lost or doubled"),
    ("closed-8", "chat 50×8: in order per chat, nothing lost or doubled"),
    ("open", "open loop: in order per chat, nothing lost or doubled"),
    ("storm", "storm: nothing missed, nothing doubled"),
    ("gone", "all gone at once: nobody who is gone is online"),
];

/// What bounds the figures.
const WAITS: &str = "\n\
     Three figures are waits and not work. The gateway is as slow as API Gateway: `@connections` knows a new\n\
     connection only after up to 100 ms, so an open packet is posted several times. That is most of a join, and\n\
     of the return of a client in the storm. The events of one chat are delivered in order, and an invocation\n\
     that must wait for the one before it asks the tables each 5 ms; that bounds one chat with many sockets. A\n\
     waiting GET looks into its outbox ten times a second, because nothing can wake it; that bounds polling.\n\
     ";

/// What a message costs, and why that is not half.
const PROFILE: &str = "\n\
     Messages are work. Of the samples of `perf record` during 50×1 (commit 3a9c656), 32 % are in the tables,\n\
     18 % in the gateway and its sockets, 16 % in the relay (sessions, requests, posts), 15 % in the chat's\n\
     handlers, 9 % in the records of the stream and `followup`, 5 % in invocations, and the rest in scheduler\n\
     and kernel. A third of all samples, in all parts, allocate and free memory, because the SDK's types own\n\
     their texts; no other function has more than 5 %. A message is five requests with seven write and four read\n\
     units, as it must be in the cloud. Node with PostgreSQL makes three statements.\n\
     ";

/// What an idle connection is made of.
const IDLE: &str = "\n\
     An idle connection is three tasks, its rows, and the buffers of its socket. At commit f88d945, with 14.2 KiB,\n\
     the tasks had 5.1 KB: 1.0 for HTTP, 0.7 for the gateway, and 3.4 for the frames, of which 1.3 was a buffer\n\
     that only a connection needs which is closed for a violation. Since then this buffer is made when it is\n\
     needed. Three rounds at commit bd6749b, of this scenario alone, gave 11.4 to 11.8 KiB.\n\
     ";

/// The table of all bars, and what the figures mean.
pub(super) fn section(results: &Results) -> String {
    let mut text = "## Bars\n\n| bar | Parlance | limit | met | stretch |\n|---|---:|---:|---|---|\n".to_owned();
    for bar in &BARS {
        text.push_str(&bar.row(results));
    }
    for (scenario, what) in CLEAN {
        let (found, met) = match results.faults("parlance", scenario) {
            None => ("–".to_owned(), "not measured"),
            Some(faults) if faults.is_empty() => ("nothing wrong".to_owned(), "yes"),
            Some(faults) => (faults.iter().cloned().collect::<Vec<_>>().join(", "), "**no**"),
        };
        text.push_str(&format!("| {what} | {found} | | {met} | |\n"));
    }
    text.push_str(WAITS);
    text.push_str(PROFILE);
    text.push_str(IDLE);
    text
}

impl Bar {
    fn row(&self, results: &Results) -> String {
        let (scenario, name) = self.own;
        let own = results.figure("parlance", scenario, name).map(|figure| figure.median);
        let limit = self.value(self.limit, results);
        let stretch = self.stretch.map(|stretch| {
            let value = self.value(stretch, results);
            format!("{}: {}", shown(value), self.met(own, value))
        });
        format!(
            "| {} | {} | {} | {} | {} |\n",
            self.what,
            shown(own),
            shown(limit),
            self.met(own, limit),
            stretch.unwrap_or_default()
        )
    }

    fn value(&self, limit: Limit, results: &Results) -> Option<f64> {
        match limit {
            Limit::Fixed(value) => Some(value),
            Limit::Of(times, system) => {
                let (scenario, name) = self.own;
                results.figure(system, scenario, name).map(|figure| figure.median * times)
            }
        }
    }

    fn met(&self, own: Option<f64>, limit: Option<f64>) -> &'static str {
        let (Some(own), Some(limit)) = (own, limit) else { return "not measured" };
        if if self.at_least { own >= limit } else { own <= limit } { "yes" } else { "**no**" }
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section_of(parlance: f64, node: f64) -> String {
        let line = |system: &str, value: f64| {
            format!(
                r#"{{"system":"{system}","scenario":"closed-1","findings":{{}},"values":{{"messages_per_s":{value}}}}}"#
            )
        };
        let lines = format!("{}\n{}", line("parlance", parlance), line("node-postgres", node));
        section(&Results::parse(&lines, "", "{}").unwrap())
    }

    #[test]
    fn a_bar_is_met_at_its_limit_and_missed_below() {
        assert!(section_of(1000.0, 1000.0).contains("| 1000 | 1000 | yes | 2000: **no** |"));
        assert!(section_of(999.0, 1000.0).contains("| 999 | 1000 | **no** | 2000: **no** |"));
        assert!(section_of(2000.0, 1000.0).contains("| 2000 | 1000 | yes | 2000: yes |"));
    }

    #[test]
    fn what_is_wrong_misses_its_bar() {
        let line = r#"{"system":"parlance","scenario":"closed-8","findings":{"lost":1},"values":{}}"#;
        let section = section(&Results::parse(line, "", "{}").unwrap());
        assert!(section.contains("nothing lost or doubled | lost 1 | | **no** |"), "{section}");
    }
}
