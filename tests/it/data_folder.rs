//! The folder that `local` keeps its data in: one process has it, and what cannot be read is left as it is.

use std::path::PathBuf;

use local::data_folder::DataFolder;

/// A folder that is gone with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("parlance-data-{name}-{}", std::process::id()));
        let _none = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// What is said of a data file with these bytes; they must be the same afterwards.
fn said_of(folder: &Scratch, bytes: &[u8]) -> String {
    let file = folder.0.join("dynamodb.sqlite");
    std::fs::write(&file, bytes).unwrap();
    let said = DataFolder::take(&folder.0).unwrap().tables().err().unwrap().to_string();
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "nothing is overwritten");
    assert!(said.contains(&file.display().to_string()), "{said}");
    assert!(said.contains("move it away") && said.contains("--data DIR") && said.contains("--memory"), "{said}");
    said
}

#[test]
fn a_second_process_is_told_who_has_the_folder_and_what_to_do() {
    let folder = Scratch::new("lock");
    let first = DataFolder::take(&folder.0).unwrap();
    let said = DataFolder::take(&folder.0).unwrap_err().to_string();
    let expected = format!(
        "the data folder {} is used by the process {}: end that process, or start with another folder (--data DIR) or without one (--memory)",
        folder.0.display(),
        std::process::id()
    );
    assert_eq!(said, expected);
    drop(first);
    DataFolder::take(&folder.0).unwrap();
}

#[test]
fn a_data_file_that_cannot_be_read_is_named_and_left_as_it_is() {
    let folder = Scratch::new("damage");
    drop(DataFolder::take(&folder.0).unwrap().tables().unwrap());
    let whole = std::fs::read(folder.0.join("dynamodb.sqlite")).unwrap();
    drop(DataFolder::take(&folder.0).unwrap().tables().unwrap());

    assert!(said_of(&folder, b"").contains("it is empty"));
    assert!(said_of(&folder, &whole[..50]).contains("it is cut off"));
    assert!(said_of(&folder, &whole[..whole.len() - 1]).contains("it is cut off"));
    assert!(said_of(&folder, &[b'x'; 8_192]).contains("it is no database"));
    let mut damaged = whole.clone();
    damaged[100..].fill(0xff);
    assert!(said_of(&folder, &damaged).contains("malformed"));
    // A version of the file format that is not known yet.
    let mut newer = whole;
    newer[18..20].fill(9);
    assert!(said_of(&folder, &newer).contains("a newer version"));
}
