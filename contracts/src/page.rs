//! A readable page in Markdown.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::description::{Description, Part, RestRoute};

const COLUMNS: usize = 120;
/// The page with the rules of all dialects.
const RULES: &str = "dialects";

/// The page of a dialect.
#[must_use]
pub fn page(description: &Description) -> String {
    let name = description.dialect.name;
    let mut page = Page::titled(&format!("{name}: events and routes"));
    page.paragraph(&format!(
        "{} This page is made from the code by `cargo run -p contracts`; the same is in \
         [{name}.asyncapi.json]({name}.asyncapi.json) and [{name}.openapi.json]({name}.openapi.json). \
         [Dialects](../{RULES}.md) has the rules, and [this folder's page](README.md) says how to read it.",
        description.says
    ));
    page.contents(description);

    page.heading(2, "Events that a client emits");
    page.paragraph(
        "Every event may ask for an ack. A success has `success: true` and the fields below. A failure has \
         `success: false` and `error`, with the fields of the event `error`.",
    );
    for emitted in &description.emitted {
        page.heading(3, &format!("emit `{}`", emitted.event));
        page.paragraph(emitted.says);
        match &emitted.argument {
            None => page.paragraph("It has no argument."),
            Some(part) => page.part("Argument", part),
        }
        page.part("Ack", &emitted.ack);
    }
    page.heading(2, "Events that a client hears");
    for heard in &description.heard {
        page.heading(3, &format!("hear `{}`", heard.event));
        page.paragraph(heard.says);
        page.part("Argument", &heard.argument);
    }
    page.heading(3, "CONNECT_ERROR");
    page.paragraph("The token is refused. socket.io-client has the event `connect_error`.");
    page.part("Payload", &description.refusal);

    page.heading(2, "REST routes");
    page.paragraph(&format!(
        "Paths are below `/{name}`, or below `/` where {name} is the default dialect. Each request has the header \
         `Authorization: Bearer <token>`."
    ));
    for route in &description.routes {
        page.route(route);
    }
    page.heading(3, "Errors over REST");
    page.part("Body", &description.rest_error);

    page.objects(&description.definitions);
    page.text
}

/// A page that is being written.
pub(crate) struct Page {
    text: String,
}

impl Page {
    /// A page with this title.
    pub(crate) fn titled(title: &str) -> Self {
        Self { text: format!("# {title}\n") }
    }

    /// The whole page.
    pub(crate) fn text(self) -> String {
        self.text
    }

    /// A route with its parameters, body and answer.
    pub(crate) fn route(&mut self, route: &RestRoute) {
        let call = &route.call;
        self.heading(3, &format!("{} `{}`", call.method, call.path));
        self.paragraph(call.says);
        for (title, fields) in [("Path", call.parameters), ("Query", call.query)] {
            if !fields.is_empty() {
                self.paragraph(&format!("{title}:"));
                self.fields(&chat::dialect::contract::object(fields));
            }
        }
        if let Some(body) = &route.body {
            self.part("Body", body);
        }
        if route.takes_file {
            self.paragraph("As a form, the file is the field `media`, at most 52,428,800 bytes.");
        }
        let statuses: Vec<String> = route.answers.iter().map(|(status, _)| status.to_string()).collect();
        if let Some((_, answer)) = route.answers.first() {
            self.part(&format!("Answer {}", statuses.join(" or ")), answer);
        }
    }

    /// The types that schemas refer to.
    pub(crate) fn objects(&mut self, definitions: &Map<String, Value>) {
        self.heading(2, "Objects");
        for (name, schema) in definitions {
            self.heading(3, name);
            if let Some(says) = schema.get("description").and_then(Value::as_str) {
                self.paragraph(says);
            }
            self.fields(schema);
        }
    }

    /// A block of code.
    pub(crate) fn code(&mut self, language: &str, code: &str) {
        self.line(&format!("\n```{language}\n{}\n```", code.trim_end()));
    }

    fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    pub(crate) fn heading(&mut self, level: usize, heading: &str) {
        self.line(&format!("\n{} {heading}", "#".repeat(level)));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        self.line("");
        self.wrapped("", "", text);
    }

    /// Writes text in lines of at most 120 columns. The first begins with `first`, the others with `others`.
    fn wrapped(&mut self, first: &str, others: &str, text: &str) {
        let mut line = first.to_owned();
        for word in unbroken(text) {
            let is_begun = line.len() > first.len().max(others.len());
            if is_begun && line.chars().count() + 1 + word.chars().count() > COLUMNS {
                self.line(&line);
                others.clone_into(&mut line);
            }
            if line.chars().last().is_some_and(|last| last != ' ') {
                line.push(' ');
            }
            line += &word;
        }
        self.line(&line);
    }

    fn contents(&mut self, description: &Description) {
        let emitted: Vec<String> = description.emitted.iter().map(|one| format!("`{}`", one.event)).collect();
        let heard: Vec<String> = description.heard.iter().map(|one| format!("`{}`", one.event)).collect();
        self.line("");
        self.wrapped("- ", "  ", &format!("[Emitted](#events-that-a-client-emits): {}", emitted.join(", ")));
        self.wrapped("- ", "  ", &format!("[Heard](#events-that-a-client-hears): {}", heard.join(", ")));
        self.wrapped("- ", "  ", "[REST](#rest-routes), [objects](#objects)");
    }

