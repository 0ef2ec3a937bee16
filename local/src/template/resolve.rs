//! Replaces parameters, conditions, rules and intrinsics by values.
//!
//! Only the short forms are supported (`!Ref`, not `Ref:`), of `Ref`, `Sub` with one text, `GetAtt` with a dot, `If`,
//! and in conditions `Equals`, `Not`, `And` and `Or`. Both branches of an `If` are resolved, so that an error in the
//! branch that is not taken is found, too. That branch may name resources whose condition does not hold.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::TemplateError;
use super::form::{self, text_of};
use super::node::Node;
use super::parameter::Parameter;
use super::sections::Sections;

/// The region of the local system.
pub const REGION: &str = "us-east-1";

/// The default values of pseudo parameters. They stand for no real account or region.
const PSEUDO_PARAMETERS: [(&str, &str); 5] = [
    ("AWS::AccountId", "000000000000"),
    ("AWS::Partition", "aws"),
    ("AWS::Region", REGION),
    ("AWS::StackName", "parlance"),
    ("AWS::URLSuffix", "amazonaws.com"),
];

/// The parameter that removes the property to which it is given.
const NO_VALUE: &str = "AWS::NoValue";

/// The values of `Ref` and `GetAtt` for a resource.
#[derive(Debug, Default)]
pub(super) struct Physical {
    /// The value of `Ref`.
    pub(super) reference: String,
    /// The values of `GetAtt`, by attribute.
    pub(super) attributes: BTreeMap<&'static str, String>,
}

/// A resource, and whether its condition holds.
#[derive(Debug)]
struct Named {
    physical: Physical,
    exists: bool,
}

/// Everything that a name can stand for.
#[derive(Debug)]
pub(super) struct Resolver {
    parameters: BTreeMap<String, Value>,
    conditions: BTreeMap<String, bool>,
    physical: BTreeMap<String, Named>,
    /// Whether what is resolved is not part of the deployment, so that it may name what is not either.
    is_absent: Cell<bool>,
}

impl Resolver {
    /// Gives the parameters their values, checks them as CloudFormation would, and evaluates conditions and rules.
    pub(super) fn new(sections: &Sections, overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let pseudo = PSEUDO_PARAMETERS.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        let mut resolver = Self { parameters: pseudo.collect(), ..Self::nothing() };
        for (name, parameter) in Self::declared(sections)? {
            let value = parameter.value(&name, overrides.get(&name))?;
            resolver.parameters.insert(name, value);
        }
        for (name, value) in overrides {
            match resolver.parameters.get_mut(name) {
                None => return Err(TemplateError::NoSuchParameter(name.clone())),
                Some(pseudo) if name.starts_with("AWS::") => *pseudo = Value::from(value.as_str()),
                Some(_) => {}
            }
        }
        for (name, node) in &sections.conditions {
            let holds = resolver.condition(node, &format!("Conditions.{name}"))?;
            resolver.conditions.insert(name.clone(), holds);
        }
        for (name, node) in &sections.rules {
            resolver.keep_rule(name, node)?;
        }
        Ok(resolver)
    }

    fn nothing() -> Self {
        let (parameters, conditions, physical, is_absent) = Default::default();
        Self { parameters, conditions, physical, is_absent }
    }

    /// The parameters that the template declares, in its order.
    pub(super) fn declared(sections: &Sections) -> Result<Vec<(String, Parameter)>, TemplateError> {
        // A declaration refers to nothing.
        let nothing = Self::nothing();
        let declared = sections.parameters.iter().map(|(name, node)| {
            let parameter = form::typed(nothing.resolve(node, name)?, &format!("Parameters.{name}"))?;
            Ok((name.clone(), parameter))
        });
        declared.collect()
    }

    /// Whether a condition holds.
    pub(super) fn holds(&self, condition: &str, place: &str) -> Result<bool, TemplateError> {
        let holds = self.conditions.get(condition).copied();
        holds.ok_or_else(|| TemplateError::refused(place, format!("there is no condition {condition:?}")))
    }

