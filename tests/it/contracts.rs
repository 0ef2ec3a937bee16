//! The contracts in docs/api and clients/typescript: they are what the generator writes now, they have what
//! docs/dialects.md promises, and their examples are as their schemas say. That everything a client receives is as they
//! say is checked by every other test (`contract.rs` of the crate `world`).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use chat::dialect;
use contracts::description::{Description, Draft, Part};
use serde_json::{Value, json};

/// Each event that a client of a dialect hears.
const HEARD: &str = include_str!("promises/heard.txt");

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn the_committed_files_are_what_the_generator_writes() {
    for contracts::File { path, text } in contracts::files() {
        let committed = fs::read_to_string(root().join(&path)).unwrap_or_default();
        assert!(committed == text, "{path} is not fresh: run `cargo run -p contracts`");
    }
}

#[test]
fn the_collection_has_no_request_that_the_generator_does_not_write() {
    let written: BTreeSet<String> = contracts::files().into_iter().map(|file| file.path).collect();
    let folders = dialect::ALL.iter().map(|dialect| format!("clients/bruno/{}", dialect.name));
    for folder in folders {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let path = format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap());
            assert!(written.contains(&path), "{path} is of no route any more: delete it");
        }
    }
}

#[test]
fn a_contract_has_every_event_that_is_promised() {
    for dialect in dialect::ALL {
        let lines = HEARD.split("# ").find(|part| part.starts_with(dialect.name)).unwrap().lines().skip(1);
        let promised: BTreeSet<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with(' ')).collect();
        let description = Description::new(dialect, Draft::Newest);
        let heard: BTreeSet<&str> = description.heard.iter().map(|heard| heard.event).collect();
        assert_eq!(heard, promised, "{}", dialect.name);
    }
}

#[test]
fn examples_are_as_their_schemas_say() {
    for (dialect, draft) in dialect::ALL.iter().flat_map(|dialect| [(dialect, Draft::Seven), (dialect, Draft::Newest)])
    {
        let description = Description::new(dialect, draft);
        let mut parts = vec![&description.error, &description.refusal, &description.rest_error];
        for emitted in &description.emitted {
            parts.extend(emitted.argument.iter().chain([&emitted.ack]));
        }
        parts.extend(description.heard.iter().map(|heard| &heard.argument));
        for route in &description.routes {
            parts.extend(route.body.iter().chain(route.answers.iter().map(|(_, part)| part)));
        }
        for part in parts.into_iter().chain([&description.failed_ack()]) {
            check(part, &description, draft);
        }
    }
}

fn check(Part { schema, example }: &Part, description: &Description, draft: Draft) {
    let whole = json!({"allOf": [schema], "components": {"schemas": description.definitions}});
    let draft = match draft {
        Draft::Seven => jsonschema::Draft::Draft7,
        Draft::Newest => jsonschema::Draft::Draft202012,
    };
    let validator = jsonschema::options().with_draft(draft).should_validate_formats(true).build(&whole).unwrap();
    let errors: Vec<String> = validator.iter_errors(example).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{}: {example} is not {schema}: {errors:?}", description.dialect.name);
}

#[test]
fn no_schema_refers_to_a_type_that_is_not_there() {
    for dialect in dialect::ALL {
        let description = Description::new(dialect, Draft::Newest);
        for document in [contracts::asyncapi::document(&description), contracts::openapi::document(&description)] {
            let mut references = BTreeSet::new();
            collect(&document, &mut references);
            for reference in references {
                assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
        }
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[test]
fn no_function_is_built_with_schemas() {
    let names = |path: &str| {
        let entries = fs::read_dir(root().join(path)).unwrap().map(|entry| entry.unwrap().path());
        let packages = entries.filter(|path| path.join("Cargo.toml").exists());
        packages.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let functions = names("functions");
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,features", "--prefix", "none"])
        .args(functions.iter().flat_map(|name| ["--package", name]))
        .current_dir(root())
        .output()
        .unwrap();
    let crates = String::from_utf8(tree.stdout).unwrap();
    assert!(crates.contains("chat v") && crates.contains("serde_json v"), "{}", String::from_utf8_lossy(&tree.stderr));
    for part in ["schemars v", "jsonschema v", "feature \"contracts\""] {
        assert!(!crates.contains(part), "a function is built with {part}");
    }
}
