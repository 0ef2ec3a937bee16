//! The contract of a dialect: everything that its clients may emit and request, and everything that they hear, with the
//! schema of each part (docs/api/README.md). It exists only with the feature `contracts`, which no function has.
//!
//! What clients hear is derived from the types that are serialized. What they emit is read field by field, by
//! [`Fields`](crate::dialect::fields::Fields), so its fields are declared here once more. The tests of this module run
//! each reader and prove that it reads the fields of its declaration, with their types and limits, and no others.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

pub use schemars::{Schema, SchemaGenerator};

/// Gives the schema of a type. Named types are added to the generator's definitions.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of the type `T`.
pub fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The contract of a dialect.
pub struct Contract {
    /// What the dialect is, in a sentence.
    pub says: &'static str,
    /// The events that a client may emit.
    pub emitted: Vec<Emitted>,
    /// The events that a client hears, without `error`.
    pub heard: Vec<Heard>,
    /// The REST routes.
    pub calls: Vec<Call>,
    /// The error of the event `error` and of a failed ack.
    pub error: SchemaOf,
    /// The payload of CONNECT_ERROR for a token that is refused.
    pub refusal: SchemaOf,
    /// The REST body of an error.
    pub rest_error: SchemaOf,
}

/// An event that a client may emit.
pub struct Emitted {
    /// The name of the event.
    pub event: &'static str,
    /// What it does.
    pub says: &'static str,
    /// What the client must send with it: nothing, a value, or an object with these fields.
    pub argument: Argument,
    /// The ack of a success.
    pub ack: SchemaOf,
}

/// The argument of an event that a client may emit.
pub enum Argument {
    /// None. One that is given is ignored.
    None,
    /// A value that is no object. The name stands for it in errors.
    Bare(Field),
    /// An object with these fields.
    Object(&'static [Field]),
}

/// An event that a client hears.
pub struct Heard {
    /// The name of the event.
    pub event: &'static str,
    /// When it is sent.
    pub says: &'static str,
    /// The JSON Schema of the value that comes with it.
    pub argument: SchemaOf,
}

/// A REST route.
pub struct Call {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, as in [`Route`](crate::dialect::Route).
    pub path: &'static str,
    /// What it does.
    pub says: &'static str,
    /// The parameters of the path.
    pub parameters: &'static [Field],
    /// The parameters of the query.
    pub query: &'static [Field],
    /// The fields of the body.
    pub body: &'static [Field],
    /// The status and the body of each answer that is no error.
    pub answers: Vec<(u16, SchemaOf)>,
}

/// A field of an input.
#[derive(Clone, Copy)]
pub struct Field {
    /// The name of the field.
    pub name: &'static str,
    /// The values that it takes.
    pub kind: Kind,
    /// Whether it must be there.
    pub presence: Presence,
    /// What it means.
    pub says: &'static str,
}

/// Whether a field must be there. Null counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Always.
    Required,
    /// Never.
    Optional,
    /// Depending on other fields, as the field's text says.
    Depends,
}

/// The values that a field takes.
#[derive(Clone, Copy)]
pub enum Kind {
    /// An id that Parlance made, such as this one.
    Id(&'static str),
    /// A text. Its length is in Unicode scalar values.
    Text {
        /// The least length.
        min: usize,
        /// The greatest length, if there is one.
        max: Option<usize>,
        /// A text that is taken.
        example: &'static str,
    },
    /// One of these texts.
    OneOf(fn() -> Vec<&'static str>),
    /// A whole number.
    Count {
        /// The least number.
        min: u64,
        /// The greatest number, if there is one.
        max: Option<u64>,
        /// The number that is taken if there is none.
        default: Option<u64>,
    },
    /// The size of a file, in bytes.
    Size,
    /// A number from 0, whole or not.
    Decimal,
    /// True or false.
    Flag,
    /// An `https:` address, or an object of the deployment's own bucket.
    Address,
    /// An `https:` address, or an `http:` address, which a use case may refuse.
    WebAddress,
    /// A list of ids.
    Ids {
        /// The greatest number of ids.
        max: usize,
        /// An id of the list.
        example: &'static str,
    },
    /// A list of objects.
    Objects {
        /// The greatest number of objects.
        max: usize,
        /// The fields of each object.
        fields: &'static [Field],
    },
}

/// The longest address, in Unicode scalar values (docs/dialects.md, "Content").
const ADDRESS_MAX_CHARACTERS: usize = 2_048;

/// The size of the file of examples: of `clients/bruno/picture.png`.
const EXAMPLE_BYTES: u64 = 69;

impl Field {
    /// A field that must be there.
    #[must_use]
    pub const fn required(name: &'static str, kind: Kind, says: &'static str) -> Self {
        Self { name, kind, presence: Presence::Required, says }
    }

    /// A field that may be absent.
    #[must_use]
    pub const fn optional(name: &'static str, kind: Kind, says: &'static str) -> Self {
        Self { name, kind, presence: Presence::Optional, says }
    }

    /// A field that must be there depending on others, as `says` tells.
    #[must_use]
    pub const fn depends(name: &'static str, kind: Kind, says: &'static str) -> Self {
        Self { name, kind, presence: Presence::Depends, says }
    }

    /// The JSON schema of the field, in words that JSON Schema drafts 7 and 2020-12 share.
    #[must_use]
    pub fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        schema.insert("description".to_owned(), self.says.into());
        schema.into()
    }
}

/// The JSON schema of an object with these fields.
#[must_use]
pub fn object(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
    let required = fields.iter().filter(|field| field.presence == Presence::Required);
    let required: Vec<&str> = required.map(|field| field.name).collect();
    let mut schema =
        Map::from_iter([("type".to_owned(), "object".into()), ("properties".to_owned(), properties.into())]);
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema.into()
}

/// An object that a reader of these fields takes: every field that must be there, or that depends on others.
#[must_use]
pub fn example(fields: &[Field]) -> Value {
    let shown = fields.iter().filter(|field| field.presence != Presence::Optional);
    shown.map(|field| (field.name.to_owned(), field.kind.example())).collect::<Map<String, Value>>().into()
}

impl Kind {
    /// A text of one character to `max`.
    #[must_use]
    pub const fn text(max: usize, example: &'static str) -> Self {
        Self::Text { min: 1, max: Some(max), example }
    }

