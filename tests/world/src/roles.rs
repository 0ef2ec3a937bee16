//! Roles that lack one permission, to see which test misses it (`tests/without-each-permission`).

use local::template::{Function, Resource, Template};

/// A permission as text: the package of the function, the action and the resource.
#[must_use]
pub fn name_of(function: &Function, action: &str, resource: &Resource) -> String {
    format!("{}: {action} on {resource}", function.package)
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
