//! The command line: what it takes, and its small commands.

pub(crate) mod completions;
pub(crate) mod cost;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod introduce;
pub(crate) mod introduction;
pub(crate) mod listen;
pub(crate) mod log_level;
pub(crate) mod output;
pub(crate) mod parameters;
pub(crate) mod serve;
pub(crate) mod tables;
pub(crate) mod token;

use clap::{Parser, Subcommand};

use serve::Serve;

/// An error for the user of the command line: its text says what is wrong, and what to do.
pub(crate) type Failure = Box<dyn std::error::Error>;

const EXAMPLES: &str = "\
Examples, where `parlance` is `cargo run --release -p local --`:
  parlance                                 everything at http://localhost:3000, data in .parlance
  parlance --memory --port 0               data in memory, at a free port
  parlance --listen 3001:messenger         one more port, where plain paths speak messenger
  parlance --host 0.0.0.0                  for other machines and phones in the same network
  parlance --parameter JwtSecret=SECRET    with tokens of your own
  parlance token carol --name Carol        a token for one more user
  parlance doctor                          whether this machine is ready

LOG_LEVEL=info (error, warn, info, debug) is an environment variable. docs/local.md has everything.";

/// Parlance on this machine: a chat backend that unmodified Socket.IO clients can use, with the cloud it runs on.
#[derive(Parser)]
#[command(name = "parlance", bin_name = "parlance", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Prints a token that speaks for a user.
    Token(Box<token::TokenFlags>),
    /// Lists the parameters of template.yaml that --parameter sets, with their defaults.
    Parameters,
    /// Says whether this machine is ready: versions, port, data folder, disk, open files.
    Doctor(doctor::DoctorFlags),
    /// Lists the tables of the data folder, or prints the rows of one as JSON, one a line. No system may use the folder
    /// meanwhile.
    Tables(tables::TablesFlags),
    /// Plays an hour of chat, and prints what it would cost on AWS, by service (docs/cost.md). Takes some minutes.
    Cost(cost::CostFlags),
    /// Prints a script with which a shell completes this command line.
    Completions(completions::CompletionsFlags),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_of_a_start_is_in_a_group_of_the_help() {
        let command = Cli::command();
        for flag in command.get_arguments().filter(|flag| !["help", "version"].contains(&flag.get_id().as_str())) {
            assert!(flag.get_help_heading().is_some(), "{}", flag.get_id());
        }
    }
}