    /// A value that is taken.
    #[must_use]
    pub fn example(&self) -> Value {
        match self {
            Self::Id(example) | Self::Text { example, .. } => (*example).into(),
            Self::OneOf(names) => names().first().copied().into(),
            Self::Count { min, default, .. } => default.unwrap_or(*min).into(),
            Self::Size => EXAMPLE_BYTES.into(),
            Self::Decimal => 12.5.into(),
            Self::Flag => true.into(),
            Self::Address | Self::WebAddress => "https://example.com/picture.png".into(),
            Self::Ids { example, .. } => json!([example]),
            Self::Objects { fields, .. } => json!([example(fields)]),
        }
    }

    fn schema(&self) -> Map<String, Value> {
        let schema = match self {
            Self::Id(_) => json!({"type": "string", "minLength": 1}),
            Self::Text { min, max, .. } => {
                bounded("string", ("minLength", Some(*min as u64)), ("maxLength", max.map(|max| max as u64)))
            }
            Self::OneOf(names) => json!({"type": "string", "enum": names()}),
            Self::Count { min, max, default } => {
                let mut schema = bounded("integer", ("minimum", Some(*min)), ("maximum", *max));
                if let (Some(default), Value::Object(fields)) = (default, &mut schema) {
                    fields.insert("default".to_owned(), (*default).into());
                }
                schema
            }
            Self::Size => bounded("integer", ("minimum", None), ("maximum", None)),
            Self::Decimal => json!({"type": "number", "minimum": 0}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Address | Self::WebAddress => json!({"type": "string", "maxLength": ADDRESS_MAX_CHARACTERS}),
            Self::Ids { max, .. } => {
                json!({"type": "array", "maxItems": max, "items": {"type": "string", "minLength": 1}})
            }
            Self::Objects { max, fields } => json!({"type": "array", "maxItems": max, "items": object(fields)}),
        };
        match schema {
            Value::Object(schema) => schema,
            _ => Map::new(),
        }
    }
}

fn bounded(of: &str, least: (&str, Option<u64>), greatest: (&str, Option<u64>)) -> Value {
    let mut schema = Map::from_iter([("type".to_owned(), of.into())]);
    for (keyword, bound) in [least, greatest] {
        schema.extend(bound.filter(|bound| *bound > 0).map(|bound| (keyword.to_owned(), bound.into())));
    }
    schema.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use relay::clock::Timestamp;

    use super::*;
    use crate::dialect::fields::{Fields, asked};
    use crate::dialect::{ALL, Dialect, Request};
    use crate::domain::command::Command;
    use crate::error::Error;

    const NOW: Timestamp = Timestamp::from_millis(0);

    type Read<'a> = dyn Fn(&Map<String, Value>) -> Result<Command, Error> + 'a;

    /// A reader, with the fields that its contract declares.
    struct Input<'a> {
        /// The event or the route, for failures.
        what: String,
        fields: Vec<Field>,
        /// The parameters of a path. They are always texts, and an error need not name them.
        parameters: &'a [Field],
        /// Reads these values.
        read: Box<Read<'a>>,
        /// The sentence of an error in the dialect.
        message: Box<dyn Fn(&Error) -> Value + 'a>,
    }

