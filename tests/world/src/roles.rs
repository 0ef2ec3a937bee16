//! The permissions that tests make use of, and roles that lack one, to see which test misses it
//! (`tests/without-each-permission`).

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;

use local::connector::Permission;
use local::template::{Function, Resource, Template};

/// A permission as text: the package of the function, the action and the resource.
#[must_use]
pub fn name_of(function: &Function, action: &str, resource: &Resource) -> String {
    named(&function.package, action, resource)
}

fn named(package: &str, action: &str, resource: &Resource) -> String {
    format!("{package}: {action} on {resource}")
}

/// Adds the permissions that were used to the file that `PARLANCE_PERMISSIONS` names, one on a line.
pub(crate) fn record(used: &BTreeSet<Permission>) {
    let Ok(path) = std::env::var("PARLANCE_PERMISSIONS") else { return };
    let lines = used.iter().map(|(package, action, resource)| format!("{}\n", named(package, action, resource)));
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the file can be written");
    file.write_all(lines.collect::<String>().as_bytes()).expect("the file can be written");
}

/// All permissions of all roles of a template, as text.
#[must_use]
pub fn permissions(template: &Template) -> Vec<String> {
    let of_function = |function: &Function| {
        let mut names = Vec::new();
        for statement in &function.statements {
            for action in &statement.actions {
                names.extend(statement.resources.iter().map(|resource| name_of(function, action, resource)));
            }
        }
        names
    };
    template.functions.values().flat_map(of_function).collect()
}

/// Takes the permission that `PARLANCE_WITHOUT` names from its role, if the template has it.
pub(crate) fn take_one(template: &mut Template) {
    let Ok(missing) = std::env::var("PARLANCE_WITHOUT") else { return };
    for function in template.functions.values_mut() {
        let mut kept = Vec::new();
        for statement in &function.statements {
            for action in &statement.actions {
                let mut one = statement.clone();
                one.actions = vec![action.clone()];
                one.resources.retain(|resource| name_of(function, action, resource) != missing);
                kept.push(one);
            }
        }
        function.statements = kept;
    }
}
