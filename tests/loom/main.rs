//! Models of the probe's lock-free protocols. Loom runs each model in every order of the threads'
//! steps. A relaxed load may return any value that the memory model allows.
//!
//! The models compile the probe's own source files, with loom's atomics instead of the standard
//! atomics. This program has no test harness: the unit tests in the probe's files need the standard
//! atomics.
//!
//! The ring itself is the crate `rtrb`, which cannot run under loom. The model of the hand-over
//! uses a relaxed counter instead of a ring. So the model shows that the tally alone determines the
//! order of the values that the monitor reads.

use exact_sums::{EndedSlice, ExactSums, LossNote};
use lane_tally::LaneTally;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::thread;
use open_slice::OpenSlice;
use tasklab::record::{self, Label, LaneId, LostTime, Nanos, ProcessClock, ProcessInstant, Reason, TaskId, TaskSums};
use wake_stamps::{Wake, WakeStamps};

/// The atomics that the probe's files import instead of the standard atomics.
mod sync {
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
        fence,
    };
}

// The models use only a part of each file, and none of its unit tests.
#[allow(dead_code, unused_imports)]
#[path = "../../src/probe/exact_sums.rs"]
mod exact_sums;
#[allow(dead_code, unused_imports)]
#[path = "../../src/probe/lane_tally.rs"]
mod lane_tally;
#[allow(dead_code, unused_imports)]
#[path = "../../src/probe/open_slice.rs"]
mod open_slice;
#[path = "../../src/probe/seq_lock.rs"]
mod seq_lock;
#[allow(dead_code, unused_imports)]
#[path = "../../src/probe/wake_stamps.rs"]
mod wake_stamps;

/// The maximum number of preemptions in one execution. Published studies found that two preemptions
/// expose nearly all concurrency faults. Without a bound, the retries of the sequence lock would
/// lead to too many executions.
const PREEMPTIONS: usize = 3;

fn main() {
    for (name, model) in [
        (
            "a_reader_never_sees_half_a_slice",
            a_reader_never_sees_half_a_slice as fn(),
        ),
        (
            "a_reader_that_comes_later_sees_the_last_slice",
            a_reader_that_comes_later_sees_the_last_slice,
        ),
        (
            "the_tally_never_shows_a_job_or_a_closed_ring_before_its_records",
            the_tally_never_shows_a_job_or_a_closed_ring_before_its_records,
        ),
        (
            "the_losses_of_a_closed_lane_are_completely_counted",
            the_losses_of_a_closed_lane_are_completely_counted,
        ),
        (
            "a_poll_sees_the_wake_up_that_led_to_it",
            a_poll_sees_the_wake_up_that_led_to_it,
        ),
        (
            "after_two_concurrent_wake_ups_one_instant_and_one_waker_remain",
            after_two_concurrent_wake_ups_one_instant_and_one_waker_remain,
        ),
        (
            "the_poll_after_a_concurrent_wake_up_reads_this_wake_up_or_none",
            the_poll_after_a_concurrent_wake_up_reads_this_wake_up_or_none,
        ),
        (
            "sums_end_with_a_slice_and_never_come_before_its_record",
            sums_end_with_a_slice_and_never_come_before_its_record,
        ),
        (
            "the_sums_contain_the_polls_of_all_threads",
            the_sums_contain_the_polls_of_all_threads,
        ),
        (
            "the_sums_that_are_read_after_a_loss_contain_the_lost_slice",
            the_sums_that_are_read_after_a_loss_contain_the_lost_slice,
        ),
    ] {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(PREEMPTIONS);
        builder.check(model);
        println!("model {name} ... ok");
    }
}

fn at(nanos: u64) -> ProcessInstant {
    ProcessInstant::new(nanos)
}

fn task(id: u32) -> TaskId {
    TaskId::new(id).expect("not zero")
}

/// Begins a slice of task `n`. The slice starts at the instant `n`.
fn write_slice(slice: &OpenSlice, n: u32) {
    slice.begin(task(n), at(n.into()));
}

fn a_reader_never_sees_half_a_slice() {
    let slice = Arc::new(OpenSlice::default());
    write_slice(&slice, 1);
    let writer = slice.clone();
    let writing = thread::spawn(move || write_slice(&writer, 2));
    if let Some(current) = slice.read(LaneId(0)) {
        assert_eq!(u64::from(current.task.get()), current.start.0);
    }
    writing.join().expect("the writer does not panic");
}

