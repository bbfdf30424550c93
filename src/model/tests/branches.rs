//! Branches: parts of a task that the task polls itself.

use super::*;

/// Task 1 polls branch 2 twice. The first poll blocks.
fn records() -> Vec<Record> {
    let branch = |start, len| {
        Record::Slice(Slice {
            branch: true,
            ..slice(2, start, len)
        })
    };
    let start = Record::Spawned(Spawned {
        at: at_us(10),
        task: id(2),
        parent: Some(id(1)),
        index: 0,
        group: GroupId(1),
        branch: true,
    });
    vec![
        spawned(1, at_us(0)),
        start,
        blocked(2, at_us(12), us(20)),
        blocked(1, at_us(12), us(20)),
        branch(at_us(11), us(30)),
        Record::Slice(slice(1, at_us(10), us(40))),
        branch(at_us(71), us(5)),
        Record::Slice(slice(1, at_us(70), us(10))),
    ]
}

#[test]
fn a_branch_is_not_a_task_and_holds_no_lane() {
    // The records may come in any order.
    for reversed in [false, true] {
        let mut records = records();
        if reversed {
            records.reverse();
        }
        let mut model = model(at_us(0), []);
        for record in records {
            model.apply(&Batch {
                now: at_us(100),
                records: vec![(WORKER, record)],
                ..Batch::default()
            });
        }
        assert_eq!(model.counts().alive(), 1, "{reversed}");
        assert_eq!(model.record_counts().recorded, 2, "{reversed}");
        assert_eq!(model.lane_times(WORKER), (us(30), us(20)), "{reversed}");
        assert_eq!(
            model.lane(WORKER).map(crate::model::Lane::slices),
            Some(2),
            "{reversed}"
        );
        let branch = model.task(id(2)).expect("the branch");
        assert!(branch.is_branch && branch.parent == Some(id(1)), "{reversed}");
        let times = model.times(id(2));
        assert_eq!((times.running, times.blocking), (us(15), us(20)), "{reversed}");
        assert_eq!(times.total(), us(90), "{reversed}");
        let group = model.group(GroupId(1)).expect("the group of the branch");
        assert_eq!((group.spawned, group.branches, group.polls()), (1, 1, 2), "{reversed}");
        assert_eq!(group.counts().alive(), 1, "{reversed}");
        assert_eq!(model.group_times(GroupId(1)).total(), us(90), "{reversed}");
    }
}

#[test]
fn the_open_slice_of_a_branch_is_shown_and_its_task_holds_the_lane() {
    let current = |task, start| CurrentSlice::new(WORKER, id(task), start);
    let mut model = model(at_us(0), []);
    let mut records = records();
    records.truncate(2);
    model.apply(&Batch {
        now: at_us(100),
        records: records.into_iter().map(|record| (WORKER, record)).collect(),
        live: Live {
            lanes: vec![current(1, at_us(10))],
            branches: vec![current(2, at_us(11))],
            waiting: Vec::new(),
        },
        ..Batch::default()
    });
    assert_eq!(model.state(id(2)), State::Running);
    assert_eq!(model.counts().running, 1);
    let lane = model.lane(WORKER).and_then(|lane| lane.current);
    assert_eq!(lane.map(|current| current.task), Some(id(1)));
    assert_eq!(model.times(id(2)).running, us(89));
}

#[test]
fn the_figures_of_all_groups_count_a_branch_as_a_part_of_its_task() {
    let repetition = |task, start, len| {
        Record::Repetition(Repetition {
            start,
            task: id(task),
            len: CompactDuration::new(len),
            outcome: Outcome::Completed,
        })
    };
    let mut records = records();
    if let Record::Slice(slice) = &mut records[6] {
        slice.queued = CompactDuration::new(us(3));
    }
    records.insert(7, repetition(2, at_us(10), us(66)));
    records.insert(8, repetition(1, at_us(0), us(80)));
    for reversed in [false, true] {
        if reversed {
            records.reverse();
        }
        let mut model = model(at_us(0), []);
        for record in records.clone() {
            model.apply(&Batch {
                now: at_us(100),
                records: vec![(WORKER, record)],
                ..Batch::default()
            });
        }
        let overall = model.overall();
        assert_eq!(overall.repetitions[Outcome::Completed as usize], 1, "{reversed}");
        assert_eq!(overall.repetition_time.max, us(80), "{reversed}");
        assert_eq!(overall.delay.count, 0, "{reversed}");
        let points: f64 = model.series().map(|point| point.repetitions_per_s).sum();
        assert_eq!(points, 10_000.0, "one repetition in 100 µs, {reversed}");
        let group = model.group(GroupId(1)).expect("the group of the branch");
        assert_eq!(
            group.repetitions()[Outcome::Completed as usize],
            1,
            "the group has it, {reversed}"
        );
        assert_eq!(
            (group.repetition_time().max, group.delay().max),
            (us(66), us(3)),
            "{reversed}"
        );
    }
}
