//! Tests of the report of a small run, whose figures can be checked by hand.

mod fixture;

use super::{progress, schema};
use crate::figures::{Expected, Group, Lane, Report, Sampled};
use crate::model::{Model, StateTimes};
use crate::record::{
    Definition, Ended, GroupId, Label, LaneId, LaneKind, Nanos, Orphaned, Outcome, Reason, Record, RunInstant, TaskSums,
};
use crate::text;
use fixture::{batch, facts, model, model_of, slice};
use serde_json::Value;

fn report() -> Report {
    Report::new(&model(), &facts())
}

#[test]
fn the_json_object_of_a_small_run() {
    insta::assert_snapshot!(report().to_json());
}

#[test]
fn the_table_at_80_columns() {
    let table = report().table(80);
    assert!(table.lines().all(|line| text::width(line) <= 80), "{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn the_table_at_160_columns() {
    insta::assert_snapshot!(report().table(160));
}

#[test]
fn the_table_of_a_run_with_problems() {
    let mut batch = batch();
    batch.lost[0].others = 3;
    batch.lost[0].slices = 0;
    let mut facts = facts();
    facts.calibration.spread = 0.31;
    facts.left_running = Some(
        "left behind threads that could not be stopped: blocking 0, blocking 1, blocking 2, blocking 3".to_owned(),
    );
    insta::assert_snapshot!(Report::new(&model_of(&batch), &facts).table(80));
}

#[test]
fn the_table_compares_recorded_polls_with_tokios_count() {
    let check = |lost, sentence: &str| {
        let mut batch = batch();
        batch.lost[0].slices = lost;
        let table = Report::new(&model_of(&batch), &facts()).table(200);
        assert!(table.contains(sentence), "{table}");
    };
    check(0, "MISMATCH: tokio counts 12 polls, but tasklab counts 11");
    check(1, "equal to tokio's poll count");
    check(2, "tokio counts 12 polls: it leaves out polls from LIFO slots");
}

#[test]
fn percentiles_of_a_group_that_has_lost_slices_are_marked_as_a_sample() {
    let whole = report();
    assert!(whole.groups.iter().all(|group| group.sampled.is_none()));
    assert_eq!(whole.overall.sampled, None);
    assert!(!whole.table(80).contains("sampled"));

    let mut batch = batch();
    let polls = whole.groups[0].polls;
    batch.sums.push(TaskSums {
        until: RunInstant::from_millis(1),
        task: fixture::task(1),
        lost: 3 * polls,
        running: Nanos::ZERO,
        hogging: Nanos::ZERO,
        blocking: Nanos::ZERO,
        queued: Nanos::ZERO,
        unnoticed: Nanos::ZERO,
        suspended_on: Default::default(),
        on_worker: true,
        reason: Reason::Timer,
        label: Label::NONE,
    });
    let report = Report::new(&model_of(&batch), &facts());
    let sampled = Some(Sampled {
        slices: polls,
        of: 4 * polls,
    });
    assert_eq!((report.groups[0].polls, report.groups[0].sampled), (4 * polls, sampled));
    assert!(report.overall.sampled.is_some());
    assert_eq!(report.groups[1].sampled, None);
    let line = format!(
        "sampled  percentiles; counts and times are exact · {}: 25 % of the slices",
        report.groups[0].name
    );
    assert!(report.table(200).contains(&line), "{}", report.table(200));
}

#[test]
fn the_progress_line() {
    let line = progress(&model(), 80);
    insta::assert_snapshot!(line);
    assert_eq!(text::width(&progress(&model(), 30)), 30);
    let empty = progress(&Model::new(fixture::info()), 80);
    insta::assert_snapshot!(empty);
}

#[test]
fn the_report_of_a_run_on_the_pool_has_no_tokio_figures() {
    let mut batch = batch();
    batch.samples.clear();
    let report = Report::new(&model_of(&batch), &facts());
    assert_eq!(report.tokio, None);
    assert_eq!(report.records.matches_tokio, None);
    assert_eq!(report.groups[0].task_monitor, None);
    let json: Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json.get("tokio"), Some(&Value::Null), "the key is still present");
}

#[test]
fn an_empty_run_has_a_report() {
    let report = Report::new(&Model::new(fixture::info()), &facts());
    assert!(report.groups.is_empty() && report.lanes.is_empty());
    assert!(report.table(80).contains("tasks    0 spawned\n"));
}

