//! Tests that check expectations against a small report, whose numbers can be checked by hand.

use super::*;
use crate::scenario::ReportPath;
use serde_json::json;
use strum::VariantArray;

fn report() -> Value {
    json!({
        "elapsed_ns": 2_000,
        "tasks": { "lost": 0 },
        "tokio": null,
        "findings": [
            { "rule": "blocked-worker", "cost_ns": 70, "count": 2 },
            { "rule": "deadlock", "cost_ns": 9, "count": 1 },
            { "rule": "blocked-worker", "cost_ns": 30, "count": 1 },
        ],
        "groups": [
            {
                "name": "api",
                "polls": 40,
                "suspended_on": { "timer": 7 },
                "delay_ns": { "count": 4, "p50": 10, "p99": 90 },
                "repetition_ns": { "count": 0, "p50": 0, "p99": 0 },
            },
            { "name": "api offload", "polls": 10 },
        ],
    })
}

fn path(text: &str) -> ReportPath {
    let (executor, keys) = match text.split_once('!') {
        Some((name, keys)) => (
            ExecutorKind::VARIANTS
                .iter()
                .copied()
                .find(|kind| kind.into_str() == name),
            keys,
        ),
        None => (None, text),
    };
    ReportPath {
        executor,
        keys: keys.split('.').map(str::to_owned).collect(),
    }
}

fn expect(key: &str, bound: Bound) -> Expectation {
    let (value, per) = match key.split_once(" / ") {
        Some((value, per)) => (path(value), Some(path(per))),
        None => (path(key), None),
    };
    Expectation {
        key: key.to_owned(),
        written: "as written".to_owned(),
        measure: Measure { value, per },
        bound,
    }
}

fn checked(key: &str, bound: Bound) -> (Option<f64>, Option<bool>, Option<String>) {
    let mut checked = check_run(&[expect(key, bound)], &report(), &Applicability::Applies);
    let one = checked.remove(0);
    assert_eq!((one.key.as_str(), one.wanted.as_str()), (key, "as written"));
    (one.measured, one.held, one.why)
}

#[test]
fn numbers_are_found_by_key_and_by_name() {
    for (key, number) in [
        ("elapsed_ns", 2000.0),
        ("tasks.lost", 0.0),
        ("groups.api.delay_ns.p99", 90.0),
        ("groups.api.repetition_ns.count", 0.0),
        ("groups.api offload.polls", 10.0),
        ("groups.api.suspended_on.timer", 7.0),
        ("groups.api.suspended_on.http", 0.0),
        ("findings.any", 3.0),
        ("findings.blocked-worker.cost_ns", 100.0),
        ("findings.blocked-worker.count", 3.0),
        ("findings.never-awaited.count", 0.0),
        ("groups.api.polls / groups.api offload.polls", 4.0),
    ] {
        assert_eq!(
            checked(key, Bound::Equal(number)),
            (Some(number), Some(true), None),
            "{key}"
        );
    }
}

#[test]
fn an_expectation_about_a_missing_number_fails_with_a_reason() {
    for (key, why) in [
        ("groups.writer.polls", "no task of the group `writer` was spawned"),
        (
            "groups.api.repetition_ns.p99",
            "no values were counted in groups.api.repetition_ns",
        ),
        ("tokio.polls", "tokio is null in this report"),
        ("tokio", "tokio is null in this report"),
        ("elapsed", "the report does not contain elapsed"),
        ("elapsed_ns / tasks.lost", "cannot divide by tasks.lost, which is 0"),
        ("groups.api", "groups.api is not a number"),
        ("elapsed_ns.p99", "elapsed_ns has no fields"),
    ] {
        let (measured, held, reason) = checked(key, Bound::Less(1e9));
        assert_eq!(
            (measured, held, reason.as_deref()),
            (None, Some(false), Some(why)),
            "{key}"
        );
    }
}

#[test]
fn values_at_the_limit_are_within_inclusive_bounds_only() {
    for (bound, below, at, above) in [
        (Bound::Less(5.0), true, false, false),
        (Bound::AtMost(5.0), true, true, false),
        (Bound::More(5.0), false, false, true),
        (Bound::AtLeast(5.0), false, true, true),
        (Bound::Equal(5.0), false, true, false),
        (Bound::Between(5.0, 6.0), false, true, true),
        (Bound::Between(4.0, 5.0), true, true, false),
    ] {
        let held = [4.9, 5.0, 5.1].map(|number| is_within(bound, number));
        assert_eq!(held, [below, at, above], "{bound:?}");
    }
}

#[test]
fn an_expectation_that_was_not_tested_has_neither_held_nor_failed() {
    let expectations = [
        expect("tokio!elapsed_ns / pool!elapsed_ns", Bound::Less(1.0)),
        expect("elapsed_ns", Bound::Less(1.0)),
    ];
    let checked = check_run(&expectations, &report(), &Applicability::Applies);
    assert_eq!(checked[0].held, None);
    assert!(checked[0].why.as_ref().unwrap().contains("tasklab compare"));
    assert_eq!(checked[1].held, Some(false));
    assert!(any_failed(&checked));

    let not_applicable = check_run(
        &expectations,
        &report(),
        &Applicability::DoesNotApply("the scenario was written for the pool".to_owned()),
    );
    assert_eq!(
        (not_applicable[1].measured, not_applicable[1].held),
        (Some(2000.0), None)
    );
    assert_eq!(
        not_applicable[1].why.as_deref(),
        Some("the scenario was written for the pool")
    );
    assert!(!any_failed(&not_applicable));

    let cut_short = check_run(&expectations, &report(), &Applicability::CutShort);
    assert!(
        cut_short
            .iter()
            .all(|expected| expected.held.is_none() && expected.measured.is_none())
    );
    assert!(!any_failed(&cut_short));
}

#[test]
fn a_comparison_reads_the_report_of_each_executor() {
    let (fast, slow) = (json!({ "elapsed_ns": 10 }), json!({ "elapsed_ns": 30 }));
    let report_of = |executor: Option<ExecutorKind>| match executor {
        Some(ExecutorKind::Pool) => Ok(&slow),
        Some(ExecutorKind::Tokio) => Ok(&fast),
        _ => Err(Unmeasured::NotTested("there was no run".to_owned())),
    };
    let ratio = |key: &str| {
        let expectation = expect(key, Bound::More(2.0));
        evaluate(&expectation, measure(&expectation.measure, report_of))
    };
    let held = ratio("pool!elapsed_ns / tokio!elapsed_ns");
    assert_eq!((held.measured, held.held), (Some(3.0), Some(true)));
    let not_run = ratio("pool!elapsed_ns / current-thread!elapsed_ns");
    assert_eq!((not_run.held, not_run.why.as_deref()), (None, Some("there was no run")));
}
