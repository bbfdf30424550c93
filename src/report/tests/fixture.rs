//! The records of a small run of 1 s, whose figures can be checked by hand.
//!
//! ```text
//!   worker 0   heartbeat#0  5 polls of 10 µs; the last is 300 ms late: 290 ms unnoticed, 10 ms queued
//!              api#1        blocks from 500 ms to 800 ms
//!   worker 1   api#0        polls of 2 ms with HTTP requests in between; at the end, api#2 holds the lane
//!   blocking   api#0        runs an offloaded job
//!
//!   cache      api#0 holds it from 100 ms to 200 ms; api#1 waits from 150 ms on, and holds it from 200 ms on
//!   slots      api#2 holds a permit from 100 ms to 600 ms
//!   jobs       api#0 sends at 300 ms, 400 ms and 500 ms; api#2 receives one message at 700 ms
//!   phase      api#0 and api#1 pass it; then api#0 waits from 700 ms on
//!   config     api#2 writes from 100 ms to 300 ms; api#1 waits from 200 ms on, reads from 300 ms on
//!   ready      api#0 waits from 200 ms to 260 ms; of three notifications, one is lost
//! ```

use crate::model::{Model, RunInfo};
use crate::record::*;
use crate::report::Facts;
use crate::scenario::{ExecutorKind, ExecutorSpec, Knobs, Lang};
use std::time::Duration;

pub(super) const MS: u64 = 1_000_000;
const HEARTBEAT: GroupId = GroupId(0);
const API: GroupId = GroupId(1);
const HYPER: GroupId = GroupId(2);

pub(super) fn facts() -> Facts {
    Facts {
        scenario: "scenarios/mixed.toml".to_owned(),
        executor: ExecutorSpec {
            kind: ExecutorKind::Tokio,
            workers: None,
            knobs: Knobs {
                event_interval: Some(31),
                enable_eager_driver_handoff: true,
                ..Knobs::default()
            },
        },
        lang: Lang::En,
        calibration: Calibration {
            units_per_ms: 21_503.123_456,
            spread: 0.021_77,
            samples: 20,
            took: Duration::from_micros(30_125),
        },
        usage: Usage {
            cpu: Nanos(412 * MS),
            peak_memory: 23 << 20,
            voluntary_switches: 1_234,
            involuntary_switches: 56,
            processes: 1,
        },
        left_running: None,
    }
}

pub(super) fn info() -> RunInfo {
    RunInfo {
        title: "Mixed load".to_owned(),
        executor: "tokio".to_owned(),
        workers: 2,
        async_executor: true,
        lifo_slot: true,
        duration: Some(Nanos(1_000 * MS)),
        seed: 7,
        resources: vec![
            ResourceInfo::new(ResourceKind::Lock, "cache", Some(1)),
            ResourceInfo::new(ResourceKind::Semaphore, "slots", Some(2)),
            ResourceInfo::new(ResourceKind::Channel, "jobs", Some(8)),
            ResourceInfo::new(ResourceKind::Barrier, "phase", Some(2)),
            ResourceInfo::new(ResourceKind::Rwlock, "config", Some(1)),
            ResourceInfo::new(ResourceKind::Notify, "ready", Some(1)),
        ],
        ..RunInfo::default()
    }
}

pub(super) fn task(id: u32) -> TaskId {
    TaskId::new(id).expect("not zero")
}

/// A poll that starts at `start` and takes `len`, in microseconds. Before the poll, the task was
/// unnoticed for `unnoticed` and queued for `queued` microseconds. After the poll, the task waits
/// for `on`.
pub(super) fn slice(id: u32, start: u64, len: u64, [unnoticed, queued]: [u64; 2], on: Reason) -> Record {
    Record::Slice(Slice {
        start: RunInstant::from_micros(start),
        task: task(id),
        len: Nanos::from_micros(len).into(),
        queued: Nanos::from_micros(queued).into(),
        unnoticed: Nanos::from_micros(unnoticed).into(),
        woken_by: None,
        label: Label::NONE,
        suspended_on: on,
        branch: false,
    })
}

fn spawned(id: u32, group: GroupId, index: u32) -> Record {
    Record::Spawned(Spawned {
        at: RunInstant::ZERO,
        task: task(id),
        parent: None,
        index,
        group,
        branch: false,
    })
}

fn repetition(id: u32, start_ms: u64, len_ms: u64, outcome: Outcome) -> Record {
    Record::Repetition(Repetition {
        start: RunInstant::from_millis(start_ms),
        task: task(id),
        len: Nanos::from_millis(len_ms).into(),
        outcome,
    })
}

