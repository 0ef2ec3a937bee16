//! The systems that the page compares.

/// The systems of the page, in the order in which it lists them: the name in the results, the name on the page, and what
/// it is.
pub(super) const SYSTEMS: [(&str, &str, &str); 7] = [
    (
        "parlance",
        "Parlance",
        "`local` of this commit, `--data`: what is acked is in its file, which survives the end of the process, but is not \
         flushed to the disk",
    ),
    (
        "before",
        "Parlance before",
        "the same, of an older commit; from `tests/bench/before.jsonl`, not measured in this run",
    ),
    (
        "node-postgres",
        "Node + PostgreSQL + Redis",
        "socket.io as people write it: a SELECT, an INSERT and an UPDATE per message, each awaited; who is online is in \
         Redis, and the Redis adapter makes a second process possible. PostgreSQL flushes each commit to the disk",
    ),
    (
        "node-postgres-unflushed",
        "Node + PostgreSQL without flush + Redis",
        "the same, but PostgreSQL does not flush (`fsync = off`), so it promises as much as Parlance",
    ),
    ("parlance-memory", "Parlance in memory", "`local` of this commit, `--memory`"),
    ("node-memory", "Node in memory", "socket.io that keeps everything in the memory of its one process"),
    ("socketioxide", "socketioxide in memory", "the same in Rust"),
];

/// The page's name of a system.
pub(super) fn title(system: &str) -> &str {
    SYSTEMS.iter().find(|(name, _, _)| *name == system).map_or(system, |(_, title, _)| title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_has_one_name_and_one_title() {
        let names: std::collections::BTreeSet<_> = SYSTEMS.iter().map(|(name, _, _)| name).collect();
        let titles: std::collections::BTreeSet<_> = SYSTEMS.iter().map(|(_, title, _)| title).collect();
        assert_eq!((names.len(), titles.len()), (SYSTEMS.len(), SYSTEMS.len()));
    }
}
