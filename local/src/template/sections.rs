//! The top level of a template: its sections. A section that is not named here is refused.

use std::collections::BTreeMap;

use super::TemplateError;
use super::node::Node;

/// The transform that gives `AWS::Serverless` its meaning.
const SAM: &str = "AWS::Serverless-2016-10-31";

/// The top level of the template, in the order in which it is read.
#[derive(Debug)]
pub(super) struct Sections {
    pub(super) parameters: Vec<(String, Node)>,
    pub(super) rules: Vec<(String, Node)>,
    pub(super) conditions: Vec<(String, Node)>,
    pub(super) globals: Vec<(String, Node)>,
    pub(super) resources: Vec<(String, Node)>,
    pub(super) outputs: Vec<(String, Node)>,
}

impl Sections {
    pub(super) fn new(root: Node) -> Result<Self, TemplateError> {
        let Node::Map(entries) = root else { return Err(TemplateError::refused("the whole", "must be a map")) };
        let mut sections: BTreeMap<String, Node> = entries.into_iter().collect();
        if sections.remove("Transform").as_ref().and_then(Node::text) != Some(SAM) {
            return Err(TemplateError::refused("Transform", format!("must be {SAM}")));
        }
        // These sections are texts for people and for the console.
        for words in ["AWSTemplateFormatVersion", "Description", "Metadata"] {
            sections.remove(words);
        }
        let mut take = |name: &str| match sections.remove(name) {
            None => Ok(Vec::new()),
            Some(Node::Map(entries)) => Ok(entries),
            Some(_) => Err(TemplateError::refused(name, "must be a map")),
        };
        let taken = Self {
            parameters: take("Parameters")?,
            rules: take("Rules")?,
            conditions: take("Conditions")?,
            globals: take("Globals")?,
            resources: take("Resources")?,
            outputs: take("Outputs")?,
        };
        match sections.keys().next() {
            None => Ok(taken),
            Some(unknown) => Err(TemplateError::refused(unknown, "this section is not understood")),
        }
    }
}
