//! OpenAPI 3.1: the REST routes of a dialect.

use chat::dialect::contract::{Field, Presence};
use serde_json::{Map, Value, json};

use crate::description::{Description, Part, RestRoute};

/// The errors of a route: the status, the name of the response, and what it means.
const ERRORS: &[(u16, &str, &str)] = &[
    (400, "Invalid", "A field is missing or wrong, or the body is not valid JSON."),
    (401, "Unauthenticated", "There is no valid token."),
    (403, "Forbidden", "The caller may not do this."),
    (404, "NotFound", "It does not exist, or is not the caller's."),
    (413, "TooLarge", "The body or the file is too large."),
    (429, "TooMany", "A limit is reached."),
    (500, "Failed", "The server failed. If it could not answer at all, the body has only `message`."),
];

/// The OpenAPI document of a dialect.
#[must_use]
pub fn document(description: &Description) -> Value {
    let name = description.dialect.name;
    let mut paths: Map<String, Value> = Map::new();
    let routes = description.routes.iter().map(|route| (route.call.path, route.call.method, operation(route)));
    let others = [("/api/media/{name}", "GET", media()), ("/api/socket/health", "GET", health())];
    for (path, method, operation) in routes.chain(others) {
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item.as_object_mut().expect("an item").insert(method.to_lowercase(), operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Parlance, dialect {name}: REST"),
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!("{} Sockets hear everything that somebody does over REST.", description.says),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{
            "url": format!("http://localhost:3000/{name}"),
            "description": "`local`. Without the prefix, paths have the default dialect of the deployment.",
        }],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": description.definitions,
            "responses": errors(&description.rest_error),
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A token of the app. Routes below `/api/users` need the role `service`.",
            }},
        },
    })
}

/// The responses of errors with this body, by their names.
pub(crate) fn errors(Part { schema, example }: &Part) -> Map<String, Value> {
    let response = |status: u16, says: &str| {
        let mut response = json!({"description": says, "content": {"application/json": {"schema": schema}}});
        if status == 403 {
            response["content"]["application/json"]["example"] = example.clone();
        }
        if status == 500 {
            let plain = json!({
                "type": "object",
                "properties": {"message": {"type": "string", "description": "What API Gateway says."}},
                "required": ["message"],
            });
            response["content"]["application/json"]["schema"] = json!({"anyOf": [schema, plain]});
        }
        if status == 429 {
            let seconds =
                json!({"description": "Whole seconds until the limit is over.", "schema": {"type": "integer"}});
            response["headers"] = json!({"Retry-After": seconds});
        }
        response
    };
    ERRORS.iter().map(|(status, name, says)| ((*name).to_owned(), response(*status, says))).collect()
}

fn error_responses(has_body: bool) -> impl Iterator<Item = (String, Value)> {
    let possible = ERRORS.iter().filter(move |(status, ..)| *status != 413 || has_body);
    possible.map(|(status, name, _)| (status.to_string(), json!({"$ref": format!("#/components/responses/{name}")})))
}

/// The operation of a route.
pub(crate) fn operation(route: &RestRoute) -> Value {
    let RestRoute { call, takes_file, body, answers } = route;
    let responses = answers.iter().map(|(status, Part { schema, example })| {
        let says = match status {
            201 => "It was created.",
            202 => "A part of it is done.",
            200 if answers.iter().any(|(status, _)| *status == 202) => "All of it is done.",
            _ if answers.len() > 1 => "It existed before.",
            _ => "It is done.",
        };
        let content = json!({"application/json": {"schema": schema, "example": example}});
        (status.to_string(), json!({"description": says, "content": content}))
    });
    let responses: Map<String, Value> = responses.chain(error_responses(body.is_some())).collect();
    let mut operation = json!({
        "operationId": operation_id(call.method, call.path),
        "summary": call.says,
        "responses": responses,
    });
    let parameters = call.parameters.iter().map(|field| parameter(field, "path"));
    let parameters: Vec<Value> = parameters.chain(call.query.iter().map(|field| parameter(field, "query"))).collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = body {
        let is_required = *takes_file || call.body.iter().any(|field| field.presence == Presence::Required);
        operation["requestBody"] = request_body(body, *takes_file, is_required);
    }
    operation
}

fn request_body(Part { schema, example }: &Part, takes_file: bool, is_required: bool) -> Value {
    let mut content = json!({"application/json": {"schema": schema, "example": example}});
    if takes_file {
        let mut form = schema.clone();
        let file = json!({"type": "string", "format": "binary", "description": "The file, at most 52,428,800 bytes."});
        form["properties"]["media"] = file;
        form["properties"].as_object_mut().expect("properties").remove("uploadId");
        form["required"] = json!(["media"]);
        content["multipart/form-data"] = json!({"schema": form});
    }
    json!({"required": is_required, "content": content})
}

fn parameter(field: &Field, place: &str) -> Value {
    let mut schema = field.schema();
    schema.as_object_mut().expect("a schema").remove("description");
    let required = field.presence == Presence::Required;
    let mut parameter =
        json!({"name": field.name, "in": place, "required": required, "description": field.says, "schema": schema});
    if required {
        parameter["example"] = field.kind.example();
    }
    parameter
}

/// A name for the operation: `getApiChatByChatId` for `GET /api/chat/{chatId}`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '-']).filter(|word| !word.is_empty());
    let words = words.map(|word| match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
        Some(name) => format!("By{}", capital(name)),
        None => capital(word),
    });
    method.to_lowercase() + &words.collect::<String>()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The route that serves media. It is no route of a dialect, because its answer is no JSON.
fn media() -> Value {
    let name = json!({
        "name": "name", "in": "path", "required": true, "schema": {"type": "string"},
        "description": "The generated name of the medium.",
    });
    let file = json!({"*/*": {"schema": {"type": "string", "format": "binary"}}});
    let ok = ("200".to_owned(), json!({"description": "The bytes.", "content": file}));
    let part = ("206".to_owned(), json!({"description": "The range of bytes that was asked for.", "content": file}));
    let elsewhere = ("307".to_owned(), json!({"description": "A large file: the header `Location` has its address."}));
    let beyond = ("416".to_owned(), json!({"description": "The range is beyond the end of the file."}));
    let responses: Map<String, Value> = error_responses(false).chain([ok, part, elsewhere, beyond]).collect();
    json!({
        "operationId": "getApiMediaByName",
        "summary": "Fetches a medium of a chat of the caller.",
        "parameters": [name],
        "responses": responses,
    })
}

/// The health route, which is the same in every dialect.
fn health() -> Value {
    let count = |says: &str| json!({"type": "integer", "minimum": 0, "description": says});
    let socket = json!({
        "type": "object",
        "properties": {
            "initialized": {"type": "boolean", "description": "Whether the numbers could be counted."},
            "connected": count("The number of live sockets."),
            "rooms": count("The number of joined rooms."),
        },
        "required": ["initialized", "connected", "rooms"],
    });
    let body = json!({
        "type": "object",
        "properties": {"status": {"type": "string", "enum": ["ok", "unavailable"]}, "socket": socket},
        "required": ["status", "socket"],
    });
    let answer = |says: &str| json!({"description": says, "content": {"application/json": {"schema": body}}});
    json!({
        "operationId": "getApiSocketHealth",
        "summary": "Counts live sockets and joined rooms. It needs no token.",
        "security": [],
        "responses": {"200": answer("The system works."), "503": answer("The system does not work.")},
    })
}
