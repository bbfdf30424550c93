//! Tests of queries about reasons: which step, which holders, and which resource.

use super::*;

fn ms(n: u64) -> Nanos {
    Nanos::from_millis(n)
}

fn at_ms(n: u64) -> RunInstant {
    RunInstant::from_millis(n)
}

fn step(task: u32, start: RunInstant, len: Nanos, label: u16, blocking: bool) -> Record {
    Record::Step(Step {
        start,
        task: id(task),
        len: len.into(),
        label: Label(label),
        blocking,
        blocked_on: Reason::Timer,
        timer_rounding: CompactDuration::ZERO,
    })
}

/// The step of a task in the interval at this millisecond.
fn step_at(model: &Model, task: u32, at: u64) -> Option<&str> {
    let interval = model.interval_at(id(task), at_ms(at)).expect("the task is alive");
    model.step_of_hold(id(task), &interval)
}

fn labels(model: &mut Model, texts: &[&str]) {
    let definitions = (1..).zip(texts).map(|(number, text)| Definition::Label {
        id: Label(number),
        text: (*text).to_owned(),
    });
    model.apply(&Batch {
        definitions: definitions.collect(),
        ..Batch::default()
    });
}

#[test]
fn the_step_of_a_hold_is_the_innermost_step_that_fills_most_of_it() {
    let records = [
        spawned(1, at_ms(0)),
        Record::Slice(slice(1, at_ms(0), ms(1))),
        step(1, at_ms(110), ms(60), 2, false),
        step(1, at_ms(170), ms(200), 3, true),
        // The whole poll is a part of a step that began before the wait.
        step(1, at_ms(0), ms(400), 1, false),
        // This step contains both inner steps.
        step(1, at_ms(105), ms(300), 4, false),
        Record::Slice(slice(1, at_ms(100), ms(310))),
    ];
    let mut reversed = records;
    reversed.reverse();
    for records in [records, reversed] {
        let mut model = model(at_ms(500), records);
        labels(&mut model, &["http /weather", "cpu 60ms", "block 200ms", "lock cache"]);
        assert_eq!(step_at(&model, 1, 120), Some("cpu 60ms"));
        assert_eq!(step_at(&model, 1, 200), Some("block 200ms"));
        assert_eq!(step_at(&model, 1, 380), Some("lock cache"));
    }
}

#[test]
fn the_step_of_an_open_slice_is_the_present_step() {
    let mut model = model(at_ms(10), [spawned(1, at_ms(0))]);
    labels(&mut model, &["block 500ms", "cpu 5ms"]);
    model.apply(&Batch {
        now: at_ms(100),
        records: vec![(WORKER, step(1, at_ms(20), ms(5), 2, false))],
        live: Live {
            lanes: vec![CurrentSlice {
                blocking_since: Some(at_ms(30)),
                ..current(1, at_ms(20))
            }],
            ..Live::default()
        },
        ..Batch::default()
    });
    assert_eq!(step_at(&model, 1, 22), Some("cpu 5ms"));
    assert_eq!(step_at(&model, 1, 99), Some("block 500ms"));
}

/// Two workers and a pool of blocking threads. Task 1 holds the first worker for 100 ms from 10 ms
/// on. `second` are the slices of the second worker.
fn two_workers(second: &[Slice]) -> Model {
    let mut model = model(at_ms(0), (1..6).map(|task| spawned(task, at_ms(0))));
    let mut batch = Batch {
        now: at_ms(200),
        ..Batch::default()
    };
    for (lane, kind) in [(OTHER, LaneKind::Worker), (LaneId(2), LaneKind::Blocking)] {
        batch.definitions.push(Definition::Lane {
            id: lane,
            kind,
            name: "another".into(),
        });
    }
    batch
        .records
        .push((WORKER, Record::Slice(slice(1, at_ms(10), ms(100)))));
    batch
        .records
        .extend(second.iter().map(|slice| (OTHER, Record::Slice(*slice))));
    model.apply(&batch);
    model
}

fn interval(from: u64, to: u64, state: State) -> StateInterval {
    StateInterval {
        from: at_ms(from),
        to: at_ms(to),
        state,
    }
}

#[test]
fn a_queued_task_is_behind_the_tasks_that_held_its_lanes() {
    let queued = interval(10, 110, State::Queued);
    let idle = two_workers(&[]);
    assert_eq!(idle.queued_behind(id(5), &queued).tasks, [id(1)]);
    let brief = [slice(2, at_ms(10), us(500)), slice(3, at_ms(20), ms(20))];
    let behind = two_workers(&brief).queued_behind(id(5), &queued);
    assert_eq!(behind.tasks, [id(1)], "the other worker was mostly idle");
    let busy = [slice(2, at_ms(5), ms(45)), slice(3, at_ms(50), ms(70))];
    let model = two_workers(&busy);
    let behind = model.queued_behind(id(5), &queued);
    assert_eq!((behind.tasks, behind.in_turn), (vec![id(1), id(3)], false));
    let behind = model.queued_behind(id(5), &interval(115, 200, State::Queued));
    assert_eq!(behind, Holding::default(), "both workers were idle");
}

