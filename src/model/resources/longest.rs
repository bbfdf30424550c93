//! The longest hold of a resource, the longest wait for it, and how long each group waited.

use super::{Resource, Span, Stay};
use crate::model::Model;
use crate::record::{GroupId, Nanos, RunInstant, Wanted};
use std::collections::BTreeMap;

impl Resource {
    /// The longest holds of a lock or a permit, at most `count`, the longest first. The result
    /// includes holds that have not ended. The model keeps only the latest of the ended holds, so
    /// older holds are absent.
    pub fn longest_holds(&self, count: usize, now: RunInstant) -> Vec<Span> {
        let past = self.past_holds.within(RunInstant::ZERO, RunInstant::MAX);
        let past = past.map(|&Stay { task, from, to, .. }| Span {
            len: to - from,
            to,
            task,
        });
        let open = self.holders.iter().filter_map(|(task, _)| {
            let len = now - self.holders.since(task)?;
            Some(Span { len, to: now, task })
        });
        let mut holds: Vec<Span> = past.chain(open).collect();
        holds.sort_unstable_by_key(|hold| std::cmp::Reverse(*hold));
        holds.truncate(count);
        holds
    }

    /// The longest wait to acquire the resource, including the waits that have not ended.
    pub fn longest_wait_until(&self, now: RunInstant) -> Option<Span> {
        let open = self.waits.iter().filter(|((_, wanted), _)| *wanted != Wanted::Message);
        let open = open.map(|(&(task, _), wait)| Span {
            len: now - wait.since,
            to: now,
            task,
        });
        self.longest_wait.into_iter().chain(open).max()
    }
}

impl Model {
    /// For how long the tasks of each group waited to acquire a resource, the longest time first.
    /// Of the waits that have ended, only the latest are counted.
    pub fn waited_by_group(&self, resource: &Resource) -> Vec<(GroupId, Nanos)> {
        let past = resource.past_waits.within(RunInstant::ZERO, RunInstant::MAX);
        let past = past.map(|&Stay { task, from, to, wanted }| (task, to - from, wanted));
        let open = resource.waits.iter();
        let open = open.map(|(&(task, wanted), wait)| (task, self.now - wait.since, wanted));
        let mut sums = BTreeMap::<GroupId, Nanos>::new();
        for (task, time, _) in past.chain(open).filter(|(.., wanted)| *wanted != Wanted::Message) {
            if let Some(group) = self.task(task).and_then(|task| task.group) {
                *sums.entry(group).or_default() += time;
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(group, time)| (std::cmp::Reverse(*time), *group));
        sums
    }
}
