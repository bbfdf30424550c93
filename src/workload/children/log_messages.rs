//! What the log says of a call: a line that a student understands who sees it for the first time.

use super::JoinMode;
use super::call::Call;
use super::child_completions::End;
use crate::probe::TaskHandle;
use crate::record::{Nanos, Outcome};
use crate::text;
use std::fmt;

/// Children that a line names; of the others it says how many there are.
const NAMED: usize = 8;

impl Call {
    /// Writes how the call went, for its parent to have left. `cancels`: the others are being cancelled; otherwise they run on.
    pub(super) fn tell(&self, cancels: bool) {
        tracing::info!("{}", Verdict { call: self, cancels });
    }

    /// Writes that the parent was cancelled while it waited, and its children with it.
    pub(in crate::workload) fn tell_cancelled(&self) {
        tracing::info!(
            "{} was cancelled while it waited, and with it {}",
            self.manner.word(),
            list(self.others().map(|(_, child)| child.name()))
        );
    }

    fn ended(&self, end: &End) -> String {
        how(&self.children[end.place], end.outcome, end.at - self.since)
    }
}

/// `weather#0 completed in 201 ms`
fn how(child: &TaskHandle, outcome: Outcome, after: Nanos) -> String {
    let (name, after) = (child.name(), text::duration(after));
    match outcome {
        Outcome::Completed => format!("{name} completed in {after}"),
        Outcome::Cancelled => format!("{name} was cancelled after {after}"),
        _ => format!("{name} {} after {after}", outcome.word()),
    }
}

/// `a, b, c`
fn list(names: impl IntoIterator<Item = String>) -> String {
    let mut names = names.into_iter();
    let first: Vec<_> = names.by_ref().take(NAMED).collect();
    match names.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

struct Verdict<'a> {
    call: &'a Call,
    cancels: bool,
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.call;
        let word = call.manner.word();
        let by_time = || list(call.heard.iter().map(|end| call.ended(end)));
        match call.manner {
            _ if call.heard.is_empty() => write!(f, "{word}: nothing to wait for")?,
            JoinMode::Race => write!(f, "race: {} and decides", call.ended(&call.heard[0]))?,
            _ if call.succeeded() => {
                // The order of the call, whoever came first: that is the order of the results.
                let mut ends: Vec<_> = call.heard.iter().collect();
                ends.sort_by_key(|end| end.place);
                write!(f, "{word}: {}", list(ends.into_iter().map(|end| call.ended(end))))?;
            }
            JoinMode::Gather => {
                let failures = list(call.failures().map(|end| call.ended(end)));
                write!(f, "gather fails at once: {failures}")?;
            }
            JoinMode::Group | JoinMode::Spawn => write!(f, "{word} fails when all have ended: {}", by_time())?,
        }
        let others = list(call.others().map(|(_, child)| child.name()));
        match (others.as_str(), self.cancels) {
            ("", _) => Ok(()),
            (others, true) => write!(f, "; cancelled: {others}"),
            (others, false) => write!(f, "; nobody waits any more for {others}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Registry;

    const MS: Nanos = Nanos::from_millis(1);

    fn said(manner: JoinMode, cancels: bool, ends: &[(usize, Outcome, u64)]) -> String {
        let registry = Registry::new();
        let mut call = Call::new(manner);
        for group in ["weather", "currencies", "news"] {
            call.add(TaskHandle::new(&registry, &registry.group_named(group)));
        }
        for &(place, outcome, ms) in ends {
            let at = call.since + Nanos(MS.0 * ms);
            call.hear(End { place, outcome, at });
        }
        Verdict { call: &call, cancels }.to_string()
    }

    #[test]
    fn results_are_told_in_the_order_of_the_call() {
        use Outcome::{Cancelled, Completed, Failed, TimedOut};
        assert_eq!(
            said(
                JoinMode::Gather,
                false,
                &[(2, Completed, 5), (1, Completed, 101), (0, Completed, 201)]
            ),
            "gather: weather#0 completed in 201 ms, currencies#0 completed in 101 ms, news#0 completed in 5.0 ms"
        );
        assert_eq!(
            said(JoinMode::Gather, false, &[(2, Completed, 5), (1, Failed, 101)]),
            "gather fails at once: currencies#0 failed after 101 ms; nobody waits any more for weather#0"
        );
        assert_eq!(
            said(
                JoinMode::Group,
                true,
                &[(1, Failed, 101), (0, Cancelled, 102), (2, TimedOut, 103)]
            ),
            "group fails when all have ended: currencies#0 failed after 101 ms, \
             weather#0 was cancelled after 102 ms, news#0 timed out after 103 ms"
        );
        assert_eq!(
            said(JoinMode::Race, true, &[(1, Completed, 101)]),
            "race: currencies#0 completed in 101 ms and decides; cancelled: weather#0, news#0"
        );
    }

    #[test]
    fn a_long_list_is_cut() {
        let names = (0..20).map(|n| n.to_string());
        assert_eq!(list(names), "0, 1, 2, 3, 4, 5, 6, 7 and 12 more");
        assert_eq!(list(Vec::new()), "");
    }
}
