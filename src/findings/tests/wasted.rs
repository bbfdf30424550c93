//! Rules about work that nobody needs.

use super::*;

/// `api` times out this many times, and each time leaves a job that goes on for `wasted` ms.
fn stage(timeouts: u32, wasted: u64, useful: u64) -> Vec<Finding> {
    let mut stage = Stage::new(20_000);
    for number in 0..timeouts {
        let (job, from) = (100 + number, 100 + u64::from(number) * 1_000);
        let repetition = Record::Repetition(Repetition {
            start: at(from),
            task: id(API),
            len: ms(10).into(),
            outcome: Outcome::TimedOut,
        });
        let orphaned = Record::Orphaned(Orphaned {
            at: at(from + 10),
            task: id(job),
        });
        stage = stage
            .spawned(job, REPORT, from)
            .record(2, repetition)
            .record(2, orphaned)
            .slice(2, job, (from, from + wasted), 0, 0)
            .ended(job, from + wasted, Outcome::Completed, false);
    }
    if useful > 0 {
        stage = stage
            .spawned(99, REPORT, 15_000)
            .slice(2, 99, (15_000, 15_000 + useful), 0, 0)
            .ended(99, 15_000 + useful, Outcome::Completed, false);
    }
    stage.find()
}

#[test]
fn work_that_goes_on_after_a_timeout_is_found() {
    let found = stage(2, 200, 0);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].rule, found[0].culprit.as_str()),
        (Rule::AbandonedWork, "report")
    );
    assert_eq!((found[0].count, found[0].at, found[0].tasks.len()), (2, at(110), 2));
    assert_eq!(found[0].victims, ["api"]);
    assert_eq!(
        found[0].sentence.en,
        "2 tasks of report went on after nobody waited for them any more: 400 ms of work in vain."
    );
    assert_eq!(stage(2, 40, 0), [], "the work was short");
}

#[test]
fn a_retry_storm_wastes_more_work_than_it_uses() {
    let rules = |found: Vec<Finding>| found.iter().map(|finding| finding.rule).collect::<Vec<_>>();
    assert_eq!(rules(stage(12, 200, 300)), [Rule::RetryStorm]);
    assert_eq!(rules(stage(12, 200, 4_000)), [Rule::AbandonedWork]);
    assert_eq!(rules(stage(9, 200, 0)), [Rule::AbandonedWork]);
}
