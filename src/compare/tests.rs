//! Tests that compare small reports, whose figures can be checked by hand.

use super::*;
use crate::scenario::{ExecutorKind, Overrides};
use serde_json::{Value, json};

/// The report of a run that took `seconds`. The group `api` completed `done` repetitions.
fn report(seconds: u64, done: u64) -> Value {
    let lengths = json!({ "count": done, "p50": 2_000_000 * seconds, "p99": 9_000_000 });
    json!({
        "elapsed_ns": seconds * 1_000_000_000,
        "overall": {
            "completed": done,
            "throughput": done as f64 / seconds as f64,
            "repetition_ns": lengths,
            "delay_ns": { "count": 0, "p50": 0, "p99": 0 },
        },
        "machine": {
            "cpu_ns": 5_000_000 * done,
            "peak_memory_bytes": 20 << 20,
            "voluntary_switches": 700,
            "involuntary_switches": 77,
            "processes": 1,
        },
        "records": { "dropped": if done == 40 { 7_000 } else { 0 }, "others_dropped": 0 },
        "groups": [
            { "name": "api", "repetitions": done, "completed": done, "throughput": 2.5, "repetition_ns": lengths, "span_ns": 7 },
            { "name": "api offload", "repetitions": 0 },
            { "name": "hyper.rs:46", "repetitions": 3, "library": true },
        ],
    })
}

const EXPECT: &str = "
'overall.completed' = '> 50'
'pool.elapsed_ns / tokio.elapsed_ns' = '> 1.5'
'pool.overall.completed / threads.overall.completed' = '> 1'
";

fn plan(overrides: Overrides) -> (tempfile::TempDir, Plan) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("small.toml");
    let text =
        "title = 'Small'\n[executor]\nworkers = 1\n[[task]]\nname = 'api'\nsteps = [{ sleep = '1ms' }]\n[expect]";
    std::fs::write(&file, format!("{text}{EXPECT}")).unwrap();
    let asked = [ExecutorKind::Tokio, ExecutorKind::Pool];
    let mut plan = Plan::new(file.to_str().unwrap(), &overrides, Some(&asked), 3).unwrap();
    plan.what = "small.toml".to_owned();
    (folder, plan)
}

fn rounds() -> Vec<Round> {
    let round = |tokio, pool| vec![(ExecutorKind::Tokio, Ok(tokio)), (ExecutorKind::Pool, pool)];
    vec![
        round(report(1, 100), Ok(report(2, 100))),
        round(report(2, 110), Ok(report(4, 40))),
        round(report(1, 90), Err("the machine refuses another thread".to_owned())),
    ]
}

#[test]
fn the_table_shows_medians_ranges_best_figures_and_failed_runs() {
    let (_folder, mut plan) = plan(Overrides::default());
    plan.left_out.push(LeftOut {
        executor: "processes",
        why: "`lock` cannot be used with this executor".to_owned(),
    });
    let comparison = Comparison::new(&plan, &rounds());
    insta::assert_snapshot!(comparison.table(80, false));
    let bold = comparison.table(80, true);
    assert!(bold.contains("\u{1b}[1m100\u{1b}[0m") && !bold.contains('*'), "{bold}");
    assert!(comparison.has_failures());
}

#[test]
fn single_runs_have_no_ranges() {
    let (_folder, mut plan) = plan(Overrides::default());
    plan.rounds = 1;
    let comparison = Comparison::new(&plan, &rounds()[..1]);
    let table = comparison.table(80, false);
    assert!(!table.contains("ranges"), "{table}");
    let row = |name: &str| -> Vec<String> {
        let line = table
            .lines()
            .find(|line| line.starts_with(name))
            .expect("the table has this row");
        line.split_whitespace().skip(1).map(str::to_owned).collect()
    };
    assert_eq!(row("took"), ["*1.00", "s", "2.00", "s"]);
    assert_eq!(row("finished"), ["100", "100"], "equal figures are not marked as best");
    assert_eq!(
        table.lines().nth(3).map(|line| line.starts_with("took")),
        Some(true),
        "{table}"
    );
    assert_eq!(
        table.lines().nth(4).map(|line| line.starts_with("finished")),
        Some(true),
        "{table}"
    );
    assert!(!comparison.has_failures());
}

#[test]
fn an_expectation_is_measured_in_each_round_and_the_median_is_checked() {
    let (_folder, plan) = plan(Overrides::default());
    let expected = check(&plan, &rounds());
    let results: Vec<_> = expected.iter().map(|it| (it.measured, it.held)).collect();
    assert_eq!(
        results,
        [(Some(100.0), Some(true)), (Some(2.0), Some(true)), (None, None)]
    );
    assert_eq!(expected[2].why.as_deref(), Some("the scenario was not run on threads"));

    let failed = check(&plan, &rounds()[2..]);
    assert_eq!((failed[1].measured, failed[1].held), (None, Some(false)));
    assert_eq!(
        failed[1].why.as_deref(),
        Some("the run on pool failed: the machine refuses another thread")
    );
}

#[test]
fn an_expectation_is_verified_if_it_held_in_every_round() {
    let (_folder, plan) = plan(Overrides::default());
    let good = Verified::new(&plan, &rounds()[..2]);
    assert_eq!(good.expect[0].held, Some(true));
    assert_eq!(good.expect[0].why.as_deref(), Some("held in 2 of 2 rounds; 100–110"));
    assert!(good.succeeded());
    let once = Verified::new(&plan, &rounds()[..1]);
    assert_eq!((once.expect[0].held, &once.expect[0].why), (Some(true), &None));

    let bad = Verified::new(&plan, &rounds());
    assert_eq!(bad.expect[1].held, Some(false), "one round has no measured value");
    let why = bad.expect[1].why.as_deref().unwrap();
    assert!(
        why.starts_with("held in 2 of 3 rounds; the run on pool failed: "),
        "{why}"
    );
    assert_eq!(
        bad.failures,
        ["a run on pool failed: the machine refuses another thread"]
    );
    assert!(!bad.succeeded());
}

#[test]
fn a_verification_runs_only_the_executors_that_the_expectations_need() {
    let (_folder, plan) = plan(Overrides::default());
    let file = _folder.path().join("small.toml");
    let plan_to_verify = Plan::to_verify(file.to_str().unwrap(), &Overrides::default(), 20).unwrap();
    assert_eq!(
        plan_to_verify.executors,
        [ExecutorKind::Tokio, ExecutorKind::Pool, ExecutorKind::Threads]
    );
    assert_eq!((plan_to_verify.rounds, plan.rounds), (20, 3));
}

#[test]
fn the_json_object_matches_its_schema() {
    let (_folder, plan) = plan(Overrides::default());
    let object: Value = serde_json::from_str(&Comparison::new(&plan, &rounds()).to_json()).unwrap();
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&object), keys(&schema["properties"]));
    let compared = &schema["$defs"]["Compared"]["properties"];
    assert_eq!(keys(&object["executors"][0]), keys(compared));
    let group = &object["executors"][0]["groups"];
    assert_eq!(
        group.as_array().unwrap().len(),
        1,
        "libraries and groups without repetitions are left out"
    );
    assert_eq!(keys(&group[0]), keys(&schema["$defs"]["Difference"]["properties"]));
    assert_eq!(
        object["executors"][1]["elapsed_ns"],
        json!({ "median": 3e9, "min": 2e9, "max": 4e9 })
    );
    assert_eq!(
        object["executors"][0]["delay_p99_ns"],
        Value::Null,
        "the reports contain no delays"
    );
}
