//! Tests that translate batches of a worker whose ids and clock differ from those of the run.

use super::*;
use crate::record::{Ended, MonotonicInstant, Nanos, Outcome, RepetitionsLost, Spawned, TaskSums};
use crate::workload::LiveTasks;

fn translator() -> BatchTranslator {
    let task_table = Arc::new(TaskTable::new(Arc::<LiveTasks>::default(), std::iter::once(100..200)));
    let names = Names::new([Definition::Label {
        id: Label(4),
        text: "yield".into(),
    }]);
    task_table.spawned(0, TaskId::new(100).unwrap()).unwrap();
    BatchTranslator::new(0, 7, Registry::new(), task_table, Arc::new(Mutex::new(names)))
}

fn slice(start: u64, len: u64, task: u32, label: u16) -> (LaneId, Record<MonotonicClock>) {
    let slice = Slice {
        start: MonotonicInstant::new(start),
        task: TaskId::new(task).unwrap(),
        len: CompactDuration::new(Nanos(len)),
        queued: CompactDuration::ZERO,
        unnoticed: CompactDuration::ZERO,
        woken_by: None,
        label: Label(label),
        suspended_on: Reason::Yield,
        branch: false,
    };
    (LaneId(5), Record::Slice(slice))
}

fn lane() -> Definition {
    Definition::Lane {
        id: LaneId(5),
        kind: LaneKind::Process,
        name: "mine".into(),
    }
}

#[test]
fn slices_of_a_lane_never_overlap_when_the_clocks_drift() {
    let mut translator = translator();
    let offset = ClockOffset::of_process();
    let at = offset.to_monotonic(ProcessInstant::new(1_000_000)).0;
    let label = Definition::Label {
        id: Label(1),
        text: "yield".into(),
    };
    let first = Batch {
        definitions: vec![lane(), label],
        records: vec![slice(at, 500, 100, 1)],
        ..Batch::default()
    };
    // The second batch simulates another clock offset: its first slice seems to start before the
    // end of the previous slice.
    let second = Batch {
        records: vec![slice(at + 400, 300, 100, 0), slice(at + 450, 10, 100, 0)],
        ..Batch::default()
    };
    let mut spans = Vec::new();
    for batch in [first, second] {
        for (_, record) in translator.translate(batch, offset).expect("a valid batch").records {
            let Record::Slice(slice) = record else {
                panic!("{record:?}")
            };
            spans.push((slice.start.0, slice.len.get().0, slice.label.0));
        }
    }
    assert_eq!(spans, [(1_000_000, 500, 4), (1_000_500, 200, 0), (1_000_700, 0, 0)]);
}

#[test]
fn a_worker_cannot_define_labels_without_limit() {
    let mut translator = translator();
    let labels = (0..40_000).map(|n| Definition::Label {
        id: Label(n),
        text: format!("label {n}"),
    });
    let batch = Batch {
        definitions: labels.collect(),
        ..Batch::default()
    };
    assert_eq!(
        translator.translate(batch, ClockOffset::of_process()).unwrap_err(),
        "defines more labels than tasklab has ids for"
    );
}

#[test]
fn the_end_of_a_task_may_precede_its_spawn_but_no_task_is_spawned_twice() {
    let mut translator = translator();
    let task = TaskId::new(101).unwrap();
    let group = Definition::Group {
        id: GroupId(0),
        name: "a".into(),
        library: false,
    };
    let ended = Record::Ended(Ended::observed(MonotonicInstant::new(2), task, Outcome::Completed));
    let spawned = Record::Spawned(Spawned {
        at: MonotonicInstant::new(1),
        task,
        parent: None,
        index: 0,
        group: GroupId(0),
        branch: false,
    });
    let batch = |definitions, records: &[Record<MonotonicClock>]| Batch {
        definitions,
        records: records.iter().map(|&record| (LaneId::NONE, record)).collect(),
        ..Batch::default()
    };
    translator
        .translate(batch(vec![group], &[ended, spawned]), ClockOffset::of_process())
        .expect("one batch");
    let twice = translator.translate(batch(Vec::new(), &[spawned]), ClockOffset::of_process());
    assert_eq!(twice.unwrap_err(), "gives the id 101 to two tasks");
}

#[test]
fn lost_repetitions_are_counted_for_the_group_in_this_run() {
    let mut translator = translator();
    translator.registry.group_named("another");
    let lost = |group| Batch {
        repetitions_lost: vec![RepetitionsLost {
            group: GroupId(group),
            outcome: Outcome::Completed,
            count: 3,
            branch: false,
        }],
        ..Batch::default()
    };
    let unknown = translator.translate(lost(0), ClockOffset::of_process());
    assert_eq!(unknown.unwrap_err(), "uses group 0, which it has not defined");
    let definitions = vec![Definition::Group {
        id: GroupId(0),
        name: "a".into(),
        library: false,
    }];
    let batch = Batch { definitions, ..lost(0) };
    let translated = translator.translate(batch, ClockOffset::of_process()).expect("a batch");
    let ours = translator.registry.group_named("a").id;
    assert_eq!(
        (ours, &translated.repetitions_lost),
        (GroupId(1), &lost(1).repetitions_lost)
    );
}

