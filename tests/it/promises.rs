//! What docs/dialects.md promises, and the tests that hold it: each event, each route, and each rule that is the same
//! in all dialects.
//!
//! In the tables a line after `#` says whose the promises below it are, a line says what is promised, and each indented
//! line below it names a test that asserts it: by its module and name, or one of `tests/clients` by its file and title.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chat::dialect;

/// Each event that a client of a dialect emits.
const EVENTS: &str = include_str!("promises/events.txt");
/// Each event that a client of a dialect hears.
const HEARD: &str = include_str!("promises/heard.txt");
/// Each route of a dialect.
const ROUTES: &str = include_str!("promises/routes.txt");
/// Each rule of docs/dialects.md that holds in all dialects, by its heading, and what docs/protocol.md, "Connection
/// state recovery", promises.
const RULES: &str = include_str!("promises/rules.txt");

/// What every dialect knows beside its own events.
const RENEWAL: &str = "authenticate";
/// What is answered before a dialect is asked.
const HEALTH: &str = "GET /api/socket/health";

/// Whose it is, what it is, and which tests assert it.
struct Promise {
    of: String,
    what: String,
    tests: Vec<String>,
}

fn promises(table: &str) -> Vec<Promise> {
    let (mut promises, mut of) = (Vec::<Promise>::new(), String::new());
    for line in table.lines().filter(|line| !line.is_empty()) {
        if let Some(heading) = line.strip_prefix("# ") {
            of = heading.to_owned();
        } else if let Some(test) = line.strip_prefix("    ") {
            promises.last_mut().unwrap().tests.push(test.to_owned());
        } else {
            promises.push(Promise { of: of.clone(), what: line.to_owned(), tests: Vec::new() });
        }
    }
    promises
}

fn promised(table: &str) -> Vec<(String, String)> {
    let mut rows: Vec<_> = promises(table).into_iter().map(|promise| (promise.of, promise.what)).collect();
    rows.sort();
    rows
}

#[test]
fn every_event_is_promised_and_nothing_else() {
    let mut known = Vec::new();
    for dialect in dialect::ALL {
        let own = dialect.events.iter().map(|(event, _)| *event).chain([RENEWAL]);
        known.extend(own.map(|event| (dialect.name.to_owned(), event.to_owned())));
    }
    known.sort();
    assert_eq!(promised(EVENTS), known);
}

#[test]
fn every_route_is_promised_and_nothing_else() {
    let mut known = Vec::new();
    for dialect in dialect::ALL {
        let routes = dialect.all_routes().map(|route| format!("{} {}", route.method, route.path));
        known.extend(routes.chain([HEALTH.to_owned()]).map(|route| (dialect.name.to_owned(), route)));
    }
    known.sort();
    assert_eq!(promised(ROUTES), known);
}

#[test]
fn every_promise_is_held_by_tests_that_exist() {
    let known = tests();
    let mut missing = Vec::new();
    for Promise { of, what, tests } in [EVENTS, HEARD, ROUTES, RULES].into_iter().flat_map(promises) {
        if tests.is_empty() {
            missing.push(format!("{of}: {what} is held by no test"));
        }
        let unknown = tests.iter().filter(|test| !known.contains_key(*test));
        missing.extend(unknown.map(|test| format!("{of}: {what}: there is no test {test}")));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn an_events_tests_are_in_files_that_name_it() {
    let known = tests();
    for Promise { of, what: event, tests } in [EVENTS, HEARD].into_iter().flat_map(promises) {
        for test in tests {
            let text = fs::read_to_string(&known[&test]).unwrap();
            assert!(text.contains(&format!("\"{event}\"")), "{of}: {test} does not know of {event}");
        }
    }
}

#[test]
fn nothing_is_promised_twice() {
    for table in [EVENTS, HEARD, ROUTES, RULES] {
        let mut rows = promised(table);
        let all = rows.len();
        rows.dedup();
        assert_eq!(rows.len(), all);
    }
}

/// Each test of this crate and of `tests/clients`, as the table names it, and the file it is in.
fn tests() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeMap::new();
    for file in files(&root.join("it"), ".rs") {
        let path = file.strip_prefix(root.join("it")).unwrap().with_extension("");
        let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).filter(|part| *part != "mod").collect();
        let text = fs::read_to_string(&file).unwrap();
        known.extend(functions(&text).map(|name| (format!("{}::{name}", parts.join("::")), file.clone())));
    }
    for file in files(&root.join("clients"), ".test.mjs") {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let titles = text.lines().filter_map(|line| line.trim().strip_prefix("test(\"")?.split('"').next());
        known.extend(titles.map(|title| (format!("clients/{name}: {title}"), file.clone())));
    }
    known
}

/// The names of the functions below an attribute that makes them a test.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    let mut marked = false;
    text.lines().map(str::trim).filter_map(move |line| {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
            return None;
        }
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?.split('(').next();
        std::mem::take(&mut marked).then_some(name).flatten()
    })
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}
