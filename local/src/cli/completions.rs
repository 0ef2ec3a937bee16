//! `parlance completions`: scripts for shells.

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::Shell;
use clap_complete::generate;

use super::output::print;
use super::{Cli, Failure};

/// The name under which the shell knows the program (docs/local.md, "Completions").
const PROGRAM: &str = "parlance";

#[derive(Args)]
pub(crate) struct CompletionsFlags {
    /// The shell.
    #[arg(value_enum)]
    shell: KnownShell,
}

#[derive(Clone, Copy, ValueEnum)]
enum KnownShell {
    Bash,
    Zsh,
    Fish,
}

/// Prints the script.
///
/// # Errors
/// If it cannot be printed.
pub(crate) fn run(flags: &CompletionsFlags) -> Result<(), Failure> {
    let shell = match flags.shell {
        KnownShell::Bash => Shell::Bash,
        KnownShell::Zsh => Shell::Zsh,
        KnownShell::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), PROGRAM, &mut script);
    print([String::from_utf8_lossy(&script).trim_end().to_owned()])
}
