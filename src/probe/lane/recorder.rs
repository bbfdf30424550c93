//! The recorder of one lane.

use super::Role;
use crate::probe::lane_shared::LaneShared;
use crate::probe::registry::Registry;
use crate::probe::wake_stamps::WakeStamps;
use crate::record::{CompactDuration, Label, Nanos, ProcessClock, ProcessInstant, Reason, Record, Slice, Step, TaskId};
use rtrb::Producer;
use std::sync::Arc;

/// Writes the records of one thread as a lane of one run.
pub(super) struct Recorder {
    registry: Arc<Registry>,
    /// Whether the thread polls futures. Otherwise it runs jobs.
    polls: bool,
    ring: Producer<Record<ProcessClock>>,
    shared: Arc<LaneShared>,
    /// The open slice. There is no open slice if its `task` is `None`.
    open: Open,
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
    };
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
            // without it, a task would seem to hold or to await the resource forever.
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
            Record::Slice(_) => self.shared.tally.count_lost_slice(),
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
        let Some(task) = open.task else { return };
        self.push(Record::Slice(Slice {
            start: open.start,
            task,
            len: CompactDuration::new(at - open.start),
            queued: open.queued,
            unnoticed: open.unnoticed,
            woken_by: open.woken_by,
            label: open.label,
            suspended_on: open.reason,
        }));
        self.shared.slice.end();
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
        if wake.queued.get() + wake.unnoticed.get() > Nanos::ZERO {
            self.shared.slice.set_lateness(wake.queued, wake.unnoticed);
        }
    }

    #[inline]
    pub(super) fn set_wait(&mut self, reason: Reason, label: Label) {
        self.open.reason = reason;
        self.open.label = label;
    }

    pub(super) fn set_step(&self, label: Label) {
        self.shared.slice.set_label(label);
    }

    pub(super) fn begin_blocking(&self, at: ProcessInstant, label: Label) {
        self.shared.slice.set_blocking(Some(at), label);
    }

    /// Ends the blocking step that began at `start`.
    pub(super) fn end_blocking(&mut self, start: ProcessInstant, now: ProcessInstant, label: Label) {
        self.shared.slice.set_blocking(None, Label::NONE);
        if let Some(task) = self.open.task {
            self.push(Record::Step(Step {
                start,
                task,
                len: CompactDuration::new(now - start),
                label,
                blocking: true,
            }));
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end(crate::probe::now());
        self.shared.tally.close();
    }
}
