//! What the command line prints.

use std::io::{ErrorKind, Write as _};

use super::Failure;

/// Prints lines, each with its line end. A reader that has had enough, such as `head`, ends the printing and is no
/// error.
///
/// # Errors
/// If the standard output cannot be written.
pub(crate) fn print(lines: impl IntoIterator<Item = String>) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    for line in lines {
        match writeln!(output, "{line}") {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Prints a line to the standard error: a problem, or what takes long.
#[expect(clippy::print_stderr, reason = "what the user of a command line reads")]
pub(crate) fn say_error(text: &str) {
    eprintln!("{text}");
}