    /// A schema with its fields, and its example.
    pub(crate) fn part(&mut self, title: &str, Part { schema, example }: &Part) {
        match properties(schema) {
            Some(_) => {
                self.paragraph(&format!("{title}:"));
                self.fields(schema);
            }
            None => {
                let says = schema.get("description").and_then(Value::as_str).unwrap_or_default();
                self.paragraph(&format!("{title}: {}. {says}", kind(schema)));
            }
        }
        let example = serde_json::to_string_pretty(example).expect("JSON can be written");
        self.line(&format!("\n```json\n{example}\n```"));
    }

    fn fields(&mut self, schema: &Value) {
        if let Some(Value::Array(choices)) = schema.get("oneOf") {
            self.line("");
            choices.iter().for_each(|choice| self.choice(choice));
            return;
        }
        let Some(properties) = properties(schema) else {
            self.paragraph(&kind(schema));
            return;
        };
        if properties.is_empty() {
            self.paragraph("No fields.");
            return;
        }
        self.line("");
        self.nested(schema, &properties, "");
    }

    /// One of several objects, which its `type` tells apart.
    fn choice(&mut self, choice: &Value) {
        let name = choice.pointer("/properties/type/const").and_then(Value::as_str).unwrap_or_default();
        let says = choice.get("description").and_then(Value::as_str).unwrap_or_default();
        match choice.pointer("/properties/data") {
            None => self.wrapped("- ", "  ", &format!("`type`: `{name}`. {says}")),
            Some(data) => {
                self.wrapped("- ", "  ", &format!("`type`: `{name}`, `data`: {}. {says}", kind(data)));
                if let Some(properties) = properties(data) {
                    self.nested(data, &properties, "  ");
                }
            }
        }
    }

    fn nested(&mut self, schema: &Value, properties: &Map<String, Value>, indent: &str) {
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, field) in properties {
            let mut text = format!("`{name}`: {}", kind(field));
            if !required.contains(&name.as_str().into()) {
                text += ", optional";
            }
            if let Some(says) = field.get("description").and_then(Value::as_str) {
                let _ = write!(text, ". {says}");
            }
            self.wrapped(&format!("{indent}- "), &format!("{indent}  "), &text);
            let inner = field.get("items").unwrap_or(field);
            if let Some(properties) = inner.get("properties").and_then(Value::as_object) {
                self.nested(inner, properties, &format!("{indent}  "));
            }
        }
    }
}

/// The words of a text. Code and the text of a link are one word each.
fn unbroken(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let is_open = |last: &&mut String| {
            last.matches('`').count() % 2 == 1 || last.matches('[').count() > last.matches(']').count()
        };
        match words.last_mut().filter(is_open) {
            Some(last) => {
                last.push(' ');
                *last += word;
            }
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// The fields of a schema of an object; `None` for another schema.
fn properties(schema: &Value) -> Option<Map<String, Value>> {
    let is_map = schema.get("additionalProperties").is_some();
    match schema.get("properties") {
        Some(Value::Object(properties)) => Some(properties.clone()),
        _ => (schema.get("type").is_some_and(|of| of == "object") && !is_map).then(Map::new),
    }
}

/// The type of a schema in a few words, with its limits.
fn kind(schema: &Value) -> String {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    if let Some(name) = text("$ref").and_then(|path| path.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(only) = schema.get("const") {
        return format!("always `{only}`");
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        let values: Vec<String> =
            values.iter().map(|value| format!("`{}`", value.as_str().unwrap_or("null"))).collect();
        return values.join(" or ");
    }
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match schema.get("type") {
        Some(Value::Array(types)) => {
            types.iter().map(|of| limited(of.as_str().unwrap_or_default(), schema)).collect::<Vec<_>>().join(" or ")
        }
        Some(Value::String(of)) => limited(of, schema),
        _ => "anything".to_owned(),
    }
}

fn limited(of: &str, schema: &Value) -> String {
    let number = |key: &str| schema.get(key).and_then(Value::as_u64);
    let range = |least: Option<u64>, greatest: Option<u64>, unit: &str| match (least, greatest) {
        (Some(least), Some(greatest)) => format!(" of {least} to {greatest}{unit}"),
        (Some(least), None) if least > 0 => format!(" of at least {least}{unit}"),
        (None, Some(greatest)) => format!(" of at most {greatest}{unit}"),
        _ => String::new(),
    };
    match of {
        "array" => {
            let items = schema.get("items").map_or_else(|| "anything".to_owned(), kind);
            format!("list{} of {items}", range(None, number("maxItems"), " entries"))
        }
        "string" if schema.get("format").is_some_and(|format| format == "date-time") => "time".to_owned(),
        "string" if number("minLength") == Some(1) && number("maxLength").is_none() => "string, not empty".to_owned(),
        "string" => format!("string{}", range(number("minLength"), number("maxLength"), " characters")),
        "integer" => format!("whole number{}", range(number("minimum"), number("maximum"), "")),
        other => other.to_owned(),
    }
}
