//! The contracts of the dialects, made from the types and declarations of the crate `chat` (docs/api/README.md).
//!
//! - [`description`]: a dialect as data: its events and routes, with schemas and examples.
//! - `examples`: the examples, as the dialect itself words them.
//! - [`asyncapi`], [`openapi`], [`page`], [`typescript`]: the same description in four forms.
//! - [`moderation`]: the routes for services, which belong to no dialect.
//! - `bruno`: requests for each route, made from the OpenAPI document.
#![expect(clippy::expect_used, reason = "a generator that developers run; what it cannot describe ends it")]
#![expect(clippy::indexing_slicing, reason = "it assigns fields of JSON objects that it has just made")]

pub mod asyncapi;
mod bruno;
pub mod description;
mod examples;
pub mod moderation;
pub mod openapi;
pub mod page;
pub mod typescript;

use chat::dialect;
use description::{Description, Draft};
use moderation::Moderation;
use serde_json::Value;

/// A generated file.
pub struct File {
    /// The path in the repository.
    pub path: String,
    /// The whole text of the file, as it is committed.
    pub text: String,
}

/// All generated files.
#[must_use]
pub fn files() -> Vec<File> {
    let files = dialect::ALL.iter().flat_map(|dialect| {
        let name = dialect.name;
        let (seven, newest) = (Description::new(dialect, Draft::Seven), Description::new(dialect, Draft::Newest));
        let mut files = vec![
            File { path: format!("docs/api/{name}.asyncapi.json"), text: json(&asyncapi::document(&seven)) },
            File { path: format!("docs/api/{name}.openapi.json"), text: json(&openapi::document(&newest)) },
            File { path: format!("docs/api/{name}.md"), text: page::page(&newest) },
            File { path: format!("clients/typescript/{name}.d.ts"), text: typescript::module(&newest) },
        ];
        files.extend(bruno::requests(&newest));
        files
    });
    let moderation = Moderation::new();
    let of_services = [
        File { path: "docs/api/moderation.openapi.json".to_owned(), text: json(&moderation.document()) },
        File { path: "docs/api/moderation.md".to_owned(), text: moderation.page() },
    ];
    files.chain(of_services).chain(bruno::collection()).collect()
}

fn json(document: &Value) -> String {
    serde_json::to_string_pretty(document).expect("JSON can be written") + "\n"
}
