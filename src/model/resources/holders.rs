//! The tasks that hold a resource now, and since when.

use crate::record::{CompactDuration, RunInstant, TaskId};
use std::collections::HashMap;

/// The tasks that hold a resource now.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    holds: HashMap<TaskId, Holds>,
}

/// The holds of one task. Each field is a sum, because the records arrive in any order.
#[derive(Clone, Copy, Debug, Default)]
struct Holds {
    /// The number of acquisitions minus the number of releases.
    count: i32,
    /// The sum of the starts of the holds, in nanoseconds.
    starts: i128,
    /// The maximum rounding error of `starts`. A release reports a rounded duration.
    error: i128,
}

impl Holders {
    pub(super) fn acquired(&mut self, task: TaskId, at: RunInstant) {
        self.change(task, |holds| {
            holds.count += 1;
            holds.starts += i128::from(at.0);
        });
    }

    pub(super) fn released(&mut self, task: TaskId, at: RunInstant, held: CompactDuration) {
        let held = i128::from(held.get().0);
        self.change(task, |holds| {
            holds.count -= 1;
            holds.starts -= i128::from(at.0) - held;
            holds.error += held >> 26;
        });
    }

    /// If a task has released as often as it has acquired, but the starts differ, then records of
    /// another lane are missing. So the entry is kept.
    fn change(&mut self, task: TaskId, change: impl FnOnce(&mut Holds)) {
        let holds = self.holds.entry(task).or_default();
        change(holds);
        if holds.count == 0 && holds.starts.abs() <= holds.error {
            self.holds.remove(&task);
        }
    }

    /// The holders, each with the number of its holds.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TaskId, i32)> {
        let holds = self.holds.iter().map(|(task, holds)| (*task, holds.count));
        holds.filter(|(_, count)| *count != 0)
    }

    pub(super) fn contains(&self, task: TaskId) -> bool {
        self.holds.get(&task).is_some_and(|holds| holds.count != 0)
    }

    /// The instant at which a task acquired its only hold. `None` if the task has no hold or
    /// several.
    pub(super) fn since(&self, task: TaskId) -> Option<RunInstant> {
        let holds = self.holds.get(&task).filter(|holds| holds.count == 1)?;
        Some(RunInstant::new(u64::try_from(holds.starts).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Nanos;

    #[test]
    fn the_start_of_a_hold_does_not_depend_on_the_order_of_arrival() {
        let task = TaskId::new(1).expect("not zero");
        let ms = RunInstant::from_millis;
        let acquire = |at| move |holders: &mut Holders| holders.acquired(task, ms(at));
        let release = |from, to| {
            let held = Nanos::from_millis(to - from).into();
            move |holders: &mut Holders| holders.released(task, ms(to), held)
        };
        let changes: [&dyn Fn(&mut Holders); 3] = [&acquire(10), &release(10, 20), &acquire(30)];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut holders = Holders::default();
            order
                .into_iter()
                .for_each(|number: usize| changes[number](&mut holders));
            assert_eq!(holders.since(task), Some(ms(30)), "{order:?}");
            release(30, 7_030)(&mut holders);
            assert!(holders.holds.is_empty(), "{order:?}");
        }
    }
}