fn ended(id: u32, at_us: u64, outcome: Outcome) -> Record {
    Record::Ended(Ended::observed(RunInstant::from_micros(at_us), task(id), outcome))
}

fn definitions() -> Vec<Definition> {
    let lane = |id, kind, name: &str| Definition::Lane {
        id: LaneId(id),
        kind,
        name: name.to_owned(),
    };
    let group = |id, name: &str, library| Definition::Group {
        id,
        name: name.to_owned(),
        library,
    };
    vec![
        lane(0, LaneKind::Worker, "worker 0"),
        lane(1, LaneKind::Worker, "worker 1"),
        lane(2, LaneKind::Blocking, "blocking 0"),
        group(HEARTBEAT, "heartbeat", false),
        group(API, "api", false),
        group(HYPER, "hyper-util/src/common/exec.rs:46", true),
        Definition::Label {
            id: Label(1),
            text: "jobs".to_owned(),
        },
    ]
}

fn records() -> Vec<(LaneId, Record)> {
    let (worker_0, worker_1, blocking) = (LaneId(0), LaneId(1), LaneId(2));
    let mut records = vec![
        (worker_0, spawned(1, HEARTBEAT, 0)),
        (worker_0, spawned(2, API, 0)),
        (worker_0, spawned(3, API, 1)),
        (worker_0, spawned(4, API, 2)),
        (worker_0, spawned(5, HYPER, 0)),
    ];
    for tick in 0..4 {
        records.push((worker_0, slice(1, 1_000 + tick * 100_000, 10, [40, 10], Reason::Timer)));
        records.push((worker_0, repetition(1, tick * 100, 100, Outcome::Completed)));
        records.push((worker_1, slice(2, 2_000 + tick * 100_000, 2_000, [0, 60], Reason::Http)));
    }
    records.extend([
        (worker_1, repetition(2, 0, 250, Outcome::Completed)),
        (worker_1, repetition(2, 250, 250, Outcome::TimedOut)),
        (worker_0, slice(3, 499_000, 301_000, [0, 0], Reason::Timer)),
        (
            worker_0,
            Record::Step(Step {
                start: RunInstant::new(500 * MS),
                task: task(3),
                len: Nanos(300 * MS).into(),
                label: Label::NONE,
                blocking: true,
                blocked_on: Reason::Timer,
                timer_rounding: CompactDuration::ZERO,
            }),
        ),
        (worker_0, repetition(3, 499, 301, Outcome::Failed)),
        (worker_0, ended(3, 800_000, Outcome::Failed)),
        (worker_0, slice(1, 801_000, 10, [290_000, 10_000], Reason::Timer)),
        (blocking, slice(2, 600_000, 50_000, [0, 1_000], Reason::Offload)),
        (worker_1, slice(2, 900_000, 500, [0, 0], Reason::Http)),
        (worker_1, ended(2, 901_000, Outcome::Completed)),
    ]);
    records.extend(resource_records());
    records
}

/// The task acquires the resource, after it has waited for `waited` milliseconds.
fn acquired(at_ms: u64, id: u32, resource: u16, waited: u64, level: u32) -> (LaneId, Record) {
    let acquired = Acquired {
        at: RunInstant::from_millis(at_ms),
        task: task(id),
        waited: Nanos::from_millis(waited).into(),
        level,
        resource: ResourceId(resource),
        wanted: Wanted::Access,
    };
    (LaneId(1), Record::Acquired(acquired))
}

/// The task releases the resource, which has been held for `held` milliseconds.
fn released(at_ms: u64, id: u32, resource: u16, held: u64) -> (LaneId, Record) {
    let released = Released {
        at: RunInstant::from_millis(at_ms),
        task: task(id),
        waited: CompactDuration::ZERO,
        held: Nanos::from_millis(held).into(),
        resource: ResourceId(resource),
        wanted: if resource == 2 { Wanted::Message } else { Wanted::Access },
    };
    (LaneId(1), Record::Released(released))
}

fn resource_records() -> Vec<(LaneId, Record)> {
    let waits = WaitBegan {
        at: RunInstant::from_millis(150),
        task: task(3),
        waiting: 1,
        resource: ResourceId(0),
        wanted: Wanted::Access,
        limited: false,
    };
    vec![
        acquired(100, 2, 0, 0, 1),
        (LaneId(1), Record::WaitBegan(waits)),
        released(200, 2, 0, 100),
        acquired(200, 3, 0, 50, 1),
        acquired(100, 4, 1, 0, 1),
        released(600, 4, 1, 500),
        acquired(300, 2, 2, 0, 1),
        acquired(400, 2, 2, 0, 2),
        acquired(500, 2, 2, 0, 3),
        released(700, 4, 2, 400),
    ]
    .into_iter()
    .chain(records_of_other_resources())
    .collect()
}

