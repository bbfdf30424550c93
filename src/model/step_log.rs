//! A log of long steps. It answers what a task did in the past while it held a lane.
//!
//! The log keeps only steps of at least [`LONG`]: it would take too much memory to keep all steps,
//! and only long steps explain what a viewer sees. The records of steps arrive in any order, so the
//! log is sorted by time.

use crate::record::{Label, Nanos, RunInstant, TaskId};
use std::collections::BTreeMap;

/// Shorter steps are not kept.
pub(super) const LONG: Nanos = Nanos::from_millis(1);

/// The maximum number of steps kept. They take about 8 MB.
const MAX_STEPS: usize = if cfg!(test) { 64 } else { 200_000 };

/// The maximum number of steps that a query visits. A query that reaches this limit finds only the
/// latest steps.
const MAX_VISITED: usize = 1024;

/// A step that took long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LongStep {
    pub from: RunInstant,
    pub to: RunInstant,
    pub label: Label,
}

/// The long steps of all tasks.
#[derive(Clone, Debug, Default)]
pub(super) struct StepLog {
    /// The labels, by task, start and end.
    steps: BTreeMap<(TaskId, RunInstant, RunInstant), Label>,
    /// No step kept is longer than this.
    longest: Nanos,
}

impl StepLog {
    /// Adds a step, unless it is shorter than [`LONG`]. Of two steps of a task with the same start
    /// and the same end, the log keeps the step with the greater label.
    pub(super) fn add(&mut self, task: TaskId, from: RunInstant, to: RunInstant, label: Label) {
        if to - from < LONG {
            return;
        }
        self.longest = self.longest.max(to - from);
        let kept = self.steps.entry((task, from, to)).or_insert(label);
        *kept = label.max(*kept);
        if self.steps.len() > MAX_STEPS {
            let mut ends: Vec<RunInstant> = self.steps.keys().map(|&(_, _, to)| to).collect();
            let middle = ends.len() / 2;
            let (_, &mut horizon, _) = ends.select_nth_unstable(middle);
            self.evict(horizon);
        }
    }

    /// The steps of a task that overlap `from..to`, latest start first.
    pub(super) fn overlapping(&self, task: TaskId, from: RunInstant, to: RunInstant) -> impl Iterator<Item = LongStep> {
        self.steps
            .range((task, RunInstant::ZERO, RunInstant::ZERO)..(task, to, RunInstant::ZERO))
            .rev()
            .take(MAX_VISITED)
            .take_while(move |((_, start, _), _)| *start + self.longest > from)
            .filter(move |((_, _, end), _)| *end > from)
            .map(|(&(_, from, to), &label)| LongStep { from, to, label })
    }

    /// Removes the steps that end at `horizon` or earlier.
    pub(super) fn evict(&mut self, horizon: RunInstant) {
        self.steps.retain(|&(_, _, to), _| to > horizon);
        let lengths = self.steps.keys().map(|&(_, from, to)| to - from);
        self.longest = lengths.max().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> RunInstant {
        RunInstant::from_millis(ms)
    }

    fn id(task: u32) -> TaskId {
        TaskId::new(task).expect("not zero")
    }

    /// The labels of the steps of task 1 that overlap this time, in milliseconds.
    fn found(log: &StepLog, from: u64, to: u64) -> Vec<u16> {
        let steps = log.overlapping(id(1), at(from), at(to));
        steps.map(|step| step.label.0).collect()
    }

    #[test]
    fn the_log_finds_the_steps_of_a_task_that_overlap_a_time() {
        let mut log = StepLog::default();
        for (task, from, to, label) in [(1, 30, 40, 3), (1, 0, 50, 1), (2, 10, 20, 9), (1, 10, 20, 2)] {
            log.add(id(task), at(from), at(to), Label(label));
        }
        log.add(id(1), at(10), at(10) + LONG - Nanos(1), Label(8));
        assert_eq!(found(&log, 0, 60), [3, 2, 1]);
        assert_eq!(found(&log, 20, 30), [1], "the end is not part of a step");
        assert_eq!(found(&log, 19, 31), [3, 2, 1]);
        log.evict(at(40));
        assert_eq!(found(&log, 0, 60), [1]);
        assert!(found(&log, 50, 60).is_empty());
    }

    #[test]
    fn a_full_log_evicts_the_older_half() {
        let mut log = StepLog::default();
        for n in 0..=MAX_STEPS as u64 {
            log.add(id(1), at(n), at(n + 1), Label(1));
        }
        assert!(log.steps.len() <= MAX_STEPS / 2 + 1);
        assert_eq!(found(&log, MAX_STEPS as u64, MAX_STEPS as u64 + 1), [1]);
        assert!(found(&log, 0, 10).is_empty());
    }
}
