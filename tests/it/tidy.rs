//! What a linter cannot hold: the direction of imports, the names of files, the size of handlers, links in documents.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module of the chat, the modules of the chat that it may name, and the modules of the relay.
const LAYERS: &[(&str, &[&str], &[&str])] = &[
    ("domain", &["domain", "error"], &["clock", "id", "text_id"]),
    ("error", &["error"], &["error"]),
    ("dialect", &["dialect", "domain", "error"], &["clock"]),
    (
        "store",
        &["store", "domain", "error", "auth", "config"],
        &["application", "aws", "clock", "dynamo", "id", "store"],
    ),
    ("auth", &["auth", "domain", "error"], &["clock"]),
    ("app", &["app", "auth", "ctx", "dialect", "domain", "error", "store"], &["clock", "store"]),
    (
        "deliver",
        &["ctx", "dialect", "domain", "error", "store", "telemetry"],
        &["application", "clock", "post", "store", "wait"],
    ),
];

/// The layers that may name `frame`.
const FRAMING: &[&str] = &["auth", "deliver"];

/// Words of the chat, of which the relay knows nothing.
const WORDS_OF_THE_CHAT: &[&str] = &["chat", "dialect", "message_sent", "presence"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "target" | "node_modules") && !name.starts_with('.') {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}

/// The modules of a crate that a text names with this path before them.
fn named(text: &str, path: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let found = text.match_indices(path).filter(|(at, _)| !text.split_at(*at).0.ends_with(is_name));
    found.map(|(at, _)| text.split_at(at + path.len()).1.chars().take_while(|c| is_name(*c)).collect()).collect()
}

#[test]
fn dependencies_between_layers_point_one_way() {
    let source = root().join("shared/chat/src");
    for (layer, own, of_relay) in LAYERS {
        let folder = source.join(layer);
        let all = if folder.is_dir() { files(&folder, "rs") } else { vec![source.join(format!("{layer}.rs"))] };
        for file in all {
            let text = fs::read_to_string(&file).unwrap();
            for (path, allowed) in [("crate::", own), ("relay::", of_relay)] {
                for name in named(&text, path) {
                    assert!(allowed.contains(&name.as_str()), "{} names {path}{name}", file.display());
                }
            }
            let names_frame = !named(&text, "frame::").is_empty();
            assert!(!names_frame || FRAMING.contains(layer), "{} names frame", file.display());
        }
    }
}

#[test]
fn the_relay_knows_nothing_of_the_chat() {
    for file in files(&root().join("shared/relay/src"), "rs") {
        let text = fs::read_to_string(&file).unwrap().to_lowercase();
        for word in WORDS_OF_THE_CHAT {
            assert!(!text.contains(word), "{} says {word}", file.display());
        }
    }
}

#[test]
fn a_functions_main_has_at_most_15_lines() {
    for entry in fs::read_dir(root().join("functions")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(main) = fs::read_to_string(folder.join("src/main.rs")) else { continue };
        assert!(main.lines().count() <= 15, "{} has more than 15 lines", folder.display());
    }
}

#[test]
fn names_say_something_and_files_stay_readable() {
    for file in files(&root(), "rs") {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            !["util", "utils", "helper", "helpers", "common", "types", "core", "manager", "misc"]
                .contains(&name.as_str()),
            "{} says nothing",
            file.display()
        );
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 700, "{} has {lines} lines", file.display());
    }
}

#[test]
fn links_in_documents_lead_somewhere() {
    for file in files(&root(), "md") {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("](") {
            let target: String = text.split_at(at + 2).1.chars().take_while(|c| *c != ')').collect();
            if target.starts_with("http") || target.starts_with('#') {
                continue;
            }
            let path = target.split('#').next().unwrap();
            assert!(file.parent().unwrap().join(path).exists(), "{} links to {target}", file.display());
        }
    }
}

/// The pages that comments, the template and the tests cite, each with the headings that it has.
fn headings(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap();
    let titles = text.lines().filter_map(|line| line.strip_prefix('#'));
    titles.map(|title| title.trim_start_matches('#').trim().replace('`', "")).collect()
}

#[test]
fn every_page_and_heading_that_a_comment_cites_exists() {
    let all = files(&root(), "rs").into_iter().chain(files(&root(), "mjs")).chain([root().join("template.yaml")]);
    let mut cited = 0;
    for file in all {
        let text = fs::read_to_string(&file).unwrap();
        // A citation may go on in the next line of the comment.
        let flat = text
            .lines()
            .map(|line| line.trim().trim_start_matches(['/', '!', '#']).trim())
            .collect::<Vec<_>>()
            .join(" ");
        for (at, _) in flat.match_indices(".md") {
            let (before, after) = flat.split_at(at + 3);
            let name =
                before.rsplit(|letter: char| !(letter.is_alphanumeric() || "./-_".contains(letter))).next().unwrap();
            // What is left out is said of pages in general: `*.md`.
            if name == ".md" {
                continue;
            }
            let page = root().join(name);
            assert!(page.exists(), "{} cites {name}", file.display());
            cited += 1;
            let Some(rest) = after.strip_prefix(", \"") else { continue };
            let heading = rest.split('"').next().unwrap();
            let known = headings(&page);
            assert!(known.contains(heading), "{} cites {name}, \"{heading}\"; there are {known:?}", file.display());
        }
    }
    assert!(cited > 40, "{cited}");
}

#[test]
fn the_readmes_client_is_the_one_that_is_tested() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let client = fs::read_to_string(root().join("tests/clients/readme.mjs")).unwrap();
    assert!(readme.contains(&client), "README.md shows another client than tests/clients/readme.mjs");
}

#[test]
fn every_setting_that_the_code_reads_is_in_the_template_and_the_other_way_round() {
    let config = ["relay", "chat"].map(|of| root().join(format!("shared/{of}/src/config.rs")));
    let config = config.map(|file| fs::read_to_string(file).unwrap()).concat();
    let read: Vec<&str> = config
        .split('"')
        .filter(|word| word.len() > 3 && word.contains('_') && word.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect();
    let template = fs::read_to_string(root().join("template.yaml")).unwrap();
    for name in &read {
        assert!(template.contains(&format!("{name}:")), "template.yaml does not set {name}");
    }
    let set = template.lines().filter_map(|line| {
        let (name, _) = line.trim().split_once(": ")?;
        (name.contains('_') && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')).then_some(name)
    });
    for name in set {
        let elsewhere = ["LOG_LEVEL", "LISTINGS_TABLE"].contains(&name);
        assert!(elsewhere || read.contains(&name), "nothing reads {name}, which template.yaml sets");
    }
}
