//! What a task, its wakers and the monitor share.

use super::sync::{AtomicU8, AtomicU32, AtomicU64, Relaxed};
use super::wake_stamps::WakeStamps;
use crate::record::{GroupId, ProcessClock, ProcessInstant, TaskId, Waiting};
use std::sync::OnceLock;
use std::task::Waker;

/// One task as the probe knows it.
///
/// No two tasks share a cache line, so that workers do not contend for each other's stamps. What
/// polls, wake-ups and scans need is on one line. `O` is what the task belongs to: the registry,
/// which this module does not need to know.
#[repr(C, align(64))]
pub(super) struct TaskSlot<O> {
    pub stamps: WakeStamps,
    /// When what it does should be over; zero: it has no limit.
    limit_at: AtomicU64,
    /// The runtime's waker. A runtime keeps one waker per task for life.
    pub runtime_waker: OnceLock<Waker>,
    /// Zero until the runtime has given the task its id.
    id: AtomicU32,
    pub group: GroupId,
    /// A [`Stage`].
    stage: AtomicU8,
    /// Its number within its group.
    pub index: u32,
    pub owner: O,
}

const _: () = assert!(std::mem::offset_of!(TaskSlot<()>, stage) < 64);

/// Whether a task runs, and whether another task would observe its failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Stage {
    /// It runs. Another task waits for it, or the run itself looks after it.
    Attached,
    /// It runs, and no task would observe its failure.
    Detached,
    /// It has ended.
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
            index,
            owner,
        }
    }

    /// Its id. `None` until the runtime has given it one.
    pub(super) fn id(&self) -> Option<TaskId> {
        TaskId::new(self.id.load(Relaxed))
    }

    pub(super) fn set_id(&self, id: TaskId) {
        self.id.store(id.get(), Relaxed);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.stage.load(Relaxed) == Stage::Ended as u8
    }

    /// The task ends. The stage before.
    pub(super) fn end(&self) -> Stage {
        Stage::from_bits(self.stage.swap(Stage::Ended as u8, Relaxed))
    }

    /// From now on no task observes its failure. `false` if that was so already, or it has ended.
    pub(super) fn detach(&self) -> bool {
        let (attached, detached) = (Stage::Attached as u8, Stage::Detached as u8);
        self.stage
            .compare_exchange(attached, detached, Relaxed, Relaxed)
            .is_ok()
    }

    /// When what the task does should be over, if it has a limit.
    pub(super) fn limit(&self) -> Option<ProcessInstant> {
        let at = self.limit_at.load(Relaxed);
        (at != 0).then_some(ProcessInstant::new(at))
    }

    pub(super) fn set_limit(&self, at: Option<ProcessInstant>) {
        self.limit_at.store(at.unwrap_or(ProcessInstant::ZERO).0, Relaxed);
    }

    /// What the monitor must show of the task at `now` if it holds no lane: woken, or ready and not
    /// woken.
    pub(super) fn waiting(&self, now: ProcessInstant) -> Option<Waiting<ProcessClock>> {
        let task = self.id()?;
        let woken = self.stamps.woken_at().filter(|&at| at <= now);
        let ready = self.stamps.ready_at().filter(|&at| at <= now);
        (woken.is_some() || ready.is_some()).then_some(Waiting { task, ready, woken })
    }

    /// The task, and since when what it does should have been over, if that was before `now`.
    pub(super) fn overdue(&self, now: ProcessInstant) -> Option<(TaskId, ProcessInstant)> {
        let limit = self.limit().filter(|&limit| limit <= now)?;
        Some((self.id()?, limit))
    }
}