#[test]
fn tasks_that_held_a_lane_one_after_the_other_are_named_in_order() {
    let in_turn = [2, 3, 4, 2].into_iter().zip(0..);
    let slices: Vec<Slice> = in_turn
        .map(|(task, n)| slice(task, at_ms(110 + 20 * n), ms(20)))
        .collect();
    let model = two_workers(&slices);
    let behind = model.queued_behind(id(5), &interval(110, 190, State::Queued));
    assert_eq!(behind.tasks, [id(2)], "this task held the lane for half of the time");
    let behind = model.queued_behind(id(5), &interval(130, 190, State::Queued));
    assert_eq!((behind.tasks, behind.in_turn), (vec![id(3), id(4), id(2)], true));
}

#[test]
fn the_driver_is_held_by_the_only_worker_that_is_held() {
    let unnoticed = interval(10, 110, State::Unnoticed);
    let (holders, workers) = two_workers(&[]).driver_held_by(&unnoticed);
    assert_eq!((holders.tasks, workers), (vec![id(1)], 1));
    let (holders, workers) = two_workers(&[slice(2, at_ms(0), ms(150))]).driver_held_by(&unnoticed);
    assert_eq!((holders.tasks, workers), (vec![id(2), id(1)], 2));
}

#[test]
fn a_job_of_the_blocking_pool_is_not_queued_behind_workers() {
    let mut model = two_workers(&[]);
    let queued = interval(10, 110, State::Queued);
    let spawned = Record::Spawned(Spawned {
        at: at_ms(1),
        task: id(9),
        parent: None,
        index: 0,
        group: GroupId(1),
        branch: false,
    });
    model.apply(&Batch {
        now: at_ms(200),
        records: vec![(LaneId(2), spawned)],
        ..Batch::default()
    });
    let behind = model.queued_behind(id(9), &queued);
    assert_eq!(behind, Holding::default(), "it is not known where this task runs");
    let job = Record::Slice(slice(9, at_ms(120), ms(1)));
    model.apply(&Batch {
        now: at_ms(200),
        records: vec![(LaneId(2), job)],
        ..Batch::default()
    });
    assert_eq!(model.queued_behind(id(9), &queued), Holding::default());
}

/// Task 1 holds a lock from 0 ms to 100 ms, and waits for a reply meanwhile. Task 2 waits for the
/// lock from 10 ms to 100 ms and then holds it, and task 3 waits from 20 ms on.
fn convoy() -> Model {
    let mut model = Model::new(RunInfo {
        resources: vec![ResourceInfo::new(ResourceKind::Lock, "cache", Some(1))],
        ..RunInfo::default()
    });
    let acquired = |task, at, waited: Nanos| {
        Record::Acquired(Acquired {
            at,
            task: id(task),
            waited: waited.into(),
            level: 1,
            resource: ResourceId(0),
            wanted: Wanted::Access,
        })
    };
    let began = |task, at| {
        Record::WaitBegan(WaitBegan {
            at,
            task: id(task),
            waiting: 1,
            resource: ResourceId(0),
            wanted: Wanted::Access,
            limited: false,
        })
    };
    let released = Record::Released(Released {
        at: at_ms(100),
        task: id(1),
        waited: CompactDuration::ZERO,
        held: ms(100).into(),
        resource: ResourceId(0),
        wanted: Wanted::Access,
    });
    let waits = |reason, label, slice| {
        Record::Slice(Slice {
            suspended_on: reason,
            label: Label(label),
            ..slice
        })
    };
    let records = [
        spawned(1, at_ms(0)),
        spawned(2, at_ms(0)),
        spawned(3, at_ms(0)),
        acquired(1, at_ms(0), Nanos::ZERO),
        waits(Reason::Http, 1, slice(1, at_ms(0), ms(1))),
        began(2, at_ms(10)),
        waits(Reason::Lock, 2, slice(2, at_ms(9), ms(1))),
        began(3, at_ms(20)),
        waits(Reason::Lock, 2, slice(3, at_ms(19), ms(1))),
        released,
        acquired(2, at_ms(100), ms(90)),
        waits(Reason::Timer, 3, slice(2, at_ms(100), ms(1))),
    ];
    model.apply(&Batch {
        now: at_ms(150),
        records: records.map(|record| (WORKER, record)).to_vec(),
        ..Batch::default()
    });
    labels(&mut model, &["http /rates", "lock cache", "sleep 1s"]);
    model
}

#[test]
fn the_model_knows_who_held_the_lock_for_which_a_task_waited() {
    let model = convoy();
    for (task, to) in [(2, 100), (3, 150)] {
        let interval = model.interval_at(id(task), at_ms(50)).unwrap();
        assert_eq!((interval.to, interval.state), (at_ms(to), State::Waiting(Reason::Lock)));
        let wait = model.resource_wait(id(task), &interval).unwrap();
        assert_eq!((&*wait.resource.info.name, wait.wanted), ("cache", Wanted::Access));
        assert_eq!(model.held_during(wait.resource, &interval).tasks, [id(1)]);
        assert_eq!(model.activity_during(id(1), &interval), Some("http /rates"));
    }
    let interval = model.interval_at(id(1), at_ms(50)).unwrap();
    assert!(model.resource_wait(id(1), &interval).is_none(), "it waited for a reply");
    let held = model.held_during(&model.resources()[0], &interval_of(110, 150));
    assert_eq!(held.tasks, [id(2)], "the hold is open");
    assert_eq!(model.activity_at(id(2), at_ms(140)), Some("sleep 1s"));
}

fn interval_of(from: u64, to: u64) -> StateInterval {
    interval(from, to, State::Waiting(Reason::Lock))
}