    /// Sets the values of `Ref` and `GetAtt` for a resource.
    pub(super) fn define(&mut self, logical_id: &str, physical: Physical, exists: bool) {
        self.physical.insert(logical_id.to_owned(), Named { physical, exists });
    }

    /// The value of `Ref` for a resource that was defined.
    pub(super) fn name_of(&self, logical_id: &str) -> String {
        self.physical.get(logical_id).map(|named| named.physical.reference.clone()).unwrap_or_default()
    }

    /// The value of `GetAtt` for a resource that was defined.
    pub(super) fn attribute_of(&self, logical_id: &str, attribute: &str) -> Option<String> {
        self.physical.get(logical_id)?.physical.attributes.get(attribute).cloned()
    }

    /// The resource that has this value for an attribute, by logical name.
    pub(super) fn with_attribute(&self, attribute: &str, value: &str) -> Option<String> {
        let has = |named: &Named| named.physical.attributes.get(attribute).is_some_and(|found| found == value);
        self.physical.iter().find(|(_, named)| has(named)).map(|(id, _)| id.clone())
    }

    /// The value of a pseudo parameter or parameter that must exist, as text.
    pub(super) fn parameter(&self, name: &str) -> Result<String, TemplateError> {
        self.parameters.get(name).map(text_of).ok_or_else(|| TemplateError::NoSuchParameter(name.to_owned()))
    }

    /// The values of all parameters, as text.
    pub(super) fn into_parameters(self) -> BTreeMap<String, String> {
        self.parameters.into_iter().map(|(name, value)| (name, text_of(&value))).collect()
    }

    /// Whether a node has a value, and is not `AWS::NoValue`.
    pub(super) fn has_value(&self, node: &Node, place: &str) -> Result<bool, TemplateError> {
        self.value(node, place).map(|value| value.is_some())
    }

    /// The value of a node that is part of the deployment only if `exists`. Otherwise it may name what is not part of it.
    pub(super) fn resolve_if(&self, exists: bool, node: &Node, place: &str) -> Result<Option<Value>, TemplateError> {
        let before = self.is_absent.replace(self.is_absent.get() || !exists);
        let value = self.value(node, place);
        self.is_absent.set(before);
        value
    }

    /// The value of a node that must have one.
    pub(super) fn resolve(&self, node: &Node, place: &str) -> Result<Value, TemplateError> {
        self.value(node, place)?.ok_or_else(|| TemplateError::refused(place, "must have a value"))
    }