    impl Input<'_> {
        fn error(&self, values: &Map<String, Value>) -> Option<Error> {
            match (self.read)(values) {
                Ok(Command::Send { posting: Err(error), .. } | Command::SendMedia { posting: Err(error), .. })
                | Err(error) => Some(error),
                Ok(_) => None,
            }
        }

        fn takes(&self, values: &Map<String, Value>, why: &str) {
            let error = self.error(values);
            assert!(error.is_none(), "{}: {why}: {error:?} for {values:?}", self.what);
        }

        fn refuses(&self, values: &Map<String, Value>, field: &Field, why: &str) {
            let Some(error) = self.error(values) else { panic!("{}: {} {why}: {values:?}", self.what, field.name) };
            let message = (self.message)(&error);
            let is_said = |name: &&str| message.as_str().unwrap().starts_with(&format!("{name} "));
            // For a list of objects the error may name the field of the object.
            let is_named = names(&[*field]).iter().any(is_said) || error.field() == Some(field.name);
            let is_id = matches!(field.kind, Kind::Id(_) | Kind::Ids { .. });
            let is_free = field.presence == Presence::Depends
                || self.parameters.iter().any(|one| one.name == field.name)
                || is_id && matches!(error, Error::NotFound(_));
            assert!(is_named || is_free, "{}: {} {why}, and the error says: {message}", self.what, field.name);
        }

        /// Every field with a value that is taken. `afterSeq` is taken only instead of `page`.
        fn whole(&self, field: &Field) -> Map<String, Value> {
            let without = if field.name == "afterSeq" { "page" } else { "afterSeq" };
            let given = self.fields.iter().filter(|field| field.name != without);
            given.map(|field| (field.name.to_owned(), field.kind.example())).collect()
        }

        fn check(&self) {
            drop(asked::take());
            let nothing = Map::new();
            if self.fields.is_empty() {
                self.takes(&nothing, "nothing is taken");
            }
            for field in &self.fields {
                self.check_field(field);
            }
            assert_eq!(
                asked::take(),
                names(&self.fields),
                "{}: the names that are read, and those declared",
                self.what
            );
        }

        fn check_field(&self, field: &Field) {
            let whole = self.whole(field);
            let with = |value: Value| {
                let mut values = whole.clone();
                values.insert(field.name.to_owned(), value);
                values
            };
            let mut without = whole.clone();
            without.remove(field.name);
            self.takes(&whole, "examples are taken");
            for absent in [without, with(Value::Null)] {
                match field.presence {
                    Presence::Optional => self.takes(&absent, &format!("{} may be absent", field.name)),
                    Presence::Required | Presence::Depends => self.refuses(&absent, field, "may be absent"),
                }
            }
            let (taken, refused) = values(&field.kind);
            for value in taken {
                self.takes(&with(value), &format!("{} is as its contract says", field.name));
            }
            for value in refused {
                self.refuses(&with(value), field, "is not as its contract says");
            }
        }
    }

    /// Values that a field takes, and values that it refuses.
    fn values(kind: &Kind) -> (Vec<Value>, Vec<Value>) {
        let long = |length: usize| Value::from("é".repeat(length));
        let address = |length: usize| Value::from(format!("https://{}", "a".repeat(length - 8)));
        let list = |item: Value, length: usize| Value::from(vec![item; length]);
        match *kind {
            Kind::Id(example) => (vec![example.into()], vec![1.into(), "nonsense".into()]),
            Kind::Text { min, max, example } => {
                let taken = max.map(long).into_iter().chain([example.into()]).collect();
                let refused = max.map(|max| long(max + 1)).into_iter().chain([json!([])]);
                (taken, refused.chain((min > 0).then(|| "".into())).collect())
            }
            Kind::OneOf(names) => (names().into_iter().map(Value::from).collect(), vec!["nonsense".into(), 1.into()]),
            Kind::Count { min, max, default: _ } => {
                let beyond = max.map(|max| (max + 1).into()).into_iter().chain(min.checked_sub(1).map(Value::from));
                let refused = beyond.chain(["x".into(), (-1).into(), 1.5.into()]).collect();
                ([Some(min), max].into_iter().flatten().map(Value::from).collect(), refused)
            }
            Kind::Size => (vec![0.into(), EXAMPLE_BYTES.into()], vec!["x".into(), (-1).into(), 1.5.into()]),
            Kind::Decimal => (vec![0.into(), 0.5.into()], vec!["x".into(), (-1).into()]),
            Kind::Flag => (vec![true.into(), false.into()], vec!["true".into(), 1.into()]),
            Kind::Address => (
                vec![address(ADDRESS_MAX_CHARACTERS)],
                vec![address(ADDRESS_MAX_CHARACTERS + 1), "http://example.com".into(), 1.into()],
            ),
            Kind::WebAddress => (
                vec![address(ADDRESS_MAX_CHARACTERS), "http://example.com".into()],
                vec![address(ADDRESS_MAX_CHARACTERS + 1), "ftp://example.com".into(), 1.into()],
            ),
            Kind::Ids { max, example } => {
                let refused = vec![list(example.into(), max + 1), json!([1]), json!("x")];
                (vec![list(example.into(), max)], refused)
            }
            Kind::Objects { max, fields } => {
                let whole: Map<String, Value> =
                    fields.iter().map(|field| (field.name.to_owned(), field.kind.example())).collect();
                let with = |name: &str, value: Value| {
                    let mut object = whole.clone();
                    object.insert(name.to_owned(), value);
                    json!([object])
                };
                let (mut taken, mut refused) = (vec![list(whole.clone().into(), max)], vec![json!("x"), json!([1])]);
                refused.push(list(whole.clone().into(), max + 1));
                for field in fields {
                    let absent = with(field.name, Value::Null);
                    if field.presence == Presence::Optional {
                        taken.push(absent)
                    } else {
                        refused.push(absent)
                    }
                    let (inner_taken, inner_refused) = values(&field.kind);
                    taken.extend(inner_taken.into_iter().map(|value| with(field.name, value)));
                    refused.extend(inner_refused.into_iter().map(|value| with(field.name, value)));
                }
                (taken, refused)
            }
        }
    }

