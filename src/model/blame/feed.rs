//! Passes records, and what is open now, to [`Blames`].

use super::*;
use crate::model::apply::SleepSource;
use crate::model::spans::Spans;
use crate::model::task::LiveTask;
use crate::record::Ended;

/// A part of a slice in which its thread slept. The slice was applied before.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct SleptInSlice {
    pub lane: LaneId,
    /// The length of the slice.
    pub len: Nanos,
    pub span: (RunInstant, RunInstant),
}

/// A wait that no record contains yet.
#[derive(Clone, Copy, Debug)]
struct OpenWait {
    task: TaskId,
    end: RunInstant,
    queued: Nanos,
    unnoticed: Nanos,
    /// `None` if the lanes are not known.
    lanes: Option<LaneSet>,
}

impl Model {
    fn lanes_of(&self, lane: LaneId) -> Option<LaneSet> {
        let index = self.lane_indices.get(lane)?;
        Some(LaneSet::of(&self.lanes[index]))
    }

    /// Applies a slice of the task at this index. Its group must be known.
    #[inline]
    pub(in crate::model) fn blame_slice(&mut self, lane: LaneId, lane_index: usize, task: usize, slice: &Slice) {
        let task = &self.tasks[task];
        let Some(group) = task.group else { return };
        let lanes = LaneSet::of(&self.lanes[lane_index]);
        let end = slice.start + slice.len.get();
        let computing = task.blocking.gaps(slice.start, end);
        self.blames.slice(group, (lane, lanes), slice, computing);
    }

    /// Applies the records of a task that arrived before its spawn.
    pub(in crate::model) fn blame_pending(&mut self, task: TaskId, records: &[(LaneId, Record)]) {
        let Some(task) = self
            .task_indices
            .get(task)
            .filter(|index| !self.tasks[*index].is_branch)
        else {
            return;
        };
        let mut of_steps = Spans::default();
        for (lane, record) in records {
            match record {
                Record::Step(step) if step.blocking => {
                    let (from, to) = (step.start, step.start + step.len.get());
                    let mut new = Vec::new();
                    of_steps.add(from, to, |from, to| new.push((from, to)));
                    self.blame_sleep(*lane, task, &new, Some(step));
                }
                Record::Ended(ended) => self.blame_end(task, ended),
                _ => {}
            }
        }
        for (lane, record) in records {
            if let (Record::Slice(slice), Some(lane_index)) = (record, self.lane_indices.get(*lane)) {
                self.blame_slice(*lane, lane_index, task, slice);
                let slept = self.tasks[task]
                    .blocking
                    .within(slice.start, slice.start + slice.len.get());
                let by_kernel: Vec<_> = slept.flat_map(|(from, to)| of_steps.gaps(from, to)).collect();
                self.blame_sleep(*lane, task, &by_kernel, None);
            }
        }
    }

    /// Applies the wait in which the task at this index ended.
    pub(in crate::model) fn blame_end(&mut self, task: usize, ended: &Ended) {
        let task = &self.tasks[task];
        if let Some(group) = task.group.filter(|_| !task.is_branch) {
            let (queued, unnoticed) = (ended.queued.get(), ended.unnoticed.get());
            self.blames.wait(group, None, task.id, ended.at, queued, unnoticed);
        }
    }

    fn blame_sleep(&mut self, lane: LaneId, task: usize, spans: &[(RunInstant, RunInstant)], step: Option<&Step>) {
        let (Some(group), Some(lane)) = (self.tasks[task].group, self.lane_indices.get(lane)) else {
            return;
        };
        let lane = &self.lanes[lane];
        let lanes = LaneSet::of(lane);
        if let Some(step) = step {
            let hold = HoldKind::Asleep(step.blocked_on, step.label);
            return self.blames.asleep(Culprit { group, lanes, hold }, spans, Some(step));
        }
        for span in spans {
            let hold = HoldKind::InSystemCall(lane.call_within(*span));
            self.blames.asleep(Culprit { group, lanes, hold }, &[*span], None);
        }
    }

    /// The thread of `lane` slept while `task` held it. `new` are the spans that were not known
    /// before, and `in_slices` are the parts of slices that were counted as computing.
    pub(in crate::model) fn blame_block(
        &mut self,
        task: TaskId,
        source: SleepSource<'_>,
        new: &[(RunInstant, RunInstant)],
        in_slices: &[SleptInSlice],
    ) {
        let Some(index) = self.task_indices.get(task) else {
            return;
        };
        let task = &self.tasks[index];
        let Some(group) = task.group.filter(|_| !task.is_branch) else {
            return;
        };
        let (lane, step) = match source {
            SleepSource::Step(lane, step) => (lane, Some(step)),
            SleepSource::Kernel(lane) => (lane, None),
        };
        for slept in in_slices {
            if let Some(lanes) = self.lanes_of(slept.lane) {
                self.blames.not_computing(group, lanes, slept.len, slept.span);
            }
        }
        self.blame_sleep(lane, index, new, step);
    }