/// The records of the barrier, the read-write lock and the notification.
fn records_of_other_resources() -> Vec<(LaneId, Record)> {
    let waits = |at_ms, id, resource, wanted, waiting| {
        let began = WaitBegan {
            at: RunInstant::from_millis(at_ms),
            task: task(id),
            waiting,
            resource: ResourceId(resource),
            wanted,
            limited: true,
        };
        (LaneId(1), Record::WaitBegan(began))
    };
    let notifies = |at_ms, woken, stored| {
        let notification = Notification {
            at: RunInstant::from_millis(at_ms),
            task: task(2),
            woken,
            resource: ResourceId(5),
            stored,
            passed_on: false,
        };
        (LaneId(1), Record::Notification(notification))
    };
    let reads = |(lane, record)| match record {
        Record::Acquired(acquired) => {
            let wanted = Wanted::Read;
            (lane, Record::Acquired(Acquired { wanted, ..acquired }))
        }
        other => (lane, other),
    };
    vec![
        waits(100, 2, 3, Wanted::Access, 1),
        acquired(150, 3, 3, 0, 2),
        acquired(160, 2, 3, 60, 1),
        waits(700, 2, 3, Wanted::Access, 3),
        acquired(100, 4, 4, 0, 1),
        waits(200, 3, 4, Wanted::Read, 1),
        released(300, 4, 4, 200),
        reads(acquired(300, 3, 4, 100, 1)),
        waits(200, 2, 5, Wanted::Access, 1),
        notifies(250, 1, false),
        acquired(260, 2, 5, 60, 0),
        notifies(300, 0, true),
        notifies(310, 0, false),
    ]
}

fn samples() -> Vec<Sample> {
    let runtime = |at_ms, polls, total_polls| {
        Sample::Runtime(RuntimeSample {
            at: RunInstant::from_millis(at_ms),
            elapsed: Nanos::from_millis(500),
            polls,
            total_polls,
            live_tasks: 5,
            global_queue: 2,
            local_queue: polls as usize,
            blocking_threads: 1,
            busy: Nanos::from_millis(160),
            parks: 20,
            steals: 1,
            io_ready: 9,
            ..RuntimeSample::default()
        })
    };
    let group = |at_ms, polls: u64, slow_polls| {
        Sample::Group(GroupSample {
            at: RunInstant::from_millis(at_ms),
            group: HEARTBEAT,
            scheduled_count: polls,
            scheduled: Nanos::from_millis(2 * polls),
            polls,
            polling: Nanos::from_micros(10 * polls),
            slow_polls,
        })
    };
    vec![
        runtime(500, 9, 9),
        runtime(1_000, 3, 12),
        Sample::Lane(LaneSample {
            at: RunInstant::from_millis(990),
            lane: LaneId(0),
            on_cpu: Nanos::from_millis(2),
            waiting: Nanos::from_micros(300),
            asleep_in: None,
            asleep: true,
        }),
        Sample::Channel(ChannelSample {
            at: RunInstant::from_millis(990),
            label: Label(1),
            len: 2,
            item_bytes: 0,
            capacity: Some(8),
            oldest: Some(RunInstant::from_millis(400)),
        }),
        group(750, 3, 1),
        group(1_000, 2, 0),
    ]
}

pub(super) fn batch() -> Batch {
    Batch {
        arrivals_over: true,
        arrival_windows: vec![],
        now: RunInstant::new(1_000 * MS),
        ended_at: None,
        definitions: definitions(),
        records: records(),
        lost: vec![Lost {
            lane: LaneId(1),
            slices: 1,
            others: 0,
            time: crate::record::LostTime::default(),
        }],
        repetitions_lost: vec![],
        sums: vec![],
        lost_slices: vec![],
        jobs: 1,
        samples: samples(),
        log: Vec::new(),
        live: Live {
            branches: Vec::new(),
            lanes: vec![CurrentSlice {
                queued: Nanos(5 * MS).into(),
                ..CurrentSlice::new(LaneId(1), task(4), RunInstant::new(950 * MS))
            }],
            waiting: Vec::new(),
        },
    }
}

pub(super) fn model() -> Model {
    model_of(&batch())
}

pub(super) fn model_of(batch: &Batch) -> Model {
    let mut model = Model::new(info());
    model.apply(batch);
    model
}
