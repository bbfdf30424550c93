//! Compares the recorded unnoticed time with the real time.
//!
//! The only worker is blocked from one known instant to another. During the block, the event for
//! which a task waits becomes ready.

use crate::support::run::parse;
use crate::support::wait::{DEADLINE, wait_until};
use std::collections::HashMap;
use std::time::Duration;
use tasklab::record::{Batch, Definition, GroupId, Nanos, Record, RunInstant, Slice, TaskId};
use tasklab::run::{Run, RunState, Settings, Source};

/// How long the task waits.
const WAIT: Nanos = Nanos::from_millis(20);

/// The length of a tick of tokio's timer. A timer can fire at the first tick after its deadline.
const TICK: Nanos = Nanos::from_millis(1);

/// The duration of the first block: several times [`WAIT`].
const BLOCK: Duration = Duration::from_millis(100);

/// The records of a task that waited while another task blocked the only worker.
struct BlockedWait {
    /// The slice in which the task began to wait.
    before: Slice,
    /// The task's first slice after the block.
    after: Slice,
    /// When the block ended.
    block_end: RunInstant,
    /// The slices of the jobs that the task offloaded.
    offloaded: Vec<Slice>,
}

impl BlockedWait {
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

/// Runs two tasks. The first task waits for [`WAIT`] in `step`. As soon as the first task waits,
/// the second task blocks the only worker for `block`.
fn wait_during_block(step: &str, block: Duration) -> BlockedWait {
    // The first request opens the connection, so that the second request only waits for its reply.
    // `send` wakes the task `blocks`. The only worker runs `blocks` when the task `waits` has begun
    // to wait in its step.
    let text = format!(
        "title = 'test'\n[executor]\nkind = 'current-thread'\n[http]\nlatency = '20ms'\n\
         [[channel]]\nname = 'go'\ncapacity = 1\n\
         [[task]]\nname = 'waits'\nsteps = [{{ http = '/first' }}, {{ send = 'go' }}, {step}]\n\
         [[task]]\nname = 'blocks'\nsteps = [{{ recv = 'go' }}, {{ block = '{}ms' }}]",
        block.as_millis()
    );
    let mut run = Run::start(&parse(&text), Settings::default(), &|| false).expect("the run starts");
    let mut batches = Vec::new();
    wait_until(&format!("the end of the run of:\n{text}"), DEADLINE, || {
        batches.push(run.batch());
        matches!(run.state(), RunState::Ended { .. })
    });
    blocked_wait(batches)
}

/// Finds the wait and the block in the records.
fn blocked_wait(batches: Vec<Batch>) -> BlockedWait {
    let (mut names, mut groups) = (HashMap::<GroupId, String>::new(), HashMap::<TaskId, GroupId>::new());
    let (mut slices, mut blocks) = (Vec::new(), Vec::new());
    for batch in batches {
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
    }
    slices.sort_by_key(|slice| slice.start);
    let slices_of = |group: &str| -> Vec<Slice> {
        let is_of_group = |slice: &&Slice| names[&groups[&slice.task]] == group;
        slices.iter().filter(is_of_group).copied().collect()
    };
    let blocker = slices_of("blocks")[0].task;
    let block = blocks.iter().find(|step| step.task == blocker).expect("a block");
    let block_end = block.start + block.len.get();
    let (before, after): (Vec<_>, Vec<_>) = slices_of("waits")
        .into_iter()
        .partition(|slice| slice.start < block_end);
    BlockedWait {
        before: *before.last().expect("a slice before the block"),
        after: *after.first().expect("a slice after the block"),
        block_end,
        offloaded: slices_of("waits offload"),
    }
}

/// Repeats the run with longer and longer blocks, until `in_time` is true. `in_time` says whether
/// the other thread has done its part before the end of the block.
///
/// # Panics
/// If the other thread was too late in each run. The last block is 128 times as long as the first
/// block, so even a slow machine does not cause this panic.
fn wait_during_long_enough_block(step: &str, in_time: impl Fn(&BlockedWait) -> bool) -> BlockedWait {
    (0..8)
        .map(|doublings| wait_during_block(step, BLOCK * (1 << doublings)))
        .find(in_time)
        .expect("one of the blocks is long enough")
}

#[test]
fn a_timer_that_expires_while_the_driver_starves_is_unnoticed_until_the_driver_is_polled() {
    let wait = wait_during_block("{ sleep = '20ms' }", BLOCK);
    let latest = end(&wait.before) + WAIT + TICK;
    assert!(wait.ready() >= wait.before.start + WAIT && wait.ready() <= latest);
    assert!(wait.woken() >= wait.block_end);
}

#[test]
fn a_reply_that_arrives_while_the_driver_starves_is_unnoticed_until_the_driver_is_polled() {
    let wait = wait_during_long_enough_block("{ http = '/second' }", |wait| wait.ready() < wait.block_end);
    assert!(
        wait.ready() >= wait.before.start + WAIT,
        "no reply leaves before its time"
    );
    assert!(wait.woken() >= wait.block_end);
}

#[test]
fn offloaded_work_that_ends_while_the_worker_is_blocked_leaves_its_task_queued() {
    // The thread that did the work wakes the task itself. The driver is not involved.
    let wait = wait_during_long_enough_block("{ offload = [{ sleep = '20ms' }] }", |wait| {
        wait.woken() < wait.block_end
    });
    let work = wait.offloaded.last().expect("a job");
    assert!(end(work) <= wait.ready());
    assert!(wait.after.queued.get() >= wait.block_end - wait.woken());
}
