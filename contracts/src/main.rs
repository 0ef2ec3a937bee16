//! Writes the contracts into the repository: `cargo run -p contracts`.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for contracts::File { path, text } in contracts::files() {
        fs::write(root.join(path), text)?;
    }
    Ok(())
}
