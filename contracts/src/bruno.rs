//! A collection for Bruno: a request for each REST route, in a folder for each dialect.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::File;
use crate::description::{Description, RestRoute};
use crate::openapi;

/// Where the collection is in the repository.
const FOLDER: &str = "clients/bruno";

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// The examples of the contracts that stand for something of the system, with the variable that names it.
const VARIABLES: [(&str, &str); 6] = [
    ("bob", "other"),
    ("3f1c9a52b0de4477aa01c2d9", "chatId"),
    ("3f1c9a52b0de4477aa01c2d9000000000007", "messageId"),
    ("pet-7", "petId"),
    ("3f1c9a52b0de4477aa01c2d9-0123456789abcdef0123456789abcdef.png", "mediaName"),
    ("0123456789abcdef0123456789abcdef01973b1e2a00", "uploadId"),
];

/// The types whose id a later request needs, with the variable that keeps it.
const KEPT: [(&str, &str); 3] = [("Chat", "chatId"), ("Conversation", "chatId"), ("Message", "messageId")];

/// The dialects in the order of a run of the whole collection. messenger cannot create a chat, so another one is before
/// it. recruiting deletes the chat, and marketplace leaves it blocked.
const ORDER: [&str; 5] = ["classroom", "messenger", "workspace", "recruiting", "marketplace"];

/// The files that the collection has once.
pub(crate) fn collection() -> Vec<File> {
    let file = |path: &str, text: &str| File { path: format!("{FOLDER}/{path}"), text: text.to_owned() };
    let folder = |(name, sequence): (&str, usize)| {
        file(&format!("{name}/folder.bru"), &format!("meta {{\n  name: {name}\n  seq: {sequence}\n}}\n"))
    };
    let mut files = vec![
        file("bruno.json", "{\n  \"version\": \"1\",\n  \"name\": \"Parlance\",\n  \"type\": \"collection\"\n}\n"),
        file("collection.bru", "auth {\n  mode: bearer\n}\n\nauth:bearer {\n  token: {{token}}\n}\n"),
        file(
            "environments/local.bru",
            "vars {\n  url: http://localhost:3000\n  other: bob\n  petId: pet-7\n  chatId:\n  messageId:\n  \
             mediaName:\n}\nvars:secret [\n  token,\n  serviceToken\n]\n",
        ),
    ];
    files.extend(ORDER.into_iter().zip(1..).map(folder));
    files
}

/// The requests of a dialect, in an order in which each finds what it needs: as they are declared, then those that fetch
/// media, those that delete, messages before chats, and those that block without an end.
pub(crate) fn requests(description: &Description) -> Vec<File> {
    let name = description.dialect.name;
    let document = openapi::document(description);
    let declared = &description.routes;
    let mut routes: Vec<Route<'_>> = routes(&document, declared).collect();
    routes.sort_by_key(|Route { path, method, place, .. }| {
        let place = place.unwrap_or(declared.len());
        match *method {
            "delete" => (2, declared.len() - place),
            // Who repeats it ends the block, and a request is in the collection once.
            _ if path.ends_with("/toggle-block") => (3, 0),
            "get" if path.starts_with("/api/media/") => (1, place),
            _ => (0, place),
        }
    });
    let requests = routes.iter().zip(1..).map(|(route, sequence)| File {
        path: format!("{FOLDER}/{name}/{}.bru", route.file_name()),
        text: route.request(name, sequence),
    });
    requests.collect()
}

/// A route of an OpenAPI document.
struct Route<'a> {
    path: &'a str,
    method: &'static str,
    operation: &'a Value,
    /// Its place among the routes that the dialect declares.
    place: Option<usize>,
    declared: Option<&'a RestRoute>,
}

fn routes<'a>(document: &'a Value, declared: &'a [RestRoute]) -> impl Iterator<Item = Route<'a>> {
    let paths = document["paths"].as_object().expect("a document has paths");
    paths.iter().flat_map(move |(path, methods)| {
        let given = METHODS.into_iter().filter_map(move |method| Some((method, methods.get(method)?)));
        given.map(move |(method, operation)| {
            let is_it = |route: &RestRoute| route.call.path == path && route.call.method.eq_ignore_ascii_case(method);
            let place = declared.iter().position(is_it);
            let declared = place.and_then(|place| declared.get(place));
            Route { path, method, operation, place, declared }
        })
    })
}

