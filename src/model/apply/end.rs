//! The end of the run. After the end, the model answers every query as of the instant at which the
//! run ended.
//!
//! A run ends before its tasks are stopped. What happens afterwards is not part of the run. But
//! only the later records show exactly what was open when the run ended:
//!
//! ```text
//!                      end of the run
//!   ▐████████████████████▌███████▌          an open slice: ends at the end of the run
//!   ▌··········░░░░░░░░░░▌░░▒▒▒▐███▌        an open wait: the slice after it, or the end of its
//!            ready             woken        task, shows since when the task was ready or woken
//! ```
//!
//! So each later record is cut at the end of the run:
//! - A slice, a step or a repetition that began before the end ends there.
//! - A slice that began after the end is dropped, but its task's wait is cut at the end.
//! - A task that was alive ends at the end of the run: it was cancelled, or it had exceeded its
//!   limit.
//! - What was held or awaited at the end stays held or awaited.
//! - Everything else is dropped, and so is every record of a task that was spawned later.

use super::super::wait_state::Lateness;
use super::super::*;
use crate::record::{CompactDuration, CurrentSlice, Ended, Live, Outcome, Repetition, Slice, Spawned, Step, Waiting};
use std::collections::HashSet;

/// What the model knows about the end of the run, apart from the tasks.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct End {
    pub at: RunInstant,
    /// For each task that has run or ended since the end of the run: the wait that was open when
    /// the run ended.
    waits: HashMap<TaskId, OpenWait>,
    /// The records of tasks whose spawn is not known. No record of a spawn is lost, so this record
    /// will still arrive.
    held: HashMap<TaskId, Vec<(LaneId, Record)>>,
    /// The tasks that were spawned after the end.
    spawned_later: HashSet<TaskId>,
}

/// A wait that was open at the end of the run.
#[derive(Clone, Copy, Debug)]
struct OpenWait {
    /// When the wait ended. A task may wait again later, but that wait began after the end.
    until: RunInstant,
    /// When the task was ready, or the end of the run if the task was not ready by then.
    ready: RunInstant,
    /// When the task was woken, or the end of the run if the task was not woken by then.
    woken: RunInstant,
}

impl OpenWait {
    /// A wait that ended at `until`. The last parts of the wait were `unnoticed` and `queued`, in
    /// this order.
    fn new(end: RunInstant, until: RunInstant, queued: CompactDuration, unnoticed: CompactDuration) -> OpenWait {
        let woken = until - queued.get();
        OpenWait {
            until,
            ready: (woken - unnoticed.get()).min(end),
            woken: woken.min(end),
        }
    }

    fn lateness(&self, end: RunInstant) -> Lateness {
        Lateness {
            unnoticed: self.woken - self.ready,
            queued: end - self.woken,
        }
    }
}

impl Model {
    /// Ends the run at `at`, if it has not ended yet.
    pub(super) fn end(&mut self, at: RunInstant) {
        if self.end.is_none() {
            self.advance(at);
            self.end = Some(Box::new(End {
                at: self.now,
                ..End::default()
            }));
        }
    }

    /// Applies a record that arrived after the end of the run.
    pub(super) fn record_at_end(&mut self, lane: LaneId, record: &Record, task: Option<usize>) {
        let Some(end) = &mut self.end else { return };
        if let Some(id) = record.task() {
            if end.spawned_later.contains(&id) {
                return self.drop_record(record);
            }
            let is_known = matches!(record, Record::Spawned(_)) || self.task_indices.get(id).is_some();
            if !is_known {
                end.held.entry(id).or_default().push((lane, *record));
                return;
            }
        }
        let end = end.at;
        match *record {
            Record::Slice(slice) => self.slice_at_end(end, lane, &slice, task),
            Record::Spawned(spawned) => self.spawned_at_end(end, spawned),
            Record::Ended(ended) => self.ended_at_end(end, lane, ended),
            Record::Repetition(repetition) => self.repetition_at_end(end, repetition),
            Record::Step(step) => self.step_at_end(end, lane, step),
            Record::Orphaned(_)
            | Record::WaitBegan(_)
            | Record::WaitEnded(_)
            | Record::Acquired(_)
            | Record::Released(_)
            | Record::Notification(_)
            | Record::HolderLate(_)
            | Record::Received(_)
            | Record::Missed(_)
            | Record::Marked(_) => {
                if record.written_at() <= end {
                    self.record(lane, record, task);
                }
            }
        }
    }

    /// Drops a record of something that is not part of the run. tokio counts every poll, so a slice
    /// after the end still counts as recorded.
    fn drop_record(&mut self, record: &Record) {
        if matches!(record, Record::Slice(slice) if !slice.branch) {
            self.record_counts.recorded += 1;
            self.record_counts.after_end += 1;
        }
    }

    fn slice_at_end(&mut self, end: RunInstant, lane: LaneId, slice: &Slice, task: Option<usize>) {
        if slice.start < end {
            let len = slice.len.min(CompactDuration::new(end - slice.start));
            self.record(lane, &Record::Slice(Slice { len, ..*slice }), task);
        } else {
            self.drop_record(&Record::Slice(*slice));
            self.close_wait(
                slice.task,
                OpenWait::new(end, slice.start, slice.queued, slice.unnoticed),
            );
        }
    }

    fn step_at_end(&mut self, end: RunInstant, lane: LaneId, step: Step) {
        if step.start < end {
            self.step(
                lane,
                Step {
                    len: step.len.min(CompactDuration::new(end - step.start)),
                    ..step
                },
            );
        }
    }

