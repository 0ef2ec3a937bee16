//! The password of a data folder, made at random when there is none. Any page in a browser can reach this machine, so
//! there is no password that is the same everywhere.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use relay::clock::Clock;
use relay::config::AdminPassword;
use relay::id::hex;

/// The file of the password in a data folder.
const FILE: &str = "admin-password";

/// A new password, of 96 random bits.
#[must_use]
pub fn random(clock: &Clock) -> String {
    hex(&clock.random::<12>())
}

/// The password of a data folder. The first call makes it, in a file that only the user of this process may read. If the
/// folder cannot be written, the password is good for this process alone.
///
/// # Errors
/// A sentence, if the file is there and has no password.
pub fn of_folder(folder: &Path, clock: &Clock) -> Result<String, String> {
    let file = folder.join(FILE);
    match std::fs::read_to_string(&file) {
        Ok(text) if AdminPassword::new(text.trim()).is_some() => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = random(clock);
            let written = std::fs::create_dir_all(folder).and_then(|()| {
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
                writeln!(file, "{made}")
            });
            // A start says by itself why a folder cannot be used.
            let _ = written;
            Ok(made)
        }
        Err(error) if error.kind() != ErrorKind::InvalidData => Ok(random(clock)),
        Ok(_) | Err(_) => Err(format!(
            "the file {} has no password of 16 to 128 characters: remove it, and the next start makes a new one",
            file.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_keeps_its_password_and_only_its_user_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let clock = Clock::system();
        let folder = std::env::temp_dir().join(format!("parlance-admin-{}", random(&clock)));
        let data = folder.join("data");
        let first = of_folder(&data, &clock).unwrap();
        assert_eq!(first.len(), 24);
        assert_eq!(of_folder(&data, &clock).unwrap(), first);
        assert_ne!(of_folder(&folder.join("other"), &clock).unwrap(), first);
        let mode = std::fs::metadata(data.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(data.join(FILE), "short\n").unwrap();
        assert!(of_folder(&data, &clock).unwrap_err().contains("has no password of 16 to 128 characters"));
        assert_eq!(std::fs::read_to_string(data.join(FILE)).unwrap(), "short\n", "it is not overwritten");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
