//! No two modules of a crate import each other, directly or by way of others. A folder's `mod.rs` that only re-exports
//! what its files hold is no import.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of a crate by their paths, `a::b`; the crate's root is the empty path.
type Modules = BTreeMap<String, PathBuf>;

fn modules(folder: &Path, path: &str, all: &mut Modules) {
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let inner = if path.is_empty() { name.clone() } else { format!("{path}::{name}") };
        if file.is_dir() {
            modules(&file, &inner, all);
        } else if file.extension().is_some_and(|extension| extension == "rs") && name != "main" {
            let module = if name == "mod" || name == "lib" { path.to_owned() } else { inner };
            all.insert(module, file);
        }
    }
}

/// The code of a file, without comments, texts and unit tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let without_comments: String =
        text.lines().map(|line| line.split("//").next().unwrap().to_owned() + "\n").collect();
    let mut parts = without_comments.split('"');
    let mut code = parts.next().unwrap().to_owned();
    while let (Some(_), Some(after)) = (parts.next(), parts.next()) {
        code.push_str(after);
    }
    code
}

/// The paths that a `use` names: `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, rest)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().to_owned()];
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut branches) = (0, vec![String::new()]);
    for letter in inner.chars() {
        match letter {
            ',' if depth == 0 => branches.push(String::new()),
            _ => {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                branches.last_mut().unwrap().push(letter);
            }
        }
    }
    let branches = branches.iter().filter(|branch| !branch.trim().is_empty());
    branches.flat_map(|branch| paths(&format!("{}{}", before.trim(), branch.trim()))).collect()
}

/// The module that a path leads into, as `of` would read it; `None` for another crate.
fn resolved(path: &str, of: &str, all: &Modules) -> Option<String> {
    let mut parts: Vec<&str> = path.split("::").collect();
    let mut base: Vec<&str> = of.split("::").filter(|part| !part.is_empty()).collect();
    match *parts.first()? {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            while parts.get(1) == Some(&"super") {
                parts.remove(0);
                base.pop();
            }
            base.pop();
        }
        _ => return None,
    }
    base.extend(&parts[1..]);
    while !base.is_empty() && !all.contains_key(&base.join("::")) {
        base.pop();
    }
    Some(base.join("::"))
}

fn imports(module: &str, file: &Path, all: &Modules) -> BTreeSet<String> {
    let code = code(file);
    let mut found = Vec::new();
    let mut rest = String::new();
    for (index, part) in code.split("use ").enumerate() {
        match part.split_once(';') {
            Some((tree, after)) if index > 0 => {
                found.extend(paths(&tree.split_whitespace().collect::<Vec<_>>().join(" ")));
                rest.push_str(after);
            }
            _ => rest.push_str(part),
        }
    }
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in rest.match_indices(start) {
            let name = |letter: &char| letter.is_alphanumeric() || matches!(letter, '_' | ':');
            found.push(rest.split_at(at).1.chars().take_while(name).collect());
        }
    }
    let resolved = found.iter().filter_map(|path| resolved(path, module, all));
    resolved.filter(|other| other != module).collect()
}

/// Modules that can be reached from themselves, each with a way.
fn circles(source: &Path) -> Vec<String> {
    let mut all = Modules::new();
    modules(source, "", &mut all);
    let imports: BTreeMap<&str, BTreeSet<String>> =
        all.iter().map(|(module, file)| (module.as_str(), imports(module, file, &all))).collect();
    let mut found = Vec::new();
    for start in all.keys() {
        let (mut seen, mut ways) = (BTreeSet::new(), vec![vec![start.as_str()]]);
        while let Some(way) = ways.pop() {
            for next in &imports[*way.last().unwrap()] {
                if next == start {
                    found.push(format!("{} -> {start}", way.join(" -> ")));
                } else if seen.insert(next.as_str()) {
                    ways.push(way.iter().copied().chain([next.as_str()]).collect());
                }
            }
        }
    }
    found
}

#[test]
fn no_modules_import_each_other() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    for source in [
        "shared/frame/src",
        "shared/relay/src",
        "shared/chat/src",
        "functions/rest/src",
        "local/src",
        "tests/bench/src",
        "local/engine/src",
        "tests/world/src",
        "contracts/src",
    ] {
        assert_eq!(circles(&root.join(source)), [""; 0], "{source}");
    }
}

#[test]
fn a_use_names_every_path_of_its_tree() {
    assert_eq!(
        paths("crate::a::{self, b::{C, d as e}, f}"),
        ["crate::a::self", "crate::a::b::C", "crate::a::b::d", "crate::a::f"]
    );
}
