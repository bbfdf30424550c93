//! The list of everything that tasks share. This list is known before the run.

use super::fan_out::broadcast_capacity;
use crate::record::{ResourceInfo, ResourceKind};
use crate::scenario::{Branch, ChannelKind, ChannelSpec, Scenario, Step, TaskSpec};
use std::collections::BTreeSet;

/// The resources of a scenario: its locks, semaphores, channels, barriers, read-write locks,
/// notifications, and the results that its groups keep, in this order. The index of a resource is
/// its number in the records.
pub fn resources(scenario: &Scenario) -> Vec<ResourceInfo> {
    let locks = scenario
        .locks
        .iter()
        .map(|lock| ResourceInfo::new(ResourceKind::Lock, &lock.name, Some(1)));
    let semaphores = scenario.semaphores.iter();
    let semaphores = semaphores
        .map(|semaphore| ResourceInfo::new(ResourceKind::Semaphore, &semaphore.name, Some(semaphore.permits)));
    let channels = scenario.channels.iter().map(|channel| ResourceInfo {
        senders: groups_that(
            scenario,
            &|step| matches!(step, Step::Send(send) if send.channel == channel.name),
        ),
        receivers: groups_that(
            scenario,
            &|step| matches!(step, Step::Recv(recv) if recv.channel == channel.name),
        ),
        item_bytes: channel.item_bytes,
        ..channel_info(channel)
    });
    let barriers = scenario.barriers.iter().map(|barrier| ResourceInfo {
        senders: groups_that(
            scenario,
            &|step| matches!(step, Step::Barrier(step) if step.name == barrier.name),
        ),
        ..ResourceInfo::new(ResourceKind::Barrier, &barrier.name, Some(barrier.tasks))
    });
    let rwlocks = scenario
        .rwlocks
        .iter()
        .map(|name| ResourceInfo::new(ResourceKind::Rwlock, name, Some(1)));
    let notifies = scenario.notifies.iter().map(|name| ResourceInfo {
        senders: groups_that(
            scenario,
            &|step| matches!(step, Step::Notify(notify) if notify.name == *name),
        ),
        ..ResourceInfo::new(ResourceKind::Notify, name, Some(1))
    });
    let holdable = locks.chain(semaphores).chain(channels);
    let results = scenario.results.iter().map(|results| ResourceInfo {
        item_bytes: results.item_bytes,
        ..ResourceInfo::new(ResourceKind::Results, &results.name(), None)
    });
    let others = barriers.chain(rwlocks).chain(notifies);
    holdable.chain(others).chain(results).collect()
}

fn channel_info(channel: &ChannelSpec) -> ResourceInfo {
    let (kind, capacity) = match channel.kind {
        ChannelKind::Queue { capacity } => (ResourceKind::Channel, capacity),
        ChannelKind::Watch => (ResourceKind::Watch, None),
        ChannelKind::Broadcast { capacity } => (ResourceKind::Broadcast, Some(broadcast_capacity(capacity))),
    };
    ResourceInfo::new(kind, &channel.name, capacity)
}

/// The groups that have a step for which `does` returns true. A group is included if one of its
/// tasks may run such a step, or may spawn a task that runs such a step.
fn groups_that(scenario: &Scenario, does: &dyn Fn(&Step) -> bool) -> Vec<String> {
    let names = |group: &TaskSpec| group.name.clone();
    let mut found: BTreeSet<String> = scenario
        .tasks
        .iter()
        .filter(|group| any_step(group, does))
        .map(names)
        .collect();
    loop {
        let calls = |group: &&TaskSpec| any_step(group, &|step| calls_one_of(step, &found));
        let callers: BTreeSet<String> = scenario.tasks.iter().filter(calls).map(names).collect();
        if callers.is_subset(&found) {
            break;
        }
        found.extend(callers);
    }
    scenario
        .tasks
        .iter()
        .map(names)
        .filter(|name| found.contains(name))
        .collect()
}

fn any_step(group: &TaskSpec, is_such: &dyn Fn(&Step) -> bool) -> bool {
    let mut any = false;
    for step in &group.steps {
        step.visit(&mut |step| any |= is_such(step));
    }
    any
}

/// Whether this step itself calls one of these groups.
fn calls_one_of(step: &Step, groups: &BTreeSet<String>) -> bool {
    step.children().iter().any(|child| match child.branch {
        Branch::Group(name) => groups.contains(name),
        Branch::Steps(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_sends_if_a_step_of_the_group_or_of_a_called_group_sends() {
        let text = "title = 't'\n[[channel]]\nname = 'q'\ncapacity = 2\n[[semaphore]]\nname = 's'\npermits = 3\n\
            [[task]]\nname = 'a'\nsteps = [{ lock = { name = 'l', steps = [{ gather = ['b'] }] } }]\n\
            [[task]]\nname = 'b'\nstart = 'called'\nsteps = [{ spawn = [{ send = 'q' }] }]\n\
            [[task]]\nname = 'c'\nsteps = [{ semaphore = { name = 's', steps = [{ recv = 'q' }] } }]";
        let scenario = crate::scenario::read("test.toml", text).unwrap_or_else(|report| panic!("{report}"));
        let resources = resources(&scenario);
        let summary: Vec<_> = resources
            .iter()
            .map(|it| (it.kind, it.name.as_str(), it.capacity))
            .collect();
        assert_eq!(
            summary,
            [
                (ResourceKind::Lock, "l", Some(1)),
                (ResourceKind::Semaphore, "s", Some(3)),
                (ResourceKind::Channel, "q", Some(2))
            ]
        );
        assert_eq!(resources[2].senders, ["a", "b"]);
        assert_eq!(resources[2].receivers, ["c"]);
    }

    #[test]
    fn the_groups_that_reach_a_barrier_or_notify_are_listed() {
        let text = "title = 't'\n[[barrier]]\nname = 'phase'\ntasks = 2\n\
            [[task]]\nname = 'a'\nsteps = [{ barrier = 'phase' }, { notified = 'go' }]\n\
            [[task]]\nname = 'b'\nsteps = [{ gather = ['c'] }]\n\
            [[task]]\nname = 'c'\nstart = 'called'\nsteps = [{ notify = 'go' }, { rwlock = { name = 'r', access = 'read', steps = ['yield'] } }]";
        let scenario = crate::scenario::read("test.toml", text).unwrap_or_else(|report| panic!("{report}"));
        let resources = resources(&scenario);
        let summary: Vec<_> = resources
            .iter()
            .map(|it| (it.kind, it.name.as_str(), it.capacity, it.senders.join(" ")))
            .collect();
        assert_eq!(
            summary,
            [
                (ResourceKind::Barrier, "phase", Some(2), "a".to_owned()),
                (ResourceKind::Rwlock, "r", Some(1), String::new()),
                (ResourceKind::Notify, "go", Some(1), "b c".to_owned())
            ]
        );
    }
}
