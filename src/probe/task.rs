//! One task as the probe knows it: its identity, the stamps of its wake-ups, and the future that wears them.
//!
//! tokio can stamp wake-ups itself (`track_task_schedule_latency`), which costs 132 ns a poll and does not say who woke
//! whom. A waker of our own, made once per task, costs less and knows both; the price is that tasks which a library spawns
//! have slices but no delay.

use super::lane;
use super::registry::{Group, Registry};
use crate::record::{
    CompactDuration, Ended, GroupId, Orphaned, Outcome, ProcessClock, ProcessInstant, Record, RunInstant, Spawned,
    TaskId, Waiting,
};
use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// The stamps of one task, shared between it, its wakers and the monitor. No two tasks' are on the same cache line, so that workers
/// do not wait for each other's; and what polls, wake-ups and looks need is on one line.
#[repr(C, align(64))]
pub(super) struct TaskSlot {
    /// When it was first woken since its last slice began; zero: it was not.
    woken_at: AtomicU64,
    /// When what it waits for is ready; zero: not known.
    ready_at: AtomicU64,
    /// When what it does should be over; zero: it may take its time.
    limit_at: AtomicU64,
    /// The runtime's waker.
    inner: OnceLock<Waker>,
    /// Who woke it; zero: nobody that is a task.
    woken_by: AtomicU32,
    /// Zero until the runtime has named it.
    id: AtomicU32,
    /// Its number within its group.
    index: u32,
    group: GroupId,
    /// Who would hear of its end: one of the constants below.
    stage: AtomicU8,
    registry: Arc<Registry>,
}

const _: () = assert!(std::mem::offset_of!(TaskSlot, stage) < 64);

/// Somebody waits for the task, or the run itself looks after it.
const HEARD: u8 = 0;
/// Nobody waits for it: should it fail, nobody would hear of it.
const UNHEARD: u8 = 1;
/// It has ended.
const OVER: u8 = 2;

impl TaskSlot {
    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    pub(super) fn group(&self) -> GroupId {
        self.group
    }

    pub(super) fn id(&self) -> Option<TaskId> {
        TaskId::new(self.id.load(Relaxed))
    }

    pub(super) fn woken_at(&self, at: ProcessInstant) {
        self.woken_at.store(at.0, Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage.load(Relaxed) == OVER
    }

    /// Takes the stamps at the start of a slice: queued, unnoticed, and who woke it.
    #[inline]
    pub(super) fn take_wake(&self, start: ProcessInstant) -> (CompactDuration, CompactDuration, Option<TaskId>) {
        let (woken, by) = match self.woken_at.load(Relaxed) {
            0 => (start, None),
            woken => {
                // A wake-up that comes when the runtime has begun this poll, but before the next line, finds the task woken
                // already and leaves no stamp: the task runs once more, and how long it was queued for that is not known. An
                // exchange here would cost every poll as much as a clock read, and would only make the gap narrower.
                self.woken_at.store(0, Relaxed);
                (ProcessInstant::new(woken), TaskId::new(self.woken_by.load(Relaxed)))
            }
        };
        let ready = match self.ready_at.load(Relaxed) {
            0 => woken,
            ready => ProcessInstant::new(ready),
        };
        (
            CompactDuration::new(start - woken),
            CompactDuration::new(woken - ready),
            by,
        )
    }

    /// What the monitor must show of it at `now` if it is off its lane: woken, or ready and not woken.
    pub(super) fn waiting(&self, now: ProcessInstant) -> Option<Waiting<ProcessClock>> {
        let task = self.id()?;
        let at = |stamp: &AtomicU64| {
            Some(ProcessInstant::new(stamp.load(Relaxed))).filter(|&n| n != ProcessInstant::ZERO && n <= now)
        };
        let (woken, ready) = (at(&self.woken_at), at(&self.ready_at));
        (woken.is_some() || ready.is_some()).then_some(Waiting { task, ready, woken })
    }

    /// Since when it should have been over at `now`, if it should.
    pub(super) fn overdue(&self, now: ProcessInstant) -> Option<(TaskId, ProcessInstant)> {
        let limit = ProcessInstant::new(self.limit_at.load(Relaxed));
        (limit != ProcessInstant::ZERO && limit <= now).then_some((self.id()?, limit))
    }

    /// A wake-up that came while the task ran: it is queued from the end of this slice on, not before.
    #[inline]
    fn woken_while_running(&self) {
        if self.woken_at.load(Relaxed) != 0 {
            self.woken_at.store(super::now().0, Relaxed);
        }
    }

    #[inline]
    fn stamp(&self) {
        if self.woken_at.load(Relaxed) == 0 {
            self.woken_by
                .store(lane::current_task().map_or(0, TaskId::get), Relaxed);
            self.woken_at.store(super::now().0, Relaxed);
        }
    }
}

impl Wake for TaskSlot {
    #[inline]
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        self.stamp();
        if let Some(inner) = self.inner.get() {
            inner.wake_by_ref();
        }
    }
}

