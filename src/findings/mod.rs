//! Findings: why tasks waited or failed, because of whom, and what would help.
//!
//! ```text
//!   Model ──► Evidence ──► one check per rule ──► findings, the costliest first
//! ```
//!
//! A finding names a culprit and its victims in one sentence, with its evidence, and a remedy.
//! Its *cost* is task-time: the sum of what the victims waited because of the culprit. Rules
//! without a time count occurrences and rank below. Everything here is pure: the same model gives
//! the same findings.
//!
//! False findings are worse than missing ones. So each rule has thresholds that a healthy run does
//! not reach. For waits, these are [`MIN_COST`] and [`NOTABLE`](crate::model::NOTABLE).
//!
//! To add a rule, add a variant to [`Rule`], a file to `rules`, and a line to `RULES`.

mod charge;
mod phrase;
mod rules;
mod waits;

pub use phrase::Phrase;

use crate::model::{Blame, Culprit, Model, Task};
use crate::record::{GroupId, Label, Nanos, Rule, RunInstant, TaskId};

/// A finding about waits needs at least this cost.
pub const MIN_COST: Nanos = Nanos::from_millis(50);

/// At most this many tasks are listed for a finding.
const MAX_TASKS: usize = 20;

/// Why tasks waited or failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The name of the group, resource or task that is to blame.
    pub culprit: String,
    /// The names of the groups that suffered, those that waited longest first.
    pub victims: Vec<String>,
    /// The sum of the victims' waits that the culprit caused. Zero for a rule without time.
    pub cost: Nanos,
    /// How often the culprit did it.
    pub count: u64,
    /// When it first happened.
    pub first: RunInstant,
    /// When the worst case began.
    pub at: RunInstant,
    /// The tasks of the worst case: the culprit first, then the victims.
    pub tasks: Vec<TaskId>,
    /// One sentence about what happened, with figures.
    pub sentence: Phrase,
    /// One sentence about what would help.
    pub remedy: Phrase,
}

/// What the rules examine.
#[derive(Debug)]
struct Evidence<'a> {
    model: &'a Model,
    blame: Vec<Blame>,
}

type Check = fn(&Evidence<'_>, &mut Vec<Finding>);

/// All rules. If two findings have the same cost and the same first instant, the earlier rule comes
/// first.
const RULES: &[Check] = &[
    rules::blocked_worker::check,
    rules::hogged_worker::check,
    rules::starved_driver::check,
    rules::lock_convoy::check,
    rules::full_pool::check,
    rules::deadlock::check,
    rules::full_channel::check,
    rules::growing_queue::check,
    rules::wasted_work::check,
    rules::busy_cores::check,
    rules::unobserved_failure::check,
    rules::never_awaited::check,
];

/// The findings of a run up to now, the costliest first.
///
/// The call takes as long as [`Model::blame`].
pub fn find(model: &Model) -> Vec<Finding> {
    let evidence = Evidence {
        model,
        blame: model.blame(),
    };
    let mut findings = Vec::new();
    for check in RULES {
        check(&evidence, &mut findings);
    }
    findings.sort_by_key(|finding| (std::cmp::Reverse((finding.cost, finding.count)), finding.first));
    findings
}

impl Finding {
    /// A finding of a rule without time. `tasks` are tasks of the group `name`, and it first
    /// happened at `first`.
    fn counted(
        (rule, name, count): (Rule, &str, u64),
        (first, tasks): (RunInstant, &[&Task]),
        sentence: Phrase,
        remedy: Phrase,
    ) -> Finding {
        Finding {
            rule,
            culprit: name.to_owned(),
            victims: Vec::new(),
            cost: Nanos::ZERO,
            count,
            first,
            at: first,
            tasks: tasks.iter().map(|task| task.id).collect(),
            sentence,
            remedy,
        }
    }
}

impl Evidence<'_> {
    /// The name of a step in brackets, after a space. Empty if the step has no name.
    fn step(&self, label: Label) -> String {
        match self.model.label(label) {
            "" => String::new(),
            step => format!(" ({step})"),
        }
    }

    /// The part of a time caused by long computations in which their threads were on a core. The
    /// rest was caused by the machine, which was busy.
    fn on_core(&self, culprit: &Culprit, time: Nanos) -> Nanos {
        Nanos((time.0 as f64 * self.model.share_on_core(*culprit)) as u64)
    }

    fn group_name(&self, id: GroupId) -> String {
        self.model
            .group(id)
            .map_or_else(String::new, |group| group.name.clone())
    }

    /// The name of a task. The only task of a group has the name of the group.
    fn task_name(&self, id: TaskId) -> String {
        let group = self.model.task(id).and_then(|task| self.model.group(task.group?));
        match group {
            Some(group) if group.spawned == 1 => group.name.clone(),
            _ => self.model.task_name(id).to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
