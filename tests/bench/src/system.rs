//! The system under test: where it listens, which processes it consists of, and the tokens it accepts.

use std::collections::BTreeMap;
use std::fs;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use crate::failure::Failure;

/// The secret that every system verifies tokens with: the development secret of `local`.
const SECRET: &[u8] = b"dev-secret";

/// When the tokens end, in seconds since 1970: in the year 2100, later than any run.
const TOKEN_END_SECS: u64 = 4_102_444_800;

/// A server that is running, which this program loads and did not start.
#[derive(Clone, Debug)]
pub(crate) struct System {
    /// Its name in the results, such as `parlance` or `node-memory`.
    pub(crate) name: String,
    /// Host and port, such as `127.0.0.1:3000`.
    pub(crate) address: String,
    /// The processes that it consists of. The processes that they started count with them.
    pub(crate) pids: Vec<u32>,
    /// Whether the messages of a chat are numbered without gaps.
    pub(crate) gapless: bool,
    /// Begins the name of each user, so that one run shares no users with another.
    pub(crate) prefix: String,
}

impl System {
    /// A user name that belongs to this run.
    pub(crate) fn user(&self, role: &str, number: usize) -> String {
        format!("{}-{role}-{number}", self.prefix)
    }

    /// A token that speaks for a user.
    ///
    /// # Errors
    /// If the token cannot be signed.
    pub(crate) fn token(user: &str) -> Result<String, Failure> {
        let claims = json!({"sub": user, "exp": TOKEN_END_SECS});
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET))?)
    }

    /// The CPU time that the system has used since its processes began, in milliseconds.
    ///
    /// # Errors
    /// If one of its processes has ended.
    pub(crate) fn cpu_millis(&self) -> Result<f64, Failure> {
        let table = process_table()?;
        let mut ticks = 0;
        for pid in &self.pids {
            let root = table.get(pid).ok_or_else(|| format!("process {pid} of {} has ended", self.name))?;
            // A child that has ended counts in its parent.
            ticks += root.own_ticks + root.ended_children_ticks;
            ticks += descendants(&table, *pid).iter().map(|process| process.own_ticks).sum::<u64>();
        }
        Ok(f64::from(u32::try_from(ticks)?) * MILLIS_PER_TICK)
    }

    /// The memory that the system occupies, in KiB. A page that several processes share counts once.
    ///
    /// # Errors
    /// If the memory of one of its processes cannot be read.
    pub(crate) fn memory_kib(&self) -> Result<f64, Failure> {
        let table = process_table()?;
        let mut kib = 0;
        for root in &self.pids {
            for pid in descendants(&table, *root).iter().map(|process| process.pid).chain([*root]) {
                // A child may end at any moment. A root may not.
                match resident_kib(pid) {
                    Ok(more) => kib += more,
                    Err(error) if pid == *root => return Err(error),
                    Err(_) => {}
                }
            }
        }
        Ok(f64::from(u32::try_from(kib)?))
    }
}

/// Linux counts CPU time in hundredths of a second in `/proc`, whatever the kernel's own clock is.
const MILLIS_PER_TICK: f64 = 10.0;

/// One line of `/proc/<pid>/stat`.
struct Process {
    pid: u32,
    parent: u32,
    own_ticks: u64,
    ended_children_ticks: u64,
}

fn process_table() -> Result<BTreeMap<u32, Process>, Failure> {
    let mut table = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end between the list and the look at it.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        table.extend(process(pid, &stat).map(|process| (pid, process)));
    }
    Ok(table)
}

/// Reads a line of `/proc/<pid>/stat`. The name of the program is in parentheses and may contain anything.
fn process(pid: u32, stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        own_ticks: number(11)? + number(12)?,
        ended_children_ticks: number(13)? + number(14)?,
    })
}

fn descendants(table: &BTreeMap<u32, Process>, root: u32) -> Vec<&Process> {
    let mut found: Vec<&Process> = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for process in table.values().filter(|process| process.parent == parent) {
            parents.push(process.pid);
            found.push(process);
        }
    }
    found
}

/// The proportional share of a process, where the kernel tells it to us, or else all its resident memory.
fn resident_kib(pid: u32) -> Result<u64, Failure> {
    let read = |file: &str, key: &str| {
        let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
        text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse::<u64>().ok())
    };
    read("smaps_rollup", "Pss:")
        .or_else(|| read("status", "VmRSS:"))
        .ok_or_else(|| format!("the memory of process {pid} cannot be read").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_spaces_and_parentheses_moves_no_field() {
        let read = process(7, "7 (a) b) S 3 7 7 0 -1 0 0 0 0 0 11 22 33 44 20 0").unwrap();
        assert_eq!((read.parent, read.own_ticks, read.ended_children_ticks), (3, 33, 77));
    }

    #[test]
    fn this_process_uses_memory_and_a_missing_process_is_an_error() {
        let system = |pid| System {
            name: "self".to_owned(),
            address: String::new(),
            pids: vec![pid],
            gapless: true,
            prefix: String::new(),
        };
        assert!(system(std::process::id()).memory_kib().unwrap() > 100.0);
        assert!(system(u32::MAX).cpu_millis().is_err());
        assert!(system(u32::MAX).memory_kib().is_err());
    }
}
