//! The page `docs/benchmarks.md` and its plots, made from the lines of the results alone.

use std::fs;
use std::path::Path;

use crate::failure::Failure;

mod bars;
mod plot;
mod results;
mod systems;
mod tables;

use results::Results;
use systems::SYSTEMS;

/// Reads the results in `results`, and those of an older commit in `before`, and writes the page and the plots to `docs`.
///
/// # Errors
/// If a file cannot be read or written, or a line is not what `load` prints.
pub(crate) fn write(results: &Path, before: Option<&Path>, docs: &Path) -> Result<(), Failure> {
    let results = Results::read(results, before)?;
    let folder = docs.join("benchmarks");
    fs::create_dir_all(&folder)?;
    for plot in plot::ALL {
        fs::write(folder.join(format!("{}.svg", plot.name)), plot.draw(&results))?;
    }
    fs::write(docs.join("benchmarks").with_extension("md"), page(&results))?;
    Ok(())
}

fn page(results: &Results) -> String {
    let sections = [
        introduction(results),
        bars::section(results),
        plots(),
        tables::section(results),
        machine(results),
        REPEAT.to_owned(),
    ];
    sections.join("\n")
}

fn introduction(results: &Results) -> String {
    let rounds = results.rounds();
    let how = if rounds == 1 { "One round".to_owned() } else { format!("Medians of {rounds} rounds") };
    let mut text = format!(
        "# Benchmarks\n\n\
         `local` against what people would use instead. `tests/bench/run` wrote this page; do not edit it. {how}, all\n\
         systems in turn in the same run, with the load generator on the same machine. In parentheses: the smallest and\n\
         the largest of all rounds. Devices, polling, socketioxide, Parlance in memory and Node with PostgreSQL without flush\n\
         have every second round only.\n\
         Commit {}, {}.\n\n\
         | system | what it is |\n|---|---|\n",
        results.about("commit"),
        results.about("date"),
    );
    if let Some(shorter) = results.about_all().find_map(|(name, value)| (name == "shorter").then_some(value)) {
        text =
            text.replacen("\n\n|", &format!("\n\n**A short run, smaller than the sections say: {shorter}.**\n\n|"), 1);
    }
    for (name, title, what) in SYSTEMS {
        if name == "before" && results.has_system(name) {
            text.push_str(&format!("| {title} | {what}. Commit {} |\n", results.commit_before()));
        } else if results.has_system(name) {
            text.push_str(&format!("| {title} | {what} |\n"));
        }
    }
    text.push_str(
        "\n`local` contains the cloud that Parlance runs on: API Gateway, Lambda, DynamoDB and its streams. So these\n\
         figures say how `local` performs, and do not say how a deployment does. All systems send the same events for a\n\
         message, except that only Parlance stores and tells that it was delivered (`message_delivered`).\n",
    );
    text
}

fn plots() -> String {
    let mut text = "## Plots\n\n".to_owned();
    for plot in plot::ALL {
        text.push_str(&format!("![{}](benchmarks/{}.svg)\n\n", plot.title, plot.name));
    }
    text
}

fn machine(results: &Results) -> String {
    let mut text = "## Machine and versions\n\n| | |\n|---|---|\n".to_owned();
    for (name, value) in results.about_all().filter(|(name, _)| !["commit", "date", "shorter"].contains(name)) {
        text.push_str(&format!("| {name} | {value} |\n"));
    }
    text
}

/// How to measure again. The one part of the page that no result changes.
const REPEAT: &str = "\
## How to repeat it

```sh
tests/bench/run                  # five rounds of everything; writes this page
tests/bench/run --quick          # one short round
tests/bench/run --systems parlance,node-postgres --scenarios closed-1,open    # lines alone, no page
tests/bench/run --smoke          # Parlance alone, tiny, a debug build: that it works, not how fast
```

It needs Rust, Node 20 and Linux. PostgreSQL and Redis are those of the machine, or else of Debian packages that the
script unpacks below `target/bench`. All servers listen on the loopback address alone, and their data is in a temporary
folder in `/var/tmp`. The lines of the results stay in `tests/bench/results`. Nothing else should run meanwhile.

`tests/bench/before.jsonl` is `tests/bench/results/parlance.jsonl` of an older commit. To measure that commit again,
build its `local` and set `PARLANCE_BENCH_LOCAL` to the file and `PARLANCE_BENCH_COMMIT` to its name.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_what_was_measured_and_says_of_the_rest_that_it_was_not() {
        let line = r#"{"system":"parlance","scenario":"closed-1","round":1,"clean":true,"findings":{},"problems":[],
            "values":{"messages_per_s":300.0}}"#;
        let results = Results::parse(&line.replace('\n', ""), "", r#"{"commit":"abc"}"#).unwrap();
        let page = page(&results);
        assert!(page.contains("| Parlance | 300 |"), "{page}");
        assert!(page.contains("Commit abc"), "{page}");
        assert!(page.contains("not measured"), "{page}");
        assert!(!page.contains("socketioxide in memory"), "{page}");
    }
}