#[test]
fn the_sums_of_a_task_name_the_label_of_this_run() {
    let sums = |task, label| Batch {
        sums: vec![TaskSums {
            until: MonotonicInstant::ZERO,
            task: TaskId::new(task).unwrap(),
            lost: 3,
            running: Nanos(5),
            hogging: Nanos::ZERO,
            blocking: Nanos::ZERO,
            queued: Nanos::ZERO,
            unnoticed: Nanos::ZERO,
            suspended_on: Default::default(),
            on_worker: false,
            reason: Reason::Yield,
            label: Label(label),
        }],
        ..Batch::default()
    };
    let mut translator = translator();
    let label = Definition::Label {
        id: Label(1),
        text: "yield".into(),
    };
    let batch = Batch {
        definitions: vec![label],
        ..sums(100, 1)
    };
    let offset = ClockOffset::of_process();
    let translated = translator.translate(batch, offset).expect("a valid batch");
    assert_eq!((translated.sums[0].lost, translated.sums[0].label), (3, Label(4)));
    for (batch, why) in [
        (sums(100, 3), "uses label 3, which it has not defined"),
        (sums(101, 1), "sends a record of task 101, which it does not have"),
    ] {
        assert_eq!(translator.translate(batch, offset).unwrap_err(), why);
    }
}

#[test]
fn undefined_ids_and_unknown_tasks_break_the_protocol() {
    for (batch, why) in [
        (slice(1, 1, 100, 0), "uses lane 5, which it has not defined"),
        (slice(1, 1, 100, 3), "uses label 3, which it has not defined"),
    ] {
        let batch = Batch {
            records: vec![batch],
            ..Batch::default()
        };
        let mut translator = translator();
        let offset = ClockOffset::of_process();
        assert_eq!(translator.translate(batch, offset).unwrap_err(), why);
    }
    let mut translator = translator();
    let offset = ClockOffset::of_process();
    let strange = Batch {
        definitions: vec![lane()],
        records: vec![slice(1, 1, u32::MAX, 0)],
        ..Batch::default()
    };
    assert_eq!(
        translator.translate(strange, offset).unwrap_err(),
        "sends a record of task 4294967295, which it does not have"
    );
}

#[test]
fn the_open_slices_of_a_dead_worker_are_closed_and_so_are_those_of_branches() {
    let mut translator = translator();
    let offset = ClockOffset::of_process();
    let at = offset.to_monotonic(ProcessInstant::new(1_000_000)).0;
    for branch in [101, 102] {
        let branch = TaskId::new(branch).unwrap();
        translator.task_table.spawned(0, branch).unwrap();
    }
    let current = |task, start| CurrentSlice {
        blocking_since: Some(MonotonicInstant::new(at + start + 10)),
        blocked_on: Reason::Timer,
        ..CurrentSlice::new(LaneId(5), TaskId::new(task).unwrap(), MonotonicInstant::new(at + start))
    };
    // The slice of branch 102 ended while the batch was made.
    let (lane_id, Record::Slice(ended)) = slice(at + 200, 50, 102, 0) else {
        unreachable!("a slice")
    };
    let batch = Batch {
        definitions: vec![lane()],
        records: vec![(lane_id, Record::Slice(Slice { branch: true, ..ended }))],
        jobs: 3,
        live: crate::record::Live {
            lanes: vec![current(100, 0)],
            branches: vec![current(101, 100), current(102, 200)],
            waiting: Vec::new(),
        },
        ..Batch::default()
    };
    translator.translate(batch, offset).expect("a valid batch");
    let tasks = [100, 101, 102].map(|task| TaskId::new(task).unwrap());
    let (records, jobs) = translator.close_open_slices(ProcessInstant::new(1_001_000), &tasks);
    let mut slices = Vec::new();
    let mut blocked = Vec::new();
    for (_, record) in records {
        match record {
            Record::Slice(slice) => slices.push((slice.task.get(), slice.branch, slice.len.get().0)),
            Record::Step(step) => blocked.push((step.task.get(), step.len.get().0)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(slices, [(100, false, 1000), (101, true, 900)]);
    assert_eq!(blocked, [(100, 990), (101, 890)]);
    assert_eq!(jobs, 4, "a branch is a part of its task's job");
}
