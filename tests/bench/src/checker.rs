//! Whether what a socket heard of a chat is what was sent: nothing lost, nothing doubled, everything in order.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// One message, as a recipient heard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The number that the server gave it: ascending in its chat.
    pub(crate) seq: u64,
    /// The number that its sender gave it: how many messages the sender had sent before.
    pub(crate) number: u64,
}

/// What is wrong with what was heard, as counts. All are 0 if nothing is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Messages that were acked and not heard.
    pub(crate) lost: u64,
    /// Messages that were heard again.
    pub(crate) doubled: u64,
    /// Messages that were heard after one with a higher `seq`.
    pub(crate) reordered: u64,
    /// Steps of `seq` by more than one, where the system promises that there are none.
    pub(crate) gaps: u64,
    /// Sends that were refused, or that were never answered.
    pub(crate) refused: u64,
    /// Clients whose connection ended although nobody cut it.
    pub(crate) closed: u64,
}

impl Findings {
    /// Whether nothing is wrong.
    pub(crate) fn is_clean(self) -> bool {
        self == Self::default()
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            lost: self.lost + other.lost,
            doubled: self.doubled + other.doubled,
            reordered: self.reordered + other.reordered,
            gaps: self.gaps + other.gaps,
            refused: self.refused + other.refused,
            closed: self.closed + other.closed,
        }
    }

    /// The counts by their names.
    pub(crate) fn json(self) -> Value {
        let Self { lost, doubled, reordered, gaps, refused, closed } = self;
        json!({
            "lost": lost, "doubled": doubled, "reordered": reordered, "gaps": gaps, "refused": refused, "closed": closed,
        })
    }
}

/// Compares what one socket heard of one chat, in the order of arrival, with the numbers of the acked messages.
/// `gapless` says whether the system promises a `seq` without gaps.
pub(crate) fn check(acked: &BTreeSet<u64>, heard: &[Heard], gapless: bool) -> Findings {
    let mut findings = Findings::default();
    let mut numbers = BTreeSet::new();
    let mut last: Option<u64> = None;
    for message in heard {
        if !numbers.insert(message.number) {
            findings.doubled += 1;
            continue;
        }
        match last {
            Some(last) if message.seq <= last => findings.reordered += 1,
            Some(last) if gapless && message.seq > last + 1 => findings.gaps += 1,
            _ => {}
        }
        last = last.max(Some(message.seq));
    }
    findings.lost = u64::try_from(acked.difference(&numbers).count()).unwrap_or(u64::MAX);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found if 0 to 3 were acked, and these pairs of `seq` and number were heard.
    fn found(heard: &[(u64, u64)], gapless: bool) -> Findings {
        let heard: Vec<Heard> = heard.iter().map(|&(seq, number)| Heard { seq, number }).collect();
        check(&(0..4).collect(), &heard, gapless)
    }

    #[test]
    fn what_was_sent_and_heard_once_and_in_order_is_clean() {
        assert!(found(&[(5, 0), (6, 1), (7, 2), (8, 3)], true).is_clean());
    }

    #[test]
    fn a_lost_message_is_seen() {
        let findings = found(&[(5, 0), (6, 1), (7, 3)], true);
        assert_eq!(findings, Findings { lost: 1, ..Findings::default() });
    }

    #[test]
    fn a_doubled_message_is_seen() {
        let findings = found(&[(5, 0), (6, 1), (6, 1), (7, 2), (8, 3)], true);
        assert_eq!(findings, Findings { doubled: 1, ..Findings::default() });
    }

    #[test]
    fn a_message_that_overtook_another_is_seen() {
        let findings = found(&[(5, 0), (7, 2), (6, 1), (8, 3)], false);
        assert_eq!(findings, Findings { reordered: 1, ..Findings::default() });
    }

    #[test]
    fn a_gap_counts_only_where_there_must_be_none() {
        let heard = [(5, 0), (6, 1), (9, 2), (10, 3)];
        assert_eq!(found(&heard, true), Findings { gaps: 1, ..Findings::default() });
        assert!(found(&heard, false).is_clean());
    }

    #[test]
    fn findings_add_up_and_each_makes_them_unclean() {
        let each = [
            Findings { lost: 1, ..Findings::default() },
            Findings { doubled: 1, ..Findings::default() },
            Findings { reordered: 1, ..Findings::default() },
            Findings { gaps: 1, ..Findings::default() },
            Findings { refused: 1, ..Findings::default() },
            Findings { closed: 1, ..Findings::default() },
        ];
        assert!(each.iter().all(|findings| !findings.is_clean()));
        let sum = each.into_iter().fold(Findings::default(), Findings::plus);
        assert_eq!(sum, Findings { lost: 1, doubled: 1, reordered: 1, gaps: 1, refused: 1, closed: 1 });
    }
}
