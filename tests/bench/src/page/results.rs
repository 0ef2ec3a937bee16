//! The lines of the results, and the medians of their figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::failure::Failure;

/// All figures of a run.
#[derive(Default)]
pub(super) struct Results {
    /// Per system, scenario and figure: the values of all rounds, ascending.
    figures: BTreeMap<(String, String, String), Vec<f64>>,
    /// Per system and scenario: what was wrong, in the words of the page.
    faults: BTreeMap<(String, String), BTreeSet<String>>,
    /// What the run says of itself: date, commit, machine, versions.
    about: Map<String, Value>,
    rounds: u64,
    commit_before: Option<String>,
}

/// One figure over all rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figure {
    /// The median.
    pub(super) median: f64,
    /// The smallest.
    pub(super) least: f64,
    /// The largest.
    pub(super) most: f64,
}

impl Results {
    /// Reads `*.jsonl` and `about.json` of a folder, and the lines of an older commit.
    pub(super) fn read(folder: &Path, before: Option<&Path>) -> Result<Self, Failure> {
        let mut lines = String::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                lines.push_str(&fs::read_to_string(&path)?);
            }
        }
        let before = before.map(fs::read_to_string).transpose()?.unwrap_or_default();
        Self::parse(&lines, &before, &fs::read_to_string(folder.join("about.json"))?)
    }

    /// Reads the lines of this run, those of an older commit, and what the run says of itself.
    pub(super) fn parse(lines: &str, before: &str, about: &str) -> Result<Self, Failure> {
        let about = serde_json::from_str(about)?;
        let mut results = Self { about, ..Self::default() };
        for line in lines.lines().filter(|line| !line.is_empty()) {
            results.add(&serde_json::from_str(line)?, None)?;
        }
        for line in before.lines().filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_str(line)?;
            if line.get("system").is_some_and(|system| system == "parlance") {
                results.add(&line, Some("before"))?;
                results.commit_before = line.get("commit").and_then(Value::as_str).map(str::to_owned);
            }
        }
        for values in results.figures.values_mut() {
            values.sort_by(f64::total_cmp);
        }
        Ok(results)
    }

    fn add(&mut self, line: &Value, renamed: Option<&str>) -> Result<(), Failure> {
        let text =
            |key: &str| line.get(key).and_then(Value::as_str).ok_or_else(|| format!("a line has no {key}: {line}"));
        let (system, scenario) = (renamed.unwrap_or(text("system")?).to_owned(), text("scenario")?.to_owned());
        if renamed.is_none() {
            self.rounds = self.rounds.max(line.get("round").and_then(Value::as_u64).unwrap_or(1));
        }
        let faults = self.faults.entry((system.clone(), scenario.clone())).or_default();
        for (what, count) in line.get("findings").and_then(Value::as_object).into_iter().flatten() {
            if count.as_u64() != Some(0) {
                faults.insert(format!("{what} {count}"));
            }
        }
        let problems = line.get("problems").and_then(Value::as_array).into_iter().flatten();
        faults.extend(problems.filter_map(|problem| problem.as_str().map(str::to_owned)));
        for (name, value) in line.get("values").and_then(Value::as_object).into_iter().flatten() {
            if let Some(value) = value.as_f64() {
                self.figures.entry((system.clone(), scenario.clone(), name.clone())).or_default().push(value);
            }
        }
        Ok(())
    }

    /// How many rounds there were.
    pub(super) fn rounds(&self) -> u64 {
        self.rounds
    }

    /// The older commit that is compared with.
    pub(super) fn commit_before(&self) -> &str {
        self.commit_before.as_deref().unwrap_or("unknown")
    }

    /// Whether anything is known of a system.
    pub(super) fn has_system(&self, system: &str) -> bool {
        self.faults.keys().any(|(name, _)| name == system)
    }

    /// One figure of a system in a scenario, if it was measured.
    pub(super) fn figure(&self, system: &str, scenario: &str, name: &str) -> Option<Figure> {
        let values = self.figures.get(&(system.to_owned(), scenario.to_owned(), name.to_owned()))?;
        let median = *values.get(values.len() / 2)?;
        // Between the two in the middle there is no reason for either.
        let other = *values.get((values.len() - 1) / 2)?;
        Some(Figure { median: f64::midpoint(median, other), least: *values.first()?, most: *values.last()? })
    }

    /// What was wrong with a system in a scenario; `None` if it was not measured. Empty if all was well.
    pub(super) fn faults(&self, system: &str, scenario: &str) -> Option<&BTreeSet<String>> {
        self.faults.get(&(system.to_owned(), scenario.to_owned()))
    }

    /// One thing that the run says of itself.
    pub(super) fn about(&self, key: &str) -> &str {
        self.about.get(key).and_then(Value::as_str).unwrap_or("unknown")
    }

    /// Everything that the run says of itself, by name.
    pub(super) fn about_all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.about.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }
}

/// A figure in as many digits as say something.
pub(super) fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || size == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order_of_the_rounds() {
        let line = |round: u32, value: f64| {
            format!(
                r#"{{"system":"a","scenario":"s","round":{round},"findings":{{"lost":0}},"values":{{"x":{value}}}}}"#
            )
        };
        let lines = [(1, 9.0), (2, 1.0), (3, 4.0)].map(|(round, value)| line(round, value)).join("\n");
        let results = Results::parse(&lines, "", "{}").unwrap();
        assert_eq!(results.figure("a", "s", "x"), Some(Figure { median: 4.0, least: 1.0, most: 9.0 }));
        assert_eq!(results.figure("a", "s", "y"), None);
        assert_eq!((results.rounds(), results.faults("a", "s").unwrap().len()), (3, 0));
    }

    #[test]
    fn a_fault_of_any_round_stays() {
        let lines = r#"{"system":"a","scenario":"s","findings":{"lost":2},"values":{}}
{"system":"a","scenario":"s","findings":{"lost":0},"problems":["late"],"values":{}}"#;
        let results = Results::parse(lines, "", "{}").unwrap();
        assert_eq!(results.faults("a", "s").unwrap().iter().collect::<Vec<_>>(), ["late", "lost 2"]);
    }
}
