use super::*;
use crate::record::*;

fn ms(n: u64) -> Nanos {
    Nanos::from_millis(n)
}

fn at(ms: u64) -> RunInstant {
    RunInstant::from_millis(ms)
}

fn id(task: u32) -> TaskId {
    TaskId::new(task).unwrap()
}

/// A slice of the task from `start` to `end`, in milliseconds. The task was unnoticed and queued
/// before it.
fn slice(task: u32, (start, end): (u64, u64), unnoticed: u64, queued: u64) -> Record {
    Record::Slice(Slice {
        start: at(start),
        task: id(task),
        len: ms(end - start).into(),
        queued: ms(queued).into(),
        unnoticed: ms(unnoticed).into(),
        woken_by: None,
        label: Label::NONE,
        suspended_on: Reason::Timer,
        branch: false,
    })
}

fn step(task: u32, (start, end): (u64, u64), label: u16, blocked_on: Option<Reason>) -> Record {
    Record::Step(Step {
        start: at(start),
        task: id(task),
        len: ms(end - start).into(),
        label: Label(label),
        blocking: blocked_on.is_some(),
        blocked_on: blocked_on.unwrap_or_default(),
        timer_rounding: CompactDuration::ZERO,
    })
}

/// A model with two lanes of this kind, and with one task in each of three groups.
fn model(kind: LaneKind, now: u64, records: &[(u16, Record)]) -> Model {
    let mut model = Model::new(RunInfo {
        workers: 2,
        ..RunInfo::default()
    });
    let lane = |id| Definition::Lane {
        id: LaneId(id),
        kind,
        name: format!("lane {id}"),
    };
    let spawned = (1..=3).map(|task| {
        let spawned = Spawned {
            at: at(0),
            task: id(task),
            parent: None,
            index: 0,
            group: GroupId(task as u16),
            branch: false,
        };
        (LaneId::NONE, Record::Spawned(spawned))
    });
    let records = records.iter().map(|(lane, record)| (LaneId(*lane), *record));
    model.apply(&Batch {
        now: at(now),
        definitions: vec![lane(0), lane(1)],
        records: spawned.chain(records).collect(),
        ..Batch::default()
    });
    model
}

/// Who waited, how, because of whom, and for how long, in milliseconds.
type Plain = (u16, WaitKind, Option<(u16, HoldKind)>, u64);

fn blame(model: &Model) -> Vec<Plain> {
    let blame = model.blame().into_iter();
    let plain = blame.map(|blame| {
        let culprit = blame.culprit.map(|culprit| (culprit.group.0, culprit.hold));
        let time = blame.time.0.div_ceil(1_000_000);
        (blame.victim.group.0, blame.victim.wait, culprit, time)
    });
    let mut plain: Vec<_> = plain.collect();
    plain.sort_unstable_by_key(|(victim, wait, culprit, _)| (*victim, *wait, culprit.map(|it| it.0)));
    plain
}

const SLEEP: HoldKind = HoldKind::Asleep(Reason::Timer, Label(7));

#[test]
fn the_tasks_that_hold_lanes_share_the_blame_and_an_idle_machine_has_none() {
    // Task 1 holds lane 0 for 100 ms. Task 2 holds lane 1 for the second half. Task 3 waits from
    // the beginning, and for 20 ms more.
    let records = [
        (1, slice(2, (50, 100), 0, 0)),
        (0, step(1, (0, 100), 7, Some(Reason::Timer))),
        (0, slice(1, (0, 100), 0, 0)),
        (0, slice(3, (120, 121), 80, 40)),
    ];
    let model = model(LaneKind::Worker, 130, &records);
    assert_eq!(
        blame(&model),
        [
            (3, WaitKind::Queued, None, 20),
            (3, WaitKind::Queued, Some((1, SLEEP)), 10),
            (3, WaitKind::Queued, Some((2, HoldKind::Long)), 10),
            (3, WaitKind::Unnoticed, Some((1, SLEEP)), 65),
            (3, WaitKind::Unnoticed, Some((2, HoldKind::Long)), 15),
        ]
    );
    let all = model.blame();
    let sleep = all.iter().find(|blame| blame.time == ms(65)).unwrap();
    assert_eq!(sleep.while_others_idle, ms(50), "lane 1 was idle for 50 ms");
    assert_eq!(sleep.first, at(0));
    let worst = sleep.worst.unwrap();
    assert_eq!((worst.caused, worst.task), (ms(65), id(3)));
    assert_eq!((worst.from, worst.to), (at(0), at(80)));
}