    pub(super) fn add_open_slices(&self, open: &mut Ring, divided: &mut Divided) {
        for lane in &self.lanes {
            let Some((current, asleep)) = self.open_slice(lane) else {
                continue;
            };
            let lanes = LaneSet::of(lane);
            let group = self.task(current.task).and_then(|task| task.group);
            let Some(group) = group.filter(|_| lanes != LaneSet::OwnThread) else {
                continue;
            };
            let hold = HoldKind::of(self.now - current.start);
            let computing = Key::of(Culprit { group, lanes, hold });
            let mut at = current.start;
            for &(from, to) in asleep {
                // Steps of the slice that have ended were applied already.
                let is_known = self.task(current.task).is_some_and(|task| {
                    let known = task.blocking.covered(from, to);
                    known == to - from
                });
                let hold = match current.blocking_since {
                    Some(since) if since < to => HoldKind::Asleep(current.blocked_on, current.label),
                    _ => HoldKind::InSystemCall(lane.call_within((from, to))),
                };
                open.hold(computing, at, from, divided);
                if !is_known {
                    open.hold(Key::of(Culprit { group, lanes, hold }), from, to, divided);
                }
                at = to;
            }
            open.hold(computing, at, self.now, divided);
        }
    }

    /// Calls `each` with the long hold of each lane that has not ended.
    pub(super) fn each_open_hold(&self, mut each: impl FnMut(&UncheckedHold)) {
        for lane in &self.lanes {
            let lanes = LaneSet::of(lane);
            let Some((current, _)) = self.open_slice(lane).filter(|_| lanes != LaneSet::OwnThread) else {
                continue;
            };
            let Some(group) = self.task(current.task).and_then(|task| task.group) else {
                continue;
            };
            let mut call = |hold, from: RunInstant| {
                let hold_of_step = LongHold {
                    len: self.now - from,
                    from,
                    task: current.task,
                    step: current.label,
                };
                each(&UncheckedHold {
                    culprit: Key::of(Culprit { group, lanes, hold }),
                    lane: lane.id,
                    hold: hold_of_step,
                });
            };
            if self.now - current.start >= NOTABLE {
                call(HoldKind::Long, current.start);
            }
            if let Some(since) = current.blocking_since {
                let since = since.max(current.start).min(self.now);
                call(HoldKind::Asleep(current.blocked_on, current.label), since);
            }
        }
    }

    pub(super) fn add_open_waits(&self, open: &mut Ring, divided: &mut Divided) {
        self.each_open_wait(|wait| {
            let task = self.task(wait.task).filter(|task| !task.is_branch);
            let Some(group) = task.and_then(|task| task.group) else {
                return;
            };
            let lanes = wait.lanes.or_else(|| self.blames.lanes_of(group));
            let lanes = lanes.unwrap_or(LaneSet::Workers);
            open.wait(
                group,
                lanes,
                wait.task,
                (wait.end, wait.queued, wait.unnoticed),
                divided,
            );
        });
    }

    fn each_open_wait(&self, mut each: impl FnMut(OpenWait)) {
        for task in self.live.iter().filter_map(|id| self.task(*id)) {
            match task.live.as_deref() {
                Some(LiveTask::Waiting { ready, woken }) => {
                    let woken = woken.unwrap_or(self.now).min(self.now);
                    let ready = ready.unwrap_or(woken).min(woken);
                    each(OpenWait {
                        task: task.id,
                        end: self.now,
                        queued: self.now - woken,
                        unnoticed: woken - ready,
                        lanes: None,
                    });
                }
                Some(LiveTask::Current {
                    lane,
                    start,
                    queued,
                    unnoticed,
                    ..
                }) => each(OpenWait {
                    task: task.id,
                    end: *start,
                    queued: *queued,
                    unnoticed: *unnoticed,
                    lanes: self.lanes_of(*lane),
                }),
                None => {}
            }
        }
        self.each_wait_cut_at_end(|task, end, lateness| {
            each(OpenWait {
                task,
                end,
                queued: lateness.queued,
                unnoticed: lateness.unnoticed,
                lanes: None,
            });
        });
    }
}
