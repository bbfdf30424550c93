//! What is said of the time in which nobody notices that a task could go on, held against what really happened: the only
//! worker is blocked from a known instant to another, and meanwhile what a task waits for becomes ready.

use std::collections::HashMap;
use std::time::Duration;
use tasklab::record::{Definition, GroupId, Nanos, Record, RunInstant, Slice, TaskId};
use tasklab::run::{Run, RunState, Settings, Source};
use tasklab::scenario;

/// How long the task's wait is to last.
const WAIT: Nanos = Nanos::from_millis(20);

/// For how long the worker is blocked at first: several times that.
const BLOCK: Duration = Duration::from_millis(100);

/// A task that waited while another blocked the only worker.
struct HeldUp {
    /// The slice in which it began to wait.
    before: Slice,
    /// The slice after the block.
    after: Slice,
    /// When the block ended.
    block_end: RunInstant,
    /// The slices of what it handed to a blocking thread.
    offloaded: Vec<Slice>,
}

impl HeldUp {
    fn woken(&self) -> RunInstant {
        self.after.start - self.after.queued.get()
    }

    fn ready(&self) -> RunInstant {
        self.woken() - self.after.unnoticed.get()
    }
}

fn end(slice: &Slice) -> RunInstant {
    slice.start + slice.len.get()
}

/// Has a task take `step`, which lasts as long as [`WAIT`], and another block the only worker for `block` as soon as it has begun
/// to.
fn held_up(step: &str, block: Duration) -> HeldUp {
    // The first request makes the connection. Sending wakes the other task, which has no worker before this one has gone on to
    // its step and waits there.
    let text = format!(
        "title = 'test'\n[executor]\nkind = 'current-thread'\n[http]\nlatency = '20ms'\n\
         [[channel]]\nname = 'go'\ncapacity = 1\n\
         [[task]]\nname = 'waits'\nsteps = [{{ http = '/first' }}, {{ send = 'go' }}, {step}]\n\
         [[task]]\nname = 'blocks'\nsteps = [{{ recv = 'go' }}, {{ block = '{}ms' }}]",
        block.as_millis()
    );
    let scenario = scenario::read("test.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    let mut run = Run::start(&scenario, Settings::default(), &|| false).expect("a run");
    let (mut names, mut groups) = (HashMap::<GroupId, String>::new(), HashMap::<TaskId, GroupId>::new());
    let (mut slices, mut blocks) = (Vec::new(), Vec::new());
    loop {
        let batch = run.batch();
        for definition in batch.definitions {
            if let Definition::Group { id, name, .. } = definition {
                names.insert(id, name);
            }
        }
        for (_, record) in batch.records {
            match record {
                Record::Spawned(spawned) => drop(groups.insert(spawned.task, spawned.group)),
                Record::Slice(slice) => slices.push(slice),
                Record::Step(step) if step.blocking => blocks.push(step),
                _ => {}
            }
        }
        if matches!(run.state(), RunState::Ended { .. }) {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    slices.sort_by_key(|slice| slice.start);
    let of = |group: &str| -> Vec<Slice> {
        let named = |slice: &&Slice| names[&groups[&slice.task]] == group;
        slices.iter().filter(named).copied().collect()
    };
    let blocker = of("blocks")[0].task;
    let block = blocks.iter().find(|step| step.task == blocker).expect("a block");
    let block_end = block.start + block.len.get();
    let (before, after): (Vec<_>, Vec<_>) = of("waits").into_iter().partition(|slice| slice.start < block_end);
    HeldUp {
        before: *before.last().expect("a slice before the block"),
        after: *after.first().expect("a slice after the block"),
        block_end,
        offloaded: of("waits offload"),
    }
}

/// The same with ever longer blocks, until what another thread has to do meanwhile was done in time.
///
/// # Panics
/// If no block was long enough: then it is not for want of time.
fn held_up_until(step: &str, in_time: impl Fn(&HeldUp) -> bool) -> HeldUp {
    (0..8)
        .map(|doubled| held_up(step, BLOCK * (1 << doubled)))
        .find(in_time)
        .expect("a block that is long enough")
}

#[test]
fn a_deadline_that_passes_while_the_driver_starves_is_unnoticed_until_somebody_polls_it() {
    let seen = held_up("{ sleep = '20ms' }", BLOCK);
    assert!(seen.ready() >= seen.before.start + WAIT && seen.ready() <= end(&seen.before) + WAIT);
    assert!(seen.woken() >= seen.block_end);
}

#[test]
fn a_reply_that_left_while_the_driver_starves_is_unnoticed_until_somebody_polls_it() {
    let seen = held_up_until("{ http = '/second' }", |seen| seen.ready() < seen.block_end);
    assert!(
        seen.ready() >= seen.before.start + WAIT,
        "no reply leaves before its time"
    );
    assert!(seen.woken() >= seen.block_end);
}

#[test]
fn offloaded_work_that_ends_while_the_worker_is_blocked_wakes_its_task_which_is_queued_then() {
    // The thread that did the work wakes the task itself: no driver has to notice.
    let seen = held_up_until("{ offload = [{ sleep = '20ms' }] }", |seen| {
        seen.woken() < seen.block_end
    });
    let work = seen.offloaded.last().expect("a job");
    assert!(end(work) <= seen.ready());
    assert!(seen.after.queued.get() >= seen.block_end - seen.woken());
}
