//! Useful and wasted work.

use super::*;
use crate::model::work::Fate;

fn repetition(task: u32, start: RunInstant, len: Nanos, outcome: Outcome) -> Record {
    Record::Repetition(Repetition {
        start,
        task: id(task),
        len: len.into(),
        outcome,
    })
}

fn ended(task: u32, at: RunInstant, outcome: Outcome) -> Record {
    Record::Ended(Ended::observed(at, id(task), outcome))
}

fn time(model: &Model, fate: Fate) -> Nanos {
    model.group_work(GroupId(0)).times[fate as usize]
}

fn count(model: &Model, fate: Fate) -> u64 {
    model.group_work(GroupId(0)).repetitions[fate as usize]
}

#[test]
fn each_repetition_within_one_slice_decides_about_its_part() {
    let mut model = model(at_us(0), [spawned(1, at_us(0))]);
    let apply = |model: &mut Model, records: &[Record]| {
        model.apply(&Batch {
            now: at_us(100),
            records: records.iter().map(|record| (WORKER, *record)).collect(),
            ..Batch::default()
        });
    };
    apply(
        &mut model,
        &[
            Record::Slice(slice(1, at_us(0), us(10))),
            repetition(1, at_us(0), us(22), Outcome::Completed),
            repetition(1, at_us(22), us(3), Outcome::Failed),
            repetition(1, at_us(25), us(5), Outcome::Completed),
        ],
    );
    assert_eq!(time(&model, Fate::Useful), us(10), "the second slice is still open");
    apply(&mut model, &[Record::Slice(slice(1, at_us(20), us(15)))]);
    assert_eq!(
        (time(&model, Fate::Useful), time(&model, Fate::Failed)),
        (us(10 + 2 + 5), us(3))
    );
    assert_eq!((count(&model, Fate::Useful), count(&model, Fate::Failed)), (2, 1));
    let work = model.group_work(GroupId(0));
    assert_eq!(
        model.group_times(GroupId(0)).held() - work.decided(),
        us(5),
        "the rest is open"
    );
}

#[test]
fn the_work_of_an_orphan_is_wasted_whenever_its_orphaning_is_reported() {
    let orphaned = Record::Orphaned(Orphaned {
        at: at_us(5),
        task: id(1),
    });
    let rest = [
        repetition(1, at_us(0), us(8), Outcome::Completed),
        ended(1, at_us(9), Outcome::Completed),
        Record::Slice(slice(1, at_us(0), us(10))),
    ];
    for position in 0..=rest.len() {
        let mut records = rest.to_vec();
        records.insert(position, orphaned);
        let model = model(at_us(20), [spawned(1, at_us(0))].into_iter().chain(records));
        assert_eq!(
            (time(&model, Fate::Useful), time(&model, Fate::Orphaned)),
            (us(0), us(10)),
            "{position}"
        );
        assert_eq!(
            (count(&model, Fate::Useful), count(&model, Fate::Orphaned)),
            (0, 1),
            "{position}"
        );
    }
}

#[test]
fn the_end_of_a_task_without_repetitions_decides_and_its_group_may_be_known_later() {
    let slice = Record::Slice(slice(1, at_us(0), us(10)));
    let end = ended(1, at_us(9), Outcome::Cancelled);
    for records in [
        [spawned(1, at_us(0)), end, slice],
        [end, slice, spawned(1, at_us(0))],
        [slice, spawned(1, at_us(0)), end],
    ] {
        let model = model(at_us(20), records);
        assert_eq!(time(&model, Fate::Cancelled), us(10), "{records:?}");
    }
}

#[test]
fn the_end_of_the_run_leaves_work_open_but_work_past_its_limit_is_wasted() {
    for (outcome, wasted, open) in [(Outcome::Cancelled, 0, 50), (Outcome::TimedOut, 50, 0)] {
        let mut model = model(at_us(0), [spawned(1, at_us(0))]);
        model.apply(&Batch {
            now: at_us(90),
            ended_at: Some(at_us(60)),
            records: [
                repetition(1, at_us(10), us(70), outcome),
                ended(1, at_us(81), outcome),
                Record::Slice(slice(1, at_us(10), us(75))),
            ]
            .map(|record| (WORKER, record))
            .to_vec(),
            ..Batch::default()
        });
        let work = model.group_work(GroupId(0));
        assert_eq!(time(&model, Fate::TimedOut), us(wasted), "{outcome:?}");
        let held = model.group_times(GroupId(0)).held();
        assert_eq!(held - work.decided(), us(open), "{outcome:?}");
    }
}
