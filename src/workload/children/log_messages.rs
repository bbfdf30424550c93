//! The log messages about a step that waits for children. The messages are written for a student
//! who sees such a message for the first time.

use super::JoinMode;
use super::child_completions::ChildEnd;
use super::join_state::JoinState;
use crate::probe::TaskHandle;
use crate::record::{Nanos, Outcome};
use crate::text;
use std::fmt;

/// The maximum number of children that a message names. The message gives only the number of the
/// other children.
const MAX_NAMES: usize = 8;

impl JoinState {
    /// Logs the step's result when the parent continues. `cancels` is true if the pending children
    /// are cancelled, and false if they continue to run.
    pub(super) fn log_result(&self, cancels: bool) {
        tracing::info!("{}", ResultMessage { join: self, cancels });
    }

    /// Logs that the parent and its pending children were cancelled while the parent waited.
    pub(in crate::workload) fn log_cancelled(&self) {
        tracing::info!(
            "{} was cancelled while it waited, and so were its {}: {}",
            self.mode.into_str(),
            self.mode.children(),
            list(self.pending().map(|(_, child)| child.name()))
        );
    }

    /// Logs that the parent was cancelled while it waited, and that its pending children continue.
    pub(in crate::workload) fn log_shielded(&self) {
        tracing::info!(
            "{} was cancelled while it waited; no longer waited for: {}",
            self.mode.into_str(),
            list(self.pending().map(|(_, child)| child.name()))
        );
    }

    fn describe(&self, end: &ChildEnd) -> String {
        describe(&self.children[end.child], end.outcome, end.at - self.start)
    }
}

/// `weather#0 completed in 201 ms`
fn describe(child: &TaskHandle, outcome: Outcome, after: Nanos) -> String {
    let (name, after) = (child.name(), text::duration(after));
    match outcome {
        Outcome::Completed => format!("{name} completed in {after}"),
        Outcome::Cancelled => format!("{name} was cancelled after {after}"),
        _ => format!("{name} {} after {after}", outcome.into_str()),
    }
}

/// `a, b, c`
fn list(names: impl IntoIterator<Item = String>) -> String {
    let mut names = names.into_iter();
    let first: Vec<_> = names.by_ref().take(MAX_NAMES).collect();
    match names.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

impl JoinMode {
    /// The word for the children of the parent.
    fn children(self) -> &'static str {
        match self {
            JoinMode::Gather
            | JoinMode::Group
            | JoinMode::Race
            | JoinMode::Spawn
            | JoinMode::Shield
            | JoinMode::Par => "children",
            JoinMode::Join | JoinMode::TryJoin | JoinMode::Select | JoinMode::Buffered => "branches",
        }
    }
}

struct ResultMessage<'a> {
    join: &'a JoinState,
    cancels: bool,
}

impl fmt::Display for ResultMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = self.join;
        let mode = join.mode.into_str();
        match join.mode {
            _ if join.ends.is_empty() => write!(f, "{mode}: nothing to wait for")?,
            JoinMode::Race | JoinMode::Select => {
                write!(f, "{mode}: {} and decides the {mode}", join.describe(&join.ends[0]))?;
            }
            _ if join.succeeded() => {
                // The results are in the order in which the step spawned its children.
                let mut ends: Vec<_> = join.ends.iter().collect();
                ends.sort_by_key(|end| end.child);
                write!(f, "{mode}: {}", list(ends.into_iter().map(|end| join.describe(end))))?;
            }
            JoinMode::Gather | JoinMode::TryJoin | JoinMode::Shield => {
                let failures = list(join.failures().map(|end| join.describe(end)));
                write!(f, "{mode} fails at once: {failures}")?;
            }
            JoinMode::Group | JoinMode::Spawn | JoinMode::Join | JoinMode::Buffered | JoinMode::Par => {
                let ends = list(join.ends.iter().map(|end| join.describe(end)));
                write!(f, "{mode} fails after all {} have ended: {ends}", join.mode.children())?;
            }
        }
        let pending = list(join.pending().map(|(_, child)| child.name()));
        match (pending.as_str(), self.cancels) {
            ("", _) => Ok(()),
            (pending, true) => write!(f, "; cancelled: {pending}"),
            (pending, false) => write!(f, "; no longer waited for: {pending}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Registry;

    const MS: Nanos = Nanos::from_millis(1);

    fn message(mode: JoinMode, cancels: bool, ends: &[(usize, Outcome, u64)]) -> String {
        let registry = Registry::new();
        let mut join = JoinState::new(mode);
        for group in ["weather", "currencies", "news"] {
            join.add_child(&TaskHandle::new(&registry, &registry.group_named(group)));
        }
        for &(child, outcome, ms) in ends {
            let at = join.start + Nanos(MS.0 * ms);
            join.observe(ChildEnd { child, outcome, at });
        }
        ResultMessage { join: &join, cancels }.to_string()
    }

    #[test]
    fn results_are_in_the_order_in_which_the_step_spawned_its_children() {
        use Outcome::{Cancelled, Completed, Failed, TimedOut};
        assert_eq!(
            message(
                JoinMode::Gather,
                false,
                &[(2, Completed, 5), (1, Completed, 101), (0, Completed, 201)]
            ),
            "gather: weather#0 completed in 201 ms, currencies#0 completed in 101 ms, news#0 completed in 5.0 ms"
        );
        assert_eq!(
            message(JoinMode::Gather, false, &[(2, Completed, 5), (1, Failed, 101)]),
            "gather fails at once: currencies#0 failed after 101 ms; no longer waited for: weather#0"
        );
        assert_eq!(
            message(
                JoinMode::Group,
                true,
                &[(1, Failed, 101), (0, Cancelled, 102), (2, TimedOut, 103)]
            ),
            "group fails after all children have ended: currencies#0 failed after 101 ms, \
             weather#0 was cancelled after 102 ms, news#0 timed out after 103 ms"
        );
        assert_eq!(
            message(JoinMode::Race, true, &[(1, Completed, 101)]),
            "race: currencies#0 completed in 101 ms and decides the race; cancelled: weather#0, news#0"
        );
    }

    #[test]
    fn a_long_list_is_shortened() {
        let names = (0..20).map(|n| n.to_string());
        assert_eq!(list(names), "0, 1, 2, 3, 4, 5, 6, 7 and 12 more");
        assert_eq!(list(Vec::new()), "");
    }
}
