//! The recorder of one lane.

use super::{Role, WakeCause};
use crate::probe::exact_sums::EndedSlice;
use crate::probe::lane_shared::{LaneShared, OPEN_BRANCHES};
use crate::probe::open_slice::OpenSlice;
use crate::probe::registry::{RegisteredTask, Registry};
use crate::probe::wake_stamps::WakeStamps;
use crate::record::{
    CompactDuration, HOGGING_POLL, Label, LostSlices, LostTime, Nanos, ProcessClock, ProcessInstant, Reason, Record,
    Slice, Step, TaskId,
};
use rtrb::Producer;
use std::sync::Arc;

/// Writes the records of one thread as a lane of one run.
pub(super) struct Recorder {
    registry: Arc<Registry>,
    /// Whether the thread polls futures. Otherwise it runs jobs.
    polls: bool,
    ring: Producer<Record<ProcessClock>>,
    shared: Arc<LaneShared>,
    /// The open slice. If `task` in this field is `None`, no slice is open. While a task polls one
    /// of its branches, this is the slice of the branch.
    open: Open,
    /// The slices in which the open slice is nested: the slice of the polling task, and the slices
    /// of branches that poll other branches. Empty unless the open slice is the slice of a branch.
    outer: Vec<Open>,
    /// When the thread parked. `None` if the thread is not parked.
    pub(super) parked: Option<ProcessInstant>,
}

/// The data of a slice before its end.
struct Open {
    task: Option<TaskId>,
    start: ProcessInstant,
    queued: CompactDuration,
    unnoticed: CompactDuration,
    woken_by: Option<TaskId>,
    label: Label,
    reason: Reason,
    /// The time of the blocking steps that have ended, up to the end of the run.
    blocking: Nanos,
    /// The task, if it has ended in this slice. The end of the slice must still be added to the
    /// sums of the task.
    ended: Option<Arc<RegisteredTask>>,
}

impl Open {
    const NONE: Open = Open {
        task: None,
        start: ProcessInstant::ZERO,
        queued: CompactDuration::ZERO,
        unnoticed: CompactDuration::ZERO,
        woken_by: None,
        label: Label::NONE,
        reason: Reason::Unknown,
        blocking: Nanos::ZERO,
        ended: None,
    };

    /// The record of the open slice, which ends at `end`. `None` if no slice is open.
    #[inline]
    fn until(&self, end: ProcessInstant, branch: bool) -> Option<Slice<ProcessClock>> {
        self.task.map(|task| Slice {
            start: self.start,
            task,
            len: CompactDuration::new(end - self.start),
            queued: self.queued,
            unnoticed: self.unnoticed,
            woken_by: self.woken_by,
            label: self.label,
            suspended_on: self.reason,
            branch,
        })
    }

    /// The slice for the sums of its task.
    #[inline]
    fn ended_at(&self, end: ProcessInstant, is_lost: bool, on_worker: bool) -> EndedSlice {
        EndedSlice {
            start: self.start,
            end,
            blocking: self.blocking,
            queued: self.queued.get(),
            unnoticed: self.unnoticed.get(),
            reason: self.reason,
            label: self.label,
            is_lost,
            on_worker,
        }
    }
}

impl Recorder {
    pub(super) fn new(
        registry: Arc<Registry>,
        role: Role,
        ring: Producer<Record<ProcessClock>>,
        shared: Arc<LaneShared>,
    ) -> Recorder {
        Recorder {
            registry,
            polls: role.polls(),
            ring,
            shared,
            open: Open::NONE,
            // If branches are nested more deeply than this, the vector allocates more memory.
            outer: Vec::with_capacity(OPEN_BRANCHES),
            parked: None,
        }
    }

    /// Whether the recorder belongs to this registry and to a lane for this role.
    #[inline]
    pub(super) fn matches(&self, registry: &Arc<Registry>, role: Role) -> bool {
        Arc::ptr_eq(&self.registry, registry) && self.polls == role.polls()
    }

    pub(super) fn belongs_to(&self, registry: &Registry) -> bool {
        std::ptr::eq(&raw const *self.registry, registry)
    }

    pub(super) fn lateness(&self, task: TaskId, since: ProcessInstant) -> Nanos {
        if self.open.task != Some(task) {
            return Nanos::ZERO;
        }
        let lateness = self.open.queued.get() + self.open.unnoticed.get();
        lateness.min(self.open.start - since)
    }