/// The sums over groups, tasks and lanes must agree, because all of them contain the same slices.
#[test]
fn sums_over_groups_tasks_and_lanes_agree() {
    let model = model();
    let report = Report::new(&model, &facts());
    let mut all = StateTimes::default();
    model.tasks().iter().for_each(|task| all += model.times(task.id));
    let sum = |figure: fn(&Group) -> u64| Nanos(report.groups.iter().map(figure).sum());
    assert_eq!(sum(|it| it.running_ns), all.running);
    assert_eq!(sum(|it| it.hogging_ns), all.hogging);
    assert_eq!(sum(|it| it.blocking_ns), all.blocking);
    assert_eq!(sum(|it| it.sleeping_ns), all.sleeping);
    assert_eq!(sum(|it| it.queued_ns), all.queued);
    assert_eq!(sum(|it| it.unnoticed_ns), all.unnoticed);
    assert_eq!(sum(|it| it.waiting_ns), all.waiting());
    assert_eq!(sum(|it| it.waiting_on.values().sum()), all.waiting());
    assert_eq!(sum(|it| it.suspended_ns), all.suspended());
    assert_eq!(sum(|it| it.suspended_on.values().sum()), all.suspended());
    assert_eq!(sum(|it| it.blocked_on.values().sum()), all.asleep());

    let lane_sum = |figure: fn(&Lane) -> u64| Nanos(report.lanes.iter().map(figure).sum());
    assert_eq!(lane_sum(|it| it.running_ns), all.computing());
    assert_eq!(lane_sum(|it| it.blocking_ns + it.sleeping_ns), all.asleep());

    assert_eq!(
        report.groups.iter().map(|it| it.spawned).sum::<u64>(),
        report.tasks.spawned
    );
    // The open slice of `worker 1` has no record yet.
    let slices = report.records.written + 1;
    assert_eq!(report.groups.iter().map(|it| it.polls).sum::<u64>(), slices);
    let lost = report.records.dropped;
    assert_eq!(report.lanes.iter().map(|it| it.slices).sum::<u64>(), slices + lost);
    for tasks in report.groups.iter().map(|it| it.tasks).chain([report.tasks]) {
        let ended = tasks.completed + tasks.failed + tasks.cancelled + tasks.timed_out + tasks.panicked;
        let rare = tasks.unobserved_failure + tasks.never_started + tasks.lost + tasks.unknown;
        assert_eq!(tasks.spawned, ended + rare + tasks.running);
    }
    // The lifetimes of heartbeat#0, api#0, api#1, api#2 and the library's task. The lifetime of a
    // task that has not ended reaches to now.
    assert_eq!(
        all.total(),
        Nanos::from_micros(1_000_000 + 901_000 + 800_000 + 1_000_000 + 1_000_000)
    );
}

#[test]
fn groups_and_the_run_have_the_expected_spans_and_throughputs() {
    let report = report();
    let group = |name: &str| report.groups.iter().find(|it| it.name == name).unwrap();
    assert_eq!(
        group("heartbeat").span_ns,
        1_000 * fixture::MS,
        "the span reaches from the first spawn to now"
    );
    assert_eq!((group("heartbeat").completed, group("heartbeat").throughput), (4, 4.0));
    assert_eq!((group("api").repetitions, group("api").completed), (3, 1));
    assert_eq!((report.overall.repetitions, report.overall.completed), (7, 5));
    assert_eq!(report.overall.throughput, 5.0);
    assert_eq!(report.overall.repetition_ns.count, 7);
    assert_eq!(report.overall.repetition_ns.max, 301 * fixture::MS);
}

#[test]
fn rare_results_have_a_column_only_if_they_occurred() {
    let mut batch = batch();
    let end = |id, outcome| {
        Record::Ended(Ended {
            unobserved: outcome == Outcome::UnobservedFailure,
            ..Ended::observed(RunInstant::from_millis(990), fixture::task(id), outcome)
        })
    };
    batch.live.lanes.clear();
    batch.records.extend([
        (
            LaneId(1),
            Record::Orphaned(Orphaned {
                at: RunInstant::from_millis(950),
                task: fixture::task(4),
            }),
        ),
        (LaneId(1), end(4, Outcome::UnobservedFailure)),
        (LaneId(0), end(1, Outcome::Lost)),
    ]);
    let report = Report::new(&model_of(&batch), &facts());
    let api = &report.groups[1];
    assert_eq!(
        (api.orphaned, api.tasks.unobserved_failure, api.tasks.never_started),
        (1, 1, 0)
    );
    assert_eq!((api.failures_lost, report.groups[0].failures_lost), (1, 0));
    assert_eq!((report.tasks.lost, report.tasks.running), (1, 1));
    assert_eq!(
        report.groups[0].span_ns,
        990 * fixture::MS,
        "the span ends when the last task ends"
    );
    let table = report.table(100);
    assert!(table.contains("1 unobserved failure · 1 lost"), "{table}");
    let headings: Vec<&str> = table.lines().skip(3).take(2).collect();
    assert!(
        headings[0].contains("or-  unobserved") && headings[1].contains("phaned     failure  lost"),
        "{table}"
    );
    assert!(!table.contains("started"), "{table}");
}

