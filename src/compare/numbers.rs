//! The result of a comparison: one JSON object for scripts, with medians and ranges for each
//! executor.

use super::{Plan, Round, check};
use crate::expect::find_number;
use crate::figures::{self, Expected};
use crate::record::Nanos;
use crate::scenario::ExecutorKind;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A comparison of runs of the same scenario on several executors.
///
/// Every key is always present. A value that does not apply is `null`. Durations are in
/// nanoseconds
/// (`_ns`).
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "tasklab comparison")]
pub struct Comparison {
    /// The scenario as the command line names it: a file, or the name of a built-in scenario.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// The planned duration of a run. `null` if no duration is planned: then each run ends when
    /// every task has ended.
    pub duration_ns: Option<u64>,
    /// The number of runs on each executor. The executors took turns.
    pub repeat: u32,
    /// The executors on which the scenario was run, in this order.
    pub executors: Vec<Compared>,
    /// The executors on which the scenario cannot run.
    pub left_out: Vec<LeftOut>,
    /// The scenario's expectations, and whether each expectation held. The measured value is the
    /// median over the
    /// rounds.
    pub expect: Vec<Expected>,
}

/// The runs on one executor.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "compared")]
pub struct Compared {
    /// The executor.
    #[schemars(with = "ExecutorKind")]
    pub executor: &'static str,
    /// The number of runs that have a report.
    pub runs: u32,
    /// For each run without a report, a sentence with the reason.
    pub failures: Vec<String>,
    /// The largest number of records that any run lost because a ring was full. The
    /// percentiles of
    /// that run do not include the lost records.
    pub lost_records: u64,
    /// The duration of a run.
    pub elapsed_ns: Option<Number>,
    /// The number of completed repetitions in all groups. A completed repetition did all its steps.
    pub completed: Option<Number>,
    /// The number of completed repetitions per second of the run.
    pub throughput: Option<Number>,
    /// The median duration of a repetition.
    pub repetition_p50_ns: Option<Number>,
    /// The 99th percentile of the durations of repetitions.
    pub repetition_p99_ns: Option<Number>,
    /// The 99th percentile of the delays. A delay is the time from a task's wake-up until the task
    /// runs.
    pub delay_p99_ns: Option<Number>,
    /// The CPU time of all threads and processes.
    pub cpu_ns: Option<Number>,
    /// The peak of the resident memory, in bytes.
    pub peak_memory_bytes: Option<Number>,
    /// The number of context switches, voluntary and involuntary.
    pub switches: Option<Number>,
    /// The number of processes.
    pub processes: Option<Number>,
    /// The groups of the scenario and the groups that they called. A group is included only if one
    /// of its repetitions has ended.
    pub groups: Vec<Difference>,
}

/// The figures of one group on this executor.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "group")]
pub struct Difference {
    /// The name of the group.
    pub name: String,
    /// The number of repetitions that did all their steps.
    pub completed: Option<Number>,
    /// The number of completed repetitions per second of `span_ns`, or of the time in which tasks
    /// arrived if that is longer, including the pause after the last arrival.
    pub throughput: Option<Number>,
    /// The median duration of a repetition.
    pub repetition_p50_ns: Option<Number>,
    /// The 99th percentile of the durations of repetitions.
    pub repetition_p99_ns: Option<Number>,
    /// The time from the spawn of the first task until the last task ended or the run ended.
    pub span_ns: Option<Number>,
}

/// The values of one figure in several runs.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "number")]
pub struct Number {
    /// The median.
    pub median: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
}

/// An executor on which the scenario cannot run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "left out")]
pub struct LeftOut {
    /// The executor.
    #[schemars(with = "ExecutorKind")]
    pub executor: &'static str,
    /// A sentence that says why the scenario cannot run there.
    pub why: String,
}

impl Comparison {
    /// Compares the rounds of `plan`.
    pub fn new(plan: &Plan, rounds: &[Round]) -> Comparison {
        Comparison {
            scenario: plan.what.clone(),
            title: plan.scenario.title.clone(),
            duration_ns: plan.scenario.duration.map(|duration| Nanos::from(duration).0),
            repeat: plan.rounds,
            executors: plan.executors.iter().map(|kind| compared(*kind, rounds)).collect(),
            left_out: plan.left_out.clone(),
            expect: check(plan, rounds),
        }
    }