/// A task, for those who run its steps.
#[derive(Clone)]
pub struct TaskHandle(Arc<TaskSlot>);

impl TaskHandle {
    /// A task that no async runtime runs: it has its identity at once, and is queued from now on.
    pub fn new(registry: &Arc<Registry>, group: &Group) -> TaskHandle {
        TaskHandle::with_own_id(registry, group, None)
    }

    /// A task that arrived in another process at `since` (of this registry's run) and is run in this one. Its coming to be is recorded
    /// there, its end here.
    pub fn adopted(registry: &Arc<Registry>, group: &Group, id: TaskId, index: u32, since: RunInstant) -> TaskHandle {
        let handle = TaskHandle::with_index(registry, group, index);
        handle.0.id.store(id.get(), Relaxed);
        handle.0.woken_at(registry.run_start().to_process(since));
        registry.watch(&handle.0);
        handle
    }

    /// Since when it has waited for its first slice, by this process's clock.
    pub fn queued_since(&self) -> ProcessInstant {
        ProcessInstant::new(self.0.woken_at.load(Relaxed))
    }

    /// A task that this one spawns and that no async runtime runs.
    pub fn child(&self, group: &Group) -> TaskHandle {
        TaskHandle::with_own_id(self.registry(), group, self.0.id())
    }

    fn with_own_id(registry: &Arc<Registry>, group: &Group, parent: Option<TaskId>) -> TaskHandle {
        let handle = TaskHandle::unnamed(registry, group);
        handle.0.id.store(registry.own_id().get(), Relaxed);
        handle.spawned(super::now(), parent);
        handle
    }

    fn unnamed(registry: &Arc<Registry>, group: &Group) -> TaskHandle {
        TaskHandle::with_index(registry, group, group.next_index())
    }

    fn with_index(registry: &Arc<Registry>, group: &Group, index: u32) -> TaskHandle {
        TaskHandle(Arc::new(TaskSlot {
            registry: registry.clone(),
            group: group.id,
            index,
            id: AtomicU32::new(0),
            woken_at: AtomicU64::new(0),
            woken_by: AtomicU32::new(0),
            ready_at: AtomicU64::new(0),
            limit_at: AtomicU64::new(0),
            stage: AtomicU8::new(HEARD),
            inner: OnceLock::new(),
        }))
    }

    /// Its identity.
    ///
    /// # Panics
    /// Before the runtime has named it, which is before its first poll.
    pub fn id(&self) -> TaskId {
        self.0.id().expect("a task has its identity before it runs")
    }

    /// Its group's name and its number, as it is called on the screen: `api#7`. Takes a lock: for who has something to say.
    pub fn name(&self) -> String {
        format!("{}#{}", self.0.registry.group_name(self.0.group), self.0.index)
    }

    /// Its group.
    pub fn group(&self) -> GroupId {
        self.0.group
    }

