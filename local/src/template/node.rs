//! YAML with its tags: `!Ref X` is a call of `Ref`.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::Value;

use super::TemplateError;

/// A part of the template before anything is resolved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A text, number, boolean or null.
    Scalar(Value),
    List(Vec<Node>),
    /// The entries, in the order of the file.
    Map(Vec<(String, Node)>),
    /// A tag, and the node behind it.
    Call(String, Box<Node>),
}

impl Node {
    /// Reads the one document in `text`.
    pub(super) fn read(text: &str) -> Result<Self, TemplateError> {
        let documents = Yaml::load_from_str(text).map_err(|error| TemplateError::Yaml(error.to_string()))?;
        match documents.as_slice() {
            [document] => Self::from_yaml(document, "the whole"),
            _ => Err(TemplateError::Yaml(format!("{} documents instead of one", documents.len()))),
        }
    }

    fn from_yaml(yaml: &Yaml<'_>, place: &str) -> Result<Self, TemplateError> {
        Ok(match yaml {
            Yaml::Value(scalar) => Self::Scalar(value(scalar, place)?),
            Yaml::Sequence(items) => {
                let item = |(index, item)| Self::from_yaml(item, &format!("{place}.{index}"));
                Self::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?)
            }
            Yaml::Mapping(entries) => {
                let entry = |(key, value): (&Yaml<'_>, &Yaml<'_>)| {
                    let key = match key {
                        Yaml::Value(Scalar::String(key)) => key.clone().into_owned(),
                        Yaml::Value(Scalar::Integer(key)) => key.to_string(),
                        other => return Err(TemplateError::refused(place, format!("{other:?} is no key, use text"))),
                    };
                    let value = Self::from_yaml(value, &format!("{place}.{key}"))?;
                    Ok((key, value))
                };
                Self::Map(entries.iter().map(entry).collect::<Result<_, _>>()?)
            }
            Yaml::Tagged(tag, inner) if tag.handle == "!" => {
                Self::Call(tag.suffix.clone(), Box::new(Self::from_yaml(inner, place)?))
            }
            other => return Err(TemplateError::refused(place, format!("not understood: {other:?}"))),
        })
    }

    /// The text, if the node is a text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

fn value(scalar: &Scalar<'_>, place: &str) -> Result<Value, TemplateError> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(boolean) => Value::from(*boolean),
        Scalar::Integer(integer) => Value::from(*integer),
        Scalar::String(text) => Value::from(text.as_ref()),
        Scalar::FloatingPoint(number) => {
            return Err(TemplateError::refused(place, format!("{number} is a fraction, use a whole number or text")));
        }
    })
}