    /// The value of a node; `None` for `AWS::NoValue`.
    fn value(&self, node: &Node, place: &str) -> Result<Option<Value>, TemplateError> {
        Ok(Some(match node {
            Node::Scalar(value) => value.clone(),
            Node::List(items) => {
                let mut values = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    values.extend(self.value(item, &format!("{place}.{index}"))?);
                }
                Value::Array(values)
            }
            Node::Map(entries) => {
                let mut values = Map::new();
                for (key, node) in entries {
                    let place = format!("{place}.{key}");
                    if entries.len() == 1 && (key == "Ref" || key.starts_with("Fn::")) {
                        return Err(TemplateError::refused(place, "write the short form, with an exclamation mark"));
                    }
                    values.extend(self.value(node, &place)?.map(|value| (key.clone(), value)));
                }
                Value::Object(values)
            }
            Node::Call(name, argument) => return self.call(name, argument, place),
        }))
    }

    fn call(&self, name: &str, argument: &Node, place: &str) -> Result<Option<Value>, TemplateError> {
        match (name, argument, argument.text()) {
            ("Ref", _, Some(NO_VALUE)) => Ok(None),
            ("Ref", _, Some(name)) => self.reference(name, place).map(Some),
            ("Sub", _, Some(text)) => self.substitute(text, place).map(|text| Some(Value::from(text))),
            ("GetAtt", _, Some(name)) => self.attribute(name, place).map(|text| Some(Value::from(text))),
            ("If", Node::List(items), _) => match items.as_slice() {
                [condition, yes, no] => {
                    let holds = self.holds(condition.text().unwrap_or_default(), place)?;
                    let (yes, no) = (self.resolve_if(holds, yes, place)?, self.resolve_if(!holds, no, place)?);
                    Ok(if holds { yes } else { no })
                }
                _ => Err(TemplateError::refused(place, "!If takes a condition and two values")),
            },
            _ => Err(TemplateError::refused(place, format!("!{name} with this argument is not understood"))),
        }
    }

    fn reference(&self, name: &str, place: &str) -> Result<Value, TemplateError> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        Ok(Value::from(self.named(name, place)?.reference.as_str()))
    }

    /// A resource that is part of the deployment.
    fn named(&self, name: &str, place: &str) -> Result<&Physical, TemplateError> {
        match self.physical.get(name) {
            None => Err(TemplateError::refused(place, format!("nothing here is called {name:?}"))),
            Some(named) if named.exists || self.is_absent.get() => Ok(&named.physical),
            Some(_) => {
                Err(TemplateError::refused(place, format!("{name} exists under a condition that does not hold")))
            }
        }
    }

    fn attribute(&self, path: &str, place: &str) -> Result<String, TemplateError> {
        let unknown = || TemplateError::refused(place, format!("nothing here is called {path:?}"));
        let (name, attribute) = path.split_once('.').unwrap_or((path, ""));
        if !self.physical.contains_key(name) {
            return Err(unknown());
        }
        let found = self.named(name, place)?.attributes.get(attribute).cloned();
        found.or_else(|| self.is_absent.get().then(String::new)).ok_or_else(unknown)
    }

    fn substitute(&self, text: &str, place: &str) -> Result<String, TemplateError> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                return Err(TemplateError::refused(place, "a ${ is not closed"));
            };
            result.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => result.push_str(&format!("${{{literal}}}")),
                None if name.contains('.') => result.push_str(&self.attribute(name, place)?),
                None => result.push_str(&text_of(&self.reference(name, place)?)),
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn condition(&self, node: &Node, place: &str) -> Result<bool, TemplateError> {
        let refused = |problem: &str| TemplateError::refused(place, problem);
        let Node::Call(name, argument) = node else { return Err(refused("a condition is !Equals, !Not, !And or !Or")) };
        let Node::List(items) = argument.as_ref() else { return Err(refused("a condition takes a list")) };
        let all = || items.iter().map(|item| self.condition(item, place)).collect::<Result<Vec<bool>, _>>();
        match (name.as_str(), items.as_slice()) {
            ("Equals", [left, right]) => {
                Ok(text_of(&self.resolve(left, place)?) == text_of(&self.resolve(right, place)?))
            }
            ("Not", [condition]) => Ok(!self.condition(condition, place)?),
            ("And", [_, _, ..]) => Ok(all()?.into_iter().all(|holds| holds)),
            ("Or", [_, _, ..]) => Ok(all()?.into_iter().any(|holds| holds)),
            _ => Err(refused(&format!("!{name} of {} items is not understood", items.len()))),
        }
    }

    fn keep_rule(&self, name: &str, node: &Node) -> Result<(), TemplateError> {
        let place = format!("Rules.{name}");
        let refused = || TemplateError::refused(&place, "a rule has Assertions, each of Assert and AssertDescription");
        let [(_, Node::List(assertions))] = form::fields(node, &place, &["Assertions"])? else {
            return Err(refused());
        };
        for assertion in assertions {
            let fields = form::fields(assertion, &place, &["Assert", "AssertDescription"])?;
            let [(_, condition), (_, description)] = fields else { return Err(refused()) };
            if !self.condition(condition, &place)? {
                let description = description.text().ok_or_else(refused)?.to_owned();
                return Err(TemplateError::Rule { name: name.to_owned(), description });
            }
        }
        Ok(())
    }
}