    /// Where it is recorded.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.0.registry
    }

    /// Its number within its group, from 0.
    pub fn index(&self) -> u32 {
        self.0.index
    }

    /// What the task waits for is, or will be, ready at this instant. From any thread.
    pub fn ready_at(&self, at: ProcessInstant) {
        self.0.ready_at.store(at.0, Relaxed);
    }

    /// Nothing is known about when what the task waits for is ready.
    pub fn clear_ready(&self) {
        self.0.ready_at.store(0, Relaxed);
    }

    /// What the task does from now on should be over at this instant, or sooner if that has been said already. Returns what has, to be
    /// set again when it has done that.
    pub fn tighten_limit(&self, at: ProcessInstant) -> Option<ProcessInstant> {
        let before =
            Some(ProcessInstant::new(self.0.limit_at.load(Relaxed))).filter(|&limit| limit != ProcessInstant::ZERO);
        self.set_limit(Some(before.map_or(at, |before| before.min(at))));
        before
    }

    /// What the task does from now on should be over at this instant, or may take its time.
    pub fn set_limit(&self, at: Option<ProcessInstant>) {
        self.0.limit_at.store(at.unwrap_or(ProcessInstant::ZERO).0, Relaxed);
    }

    pub(super) fn slot(&self) -> &Arc<TaskSlot> {
        &self.0
    }

    fn spawned(&self, at: ProcessInstant, parent: Option<TaskId>) {
        self.0.woken_at(at);
        lane::write(
            &self.0.registry,
            Record::Spawned(Spawned {
                at,
                task: self.id(),
                parent,
                index: self.0.index,
                group: self.0.group,
            }),
        );
        self.0.registry.watch(&self.0);
    }
}

/// A task that another process is to run.
#[derive(Clone, Copy, Debug)]
pub struct SpawnedElsewhere {
    /// Its identity.
    pub id: TaskId,
    /// Its number within its group.
    pub index: u32,
    /// Since when it is queued, after the run's start.
    pub since: RunInstant,
}

/// A task comes to be that another process is to run: it is queued from now on. What follows is told from there.
pub fn spawned_elsewhere(registry: &Registry, group: &Group) -> SpawnedElsewhere {
    let at = super::now();
    let id = registry.own_id();
    let index = group.next_index();
    registry.outside(Record::Spawned(Spawned {
        at,
        task: id,
        parent: None,
        index,
        group: group.id,
    }));
    SpawnedElsewhere {
        id,
        index,
        since: registry.run_start().to_run(at),
    }
}

/// A child of `parent` for work that it hands to a blocking thread: a task of its own, in the group "… offload", queued from now on.
pub fn offloaded(parent: &TaskHandle) -> TaskHandle {
    let registry = parent.0.registry();
    parent.child(&registry.offload_group(parent.0.group))
}

/// A child of `parent` that was made and thrown away: it ends as it comes to be, and nothing of it ever runs.
pub fn never_started(parent: &TaskHandle, group: &Group) -> TaskHandle {
    let handle = TaskHandle::unnamed(parent.registry(), group);
    handle.0.id.store(parent.registry().own_id().get(), Relaxed);
    let at = super::now();
    handle.spawned(at, parent.0.id());
    handle.0.stage.store(OVER, Relaxed);
    let (task, outcome) = (handle.id(), Outcome::NeverStarted);
    lane::write(parent.registry(), Record::Ended(Ended::observed(at, task, outcome)));
    handle
}

/// A task's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// How it is recorded.
    pub outcome: Outcome,
    /// It did not do all its steps, nobody stopped it, and nobody is left to hear of that.
    pub lost: bool,
}

/// A task has ended: as `outcome`, unless it failed and nobody would hear of it. Later calls change nothing, and have lost nothing.
pub fn ended(task: &TaskHandle, outcome: Outcome) -> End {
    let stage = task.0.stage.swap(OVER, Relaxed);
    let failure = matches!(outcome, Outcome::Failed | Outcome::TimedOut | Outcome::Panicked);
    let lost = stage == UNHEARD && failure;
    let outcome = match outcome {
        Outcome::Failed if lost => Outcome::UnobservedFailure,
        outcome => outcome,
    };
    let end = End { outcome, lost };
    if stage == OVER {
        return end;
    }
    let at = super::now();
    if let Some(id) = task.0.id() {
        let ended = Ended {
            at,
            task: id,
            outcome,
            unobserved: lost,
        };
        lane::write(&task.0.registry, Record::Ended(ended));
    }
    end
}

