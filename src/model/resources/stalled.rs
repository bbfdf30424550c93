//! Finds the tasks that cannot continue because a stuck task blocks the one thread on which they
//! could continue.
//!
//! ```text
//!   a thread    ▐ task ▐ branch 1 waits for a lock ···      the task polls its branches itself, so
//!                                                          nobody polls the task and branch 0
//!   a thread    ▐ task ▐ waits for its children ▐ job ···  the task lies below the job on the stack
//! ```
//!
//! No timeout and no cancellation can end such a wait: both need the thread.

use super::stuck::{Awaited, StuckWait};
use super::*;
use std::collections::BTreeMap;

/// Which tasks and branches hold the threads.
pub(super) struct Threads {
    blocked: BTreeMap<LaneId, BlockedLane>,
    /// The tasks that wait for their children and hold no lane, by the lane on which the wait
    /// began. Empty on executors whose tasks do not hold their threads.
    off_lane: HashMap<LaneId, Vec<TaskId>>,
}

/// What a lane does whose thread is blocked.
struct BlockedLane {
    task: TaskId,
    /// The innermost branch of the task that is being polled, with the start of this poll.
    branch: Option<(TaskId, RunInstant)>,
}

impl Threads {
    pub(super) fn new(model: &Model) -> Threads {
        let polled = model.live.iter().filter_map(|id| {
            let task = model.task(*id).filter(|task| task.is_branch)?;
            let (lane, start) = task.held_lane()?;
            Some((lane, task, start))
        });
        let polled: Vec<_> = polled.collect();
        let innermost = |lane: LaneId| {
            let here = || polled.iter().filter(move |(other, ..)| *other == lane);
            let mut without_inner =
                here().filter(|(_, task, _)| !here().any(|(_, other, _)| other.parent == Some(task.id)));
            without_inner.next().map(|(_, task, start)| (task.id, *start))
        };
        let blocked = model.lanes().iter().filter_map(|lane| {
            let current = lane.current.filter(|current| current.blocking_since.is_some())?;
            let blocked = BlockedLane {
                task: current.task,
                branch: innermost(lane.id),
            };
            Some((lane.id, blocked))
        });
        Threads {
            blocked: blocked.collect(),
            off_lane: off_lane(model),
        }
    }

    /// The task or branch that blocks a lane, if `waits` contains a wait of this task or branch.
    pub(super) fn blocker(&self, lane: LaneId, waits: &BTreeMap<TaskId, StuckWait>) -> Option<TaskId> {
        let blocked = self.blocked.get(&lane)?;
        match blocked.branch {
            None => Some(blocked.task).filter(|task| waits.contains_key(task)),
            // If the wait began in an earlier poll, the branch does not wait on this thread.
            Some((branch, start)) => Some(branch).filter(|branch| {
                let wait = waits.get(branch);
                wait.is_some_and(|wait| wait.since >= start)
            }),
        }
    }

    /// The tasks that these stuck tasks stall, each with its wait for the thread.
    pub(super) fn stalled(&self, model: &Model, waits: &BTreeMap<TaskId, StuckWait>) -> BTreeMap<TaskId, StuckWait> {
        let mut stalled = BTreeMap::new();
        let mut by_task = HashMap::new();
        for (lane, BlockedLane { task, .. }) in &self.blocked {
            let Some(blocker) = self.blocker(*lane, waits) else {
                continue;
            };
            let wait = StuckWait {
                awaited: Awaited::ThreadOf(blocker),
                since: waits[&blocker].since,
            };
            // A task that waits for its own branches does not stall these branches.
            if waits[&blocker].awaited != Awaited::Children {
                by_task.insert(*task, wait);
            }
            if *task != blocker {
                stalled.insert(*task, wait);
            }
            let below = self.off_lane.get(lane).into_iter().flatten();
            stalled.extend(below.map(|task| (*task, wait)));
        }
        if by_task.is_empty() {
            return stalled;
        }
        for branch in model
            .tasks()
            .iter()
            .filter(|task| task.is_branch && task.ended.is_none())
        {
            if let Some(wait) = by_task.get(&polling_task(model, branch)) {
                stalled.insert(branch.id, *wait);
            }
        }
        stalled.retain(|task, wait| wait.awaited != Awaited::ThreadOf(*task));
        stalled
    }
}

/// The tasks that wait for their children and hold no lane, by the lane on which they wait.
fn off_lane(model: &Model) -> HashMap<LaneId, Vec<TaskId>> {
    let mut off_lane = HashMap::<LaneId, Vec<TaskId>>::new();
    if model.info.async_executor {
        return off_lane;
    }
    for (id, wait) in model.resources.waits_for_children.iter() {
        let is_off_lane = |task: &Task| !task.is_branch && task.held_lane().is_none();
        if model.task(*id).is_some_and(is_off_lane) {
            off_lane.entry(wait.lane).or_default().push(*id);
        }
    }
    off_lane
}

/// The task that polls a branch, directly or through other branches.
fn polling_task(model: &Model, branch: &Task) -> TaskId {
    let mut task = branch;
    while let Some(parent) = task.parent.filter(|_| task.is_branch).and_then(|id| model.task(id)) {
        task = parent;
    }
    task.id
}
