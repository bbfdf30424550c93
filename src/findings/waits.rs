//! Waits for a resource, for the rules about resources.

use super::Evidence;
use crate::model::Resource;
use crate::record::{Nanos, ResourceKind};

/// The sum of the times for which tasks waited to acquire a resource.
pub(super) fn total(evidence: &Evidence<'_>, resource: &Resource) -> Nanos {
    let now = evidence.model.now();
    let mut mean = resource.waiting(now).mean;
    if resource.info.kind == ResourceKind::Rwlock {
        mean += resource.waiting_to_read(now).mean;
    }
    Nanos((mean * now.0 as f64) as u64)
}

/// The names of the groups whose tasks waited, those that waited longest first. Groups that hardly
/// waited are left out.
pub(super) fn victims(evidence: &Evidence<'_>, resource: &Resource) -> Vec<String> {
    let waited = evidence.model.waited_by_group(resource);
    let all: Nanos = waited.iter().map(|(_, time)| *time).sum();
    let waited = waited.into_iter().filter(|(_, time)| time.0 >= all.0 / 50);
    waited.map(|(group, _)| evidence.group_name(group)).collect()
}

/// Whether tasks in a deadlock wait for the resource. Then the deadlock is the finding.
pub(super) fn is_in_deadlock(evidence: &Evidence<'_>, resource: &Resource) -> bool {
    let mut waits = evidence.model.deadlocks().iter().flat_map(|deadlock| &deadlock.waits);
    waits.any(|wait| wait.waits_for == resource.info.name)
}