#[test]
fn the_longest_hold_and_its_step_are_kept() {
    let records = [
        (0, step(1, (0, 1), 3, None)),
        (0, step(1, (1, 39), 4, None)),
        (0, step(1, (0, 40), 5, None)),
        (0, slice(1, (0, 40), 0, 0)),
        (0, step(1, (50, 110), 7, Some(Reason::File))),
        (0, slice(1, (50, 111), 0, 0)),
        (0, slice(1, (120, 130), 0, 0)),
    ];
    let model = model(LaneKind::Worker, 200, &records);
    let holds = |hold| {
        let (group, lanes) = (GroupId(1), LaneSet::Workers);
        model.holds(Culprit { group, lanes, hold })
    };
    let long = holds(HoldKind::Long).unwrap();
    assert_eq!(long.count, 3);
    assert_eq!((long.longest.len, long.longest.from), (ms(61), at(50)));
    let asleep = holds(HoldKind::Asleep(Reason::File, Label(7))).unwrap();
    assert_eq!((asleep.count, asleep.longest.step), (1, Label(7)));
    assert_eq!(holds(HoldKind::Brief), None);

    let first = self::model(LaneKind::Worker, 45, &records[..4]);
    let culprit = Culprit {
        group: GroupId(1),
        lanes: LaneSet::Workers,
        hold: HoldKind::Long,
    };
    assert_eq!(
        first.holds(culprit).unwrap().longest.step,
        Label(4),
        "the innermost step that took most of the time"
    );
}

#[test]
fn a_task_with_its_own_thread_is_never_a_culprit_nor_is_another_process() {
    let records = [(0, slice(1, (0, 100), 0, 0)), (1, slice(3, (60, 61), 0, 60))];
    for kind in [LaneKind::Thread, LaneKind::Process] {
        let model = model(kind, 130, &records);
        assert_eq!(blame(&model), [(3, WaitKind::Queued, None, 60)], "{kind:?}");
    }
}

#[test]
fn what_is_open_now_counts() {
    let mut model = model(LaneKind::Worker, 10, &[(0, slice(3, (0, 1), 0, 0))]);
    let current = CurrentSlice {
        lane: LaneId(0),
        task: id(1),
        start: at(10),
        queued: CompactDuration::ZERO,
        unnoticed: CompactDuration::ZERO,
        blocking_since: Some(at(10)),
        blocked_on: Reason::Timer,
        overdue_since: None,
        label: Label(7),
    };
    let waiting = Waiting {
        task: id(3),
        ready: Some(at(20)),
        woken: Some(at(50)),
    };
    model.apply(&Batch {
        now: at(100),
        live: Live {
            lanes: vec![current],
            waiting: vec![waiting],
            ..Live::default()
        },
        ..Batch::default()
    });
    let expected = [
        (3, WaitKind::Queued, Some((1, SLEEP)), 50),
        (3, WaitKind::Unnoticed, Some((1, SLEEP)), 30),
    ];
    assert_eq!(blame(&model), expected);
}

#[test]
fn old_buckets_are_divided_once_and_keep_the_sums() {
    let minutes = 3 * 60 * 1000;
    let mut records = Vec::new();
    for from in (0..minutes).step_by(1000) {
        records.push((0, slice(1, (from, from + 100), 0, 0)));
        records.push((1, slice(3, (from + 80, from + 81), 0, 40)));
    }
    // A wait that began before the buckets that are kept.
    records.push((1, slice(2, (minutes, minutes + 1), 0, minutes - 512)));
    let model = model(LaneKind::Worker, minutes + 10, &records);
    let of = |victim: u16| -> Vec<_> { blame(&model).into_iter().filter(|it| it.0 == victim).collect() };
    let long = HoldKind::Long;
    assert_eq!(of(3), [(3, WaitKind::Queued, Some((1, long)), 40 * 180)]);
    let waited: Nanos = model
        .blame()
        .iter()
        .filter(|blame| blame.victim.group == GroupId(2))
        .map(|blame| blame.time)
        .sum();
    let queued = CompactDuration::new(ms(minutes - 512)).get();
    assert_eq!(waited, queued, "long durations are rounded in records");
}