    /// The task that holds the lane.
    #[inline]
    pub(super) fn current_task(&self) -> Option<TaskId> {
        self.open.task
    }

    #[inline]
    pub(super) fn wake_cause(&self) -> WakeCause {
        match (self.open.task, self.parked) {
            (Some(task), _) => WakeCause::Task(task),
            (None, Some(since)) => WakeCause::Park(since),
            (None, None) => WakeCause::Other,
        }
    }

    /// Pushes a record into the ring. Returns `false` if the ring is full and the record was
    /// counted as lost.
    #[inline]
    pub(super) fn push(&mut self, record: Record<ProcessClock>) -> bool {
        if self.ring.push(record).is_ok() {
            return true;
        }
        match record {
            // An event that occurs once in the life of a task is always recorded. Such events are
            // rare, so a lock may be taken for each of them. An event of a resource is always
            // recorded too: without the record, a task would seem to hold or to await the resource
            // forever. A step in which the thread slept is always recorded: without the record, the
            // task would seem to compute.
            Record::Step(Step { blocking: true, .. })
            | Record::Spawned(_)
            | Record::Orphaned(_)
            | Record::Ended(_)
            | Record::WaitBegan(_)
            | Record::WaitEnded(_)
            | Record::Acquired(_)
            | Record::Released(_)
            | Record::Notification(_)
            | Record::HolderLate(_)
            | Record::Received(_)
            | Record::Missed(_) => {
                self.registry.record_off_lane(record);
                return true;
            }
            // The slice of a branch is not a poll of the runtime, so it is counted with the other
            // records.
            Record::Slice(slice) if !slice.branch => self.shared.tally.count_lost_slice(),
            _ => self.shared.tally.count_lost_other(),
        }
        false
    }

    #[inline]
    pub(super) fn begin(&mut self, at: ProcessInstant, task: TaskId) {
        self.open = Open {
            task: Some(task),
            start: at,
            ..Open::NONE
        };
        self.shared.slice.begin(task, at);
    }

    /// Notes that the task of the open slice ends in this slice.
    pub(super) fn set_ended(&mut self, task: &Arc<RegisteredTask>) {
        if self.open.task == task.id() {
            self.open.ended = Some(task.clone());
        }
    }

    /// Ends the open slice of `task`. If `task` is `None`, either the task has already noted its
    /// own end, or a library spawned the task. The caller must drop the returned task when it does
    /// not use the lane any more: a task may own a runtime's waker.
    #[inline]
    pub(super) fn end(&mut self, at: ProcessInstant, task: Option<&RegisteredTask>) -> Option<Arc<RegisteredTask>> {
        let open = std::mem::replace(&mut self.open, Open::NONE);
        let slice = open.until(at, false)?;
        let is_lost = !self.push(Record::Slice(slice));
        self.shared.slice.end();
        let has_sums = self.add_to_sums(&open, at, task, is_lost);
        if is_lost {
            self.count_lost(&open, at, has_sums);
        }
        open.ended
    }

    /// Adds a slice to the sums of its task. The record of the slice has been pushed or lost.
    /// Returns `false` if the task has no sums.
    #[inline]
    fn add_to_sums(&self, open: &Open, at: ProcessInstant, task: Option<&RegisteredTask>, is_lost: bool) -> bool {
        let task = task.or(open.ended.as_deref());
        // If a task polls another task, the slice of the inner task has replaced the slice of the
        // outer task.
        let Some(task) = task.filter(|task| task.id() == open.task) else {
            return false;
        };
        task.sums
            .add(open.ended_at(at, is_lost, self.polls), self.registry.end_of_run());
        if is_lost {
            task.note_loss();
        }
        if task.has_ended() {
            task.hand_over_sums();
        }
        true
    }

