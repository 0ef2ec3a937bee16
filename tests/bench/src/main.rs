//! The benchmarks of Parlance and its peers. `tests/bench/run` starts the systems and calls this program: `load` runs
//! scenarios against one system and prints a line of JSON for each, `page` makes the page from all lines.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::scenario::{Outcome, Sizes};
use crate::system::System;

mod checker;
mod client;
mod ear;
mod failure;
mod latency;
mod page;
mod polling;
mod rest;
mod scenario;
mod system;
mod websocket;
mod words;

#[derive(Parser)]
#[command(about = "Loads Parlance and its peers, and makes the page of the results")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs scenarios against a system that is running, and prints a line of JSON for each.
    Load {
        /// The name of the system in the results.
        #[arg(long)]
        system: String,
        /// Where it listens, such as 127.0.0.1:3000.
        #[arg(long)]
        address: String,
        /// Its processes. Those that they started count with them. May be given several times.
        #[arg(long = "pid")]
        pids: Vec<u32>,
        /// The system promises numbers without gaps in each chat.
        #[arg(long)]
        gapless: bool,
        /// The number of this round.
        #[arg(long, default_value_t = 1)]
        round: u32,
        /// The commit of the system, for the results.
        #[arg(long, default_value = "unknown")]
        commit: String,
        /// Begins the name of each user.
        #[arg(long, default_value = "bench")]
        prefix: String,
        /// The scenarios, separated by commas.
        #[arg(long, value_delimiter = ',')]
        scenarios: Vec<String>,
        #[command(flatten)]
        sizes: Sizes,
    },
    /// Makes the page and its plots from the results.
    Page {
        /// The folder with the results: `*.jsonl`, and `about.json`.
        #[arg(long)]
        results: PathBuf,
        /// The lines of the results of an older commit, to compare with.
        #[arg(long)]
        before: Option<PathBuf>,
        /// The folder for the page, and for the plots below it.
        #[arg(long)]
        docs: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Load { system, address, pids, gapless, round, commit, prefix, scenarios, sizes } => {
            let system = System { name: system, address, pids, gapless, prefix };
            let tell = |outcome: &Outcome| {
                say(&outcome.line(&system, round, &commit).to_string());
            };
            load(&system, &scenarios, &sizes, tell).await
        }
        Command::Page { results, before, docs } => page::write(&results, before.as_deref(), &docs).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Runs the scenarios, and hands each outcome to `tell`. Returns whether all are clean.
async fn load(system: &System, scenarios: &[String], sizes: &Sizes, tell: impl Fn(&Outcome)) -> Result<bool, Failure> {
    let mut clean = true;
    let tell = |outcome: &Outcome| {
        clean = clean && outcome.is_clean();
        tell(outcome);
    };
    scenario::run(system, scenarios, sizes, tell).await?;
    Ok(clean)
}

#[expect(clippy::print_stdout, reason = "the results of the program")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "what the user of a command line reads")]
fn complain(text: &str) {
    eprintln!("{text}");
}
