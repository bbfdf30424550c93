//! The data that a task, its wakers and the monitor share.

use super::exact_sums::{ExactSums, LossNote};
use super::sync::{AtomicU8, AtomicU32, AtomicU64, Relaxed, SeqCst, fence};
use super::wake_stamps::WakeStamps;
use crate::record::{CompactDuration, GroupId, Nanos, ProcessClock, ProcessInstant, TaskId, TaskSums, Waiting};
use std::mem::offset_of;
use std::sync::{Arc, OnceLock};
use std::task::Waker;

/// The probe's data about one task.
///
/// Two tasks never share a cache line, so that workers do not contend for the stamps of different
/// tasks. All fields that wake-ups and scans use are on the first cache line. A poll also changes
/// the sums, whose words are on the second line. `O` is the type of the task's owner. The owner is
/// the registry, but this module does not depend on it.
#[repr(C, align(64))]
pub(super) struct TaskSlot<O> {
    pub stamps: WakeStamps,
    /// The time limit of the task's present work, or zero if there is no limit.
    limit_at: AtomicU64,
    /// The runtime's waker of the task. This waker is the same during the whole life of the task.
    pub runtime_waker: OnceLock<Waker>,
    /// The task's id, or zero until the runtime has assigned an id.
    id: AtomicU32,
    pub group: GroupId,
    /// A [`Stage`].
    stage: AtomicU8,
    losses: LossNote,
    pub sums: ExactSums,
    /// The task's index within its group.
    pub index: u32,
    /// The bits of a [`CompactDuration`]: how late a dropped branch was since its last poll.
    late_at_drop: AtomicU32,
    /// When the task's present repetition began, or zero if there is none.
    repetition_since: AtomicU64,
    pub owner: O,
    /// If this is a branch, the task that polls this branch.
    poller: Option<Arc<TaskSlot<O>>>,
}

const _: () = assert!(
    offset_of!(TaskSlot<()>, losses) < 64 && offset_of!(TaskSlot<()>, sums) == 64,
    "the sums begin on the second line"
);
const _: () = assert!(size_of::<TaskSlot<Arc<()>>>() == 256, "a task takes four lines");

/// Whether a task runs, and whether another task would observe its failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Stage {
    /// The task runs. Another task waits for the task, or the run itself observes the task's end.
    Attached,
    /// The task runs, and no task would observe its failure.
    Detached,
    /// The task has ended.
    Ended,
}

impl Stage {
    fn from_bits(bits: u8) -> Stage {
        match bits {
            0 => Stage::Attached,
            1 => Stage::Detached,
            _ => Stage::Ended,
        }
    }
}

impl<O> TaskSlot<O> {
    pub(super) fn new(owner: O, group: GroupId, index: u32) -> TaskSlot<O> {
        TaskSlot {
            stamps: WakeStamps::default(),
            limit_at: AtomicU64::new(0),
            runtime_waker: OnceLock::new(),
            id: AtomicU32::new(0),
            group,
            stage: AtomicU8::new(Stage::Attached as u8),
            losses: LossNote::default(),
            sums: ExactSums::default(),
            index,
            late_at_drop: AtomicU32::new(0),
            repetition_since: AtomicU64::new(0),
            owner,
            poller: None,
        }
    }

    /// A branch, which `poller` polls.
    pub(super) fn branch_of(poller: Arc<TaskSlot<O>>, owner: O, group: GroupId, index: u32) -> TaskSlot<O> {
        TaskSlot {
            poller: Some(poller),
            ..TaskSlot::new(owner, group, index)
        }
    }

    /// Whether this is a branch of a task.
    pub(super) fn is_branch(&self) -> bool {
        self.poller.is_some()
    }

    /// How long the branch has been late in total, before its polls and before its drop. `open`
    /// returns the lateness before the open poll of the branch, or zero if no poll is open.
    pub(super) fn lateness(&self, open: impl FnOnce(ProcessInstant) -> Nanos) -> Nanos {
        let (ended, until) = self.sums.lateness();
        ended + open(until) + CompactDuration::from_bits(self.late_at_drop.load(Relaxed)).get()
    }

