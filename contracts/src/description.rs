//! A dialect as data: its events and routes, with the schema and an example of each part.

use chat::dialect::Dialect;
use chat::dialect::contract::{Argument, Call, Contract, Emitted, SchemaOf, example, object};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::examples::Examples;

/// A version of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    /// Draft 7, which AsyncAPI 3 has.
    Seven,
    /// Draft 2020-12, which OpenAPI 3.1 has.
    Newest,
}

/// A dialect as data.
pub struct Description {
    /// The dialect as the code has it: its name, limits and routes.
    pub dialect: &'static Dialect,
    /// What the dialect is, in a sentence.
    pub says: &'static str,
    /// The events that a client may emit.
    pub emitted: Vec<EmittedEvent>,
    /// The events that a client hears.
    pub heard: Vec<HeardEvent>,
    /// The REST routes.
    pub routes: Vec<RestRoute>,
    /// The error of the event `error` and of a failed ack.
    pub error: Part,
    /// The payload of CONNECT_ERROR for a token that is refused.
    pub refusal: Part,
    /// The REST body of an error.
    pub rest_error: Part,
    /// The types that schemas refer to, by their names.
    pub definitions: Map<String, Value>,
}

/// A schema, and an example of it.
pub struct Part {
    /// The schema. References lead to `#/components/schemas/`.
    pub schema: Value,
    /// The example, as the dialect words it.
    pub example: Value,
}

/// An event that a client may emit.
pub struct EmittedEvent {
    /// The name of the event.
    pub event: &'static str,
    /// What it does.
    pub says: &'static str,
    /// Its argument; `None` if it has none.
    pub argument: Option<Part>,
    /// The ack of a success.
    pub ack: Part,
}

/// An event that a client hears.
pub struct HeardEvent {
    /// The name of the event.
    pub event: &'static str,
    /// When it is sent.
    pub says: &'static str,
    /// The JSON Schema of the value that comes with it, and an example.
    pub argument: Part,
}

/// A REST route.
pub struct RestRoute {
    /// What the dialect declares of the route: method, path, parameters and fields of the body.
    pub call: Call,
    /// Whether the body may be a form with a file.
    pub takes_file: bool,
    /// The body, if there is one.
    pub body: Option<Part>,
    /// The status and the body of each answer that is no error.
    pub answers: Vec<(u16, Part)>,
}

impl Description {
    /// The description of a dialect, with schemas of this draft.
    #[must_use]
    pub fn new(dialect: &'static Dialect, draft: Draft) -> Self {
        let Contract { says, emitted, heard, calls, error, refusal, rest_error } = (dialect.contract)();
        let (mut schemas, examples) = (Schemas::new(draft), Examples::new(dialect));
        let emitted = emitted.iter().map(|emitted| emitted_event(emitted, &mut schemas, &examples)).collect();
        let mut heard: Vec<HeardEvent> = heard
            .iter()
            .map(|heard| HeardEvent {
                event: heard.event,
                says: heard.says,
                argument: Part { schema: schemas.of(heard.argument), example: examples.heard(heard.event) },
            })
            .collect();
        heard.push(HeardEvent {
            event: "error",
            says: "An event without an ack failed, or the token of the socket has ended.",
            argument: Part { schema: schemas.of(error), example: examples.error() },
        });
        let routes = calls.into_iter().map(|call| rest_route(call, &mut schemas, &examples)).collect();
        Self {
            dialect,
            says,
            emitted,
            heard,
            routes,
            error: Part { schema: schemas.of(error), example: examples.error() },
            refusal: Part { schema: schemas.of(refusal), example: examples.refusal() },
            rest_error: Part { schema: schemas.of(rest_error), example: examples.rest_error() },
            definitions: schemas.definitions(),
        }
    }

    /// The failed ack, which is the same for every event.
    #[must_use]
    pub fn failed_ack(&self) -> Part {
        let success = json!({"type": "boolean", "const": false});
        let properties = json!({"success": success, "error": self.error.schema});
        Part {
            schema: json!({"type": "object", "properties": properties, "required": ["success", "error"]}),
            example: json!({"success": false, "error": self.error.example}),
        }
    }
}

fn emitted_event(emitted: &Emitted, schemas: &mut Schemas, examples: &Examples) -> EmittedEvent {
    let argument = match &emitted.argument {
        Argument::None => None,
        Argument::Bare(field) => Some(Part { schema: field.schema(), example: field.kind.example() }),
        Argument::Object(fields) => Some(Part { schema: object(fields), example: example(fields) }),
    };
    let given = argument.as_ref().map(|part| part.example.clone());
    let ack = Part { schema: schemas.of(emitted.ack), example: examples.ack(emitted.event, given) };
    EmittedEvent { event: emitted.event, says: emitted.says, argument, ack }
}

fn rest_route(call: Call, schemas: &mut Schemas, examples: &Examples) -> RestRoute {
    let route = examples.route(&call);
    let takes_file = route.takes_file;
    let body = (!call.body.is_empty()).then(|| Part { schema: object(call.body), example: example(call.body) });
    let answers = call
        .answers
        .iter()
        .map(|(status, body)| (*status, Part { schema: schemas.of(*body), example: examples.answer(route, &call) }));
    RestRoute { answers: answers.collect(), takes_file, body, call }
}

/// Makes schemas, and collects the types that they refer to.
pub(crate) struct Schemas {
    generator: SchemaGenerator,
}

impl Schemas {
    /// Makes schemas of this draft.
    pub(crate) fn new(draft: Draft) -> Self {
        let settings = match draft {
            Draft::Seven => SchemaSettings::draft07(),
            Draft::Newest => SchemaSettings::draft2020_12(),
        };
        let settings = settings.for_serialize().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self { generator: settings.into_generator() }
    }

    /// The schema of a type.
    pub(crate) fn of(&mut self, schema: SchemaOf) -> Value {
        let mut schema: Schema = schema(&mut self.generator);
        for transform in self.generator.transforms_mut() {
            transform.transform(&mut schema);
        }
        cleaned(schema.into())
    }

    /// The types that the schemas refer to, by their names.
    pub(crate) fn definitions(mut self) -> Map<String, Value> {
        let definitions = self.generator.take_definitions(true);
        definitions.into_iter().map(|(name, schema)| (name, cleaned(schema))).collect()
    }
}

/// A schema without the formats that name types of Rust. A property that may be absent is never null, because the
/// dialects leave it out instead.
fn cleaned(schema: Value) -> Value {
    match schema {
        Value::Object(mut schema) => {
            if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.contains("int")) {
                schema.remove("format");
            }
            let required: Vec<Value> = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            if let Some(Value::Object(properties)) = schema.get_mut("properties") {
                for (name, property) in properties.iter_mut() {
                    if !required.contains(&name.as_str().into()) {
                        without_null(property);
                    }
                }
            }
            schema.into_iter().map(|(key, value)| (key, cleaned(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.into_iter().map(cleaned).collect(),
        other => other,
    }
}

fn without_null(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    for key in ["type", "anyOf"] {
        let Some(Value::Array(list)) = schema.get_mut(key) else { continue };
        list.retain(|one| *one != "null" && one.get("type").is_none_or(|of| of != "null"));
        if let [only] = list.as_slice() {
            let only = only.clone();
            schema.remove(key);
            match only {
                Value::Object(only) => schema.extend(only),
                name => drop(schema.insert(key.to_owned(), name)),
            }
        }
    }
}
