//! Rules about cores.

use super::*;

/// Worker threads that each compute and wait for these numbers of milliseconds in every second.
fn stage(times: [(u64, u64); 3]) -> Vec<Finding> {
    let mut stage = Stage::new(5_000);
    stage.info.cores = 2;
    for second in 0..5 {
        for (lane, (on_cpu, waiting)) in (0..).zip(times) {
            stage.samples.push(Sample::Lane(LaneSample {
                at: at(second * 1_000 + 500),
                lane: LaneId(lane),
                on_cpu: ms(second * on_cpu),
                waiting: ms(second * waiting),
                asleep_in: None,
                asleep: false,
            }));
        }
    }
    stage.find()
}

#[test]
fn more_computing_threads_than_cores_are_found() {
    let found = stage([(600, 400), (600, 400), (600, 400)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule, found[0].count), (Rule::TooManyThreads, 3));
    assert!(
        found[0]
            .sentence
            .en
            .starts_with("Up to 3 threads computed on 2 cores: ")
    );
    assert_eq!(stage([(900, 100), (900, 100), (10, 0)]), [], "there are enough cores");
}

#[test]
fn other_programs_are_named_only_if_they_took_much_and_it_is_certain() {
    let found = stage([(500, 400), (300, 300), (0, 0)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].rule, found[0].culprit.as_str()),
        (Rule::BusyMachine, "other programs")
    );
    assert_eq!(found[0].cost, ms(2_100));
    assert_eq!(stage([(800, 200), (800, 200), (0, 0)]), [], "the threads hardly waited");
    assert_eq!(
        stage([(400, 400), (300, 300), (200, 200)]),
        [],
        "the cause is not certain"
    );
}
