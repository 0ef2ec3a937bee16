//! The times as a table.

use std::collections::BTreeMap;

use crate::times::Time;

/// Prints the medians for each function, in milliseconds.
#[expect(clippy::print_stdout, reason = "the results of the program")]
pub(crate) fn print(times: &[Time]) {
    let mut functions: BTreeMap<&str, Vec<&Time>> = BTreeMap::new();
    for time in times {
        functions.entry(&time.function).or_default().push(time);
    }
    println!(
        "| function | init, ms | its processor | first event, ms | its processor | later event, ms | its processor |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (function, times) in functions {
        let (first, later): (Vec<&Time>, Vec<&Time>) = times.into_iter().partition(|time| time.event == 1);
        let columns = [
            median(&first, |time| time.init_micros),
            median(&first, |time| time.init_cpu_micros),
            median(&first, |time| time.micros),
            median(&first, |time| time.cpu_micros),
            median(&later, |time| time.micros),
            median(&later, |time| time.cpu_micros),
        ];
        println!("| {function} | {} |", columns.join(" | "));
    }
}

/// The median of a value in milliseconds; a dash if there is none.
fn median(times: &[&Time], value: impl Fn(&Time) -> u64) -> String {
    let mut values: Vec<u64> = times.iter().map(|time| value(time)).collect();
    values.sort_unstable();
    let Some(micros) = values.get(values.len() / 2) else { return "–".to_owned() };
    let tenths = (micros + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}