    /// Whether there is a run without a report.
    pub fn has_failures(&self) -> bool {
        self.executors.iter().any(|it| !it.failures.is_empty())
    }

    /// Returns the comparison as pretty-printed JSON that ends with a newline.
    pub fn to_json(&self) -> String {
        figures::pretty_json(self)
    }
}

/// Returns the JSON Schema (draft 2020-12) of [`Comparison::to_json`], pretty-printed. The text
/// ends with a
/// newline.
pub fn schema() -> String {
    figures::pretty_json(&figures::schema_generator().into_root_schema_for::<Comparison>())
}

fn compared(kind: ExecutorKind, rounds: &[Round]) -> Compared {
    let runs = rounds.iter().flatten().filter(|(run, _)| *run == kind);
    let (reports, failures): (Vec<_>, Vec<_>) = runs.map(|(_, run)| run.as_ref()).partition(Result::is_ok);
    let reports: Vec<&Value> = reports.into_iter().flatten().collect();
    let of = |path: &str| spread(&reports, path.split('.').map(str::to_owned).collect());
    Compared {
        executor: kind.into_str(),
        runs: reports.len() as u32,
        failures: failures.into_iter().filter_map(Result::err).cloned().collect(),
        lost_records: reports.iter().map(|report| lost(report)).max().unwrap_or(0),
        elapsed_ns: of("elapsed_ns"),
        completed: of("overall.completed"),
        throughput: of("overall.throughput"),
        repetition_p50_ns: of("overall.repetition_ns.p50"),
        repetition_p99_ns: of("overall.repetition_ns.p99"),
        delay_p99_ns: of("overall.delay_ns.p99"),
        cpu_ns: of("machine.cpu_ns"),
        peak_memory_bytes: of("machine.peak_memory_bytes"),
        switches: Number::of(reports.iter().filter_map(|report| switches(report)).collect()),
        processes: of("machine.processes"),
        groups: names(&reports)
            .into_iter()
            .map(|name| difference(&reports, name))
            .collect(),
    }
}

fn switches(report: &Value) -> Option<f64> {
    let machine = &report["machine"];
    Some(machine["voluntary_switches"].as_f64()? + machine["involuntary_switches"].as_f64()?)
}

fn lost(report: &Value) -> u64 {
    let records = &report["records"];
    let count = |key: &str| records[key].as_u64().unwrap_or(0);
    count("dropped") + count("others_dropped")
}

/// The names of the groups in which a repetition has ended, in the order of the reports.
fn names(reports: &[&Value]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for group in reports
        .iter()
        .filter_map(|report| report["groups"].as_array())
        .flatten()
    {
        let name = group["name"].as_str().unwrap_or_default();
        if group["repetitions"] != 0 && group["library"] != true && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn difference(reports: &[&Value], name: String) -> Difference {
    let of = |path: &str| {
        let mut keys = vec!["groups".to_owned(), name.clone()];
        keys.extend(path.split('.').map(str::to_owned));
        spread(reports, keys)
    };
    Difference {
        completed: of("completed"),
        throughput: of("throughput"),
        repetition_p50_ns: of("repetition_ns.p50"),
        repetition_p99_ns: of("repetition_ns.p99"),
        span_ns: of("span_ns"),
        name,
    }
}

/// The values of the figure at the path `keys`, in all reports that contain the figure.
fn spread(reports: &[&Value], keys: Vec<String>) -> Option<Number> {
    Number::of(
        reports
            .iter()
            .filter_map(|report| find_number(report, &keys).ok())
            .collect(),
    )
}

impl Number {
    /// The median and the range of `numbers`; `None` if `numbers` is empty.
    pub fn of(numbers: Vec<f64>) -> Option<Number> {
        let min = numbers.iter().copied().reduce(f64::min)?;
        let max = numbers.iter().copied().reduce(f64::max)?;
        Some(Number {
            median: median(numbers)?,
            min,
            max,
        })
    }
}

/// The middle value, or the mean of the two middle values; `None` if `numbers` is empty.
pub(super) fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => None,
        n if n % 2 == 1 => Some(numbers[middle]),
        _ => Some((numbers[middle - 1] + numbers[middle]) / 2.0),
    }
}
