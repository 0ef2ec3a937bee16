//! The table of docs/cost.md, "An hour", against what the meter counts and charges.

use std::fs;
use std::path::Path;

use local::latency::Latency;
use local::standard_hour::{self, Hour};
use local::watch::Totals;

/// The hour of the table.
const HOUR: Hour = Hour { people: 100, devices: 2, messages: 20 };

/// List prices (docs/api-gateway.md, "Costs").
const INVOCATION_USD: f64 = 0.20 / 1_000_000.0;
const GIGABYTE_SECOND_USD: f64 = 0.000_013_333_4;

/// How far a count of the table may be from that of the meter, as a part of it: the order in which people do things varies,
/// and the table has round numbers.
const MARGIN: f64 = 0.04;

/// What the table says of a service: the numbers that are counted, and USD for a million messages, separate and inline.
struct Row {
    counted: Vec<f64>,
    usd: [f64; 2],
}

impl Row {
    fn of(page: &str, service: &str) -> Self {
        let (_, section) = page.split_once("## An hour").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let line = section.lines().find(|line| line.starts_with(&format!("| {service} |"))).unwrap();
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [_, counted, separate, inline] = cells[..] else { panic!("{line}") };
        let usd = |cell: &str| numbers(cell)[0];
        Self { counted: numbers(counted), usd: [usd(separate), usd(inline)] }
    }
}

/// The numbers in a text. Thousands may have commas.
fn numbers(text: &str) -> Vec<f64> {
    let words = text.split(|character: char| !character.is_ascii_digit() && !matches!(character, ',' | '.'));
    words.filter_map(|word| word.replace(',', "").parse().ok()).collect()
}

fn assert_near(what: &str, said: f64, found: f64) {
    assert!((said - found).abs() <= found * MARGIN, "docs/cost.md says {said} {what}, the meter {found}");
}

/// USD for a million messages, of USD for the hour.
fn for_a_million(usd: f64) -> f64 {
    usd / f64::from(HOUR.all_messages()) * 1_000_000.0
}

#[tokio::test(start_paused = true)]
#[ignore = "plays two hours with a hundred people, which takes half a minute: tests/run does it once"]
async fn the_hour_of_the_page_is_what_the_meter_counts() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/cost.md");
    let page = fs::read_to_string(page).unwrap();
    let services = ["WebSocket messages", "connection minutes", "HTTP requests", "functions", "tables", "**all**"];
    let [messages, minutes, requests, functions, tables, all] = services.map(|service| Row::of(&page, service));
    for (way, isolation) in ["separate", "inline"].into_iter().enumerate() {
        let Totals { websocket_messages, connection_minutes, http_requests, invocations, units, charges, .. } =
            standard_hour::play(HOUR, isolation, Latency::default()).await.unwrap();
        let count = |count: u64| f64::from(u32::try_from(count).unwrap());
        assert_near("WebSocket messages", messages.counted[0], count(websocket_messages));
        assert_near("connection minutes", minutes.counted[0], connection_minutes);
        assert_near("HTTP requests", requests.counted[0], count(http_requests));
        assert_near("invocations", functions.counted[way], count(invocations));
        // The page has the least and the most of both ways.
        let [least, most, write] = tables.counted[..] else { panic!("{:?}", tables.counted) };
        assert_near("read units", least.max(most.min(units.read)), units.read);
        assert_near("write units", write, units.write);
        assert_near("USD for WebSocket messages", messages.usd[way], for_a_million(charges.websocket_messages));
        assert_near("USD for connection minutes", minutes.usd[way], for_a_million(charges.connection_minutes));
        assert_near("USD for tables", tables.usd[way], for_a_million(charges.tables));
        // Functions take as long as the machine does, so their line is held against the list prices alone.
        let gigabyte_seconds = functions.counted[2 + way];
        let of_functions = functions.counted[way] * INVOCATION_USD + gigabyte_seconds * GIGABYTE_SECOND_USD;
        assert_near("USD for functions", functions.usd[way], for_a_million(of_functions));
        let sum: f64 = [&messages, &minutes, &requests, &functions, &tables].iter().map(|row| row.usd[way]).sum();
        assert!((sum - all.usd[way]).abs() < 0.03, "{isolation}: {sum} is not {}", all.usd[way]);
    }
}