    /// Notes that the branch is dropped now. The branch may have been ready since its last poll.
    pub(super) fn note_drop(&self, now: ProcessInstant) {
        let (wake, (_, until)) = (self.stamps.read(now), self.sums.lateness());
        let late = (wake.queued.get() + wake.unnoticed.get()).min(now - until);
        self.late_at_drop.store(CompactDuration::new(late).to_bits(), Relaxed);
    }

    /// Sets the ready time of the event for which the task waits. The task that polls a branch is
    /// also ready by this time.
    pub(super) fn set_ready(&self, at: ProcessInstant) {
        self.stamps.set_ready(Some(at));
        self.set_pollers_ready(at, false);
    }

    /// Like [`set_ready`](Self::set_ready), but for the tick of a timer.
    pub(super) fn set_timer(&self, tick: ProcessInstant) {
        self.stamps.set_timer(tick);
        self.set_pollers_ready(tick, true);
    }

    fn set_pollers_ready(&self, at: ProcessInstant, is_timer: bool) {
        let mut slot = self;
        while let Some(poller) = &slot.poller {
            // See `set_ready_by_branches`.
            fence(SeqCst);
            poller.stamps.set_ready_by(at, is_timer);
            slot = poller;
        }
    }

    /// Sets the ready time of the task. This is the earliest of `limit` and the ready times of the
    /// task's `branches`. `limit` is the tick of a timer. The poll of the task ends at `now`, and
    /// no branch can run before `now`.
    ///
    /// Meanwhile another thread may set the readiness of a branch. That thread first writes the
    /// stamp of the branch, and then the stamp of the task. This function uses the opposite order:
    /// it writes the stamp of the task, and then reads the stamps of the branches. A fence between
    /// these two accesses makes sure that the new readiness is not lost.
    pub(super) fn set_ready_by_branches<'a>(
        &self,
        branches: impl Iterator<Item = &'a Arc<TaskSlot<O>>>,
        limit: Option<ProcessInstant>,
        now: ProcessInstant,
    ) where
        O: 'a,
    {
        match limit {
            Some(tick) => self.stamps.set_timer(tick),
            None => self.stamps.set_ready(None),
        }
        fence(SeqCst);
        for branch in branches {
            if let Some(at) = branch.stamps.ready_at() {
                // A tick that has passed is not the end of a park any more.
                let is_timer = branch.stamps.timer().is_some() && at > now;
                self.set_ready_by(at.max(now), is_timer);
            }
        }
    }

    /// Like [`set_ready`](Self::set_ready), but keeps the ready time if it is earlier than `at`.
    /// `is_timer` says whether `at` is the tick of a timer.
    fn set_ready_by(&self, at: ProcessInstant, is_timer: bool) {
        let mut slot = Some(self);
        while let Some(this) = slot {
            this.stamps.set_ready_by(at, is_timer);
            slot = this.poller.as_deref();
        }
    }

    /// The task's id. `None` until the runtime has assigned an id.
    pub(super) fn id(&self) -> Option<TaskId> {
        TaskId::new(self.id.load(Relaxed))
    }

    pub(super) fn set_id(&self, id: TaskId) {
        self.id.store(id.get(), Relaxed);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.stage.load(Relaxed) == Stage::Ended as u8
    }

    /// Notes that the record of a slice of the task was lost. The sums already contain this slice.
    pub(super) fn note_loss(&self) {
        self.losses.note();
    }

    /// Whether the record of any slice of the task was lost since the monitor has read the sums.
    pub(super) fn has_new_loss(&self) -> bool {
        self.losses.is_new()
    }

    /// The sums of the task, if the record of any of its slices was lost since the last call. Only
    /// the monitor calls this method.
    pub(super) fn sums_after_loss(&self) -> Option<TaskSums<ProcessClock>> {
        self.losses.read_new(&self.sums, self.id()?)
    }

    /// The last sums of a task that has ended, if the record of any of its slices was lost. If no
    /// record was lost, the records contain everything that the sums contain.
    pub(super) fn last_sums(&self) -> Option<TaskSums<ProcessClock>> {
        let task = self.id().filter(|_| self.losses.is_any())?;
        self.sums.read(task)
    }

    /// Marks the task as ended, and returns its previous stage.
    pub(super) fn end(&self) -> Stage {
        Stage::from_bits(self.stage.swap(Stage::Ended as u8, Relaxed))
    }

    /// Marks the task as detached: no task observes its failure. Returns `false` if the task was
    /// already detached or has ended.
    pub(super) fn detach(&self) -> bool {
        let (attached, detached) = (Stage::Attached as u8, Stage::Detached as u8);
        self.stage
            .compare_exchange(attached, detached, Relaxed, Relaxed)
            .is_ok()
    }

    /// The time limit of the task's present work, if there is a limit.
    pub(super) fn limit(&self) -> Option<ProcessInstant> {
        let at = self.limit_at.load(Relaxed);
        (at != 0).then_some(ProcessInstant::new(at))
    }

    pub(super) fn set_limit(&self, at: Option<ProcessInstant>) {
        self.limit_at.store(at.unwrap_or(ProcessInstant::ZERO).0, Relaxed);
    }

    /// When the task's present repetition began, if there is one.
    pub(super) fn repetition_since(&self) -> Option<ProcessInstant> {
        let at = self.repetition_since.load(Relaxed);
        (at != 0).then_some(ProcessInstant::new(at))
    }

    pub(super) fn set_repetition_since(&self, at: Option<ProcessInstant>) {
        self.repetition_since
            .store(at.unwrap_or(ProcessInstant::ZERO).0, Relaxed);
    }

    /// The wake-up and the readiness of the task at `now`, for the monitor. Returns `None` if the
    /// task has not been woken and is not ready.
    pub(super) fn waiting(&self, now: ProcessInstant) -> Option<Waiting<ProcessClock>> {
        let task = self.id()?;
        let woken = self.stamps.woken_at().filter(|&at| at <= now);
        let ready = self.stamps.ready_at().filter(|&at| at <= now);
        (woken.is_some() || ready.is_some()).then_some(Waiting { task, ready, woken })
    }

    /// The task and its time limit, if the limit is at or before `now`.
    pub(super) fn overdue(&self, now: ProcessInstant) -> Option<(TaskId, ProcessInstant)> {
        let limit = self.limit().filter(|&limit| limit <= now)?;
        Some((self.id()?, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task_and_branches() -> (Arc<TaskSlot<()>>, [Arc<TaskSlot<()>>; 2]) {
        let task = Arc::new(TaskSlot::new((), GroupId(0), 0));
        let branches = [1, 2].map(|index| Arc::new(TaskSlot::branch_of(task.clone(), (), GroupId(0), index)));
        (task, branches)
    }

    /// The ready time of a task, and whether this is the tick of a timer.
    fn ready(task: &TaskSlot<()>) -> (u64, bool) {
        let at = task.stamps.ready_at().unwrap_or(ProcessInstant::ZERO);
        (at.0, task.stamps.timer().is_some())
    }

    #[test]
    fn a_task_waits_for_the_timers_of_its_branches_and_of_its_timeout() {
        let at = ProcessInstant::new;
        let (task, [first, second]) = task_and_branches();
        let derive = |limit: Option<u64>, now| {
            task.set_ready_by_branches([&first, &second].into_iter(), limit.map(at), at(now));
            ready(&task)
        };
        assert_eq!(derive(None, 5), (0, false), "no ready time is known");
        assert_eq!(derive(Some(15), 5), (15, true), "the timeout");
        first.set_timer(at(20));
        assert_eq!(ready(&task), (15, true));
        assert_eq!(derive(None, 5), (20, true), "the timer of a branch");
        second.set_timer(at(10));
        assert_eq!(ready(&task), (10, true), "the branch was polled last");
        assert_eq!(derive(Some(15), 5), (10, true));
        assert_eq!(
            derive(None, 12),
            (12, false),
            "the branch was ready before the poll ended"
        );
        second.set_ready(at(8));
        assert_eq!(derive(None, 5), (8, false), "a service has marked the branch");
        second.stamps.set_ready(None);
        assert_eq!(derive(None, 5), (20, true));
        second.set_ready(at(7));
        assert_eq!(ready(&task), (7, false), "a service marks the branch during the wait");
    }
}