    /// Adds up the time of a lost slice, up to the end of the run.
    #[cold]
    fn count_lost(&self, open: &Open, at: ProcessInstant, has_sums: bool) {
        let run_end = self.registry.end_of_run();
        let (start, until) = (open.start.min(run_end), at.min(run_end));
        let time = LostTime {
            running: (until - start) - open.blocking,
            blocking: open.blocking,
        };
        self.shared.tally.add_lost_time(time);
        if let Some(task) = open.task.filter(|_| !has_sums && open.start < run_end) {
            self.registry.count_lost_slices(LostSlices {
                task,
                start,
                until,
                slices: 1,
                running: time.running,
                hogging: match until - start < HOGGING_POLL {
                    true => Nanos::ZERO,
                    false => time.running,
                },
                blocking: time.blocking,
                on_worker: self.polls,
            });
        }
    }

    /// Begins a slice of a branch inside the open slice.
    pub(super) fn begin_branch(&mut self, at: ProcessInstant, branch: TaskId) {
        let open = Open {
            task: Some(branch),
            start: at,
            ..Open::NONE
        };
        self.outer.push(std::mem::replace(&mut self.open, open));
        if let Some(slice) = self.shown() {
            slice.begin(branch, at);
        }
    }

    /// Ends the slice of a branch. The slice around the branch's slice continues. Like
    /// [`end`](Recorder::end), this returns the branch if it has ended.
    pub(super) fn end_branch(
        &mut self,
        at: ProcessInstant,
        branch: Option<&RegisteredTask>,
    ) -> Option<Arc<RegisteredTask>> {
        if let Some(slice) = self.shown().filter(|_| !self.outer.is_empty()) {
            slice.end();
        }
        let outer = self.outer.pop()?;
        let open = std::mem::replace(&mut self.open, outer);
        let is_lost = !self.push(Record::Slice(open.until(at, true)?));
        self.add_to_sums(&open, at, branch, is_lost);
        open.ended
    }

    /// What the monitor reads about the open slice. `None` if the branch is nested too deeply.
    fn shown(&self) -> Option<&OpenSlice> {
        match self.outer.len() {
            0 => Some(&self.shared.slice),
            depth => self.shared.branches.get(depth - 1),
        }
    }

    /// What the monitor reads about the open slice and the slices around it.
    fn shown_with_outer(&self) -> impl Iterator<Item = &OpenSlice> {
        std::iter::once(&self.shared.slice).chain(self.shared.branches.iter().take(self.outer.len()))
    }

    pub(super) fn count_job(&self) {
        self.shared.tally.count_job();
    }

    #[inline]
    pub(super) fn take_wake(&mut self, stamps: &WakeStamps) {
        let wake = stamps.take(self.open.start);
        self.open.queued = wake.queued;
        self.open.unnoticed = wake.unnoticed;
        self.open.woken_by = wake.by;
        if wake.queued.get() + wake.unnoticed.get() > Nanos::ZERO
            && let Some(slice) = self.shown()
        {
            slice.set_lateness(wake.queued, wake.unnoticed);
        }
    }

    #[inline]
    pub(super) fn set_wait(&mut self, reason: Reason, label: Label) {
        self.open.reason = reason;
        self.open.label = label;
    }

    pub(super) fn set_step(&self, label: Label) {
        self.shown_with_outer().for_each(|slice| slice.set_label(label));
    }

    pub(super) fn begin_blocking(&self, at: ProcessInstant, reason: Reason, label: Label) {
        self.shown_with_outer()
            .for_each(|slice| slice.set_blocking(Some(at), reason, label));
    }

    /// Ends the blocking step that began at `start`.
    pub(super) fn end_blocking(&mut self, start: ProcessInstant, now: ProcessInstant, reason: Reason, label: Label) {
        self.shown_with_outer()
            .for_each(|slice| slice.set_blocking(None, Reason::Unknown, Label::NONE));
        let run_end = self.registry.end_of_run();
        // The thread slept in the slice of the branch and in each slice around it.
        for index in 0..=self.outer.len() {
            let open = self.outer.get_mut(index).unwrap_or(&mut self.open);
            open.blocking += now.min(run_end) - start.min(run_end);
            if let Some(task) = open.task {
                self.push(Record::Step(Step {
                    start,
                    task,
                    len: CompactDuration::new(now - start),
                    label,
                    blocking: true,
                    blocked_on: reason,
                    timer_rounding: CompactDuration::ZERO,
                }));
            }
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let now = crate::probe::now();
        while !self.outer.is_empty() {
            drop(self.end_branch(now, None));
        }
        drop(self.end(now, None));
        self.shared.tally.close();
    }
}
