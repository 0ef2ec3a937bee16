//! The files of the page, as they were when `local` was built.

/// A file of the page.
pub(super) struct File {
    /// The path below `/playground/`.
    path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) content: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The page itself.
pub(super) const PAGE: File =
    File { path: "index.html", content_type: HTML, content: include_bytes!("page/index.html") };

/// A module of the page.
macro_rules! module {
    ($path:literal) => {
        File { path: $path, content_type: SCRIPT, content: include_bytes!(concat!("page/", $path)) }
    };
}

/// What the page loads.
const FILES: &[File] = &[
    File { path: "icon.svg", content_type: "image/svg+xml", content: include_bytes!("page/icon.svg") },
    File { path: "style.css", content_type: "text/css; charset=utf-8", content: include_bytes!("page/style.css") },
    module!("chats.mjs"),
    module!("code.mjs"),
    module!("composer.mjs"),
    module!("connection.mjs"),
    module!("conversation.mjs"),
    module!("elements.mjs"),
    module!("identity.mjs"),
    module!("media.mjs"),
    module!("message.mjs"),
    module!("page.mjs"),
    module!("pane.mjs"),
    module!("recovery.mjs"),
    module!("rest.mjs"),
    module!("store.mjs"),
    module!("dialects/classroom.mjs"),
    module!("dialects/index.mjs"),
    module!("dialects/marketplace.mjs"),
    module!("dialects/messenger.mjs"),
    module!("dialects/recruiting.mjs"),
    module!("dialects/request.mjs"),
    module!("dialects/workspace.mjs"),
    File {
        path: "vendor/socket.io.esm.min.js",
        content_type: SCRIPT,
        content: include_bytes!("vendor/socket.io.esm.min.js"),
    },
    File {
        path: "vendor/LICENSE",
        content_type: "text/plain; charset=utf-8",
        content: include_bytes!("vendor/LICENSE"),
    },
];

/// The file with this path below `/playground/`.
pub(super) fn named(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn found(folder: &Path, below: &str, all: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{below}{}", entry.file_name().into_string().unwrap());
            if entry.path().is_dir() {
                found(&entry.path(), &format!("{path}/"), all);
            } else {
                all.insert(path);
            }
        }
    }

    #[test]
    fn every_dialect_has_a_module() {
        for dialect in chat::dialect::ALL {
            assert!(named(&format!("dialects/{}.mjs", dialect.name)).is_some(), "{}", dialect.name);
        }
    }

    #[test]
    fn every_file_of_the_page_is_served_and_no_other() {
        let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/playground"));
        let mut all = BTreeSet::new();
        found(&source.join("page"), "", &mut all);
        found(&source.join("vendor"), "vendor/", &mut all);
        assert!(all.remove(PAGE.path) && all.remove("vendor/README"));
        let served: BTreeSet<String> = FILES.iter().map(|file| file.path.to_owned()).collect();
        assert_eq!(served, all);
    }
}