fn a_reader_that_comes_later_sees_the_last_slice() {
    let slice = Arc::new(OpenSlice::default());
    let writer = slice.clone();
    let writing = thread::spawn(move || {
        write_slice(&writer, 1);
        writer.end();
        write_slice(&writer, 2);
    });
    writing.join().expect("the writer does not panic");
    let current = slice.read(LaneId(0)).expect("the writer has ended");
    assert_eq!((current.task, current.start), (task(2), at(2)));
}

fn the_tally_never_shows_a_job_or_a_closed_ring_before_its_records() {
    let tally = Arc::new(LaneTally::default());
    let pushed = Arc::new(AtomicU64::new(0));
    let (its_tally, its_ring) = (tally.clone(), pushed.clone());
    let lane = thread::spawn(move || {
        for record in 1..=2 {
            its_ring.store(record, Ordering::Relaxed);
            its_tally.count_job();
        }
        // The third record is not a job.
        its_ring.store(3, Ordering::Relaxed);
        its_tally.close();
    });
    let seen = tally.read();
    let drained = pushed.load(Ordering::Relaxed);
    assert!(seen.jobs <= drained, "{seen:?} {drained}");
    assert!(!seen.closed || drained == 3, "{seen:?} {drained}");
    lane.join().expect("the lane does not panic");
}

fn the_losses_of_a_closed_lane_are_completely_counted() {
    let time = |ns| LostTime {
        running: Nanos(ns),
        blocking: Nanos(2 * ns),
    };
    let tally = Arc::new(LaneTally::default());
    let its_tally = tally.clone();
    let lane = thread::spawn(move || {
        for ns in 1..=2 {
            its_tally.count_lost_slice();
            its_tally.add_lost_time(time(ns));
        }
        its_tally.close();
    });
    let closed = tally.read().closed;
    let lost = tally.lost();
    assert!(lost.slices <= 2 && lost.time.running <= Nanos(3), "{lost:?}");
    assert!(!closed || (lost.slices, lost.time) == (2, time(3)), "{lost:?}");
    lane.join().expect("the lane does not panic");
}

/// Wakes the task as a waker does. Only the first wake-up after the last slice leaves stamps.
fn wake(stamps: &WakeStamps, instant: u64, by: u32) {
    if !stamps.is_woken() {
        stamps.wake(at(instant), Some(task(by)));
    }
}

fn a_poll_sees_the_wake_up_that_led_to_it() {
    let stamps = Arc::new(WakeStamps::default());
    let scheduled = Arc::new(AtomicBool::new(false));
    let (its_stamps, its_scheduled) = (stamps.clone(), scheduled.clone());
    let waker = thread::spawn(move || {
        wake(&its_stamps, 10, 1);
        its_scheduled.store(true, Ordering::Release);
    });
    // A runtime polls a task only after it has seen that the task was scheduled.
    if scheduled.load(Ordering::Acquire) {
        let wake = stamps.take(at(100));
        assert_eq!((wake.queued.get(), wake.by), (Nanos(90), Some(task(1))));
        assert!(!stamps.is_woken());
    }
    waker.join().expect("the waker does not panic");
}

fn after_two_concurrent_wake_ups_one_instant_and_one_waker_remain() {
    let stamps = Arc::new(WakeStamps::default());
    let wakers = [(10, 1), (20, 2)].map(|(instant, by)| {
        let stamps = stamps.clone();
        thread::spawn(move || wake(&stamps, instant, by))
    });
    for waker in wakers {
        waker.join().expect("the waker does not panic");
    }
    let wake = stamps.take(at(100));
    assert!([Nanos(90), Nanos(80)].contains(&wake.queued.get()), "{wake:?}");
    assert!([Some(task(1)), Some(task(2))].contains(&wake.by), "{wake:?}");
    assert!(!stamps.is_woken(), "a slice takes the stamps once");
}

