//! The recorder of one lane.

use super::{Role, WakeCause};
use crate::probe::lane_shared::{LaneShared, OPEN_BRANCHES};
use crate::probe::open_slice::OpenSlice;
use crate::probe::registry::Registry;
use crate::probe::wake_stamps::WakeStamps;
use crate::record::{
    CompactDuration, Label, LostTime, Nanos, ProcessClock, ProcessInstant, Reason, Record, Slice, Step, TaskId,
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
    /// The open slice. There is no open slice if its `task` is `None`. While a task polls one of
    /// its branches, this is the slice of the branch.
    open: Open,
    /// The slices in which the open slice is nested: the slice of the polling task, and the slices
    /// of branches that poll other branches. Empty unless the open slice is the slice of a branch.
    outer: Vec<Open>,
    /// When the thread parked. `None` if it is not parked.
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
    /// The time of the blocking steps that have ended.
    blocking: Nanos,
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
    };

    /// The slice of a task or a branch, if it ends at this instant. `None` if there is no open
    /// slice.
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
            // rare enough to take a lock for them. An event of a resource is always recorded too:
            // without the record, a task would seem to hold or to await the resource forever.
            Record::Spawned(_)
            | Record::Orphaned(_)
            | Record::Ended(_)
            | Record::WaitBegan(_)
            | Record::WaitEnded(_)
            | Record::Acquired(_)
            | Record::Released(_) => {
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

    #[inline]
    pub(super) fn end(&mut self, at: ProcessInstant) {
        let open = std::mem::replace(&mut self.open, Open::NONE);
        if let Some(slice) = open.until(at, false) {
            if !self.push(Record::Slice(slice)) {
                self.shared.tally.add_lost_time(LostTime {
                    running: (at - open.start) - open.blocking,
                    blocking: open.blocking,
                });
            }
            self.shared.slice.end();
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

    /// Ends the slice of a branch. The slice around it continues.
    pub(super) fn end_branch(&mut self, at: ProcessInstant) {
        if let Some(slice) = self.shown().filter(|_| !self.outer.is_empty()) {
            slice.end();
        }
        let Some(outer) = self.outer.pop() else { return };
        let open = std::mem::replace(&mut self.open, outer);
        if let Some(slice) = open.until(at, true) {
            self.push(Record::Slice(slice));
        }
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
        // The thread slept in the slice of the branch and in each slice around it.
        for index in 0..=self.outer.len() {
            let open = self.outer.get_mut(index).unwrap_or(&mut self.open);
            open.blocking += now - start;
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
            self.end_branch(now);
        }
        self.end(now);
        self.shared.tally.close();
    }
}