    fn names(fields: &[Field]) -> BTreeSet<&'static str> {
        let inner = |field: &Field| match field.kind {
            Kind::Objects { fields, .. } => names(fields),
            _ => BTreeSet::new(),
        };
        fields.iter().flat_map(|field| inner(field).into_iter().chain([field.name])).collect()
    }

    fn part(values: &Map<String, Value>, of: &[Field]) -> Map<String, Value> {
        let named = of.iter().filter_map(|field| values.get_key_value(field.name));
        named.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn of_event<'a>(dialect: &'static Dialect, emitted: &'a Emitted) -> Input<'a> {
        let event = emitted.event;
        let fields = match &emitted.argument {
            Argument::None => Vec::new(),
            Argument::Bare(field) => vec![*field],
            Argument::Object(fields) => fields.to_vec(),
        };
        let read = move |values: &Map<String, Value>| {
            let arguments = match &emitted.argument {
                Argument::None => Vec::new(),
                Argument::Bare(field) => values.get(field.name).cloned().into_iter().collect(),
                Argument::Object(_) => vec![values.clone().into()],
            };
            dialect.parse_command(event, &arguments)
        };
        let message = move |error: &Error| (dialect.event_error)(event, error, NOW)["message"].clone();
        let what = format!("{}: {event}", dialect.name);
        Input { what, fields, parameters: &[], read: Box::new(read), message: Box::new(message) }
    }

    fn of_call<'a>(dialect: &'static Dialect, call: &'a Call) -> Input<'a> {
        let what = format!("{}: {} {}", dialect.name, call.method, call.path);
        let route = dialect.all_routes().find(|route| (route.method, route.path) == (call.method, call.path));
        let route = route.unwrap_or_else(|| panic!("{what} is no route"));
        let read = move |values: &Map<String, Value>| {
            let (path, query, body) =
                (part(values, call.parameters), part(values, call.query), part(values, call.body));
            let (path, query, body) = (Fields::new(&path), Fields::new(&query), Fields::new(&body));
            (route.read)(&Request { path: &path, query: &query, body: &body, file: None })
        };
        let message = move |error: &Error| (dialect.rest_error)(error, NOW)["message"].clone();
        let fields = [call.parameters, call.query, call.body].concat();
        Input { what, fields, parameters: call.parameters, read: Box::new(read), message: Box::new(message) }
    }

    #[test]
    fn each_event_reads_what_its_contract_declares() {
        for dialect in ALL {
            for emitted in &(dialect.contract)().emitted {
                of_event(dialect, emitted).check();
            }
        }
    }

    #[test]
    fn each_route_reads_what_its_contract_declares() {
        for dialect in ALL {
            for call in &(dialect.contract)().calls {
                of_call(dialect, call).check();
            }
        }
    }

    #[test]
    fn a_contract_has_every_event_and_every_route() {
        for dialect in ALL {
            let contract = (dialect.contract)();
            let declared: BTreeSet<&str> = contract.emitted.iter().map(|emitted| emitted.event).collect();
            let known = dialect.events.iter().map(|(event, _)| *event).chain(["authenticate"]);
            assert_eq!(declared, known.collect(), "{}", dialect.name);
            let declared: BTreeSet<_> = contract.calls.iter().map(|call| (call.method, call.path)).collect();
            let known = dialect.all_routes().map(|route| (route.method, route.path));
            assert_eq!(declared, known.collect(), "{}", dialect.name);
        }
    }
}
