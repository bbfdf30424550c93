//! The holds of a resource, or the waits for it, that have ended.

use crate::record::{RunInstant, TaskId, Wanted};
use std::collections::VecDeque;

/// The maximum number of ended holds, and of ended waits, that are kept per resource.
const MAX_STAYS: usize = 16 * 1024;

/// A hold or a wait that has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::model) struct Stay {
    pub(in crate::model) task: TaskId,
    pub(in crate::model) from: RunInstant,
    /// The first instant after the stay.
    pub(in crate::model) to: RunInstant,
    pub(in crate::model) wanted: Wanted,
}

impl Stay {
    fn contains(&self, at: RunInstant) -> bool {
        self.from <= at && at < self.to
    }
}

/// The latest ended holds of a resource, or the latest ended waits for it, in the order of their
/// ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Stays {
    latest: VecDeque<Stay>,
    /// Stays that ended until this instant may be missing.
    known_from: RunInstant,
}

impl Stays {
    pub(super) fn add(&mut self, stay: Stay) {
        // Records of different lanes arrive almost in order.
        let later = self.latest.iter().rev().take_while(|other| other.to > stay.to).count();
        self.latest.insert(self.latest.len() - later, stay);
        if self.latest.len() > MAX_STAYS {
            let oldest = self.latest.pop_front().map_or(RunInstant::ZERO, |stay| stay.to);
            self.known_from = self.known_from.max(oldest);
        }
    }

    /// The stays at the instant `at`, without the stays that have not ended. `None` if stays of
    /// that instant may be missing.
    pub(super) fn at(&self, at: RunInstant) -> Option<impl Iterator<Item = &Stay>> {
        let later = self.latest.partition_point(|stay| stay.to <= at);
        (at >= self.known_from).then(|| self.latest.range(later..).filter(move |stay| stay.contains(at)))
    }

    /// The stays that overlap a span.
    pub(super) fn within(&self, from: RunInstant, to: RunInstant) -> impl Iterator<Item = &Stay> {
        let later = self.latest.partition_point(|stay| stay.to <= from);
        self.latest.range(later..).filter(move |stay| stay.from < to)
    }

    pub(super) fn known_from(&self) -> RunInstant {
        self.known_from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(task: u32, from: u64, to: u64) -> Stay {
        Stay {
            task: TaskId::new(task).expect("not zero"),
            from: RunInstant::new(from),
            to: RunInstant::new(to),
            wanted: Wanted::Access,
        }
    }

    #[test]
    fn stays_that_arrive_out_of_order_are_found() {
        let mut stays = Stays::default();
        for added in [stay(1, 10, 20), stay(3, 32, 40), stay(2, 20, 30)] {
            stays.add(added);
        }
        let at = |at| {
            let stays = stays.at(RunInstant::new(at)).expect("nothing is missing");
            stays.map(|stay| stay.task.get()).collect::<Vec<_>>()
        };
        assert_eq!(
            [9, 10, 19, 20, 30, 32, 40].map(at),
            [vec![], vec![1], vec![1], vec![2], vec![], vec![3], vec![]]
        );
        assert_eq!(stays.within(RunInstant::new(20), RunInstant::new(32)).count(), 1);
    }

    #[test]
    fn no_answer_is_given_for_an_instant_whose_stays_are_missing() {
        let mut stays = Stays::default();
        for number in 0..=MAX_STAYS as u64 {
            stays.add(stay(1, number * 10, number * 10 + 10));
        }
        assert!(stays.at(RunInstant::new(9)).is_none());
        assert_eq!(stays.at(RunInstant::new(10)).map(Iterator::count), Some(1));
    }
}
