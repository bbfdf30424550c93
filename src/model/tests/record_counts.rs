//! Tests of the numbers of recorded and lost records, and of the comparison with tokio's number of
//! polls.

use super::*;

#[test]
fn recorded_and_lost_polls_are_compared_with_tokios_number_of_polls() {
    let mut model = model(
        at_us(9),
        [
            Record::Slice(slice(1, at_us(0), us(1))),
            Record::Slice(slice(1, at_us(2), us(1))),
        ],
    );
    assert_eq!(model.record_counts().check_poll_count(), PollCountCheck::Unknown);
    let runtime = |total_polls| {
        Sample::Runtime(RuntimeSample {
            at: at_us(9),
            elapsed: us(9),
            polls: total_polls,
            total_polls,
            live_tasks: 1,
            global_queue: 3,
            local_queue: 2,
            blocking_queue: 1,
            busy: us(2),
            ..RuntimeSample::default()
        })
    };
    model.apply(&Batch {
        samples: vec![runtime(5)],
        ..Batch::default()
    });
    assert_eq!(
        model.record_counts().check_poll_count(),
        PollCountCheck::Differs { recorded: 2, tokio: 5 }
    );
    model.apply(&Batch {
        lost: vec![Lost {
            lane: WORKER,
            slices: 3,
            others: 1,
            time: crate::record::LostTime {
                running: us(4),
                blocking: us(5),
            },
        }],
        ..Batch::default()
    });
    assert_eq!(model.record_counts().check_poll_count(), PollCountCheck::Matches);
    assert_eq!(model.record_counts().others_dropped, 1);
    assert_eq!(model.lane(WORKER).map(Lane::slices), Some(5));
    assert_eq!(model.lane_times(WORKER), (us(2) + us(4), us(5)));
}

#[test]
fn repetitions_whose_records_were_lost_are_counted() {
    let known = Record::Repetition(Repetition {
        start: at_us(1),
        task: id(1),
        len: us(9).into(),
        outcome: Outcome::Completed,
    });
    let mut model = model(at_us(20), [spawned(1, at_us(0)), known]);
    let lost = |outcome, count| RepetitionsLost {
        group: GroupId(0),
        outcome,
        count,
        branch: false,
    };
    model.apply(&Batch {
        now: at_us(30),
        repetitions_lost: vec![lost(Outcome::Completed, 40), lost(Outcome::Failed, 2)],
        ..Batch::default()
    });
    let group = &model.groups()[0];
    assert_eq!(group.repetitions()[Outcome::Completed as usize], 41);
    assert_eq!(group.repetitions()[Outcome::Failed as usize], 2);
    assert_eq!(
        group.repetition_time().count,
        1,
        "only the recorded repetition has a known duration"
    );
}

#[test]
fn counts_saturate_when_a_worker_process_reports_huge_numbers() {
    let max = u64::MAX;
    let mut model = model(
        at_us(20),
        [spawned(1, at_us(0)), Record::Slice(slice(1, at_us(1), us(2)))],
    );
    for reported in [max - 1, max] {
        model.apply(&Batch {
            lost: vec![Lost {
                lane: WORKER,
                slices: reported,
                others: reported,
                time: crate::record::LostTime {
                    running: Nanos(reported),
                    blocking: Nanos(reported),
                },
            }],
            repetitions_lost: vec![RepetitionsLost {
                group: GroupId(0),
                outcome: Outcome::Completed,
                count: reported,
                branch: false,
            }],
            ..Batch::default()
        });
    }
    let known = Record::Repetition(Repetition {
        start: at_us(1),
        task: id(1),
        len: us(9).into(),
        outcome: Outcome::Completed,
    });
    model.apply(&Batch {
        records: vec![(WORKER, known)],
        ..Batch::default()
    });
    let record_counts = model.record_counts();
    assert_eq!((record_counts.dropped, record_counts.others_dropped), (max, max));
    assert_eq!((record_counts.polls(), record_counts.lost()), (max, max));
    assert_eq!(
        model.lane(WORKER).map(|lane| (lane.dropped, lane.slices())),
        Some((max, max))
    );
    assert_eq!(model.lane_times(WORKER), (Nanos::MAX, Nanos::MAX));
    assert_eq!(model.groups()[0].repetitions()[Outcome::Completed as usize], max);
    assert_eq!(model.overall().repetitions[Outcome::Completed as usize], max);
}