impl Route<'_> {
    /// `post-chat-chatId-block` for `POST /api/chat/{chatId}/block`.
    fn file_name(&self) -> String {
        let parts = self.path.split('/').filter(|part| !part.is_empty() && *part != "api");
        let parts = parts.map(|part| part.trim_matches(['{', '}']));
        [self.method].into_iter().chain(parts).collect::<Vec<_>>().join("-")
    }

    /// The text of the request.
    fn request(&self, dialect: &str, sequence: usize) -> String {
        let Self { path, method, operation, .. } = self;
        let parameters = |place: &str| {
            let all = operation["parameters"].as_array().into_iter().flatten();
            all.filter(|one| one["in"] == place).collect::<Vec<_>>()
        };
        let (in_path, in_query) = (parameters("path"), parameters("query"));
        // Bruno sends the others when they are switched on.
        let required = in_query.iter().filter(|one| one["required"] == true);
        let pairs = required.map(|one| format!("{}={}", text(&one["name"]), value_of(one)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        let path_text = path.replace('{', ":").replace('}', "");
        let (body, body_blocks) = self.body();

        let mut request =
            block("meta", &format!("name: {} {path}\ntype: http\nseq: {sequence}", method.to_uppercase()));
        let call = format!("url: {{{{url}}}}/{dialect}{path_text}{mark}{query}\nbody: {body}\nauth: {}", self.auth());
        request += &block(method, &call);
        let line = |one: &&Value, off: &str| format!("{off}{}: {}", text(&one["name"]), value_of(one));
        if !in_query.is_empty() {
            let off = |one: &&Value| if one["required"] == true { "" } else { "~" };
            let lines = in_query.iter().map(|one| line(one, off(one)));
            request += &block("params:query", &lines.collect::<Vec<_>>().join("\n"));
        }
        if !in_path.is_empty() {
            let lines = in_path.iter().map(|one| line(one, ""));
            request += &block("params:path", &lines.collect::<Vec<_>>().join("\n"));
        }
        if self.auth() == "bearer" {
            request += &block("auth:bearer", "token: {{serviceToken}}");
        }
        request += &body_blocks;
        let kept = self.kept();
        if !kept.is_empty() {
            request += &block("vars:post-response", &kept.join("\n"));
        }
        let statuses = self.successes().map(|(status, _)| status.as_str()).collect::<Vec<_>>();
        let operator = if statuses.len() == 1 { "eq" } else { "in" };
        request += &block("assert", &format!("res.status: {operator} {}", statuses.join(", ")));
        request += &block("docs", text(&operation["summary"]));
        request.trim_end().to_owned() + "\n"
    }

    /// Whose token the request has.
    fn auth(&self) -> &'static str {
        let needs_none = self.operation["security"].as_array().is_some_and(Vec::is_empty);
        match self.path.starts_with("/api/users") {
            _ if needs_none => "none",
            true => "bearer",
            false => "inherit",
        }
    }

    /// The kind of the body, and its block.
    fn body(&self) -> (&'static str, String) {
        let content = &self.operation["requestBody"]["content"];
        if content["multipart/form-data"].is_object() {
            return ("multipartForm", block("body:multipart-form", "media: @file(picture.png)"));
        }
        let Some(example) = content["application/json"].get("example") else { return ("none", String::new()) };
        let mut example = example.clone();
        // Where every field may be absent, some need one of them.
        let first = self.declared.and_then(|route| route.call.body.first()).filter(|_| self.method == "post");
        if let (Value::Object(fields), Some(first)) = (&mut example, first)
            && fields.is_empty()
        {
            fields.insert(first.name.to_owned(), first.kind.example());
        }
        let json = serde_json::to_string_pretty(&with_variables(&example)).expect("JSON can be written");
        ("json", block("body:json", &json))
    }

    fn successes(&self) -> impl Iterator<Item = (&String, &Value)> {
        let responses = self.operation["responses"].as_object().expect("an operation has responses");
        responses.iter().filter(|(status, _)| status.starts_with('2'))
    }

    /// What later requests need of the answer: the id of what was created, and the name of a file.
    fn kept(&self) -> Vec<String> {
        let answer = self.successes().find_map(|(_, answer)| answer["content"].get("application/json"));
        let Some(answer) = answer.filter(|_| self.method != "delete") else { return Vec::new() };
        let of = text(&answer["schema"]["properties"]["data"]["$ref"]).rsplit('/').next().unwrap_or_default();
        let example = answer["example"]["data"].as_object().cloned().unwrap_or_default();
        let id = ["_id", "id"].into_iter().find(|name| example.contains_key(*name));
        let Some((id, (_, variable))) = id.zip(KEPT.into_iter().find(|(name, _)| *name == of)) else {
            return Vec::new();
        };
        let mut kept = vec![format!("{variable}: res.body.data.{id}")];
        if self.path.ends_with("/send-media") {
            // Where a dialect has no `mediaUrl`, or leaves it out.
            let address = "(res.body.data.mediaUrl || res.body.data.media[0].url)";
            kept.push(format!("mediaName: {address}.split(\"/\").pop()"));
        }
        kept
    }
}

/// A block of the language of Bruno.
fn block(name: &str, content: &str) -> String {
    let mut block = format!("{name} {{\n");
    for line in content.lines() {
        let _ = writeln!(block, "  {line}");
    }
    block + "}\n\n"
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The value of a parameter: a variable, or its example.
fn value_of(parameter: &Value) -> String {
    match with_variables(&parameter["example"]) {
        Value::String(value) => value,
        Value::Null if parameter["in"] == "path" => "{{mediaName}}".to_owned(),
        // A number from 1, or the id of a message.
        _ if parameter["schema"]["type"] == "integer" => "1".to_owned(),
        _ => "{{messageId}}".to_owned(),
    }
}

/// An example with variables in place of the ids in it.
fn with_variables(example: &Value) -> Value {
    match example {
        Value::String(text) => {
            let variable = VARIABLES.iter().find(|(example, _)| example == text);
            variable.map_or_else(|| example.clone(), |(_, name)| format!("{{{{{name}}}}}").into())
        }
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), with_variables(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().map(with_variables).collect(),
        other => other.clone(),
    }
}
