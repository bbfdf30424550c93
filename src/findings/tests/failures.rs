//! Rules about failures that nobody sees.

use super::*;

#[test]
fn a_failure_that_no_task_observes_is_found() {
    let stage = |unobserved| {
        Stage::new(1_000)
            .slice(0, API, (100, 101), 0, 0)
            .ended(API, 101, Outcome::Failed, unobserved)
            .find()
    };
    let found = stage(true);
    assert_eq!(
        (found[0].rule, found[0].culprit.as_str()),
        (Rule::UnobservedFailure, "api")
    );
    assert_eq!((found[0].count, found[0].cost, found[0].at), (1, Nanos::ZERO, at(101)));
    assert_eq!(
        found[0].sentence.en,
        "api failed once, and no task was left to observe it."
    );
    assert_eq!(stage(false), []);
}

#[test]
fn a_future_that_was_never_awaited_is_found() {
    let stage = |outcome| Stage::new(1_000).ended(API, 0, outcome, false).find();
    let found = stage(Outcome::NeverStarted);
    assert_eq!((found[0].rule, found[0].count), (Rule::NeverAwaited, 1));
    assert_eq!(found[0].tasks, [id(API)]);
    assert_eq!(
        found[0].sentence.en,
        "api was called once, but never awaited: it did not run."
    );
    assert_eq!(stage(Outcome::Cancelled), []);
}
