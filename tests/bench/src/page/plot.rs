//! Bar charts as SVG, readable on a light and on a dark page.

use super::results::{Results, digits};
use super::systems::{SYSTEMS, title};

/// One chart: groups of bars, a bar per system.
pub(super) struct Plot {
    /// The name of the file.
    pub(super) name: &'static str,
    /// What the chart shows, with the unit.
    pub(super) title: &'static str,
    /// The groups: the title, the scenario, and the figure.
    groups: &'static [(&'static str, &'static str, &'static str)],
}

/// All charts of the page.
pub(super) const ALL: [Plot; 4] = [
    Plot {
        name: "throughput",
        title: "Messages per second (more is better)",
        groups: &[
            ("50 pairs, one in flight", "closed-1", "messages_per_s"),
            ("50 pairs, eight in flight", "closed-8", "messages_per_s"),
        ],
    },
    Plot {
        name: "latency",
        title: "Delivery, 99th percentile, milliseconds (less is better)",
        groups: &[
            ("50 pairs, one in flight", "closed-1", "delivery_p99_ms"),
            ("open loop at half of the own peak", "open", "delivery_p99_ms"),
        ],
    },
    Plot {
        name: "memory",
        title: "KiB per idle connection (less is better)",
        groups: &[("5,000 connections", "idle", "kib_per_connection")],
    },
    Plot {
        name: "connections",
        title: "CPU per connection, milliseconds (less is better)",
        groups: &[
            ("connect and join", "connect", "cpu_ms_per_join"),
            ("return in a storm", "storm", "cpu_ms_per_return"),
            ("leave, all at once", "gone", "cpu_ms_per_leave"),
        ],
    },
];

/// Where the bars begin and how long the longest is, in pixels. Left of them are the names, right of them the figures.
const BARS_FROM: f64 = 270.0;
const LONGEST: f64 = 370.0;
const WIDTH: f64 = 720.0;
const ROW: f64 = 22.0;

/// Grey text can be read on black and on white; the media query makes it better where it works.
const STYLE: &str = "<style>text{font:13px sans-serif;fill:#57606a}.t{font-weight:bold}rect{fill:#8c959f}\
    .own{fill:#2f81f7}@media(prefers-color-scheme:dark){text{fill:#c9d1d9}rect{fill:#6e7681}.own{fill:#58a6ff}}</style>";

impl Plot {
    /// The text of the file.
    pub(super) fn draw(&self, results: &Results) -> String {
        let mut body = String::new();
        let mut y = 24.0;
        body.push_str(&format!("<text class=\"t\" x=\"10\" y=\"{y:.1}\">{}</text>\n", self.title));
        for (group, scenario, name) in self.groups {
            let bars: Vec<(&str, f64)> = SYSTEMS
                .iter()
                .filter_map(|(system, _, _)| Some((*system, results.figure(system, scenario, name)?.median)))
                .collect();
            if bars.is_empty() {
                continue;
            }
            let most = bars.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
            y += ROW * 1.3;
            body.push_str(&format!("<text x=\"10\" y=\"{y:.1}\">{group}</text>\n"));
            for (system, value) in bars {
                y += ROW;
                let length = (value / most * LONGEST).max(1.0);
                let class = if system == "parlance" { " class=\"own\"" } else { "" };
                body.push_str(&format!(
                    "<text x=\"{}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>\
                     <rect{class} x=\"{BARS_FROM}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"14\"/>\
                     <text x=\"{:.1}\" y=\"{y:.1}\">{}</text>\n",
                    BARS_FROM - 8.0,
                    title(system),
                    y - 11.0,
                    BARS_FROM + length + 6.0,
                    digits(value),
                ));
            }
        }
        let height = y + ROW / 2.0;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.1}\" width=\"{WIDTH}\" \
             height=\"{height:.1}\" role=\"img\" aria-label=\"{}\">\n{STYLE}\n{body}</svg>\n",
            self.title
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_the_largest_figure_and_the_others_are_in_proportion() {
        let line = |system: &str, value: u32| {
            format!(r#"{{"system":"{system}","scenario":"idle","values":{{"kib_per_connection":{value}}}}}"#)
        };
        let lines = format!("{}\n{}", line("parlance", 10), line("node-memory", 40));
        let results = Results::parse(&lines, "", "{}").unwrap();
        let memory = ALL.iter().find(|plot| plot.name == "memory").unwrap().draw(&results);
        assert!(memory.contains("width=\"370.0\"") && memory.contains("width=\"92.5\""), "{memory}");
    }
}
