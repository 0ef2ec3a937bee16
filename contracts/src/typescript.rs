//! Types for TypeScript: the maps of events that socket.io-client takes, and the bodies of REST.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::description::Description;

const HEAD: &str = "// Made by `cargo run -p contracts`. Do not edit.\n\nimport type { Ack } from \"./index.js\";\n";
const COLUMNS: usize = 120;
/// The most columns of a choice of texts that is written in one line.
const CHOICES_MAX: usize = 80;

/// The module of a dialect.
#[must_use]
pub fn module(description: &Description) -> String {
    let name = description.dialect.name;
    let mut module = HEAD.to_owned();
    docs(&mut module, "", &format!("{} The events that a client of `/{name}` hears.", description.says));
    module += "export interface ServerToClientEvents {\n";
    for heard in &description.heard {
        docs(&mut module, "  ", heard.says);
        let argument = of(&heard.argument.schema, "  ");
        let _ = writeln!(module, "  \"{}\": (argument: {argument}, offset?: string) => void;", heard.event);
    }
    module += "}\n";
    docs(&mut module, "", &format!("The events that a client of `/{name}` may emit."));
    module += "export interface ClientToServerEvents {\n";
    for emitted in &description.emitted {
        docs(&mut module, "  ", emitted.says);
        let argument = emitted.argument.as_ref().map(|part| format!("argument: {}, ", of(&part.schema, "  ")));
        let ack = format!("ack: (answer: Ack<{}, ErrorObject>) => void", of(&emitted.ack.schema, "  "));
        let _ = writeln!(module, "  \"{}\": ({}{ack}) => void;", emitted.event, argument.unwrap_or_default());
    }
    module += "}\n";
    for (name, schema) in &description.definitions {
        let says = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        docs(&mut module, "", says);
        let _ = match schema.get("properties").and_then(Value::as_object) {
            Some(properties) => writeln!(module, "export interface {name} {}", object(schema, properties, "")),
            None => writeln!(module, "export type {name} = {};", of(schema, "")),
        };
    }
    module
}

/// Writes a comment, in lines of at most 120 columns.
fn docs(module: &mut String, indent: &str, text: &str) {
    if indent.is_empty() {
        module.push('\n');
    }
    if text.is_empty() {
        return;
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let whole = format!("{indent}/** {text} */");
    if whole.chars().count() <= COLUMNS {
        *module += &whole;
        module.push('\n');
        return;
    }
    let mut line = format!("{indent} *");
    let _ = writeln!(module, "{indent}/**");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > COLUMNS {
            let _ = writeln!(module, "{line}");
            line = format!("{indent} *");
        }
        let _ = write!(line, " {word}");
    }
    let _ = writeln!(module, "{line}\n{indent} */");
}

/// The type of a schema.
fn of(schema: &Value, indent: &str) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return name.to_owned();
    }
    if let Some(only) = schema.get("const") {
        return only.to_string();
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        let line = values.join(" | ");
        let lines = || values.iter().map(|value| format!("\n{indent}  | {value}")).collect();
        return if line.len() > CHOICES_MAX { lines() } else { line };
    }
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        return choices.iter().map(|choice| of(choice, indent)).collect::<Vec<_>>().join(" | ");
    }
    match schema.get("type") {
        Some(Value::Array(types)) => types
            .iter()
            .map(|one| plain(one.as_str().unwrap_or_default(), schema, indent))
            .collect::<Vec<_>>()
            .join(" | "),
        Some(Value::String(one)) => plain(one, schema, indent),
        _ => "unknown".to_owned(),
    }
}

fn plain(of_type: &str, schema: &Value, indent: &str) -> String {
    match of_type {
        "array" => {
            let items = schema.get("items").map_or_else(|| "never".to_owned(), |items| of(items, indent));
            if items.contains(' ') { format!("Array<{items}>") } else { format!("{items}[]") }
        }
        "integer" => "number".to_owned(),
        "object" => match (schema.get("properties").and_then(Value::as_object), schema.get("additionalProperties")) {
            (Some(properties), _) => object(schema, properties, indent),
            (None, Some(values)) if values.is_object() => format!("Record<string, {}>", of(values, indent)),
            _ => "{}".to_owned(),
        },
        other => other.to_owned(),
    }
}

fn object(schema: &Value, properties: &Map<String, Value>, indent: &str) -> String {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let inner = format!("{indent}  ");
    let mut text = "{\n".to_owned();
    for (name, field) in properties {
        if let Some(says) = field.get("description").and_then(Value::as_str) {
            docs(&mut text, &inner, says);
        }
        let mark = if required.contains(&name.as_str().into()) { "" } else { "?" };
        let _ = writeln!(text, "{inner}{name}{mark}: {};", of(field, &inner));
    }
    text + indent + "}"
}