fn the_poll_after_a_concurrent_wake_up_reads_this_wake_up_or_none() {
    let stamps = Arc::new(WakeStamps::default());
    wake(&stamps, 10, 1);
    let its_stamps = stamps.clone();
    let waker = thread::spawn(move || wake(&its_stamps, 20, 2));
    let first = stamps.take(at(100));
    assert_eq!(
        first.queued.get(),
        Nanos(90),
        "the delay counts from the first wake-up: {first:?}"
    );
    assert!([Some(task(1)), Some(task(2))].contains(&first.by), "{first:?}");
    waker.join().expect("the waker does not panic");
    let Wake { queued, by, .. } = stamps.take(at(200));
    match by {
        None => assert_eq!(queued.get(), Nanos::ZERO, "the waker found a stamp and left none"),
        Some(by) => assert_eq!((queued.get(), by), (Nanos(180), task(2))),
    }
}

/// A poll of 5 ns that begins at `start`. The record of this poll was lost.
fn poll(start: u64) -> EndedSlice {
    EndedSlice {
        start: at(start),
        end: at(start + 5),
        blocking: Nanos::ZERO,
        queued: Nanos::ZERO,
        unnoticed: Nanos::ZERO,
        reason: Reason::Timer,
        label: Label::NONE,
        is_lost: true,
        on_worker: true,
    }
}

/// Checks that the sums add up to the life of a task that was spawned at 10.
fn assert_sums(sums: &TaskSums<ProcessClock>) {
    let waited = sums.queued + sums.unnoticed + sums.suspended_on.into_iter().sum();
    assert_eq!(sums.running + sums.blocking + waited, sums.until - at(10), "{sums:?}");
    assert_eq!(sums.running, Nanos(5 * sums.lost), "{sums:?}");
}

fn sums_end_with_a_slice_and_never_come_before_its_record() {
    let sums = Arc::new(ExactSums::default());
    sums.begin(at(10));
    let pushed = Arc::new(AtomicU64::new(0));
    let (its_sums, its_ring) = (sums.clone(), pushed.clone());
    let lane = thread::spawn(move || {
        for record in 1..=2 {
            its_ring.store(record, Ordering::Relaxed);
            its_sums.add(poll(10 * (record + 1)), ProcessInstant::MAX);
        }
    });
    if let Some(seen) = sums.read(task(1)) {
        let drained = pushed.load(Ordering::Relaxed);
        assert_sums(&seen);
        assert!(seen.lost <= drained, "{seen:?} {drained}");
    }
    lane.join().expect("the lane does not panic");
    let seen = sums.read(task(1)).expect("no thread writes");
    assert_sums(&seen);
    assert_eq!((seen.until, seen.lost), (at(35), 2));
}

fn the_sums_contain_the_polls_of_all_threads() {
    let sums = Arc::new(ExactSums::default());
    sums.begin(at(10));
    let polled = Arc::new(AtomicBool::new(false));
    let (its_sums, it_polled) = (sums.clone(), polled.clone());
    let lane = thread::spawn(move || {
        its_sums.add(poll(20), ProcessInstant::MAX);
        it_polled.store(true, Ordering::Release);
    });
    // A runtime polls a task only after it has seen that the previous poll has ended.
    if polled.load(Ordering::Acquire) {
        sums.add(poll(30), ProcessInstant::MAX);
        let seen = sums.read(task(1)).expect("no thread writes");
        assert_sums(&seen);
        assert_eq!((seen.until, seen.lost), (at(35), 2));
    }
    lane.join().expect("the lane does not panic");
}

fn the_sums_that_are_read_after_a_loss_contain_the_lost_slice() {
    let task_data = Arc::new((ExactSums::default(), LossNote::default()));
    task_data.0.begin(at(10));
    let its_data = task_data.clone();
    let lane = thread::spawn(move || {
        let (sums, losses) = &*its_data;
        for number in 1..=2 {
            sums.add(poll(10 * (number + 1)), ProcessInstant::MAX);
            losses.note();
        }
    });
    let (sums, losses) = &*task_data;
    let early = losses.read_new(sums, task(1));
    if let Some(seen) = &early {
        assert_sums(seen);
        assert!(seen.lost >= 1, "{seen:?}");
    }
    lane.join().expect("the lane does not panic");
    let late = losses.read_new(sums, task(1));
    let last = late.or(early).expect("a loss leaves a note");
    assert_eq!((last.until, last.lost), (at(35), 2), "no loss is forgotten");
    assert!(losses.is_any() && !losses.is_new());
    assert!(losses.read_new(sums, task(1)).is_none(), "the sums are read once");
}