/// From the start nobody waits for this task, or from now on somebody else stops it: should it fail, nobody would hear of it.
/// Nothing, if it has ended, or nobody waited for it; tells whether it was so.
pub fn unheard(task: &TaskHandle) -> bool {
    task.0.stage.compare_exchange(HEARD, UNHEARD, Relaxed, Relaxed).is_ok()
}

/// Who waited for this task does so no more, and it cannot be stopped: it runs on to its end. Nothing, if it has ended, or
/// nobody waited for it; tells whether it was so.
pub fn orphaned(task: &TaskHandle) -> bool {
    let at = super::now();
    let heard = unheard(task);
    if let Some(id) = task.0.id().filter(|_| heard) {
        lane::write(&task.0.registry, Record::Orphaned(Orphaned { at, task: id }));
    }
    heard
}

thread_local! {
    /// The task that is being handed to the runtime, until the spawn hook names it.
    static SPAWNING: RefCell<Option<TaskHandle>> = const { RefCell::new(None) };
}

/// Spawns a task of `group` on a runtime that [`install`](super::install) prepared.
pub fn spawn<F>(
    runtime: &Handle,
    registry: &Arc<Registry>,
    group: &Group,
    body: impl FnOnce(TaskHandle) -> F,
) -> JoinHandle<()>
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let (handle, future) = probed(registry, group, body);
    // The name is for consoles; the screen has its own.
    let name = format!("{}#{}", group.name(), handle.index());
    SPAWNING.set(Some(handle));
    let named = tokio::task::Builder::new().name(&name).spawn_on(future, runtime);
    SPAWNING.set(None);
    named.expect("tokio 1.54 never refuses a task that has a name")
}

/// Whether the task that tokio says was spawned there was spawned by [`spawn`].
pub(super) fn is_ours(place: &Location<'_>) -> bool {
    place.file() == file!()
}

/// The runtime says that the task which is being handed to it has this identity. `false`: the task is not ours.
pub(super) fn name_spawned(id: TaskId) -> bool {
    let Some(task) = SPAWNING.take() else {
        return false;
    };
    // A runtime that shuts down drops the future first and names its task afterwards.
    if task.0.is_over() {
        return true;
    }
    task.0.id.store(id.get(), Relaxed);
    task.spawned(super::now(), lane::current_task());
    true
}

/// Makes a future whose task the probe knows by `group`: `body` is given the task's handle.
fn probed<F>(registry: &Arc<Registry>, group: &Group, body: impl FnOnce(TaskHandle) -> F) -> (TaskHandle, Probed<F>)
where
    F: Future<Output = Outcome>,
{
    let handle = TaskHandle::unnamed(registry, group);
    let future = Probed {
        waker: Waker::from(handle.0.clone()),
        body: body(handle.clone()),
        handle: handle.clone(),
    };
    (handle, future)
}

pin_project! {
    /// A future that stamps its task's wake-ups and records how the task ended.
    struct Probed<F> {
        handle: TaskHandle,
        waker: Waker,
        #[pin]
        body: F,
    }

    impl<F> PinnedDrop for Probed<F> {
        fn drop(this: Pin<&mut Self>) {
            // Nothing to do if it ended of itself.
            ended(&this.handle, Outcome::Cancelled);
        }
    }
}

impl<F: Future<Output = Outcome>> Future for Probed<F> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        /// Tells of a panic that passes through.
        struct Bomb<'a>(&'a TaskHandle);
        impl Drop for Bomb<'_> {
            fn drop(&mut self) {
                ended(self.0, Outcome::Panicked);
            }
        }
        let this = self.project();
        lane::woken(&this.handle.0);
        // A runtime keeps one waker per task for life.
        this.handle.0.inner.get_or_init(|| context.waker().clone());
        let bomb = Bomb(this.handle);
        let polled = this.body.poll(&mut Context::from_waker(this.waker));
        std::mem::forget(bomb);
        match polled {
            Poll::Ready(outcome) => {
                ended(this.handle, outcome);
            }
            Poll::Pending => this.handle.0.woken_while_running(),
        }
        polled.map(|_| ())
    }
}