    fn repetition_at_end(&mut self, end: RunInstant, repetition: Repetition) {
        let ended = repetition.start + repetition.len.get();
        if ended <= end {
            // A repetition that cannot be stopped ends with the run.
            self.repetition(repetition, ended == end);
        } else if repetition.start < end {
            let cut = Repetition {
                len: CompactDuration::new(end - repetition.start),
                outcome: cut_outcome(repetition.outcome),
                ..repetition
            };
            self.repetition(cut, true);
        }
    }

    fn spawned_at_end(&mut self, end: RunInstant, spawned: Spawned) {
        let Some(state) = &mut self.end else { return };
        let held = state.held.remove(&spawned.task).unwrap_or_default();
        if spawned.at > end {
            state.spawned_later.insert(spawned.task);
            return held.iter().for_each(|(_, record)| self.drop_record(record));
        }
        self.spawned(spawned);
        for (lane, record) in held {
            self.record_at_end(lane, &record, None);
        }
    }

    fn ended_at_end(&mut self, end: RunInstant, lane: LaneId, ended: Ended) {
        if ended.at <= end {
            self.ended(lane, ended, false);
            return;
        }
        let outcome = cut_outcome(ended.outcome);
        let cut = Ended {
            unobserved: ended.unobserved && outcome == ended.outcome,
            ..Ended::observed(end, ended.task, outcome)
        };
        self.ended(lane, cut, true);
        self.close_wait(ended.task, OpenWait::new(end, ended.at, ended.queued, ended.unnoticed));
    }

    /// Notes a wait that was open at the end, unless an earlier wait of the task is known.
    fn close_wait(&mut self, id: TaskId, wait: OpenWait) {
        let Some(end) = &mut self.end else { return };
        let known = end.waits.entry(id).or_insert(wait);
        // A task may end at the instant at which its slice begins. Then the record of the slice
        // contains the wait.
        if (wait.until, wait.ready) < (known.until, known.ready) {
            *known = wait;
        }
        let (at, lateness) = (end.at, known.lateness(end.at));
        self.change(id, at, |task, _| {
            if task.ended.is_some_and(|(ended, _)| ended == at) {
                task.last_lateness = lateness;
            }
        });
    }

    /// Applies the overlays of a batch, cut at the end of the run.
    pub(super) fn set_live_at_end(&mut self, live: &Live) {
        let Some(end) = self.end.as_ref().map(|end| end.at) else {
            return;
        };
        let mut cut = Live::default();
        for (current, is_branch) in all_open(live) {
            if current.start < end && is_branch {
                cut.branches.push(*current);
            } else if current.start < end {
                cut.lanes.push(*current);
            } else if self.task(current.task).is_some() {
                let wait = OpenWait::new(end, current.start, current.queued, current.unnoticed);
                self.close_wait(current.task, wait);
            }
        }
        for open in [&mut cut.lanes, &mut cut.branches] {
            open.retain(|current| self.task(current.task).is_some());
        }
        let before = |at: RunInstant| Some(at).filter(|&at| at < end);
        let waits = self.end.iter().flat_map(|end| &end.waits);
        cut.waiting = waits
            .map(|(&task, wait)| Waiting {
                task,
                ready: before(wait.ready),
                woken: before(wait.woken),
            })
            .collect();
        let others = |waiting: &&Waiting| {
            self.end
                .as_ref()
                .is_none_or(|end| !end.waits.contains_key(&waiting.task))
        };
        cut.waiting
            .extend(live.waiting.iter().filter(others).map(|waiting| Waiting {
                ready: waiting.ready.and_then(before),
                woken: waiting.woken.and_then(before),
                ..*waiting
            }));
        self.set_live(&cut);
        self.count_waits_of_ended_tasks();
    }

    /// For each task that has ended since the end of the run, adds the wait that was open when the
    /// run ended to the distributions of the task's group. Tasks that have not ended have an
    /// overlay.
    fn count_waits_of_ended_tasks(&mut self) {
        let Some(end) = self.end.as_ref().map(|end| end.at) else {
            return;
        };
        let mut waits = Vec::new();
        self.each_wait_cut_at_end(|task, _, lateness| waits.push((task, lateness)));
        for (id, lateness) in waits {
            let Some(task) = self.task_indices.get(id).map(|index| &self.tasks[index]) else {
                continue;
            };
            if !task.is_branch && lateness.queued > Nanos::ZERO {
                self.open_queue.add(end - lateness.queued);
            }
            if let Some(group) = task.group.and_then(|group| self.group_indices.get(group)) {
                let of_branch = task.is_branch;
                self.groups[group].open.add_wait(lateness, of_branch);
            }
        }
    }

    /// Calls `each` with each task that has ended since the end of the run, with the end of the
    /// run, and with the last parts of the wait that was open then.
    pub(in crate::model) fn each_wait_cut_at_end(&self, mut each: impl FnMut(TaskId, RunInstant, Lateness)) {
        let Some(end) = &self.end else { return };
        for (&id, wait) in &end.waits {
            let has_waited = |task: &Task| task.ended.is_some() && task.last_wait().since < end.at;
            if self.task(id).is_some_and(has_waited) {
                each(id, end.at, wait.lateness(end.at));
            }
        }
    }
}

/// The open slices of tasks and of branches. The second value is true for a branch.
fn all_open(live: &Live) -> impl Iterator<Item = (&CurrentSlice, bool)> {
    let tasks = live.lanes.iter().map(|current| (current, false));
    tasks.chain(live.branches.iter().map(|current| (current, true)))
}

/// The outcome of a task or a repetition that was open at the end of the run, and that ended with
/// `outcome` later. If `outcome` is a timeout, the limit was exceeded before the run ended.
fn cut_outcome(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::TimedOut => Outcome::TimedOut,
        _ => Outcome::Cancelled,
    }
}
