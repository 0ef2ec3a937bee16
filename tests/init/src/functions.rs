//! Measures every function as a process of its bootstrap: from the start of the process to the moment when it asks for
//! an event, the first event, and further ones.
//!
//! ```sh
//! PARLANCE_BOOTSTRAPS=target/lambda cargo run --release -p init --bin functions -- 10
//! ```
//!
//! Two people chat in a system of their own, as often as the argument says (10). Each time all processes are new. The
//! services answer over loopback, so what AWS takes is no part of the times.

mod chatting;
mod table;
mod times;

use std::path::PathBuf;

use tokio::runtime::Builder;

/// How often two people chat unless it is said.
const ROUNDS: usize = 10;

/// Why nothing can be measured.
type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let rounds = std::env::args().nth(1).map_or(Ok(ROUNDS), |rounds| rounds.parse())?;
    std::env::var("PARLANCE_BOOTSTRAPS").map_err(|_| "PARLANCE_BOOTSTRAPS must name the folder of the bootstraps")?;
    let times = times::collect();
    for _ in 0..rounds {
        Builder::new_current_thread().enable_all().build()?.block_on(chatting::bare(&beside("bare")?))?;
    }
    times.rename_all("bare");
    for _ in 0..rounds {
        Builder::new_current_thread().enable_all().build()?.block_on(chatting::chat());
    }
    table::print(&times.taken());
    Ok(())
}

/// The path of a program that is built with this one.
fn beside(name: &str) -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe()?.with_file_name(name))
}