#[test]
fn many_lanes_of_one_kind_share_a_row() {
    let mut batch = batch();
    for id in 3..40 {
        batch.definitions.push(Definition::Lane {
            id: LaneId(id),
            kind: LaneKind::Blocking,
            name: format!("blocking {}", id - 2),
        });
        batch.records.push((
            LaneId(id),
            slice(2, 700_000 + u64::from(id), 1, [0, 0], Reason::Offload),
        ));
    }
    let report = Report::new(&model_of(&batch), &facts());
    assert_eq!(report.lanes.len(), 40);
    let table = report.table(80);
    let row = table.lines().find(|line| line.contains('×'));
    assert_eq!(
        row,
        Some("38 × blocking   0 %    50 ms     –       –      38       –        –")
    );
}

#[test]
fn escape_sequences_in_names_do_not_reach_the_terminal() {
    let mut batch = batch();
    batch.definitions.push(Definition::Group {
        id: GroupId(1),
        name: "api\x1b[2J\u{202e}".to_owned(),
        library: false,
    });
    let mut facts = facts();
    facts.scenario = "\x1b]0;owned\x07.toml".to_owned();
    let report = Report::new(&model_of(&batch), &facts);
    let has_escapes = |text: &str| text.contains(['\x1b', '\x07', '\u{202e}']) || text.contains("\\u001b");
    assert!(!has_escapes(&report.table(80)) && !has_escapes(&report.to_json()));
    assert_eq!(report.groups[1].name, "api\\u{1b}[2J\\u{202e}");
}

/// Checks that the schema contains and requires every key of the object, and that every value has
/// the type in the schema.
#[test]
fn the_json_object_conforms_to_its_schema() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let mut report = report();
    report.expect = vec![Expected {
        key: "tasks.lost".to_owned(),
        wanted: "== 0".to_owned(),
        measured: Some(0.0),
        held: None,
        why: Some("the scenario was written for pool".to_owned()),
    }];
    let object = serde_json::from_str(&report.to_json()).unwrap();
    let mut checked = 0;
    assert_conforms(&schema, &schema, &object, "report", &mut checked);
    assert!(checked > 100, "only {checked} values were checked");
}

fn assert_conforms(root: &Value, schema: &Value, value: &Value, at: &str, checked: &mut usize) {
    *checked += 1;
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root
            .pointer(reference.trim_start_matches('#'))
            .expect("the target of the reference");
        return assert_conforms(root, target, value, at, checked);
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let choice = choices
            .iter()
            .find(|choice| (choice["type"] == "null") == value.is_null());
        return assert_conforms(root, choice.expect("a choice for the value"), value, at, checked);
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        assert!(
            choices.iter().any(|choice| choice["const"] == *value),
            "{at}: {value} is none of {choices:?}"
        );
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    if !types.is_empty() {
        let fits = |name: &&str| match *name {
            "null" => value.is_null(),
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64(),
            "number" => value.is_number(),
            other => panic!("{at}: unknown type {other}"),
        };
        assert!(types.iter().any(fits), "{at}: {value} is not {types:?}");
    }
    if let (Some(properties), Some(object)) = (schema["properties"].as_object(), value.as_object()) {
        assert!(object.keys().eq(properties.keys()), "{at}: {:?}", object.keys());
        let required = schema["required"].as_array().expect("a list of required keys");
        assert_eq!(required.len(), properties.len(), "{at}");
        for (key, property) in properties {
            let described = property.get("description").or(property.get("$ref"));
            assert!(described.is_some(), "{at}.{key} has no description");
            assert_conforms(root, property, &object[key], &format!("{at}.{key}"), checked);
        }
    }
    if let (Some(items), Some(array)) = (schema.get("items"), value.as_array()) {
        for (number, item) in array.iter().enumerate() {
            assert_conforms(root, items, item, &format!("{at}[{number}]"), checked);
        }
    }
}
