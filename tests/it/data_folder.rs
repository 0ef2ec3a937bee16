//! The folder that `local` keeps its data in: one process has it, and what cannot be read is left as it is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use local::data_folder::DataFolder;
use local::template::Template;

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
    let file = folder.0.join("dynamodb.log");
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
    let tables = DataFolder::take(&folder.0).unwrap().tables().unwrap();
    let parameters = BTreeMap::from([("JwtSecret".to_owned(), "s".repeat(32))]);
    let template = Template::read(include_str!("../../template.yaml"), &parameters).unwrap();
    template.tables.values().for_each(|table| tables.create_table(table.schema.clone()).unwrap());
    drop(tables);
    let whole = std::fs::read(folder.0.join("dynamodb.log")).unwrap();
    drop(DataFolder::take(&folder.0).unwrap().tables().unwrap());

    assert!(said_of(&folder, &[b'x'; 8_192]).contains("it is no log of tables"));
    let mut damaged = whole.clone();
    damaged[40..80].fill(0xff);
    assert!(said_of(&folder, &damaged).contains("it is damaged at byte 20"));
    // A version of the file format that is not known yet.
    let mut newer = whole;
    newer[16] = 9;
    assert!(said_of(&folder, &newer).contains("it has the format 9"));
}

#[test]
fn the_tables_of_an_earlier_version_are_named_and_left_as_they_are() {
    let folder = Scratch::new("earlier");
    let taken = DataFolder::take(&folder.0).unwrap();
    let file = folder.0.join("dynamodb.sqlite");
    std::fs::write(&file, b"SQLite format 3").unwrap();
    let said = taken.tables().err().unwrap().to_string();
    assert!(said.contains(&file.display().to_string()) && said.contains("earlier version"), "{said}");
    assert!(said.contains("remove the folder") && said.contains("--data DIR") && said.contains("--memory"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), b"SQLite format 3", "nothing is overwritten");
    assert!(!folder.0.join("dynamodb.log").exists(), "and nothing is begun beside it");
}
