//! The figures that a run reports: the JSON object of `tasklab run --json`, as types.
//!
//! This module lies below `scenario`, because an `[expect]` table names figures by their path
//! (`groups.api.delay_ns.p99`). The types give the JSON Schema, and [`check_path`] looks a path up
//! in that schema. So a new field here is at once in the JSON, in the schema, in its reference page
//! and in `[expect]`; `report::gather` fills it from the model.
//!
//! Rules for every field:
//! - Every key is always present; a figure that does not apply to an executor is `null`.
//! - Durations are whole nanoseconds, and their key ends in `_ns`; amounts of memory end in
//!   `_bytes`.
//! - Shares are numbers from 0 to 1.
//!
//! The doc comments of this module are the descriptions in the schema.

mod path;

pub use path::{NAME, PathError, Unit, check_path, unit};

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a run of tasklab measured.
///
/// Every key is always present; what does not apply is `null`. Durations are whole nanoseconds
/// (`_ns`), shares are numbers from 0 to 1.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "tasklab report")]
pub struct Report {
    /// The scenario as the command line named it: a file, or the name of a built-in scenario.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// Where the tasks ran.
    pub executor: Executor,
    /// The seed of all random draws: the same seed gives the same draws.
    pub seed: u64,
    /// The planned length of the run; `null`: the run lasts until every task has ended.
    pub duration_ns: Option<u64>,
    /// How long the run lasted.
    pub elapsed_ns: u64,
    /// How much `cpu` work one core did per millisecond, measured before the run.
    pub calibration: Calibration,
    /// All tasks of all groups, by how they ended; tasks that libraries spawned are included.
    pub tasks: Tasks,
    /// All groups of the scenario together, with the tasks that they called.
    pub overall: Overall,
    /// What the run used of the machine.
    pub resources: Resources,
    /// What each group of tasks did. First the groups of the scenario in its order, then the groups
    /// that appeared during the run: jobs on blocking threads (`api offload`), tasks of cues and of
    /// libraries.
    pub groups: Vec<Group>,
    /// What each thread that can run tasks did: workers, pool threads, blocking threads.
    pub lanes: Vec<Lane>,
    /// Whether the records are complete.
    pub records: Records,
    /// What tokio reports about its runtime (`RuntimeMonitor` of tokio-metrics); `null` on
    /// executors without tokio.
    pub tokio: Option<Tokio>,
    /// A sentence that says what could not be stopped or removed at the end, or that no worker
    /// process was left; `null` after a normal end.
    pub left_running: Option<String>,
    /// The scenario's expectations in its order, each with its result.
    pub expect: Vec<Expected>,
}

/// An executor and its settings.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "executor")]
pub struct Executor {
    /// Which executor.
    pub kind: &'static str,
    /// Threads that run tasks; 0: every task has its own thread.
    pub workers: usize,
    /// tokio: polls between two checks of the I/O and timer driver; `null`: tokio's default.
    pub event_interval: Option<u32>,
    /// tokio: polls between two checks of the global queue; `null`: tokio's default.
    pub global_queue_interval: Option<u32>,
    /// tokio: the largest number of threads in the blocking pool; `null`: tokio's default.
    pub max_blocking_threads: Option<usize>,
    /// tokio: workers have no last-in-first-out slot for the task that was woken last.
    pub disable_lifo_slot: bool,
    /// tokio: a worker that polled the driver hands it to another worker before it runs a task.
    pub enable_eager_driver_handoff: bool,
    /// tokio: the alternative timer implementation is on.
    pub enable_alt_timer: bool,
}

/// The exchange rate between work and time that `cpu` steps use.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "calibration")]
pub struct Calibration {
    /// Units of work that an idle core did in 1 ms.
    pub units_per_ms: f64,
    /// How much longer the median sample took than the fastest, as a share of the fastest. Above
    /// 0.2 the machine was busy.
    pub spread: f64,
    /// Number of samples.
    pub samples: usize,
    /// How long the calibration took.
    pub took_ns: u64,
}

/// Tasks by how they ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "tasks")]
pub struct Tasks {
    /// Tasks spawned. The other counts add up to this one.
    pub spawned: u64,
    /// Tasks that did all their steps.
    pub completed: u64,
    /// Tasks that ended because a step failed.
    pub failed: u64,
    /// Tasks that were stopped from outside. The end of the run's duration stops all tasks that
    /// still run.
    pub cancelled: u64,
    /// Tasks that ended because their timeout passed.
    pub timed_out: u64,
    /// Tasks that panicked.
    pub panicked: u64,
    /// Tasks that ended because a step failed, when no task was left to see the error.
    pub unobserved_failure: u64,
    /// Tasks that were created and dropped before their first poll.
    pub never_started: u64,
    /// Tasks in a process that died.
    pub lost: u64,
    /// Tasks that ended in an unknown way: a library spawned them, and tokio reports only their
    /// end.
    pub unknown: u64,
    /// Tasks that had not ended when the run did.
    pub running: u64,
}

/// What the groups of a scenario did together; tasks that libraries spawned are not included.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "overall")]
pub struct Overall {
    /// Repetitions of the steps that ended, in whatever way.
    pub repetitions: u64,
    /// Repetitions that did all their steps.
    pub completed: u64,
    /// Completed repetitions per second of the run.
    pub throughput: f64,
    /// How long repetitions took.
    pub repetition_ns: Percentiles,
    /// Delay: from wake-up to running. Only slices whose wake-up was seen are counted.
    pub delay_ns: Percentiles,
    /// Lateness: from ready to running, of the same slices.
    pub lateness_ns: Percentiles,
}

/// What the run used of the machine, as the kernel counts it (`getrusage`).
///
/// The kernel counts whole processes: tasklab's own threads, its screen and the loopback service
/// are included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "resources")]
pub struct Resources {
    /// CPU time of all threads in user and kernel mode, since the start of the run.
    pub cpu_ns: u64,
    /// The largest resident memory, in bytes; for several processes the sum of their peaks.
    pub peak_memory_bytes: u64,
    /// How often a thread gave up its core because it had to wait, since the start of the run.
    pub voluntary_switches: u64,
    /// How often the kernel took a core away from a thread, since the start of the run.
    pub involuntary_switches: u64,
    /// Number of processes in these sums.
    pub processes: u32,
}

/// One expectation of the scenario, and its result.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "expected")]
pub struct Expected {
    /// What is measured: a path into this object, or the ratio of two paths.
    pub key: String,
    /// The bound as the scenario writes it: `< 5ms`.
    pub wanted: String,
    /// The measured value, durations in nanoseconds; `null` when there is no such number.
    pub measured: Option<f64>,
    /// Whether the expectation held; `null` when it was not checked.
    pub held: Option<bool>,
    /// A sentence that says why there is no measured value or why it was not checked; otherwise
    /// `null`.
    pub why: Option<String>,
}

/// What the tasks of one group did together.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "group")]
pub struct Group {
    /// The group's name in the scenario. `api offload` is the work that the tasks of `api` handed
    /// to blocking threads. For tasks of a library: the place in its source that spawned them.
    pub name: String,
    /// Whether a library spawned the tasks, and not the scenario.
    pub library: bool,
    /// Tasks spawned.
    pub spawned: u64,
    /// The same tasks by how they ended.
    pub tasks: Tasks,
    /// Tasks that ran on although no task waited for them any more: the parent was cancelled, or
    /// went on without them.
    pub orphaned: u64,
    /// Tasks that failed, timed out or panicked when no task was left to see the error.
    pub failures_lost: u64,
    /// From the spawn of the first task to the end of the last task, or to the end of the run.
    pub span_ns: u64,
    /// Repetitions of the steps that ended, in whatever way.
    pub repetitions: u64,
    /// Repetitions that did all their steps.
    pub completed: u64,
    /// Completed repetitions per second of `span_ns`; 0 when `span_ns` is 0.
    pub throughput: f64,
    /// Repetitions that exceeded their timeout. A thread cannot be cancelled: there, they ran on to
    /// their end.
    pub timed_out: u64,
    /// Repetitions in which a step failed.
    pub failed: u64,
    /// Slices: polls of async tasks, jobs on threads.
    pub polls: u64,
    /// Time in which tasks held a thread and computed. This and the next four figures add up to the
    /// lifetime of all tasks.
    pub running_ns: u64,
    /// Time in which tasks held a thread that slept in the operating system.
    pub blocking_ns: u64,
    /// Time in which tasks were woken and waited for a thread.
    pub queued_ns: u64,
    /// Time in which tasks were ready, but nothing had woken them yet.
    pub unnoticed_ns: u64,
    /// Time in which tasks waited for something that was not ready. The wake-ups of a library's
    /// tasks are not seen: for them this is all the time between slices.
    pub suspended_ns: u64,
    /// `suspended_ns` by what the tasks waited for: `timer`, `http`, `file`, `offload`, `unknown`,
    /// …. A reason without any time is absent.
    pub suspended_on: BTreeMap<&'static str, u64>,
    /// Lengths of slices.
    pub poll_ns: Percentiles,
    /// Delay: from wake-up to running. Only slices whose wake-up was seen are counted.
    pub delay_ns: Percentiles,
    /// Lateness: from ready to running, of the same slices. When the ready time is not known, it is
    /// the delay.
    pub lateness_ns: Percentiles,
    /// How long repetitions took.
    pub repetition_ns: Percentiles,
    /// What `TaskMonitor` of tokio-metrics reports about the group's first eight tasks, the only
    /// ones that it watches; `null` when it watched none.
    pub task_monitor: Option<TaskMonitor>,
}

/// A distribution of durations; percentiles are exact within 1 %. All fields are zero when nothing
/// was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "percentiles")]
pub struct Percentiles {
    /// Number of durations counted.
    pub count: u64,
    /// The median, in nanoseconds: half of the durations are not above it.
    pub p50: u64,
    /// The 90th percentile, in nanoseconds.
    pub p90: u64,
    /// The 99th percentile, in nanoseconds.
    pub p99: u64,
    /// The longest duration, in nanoseconds, exact.
    pub max: u64,
}

/// What tokio-metrics reports about a group's first eight tasks, over the whole run.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "task monitor")]
pub struct TaskMonitor {
    /// Polls of the watched tasks.
    pub polls: u64,
    /// Mean time in the queue before a poll.
    pub mean_scheduled_ns: u64,
    /// Mean length of a poll.
    pub mean_poll_ns: u64,
    /// Share of slow polls, that is over 50 µs, 0–1.
    pub slow_polls: f64,
}

/// What one thread that can run tasks did.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "lane")]
pub struct Lane {
    /// The name of the lane: `worker 0`.
    pub name: String,
    /// The kind of thread: `worker` (of an async runtime), `pool` (of a thread pool), `blocking`
    /// (of an async runtime's blocking pool), or another.
    pub kind: &'static str,
    /// Slices that ended on this lane.
    pub slices: u64,
    /// Time in which a task held the lane and computed.
    pub running_ns: u64,
    /// Time in which a task held the lane while the thread slept in the operating system.
    pub blocking_ns: u64,
    /// Share of the run in which tasks held the lane, 0–1.
    pub utilisation: f64,
    /// CPU time of the thread as the kernel counts it; `null` when the kernel was not asked.
    pub on_cpu_ns: Option<u64>,
    /// Time in which the thread was runnable and had no core, as the kernel counts it; `null` when
    /// the kernel was not asked.
    pub off_cpu_ns: Option<u64>,
}

/// Whether the records are complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "records")]
pub struct Records {
    /// Slices recorded.
    pub written: u64,
    /// Slices lost because the ring of a thread was full. All counts of slices, and all sums over
    /// slices, lack them.
    pub dropped: u64,
    /// Other records lost: steps and repetitions. Lost repetitions are still counted, but the
    /// percentiles of their lengths lack them.
    pub others_dropped: u64,
    /// Slices, recorded or lost, that were polls and not jobs on blocking threads. Compare it with
    /// `tokio.polls`.
    pub polls: u64,
    /// Whether `polls` agrees with `tokio.polls`; `null` without such a count. tokio does not count
    /// polls that a worker runs from its LIFO slot: where there is such a slot (`tokio` without
    /// `disable_lifo_slot`), more polls agree too.
    pub matches_tokio: Option<bool>,
}

/// Totals of `RuntimeMonitor` of tokio-metrics over the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "tokio")]
pub struct Tokio {
    /// Polls, as tokio counts them.
    pub polls: u64,
    /// The busy time of all workers together.
    pub busy_ns: u64,
    /// How often a worker parked.
    pub parks: u64,
    /// Tasks stolen between workers.
    pub steals: u64,
    /// How often the I/O driver delivered readiness.
    pub io_ready: u64,
    /// How often tokio's cooperative budget forced a task to yield.
    pub budget_forced_yields: u64,
    /// The largest number of tasks that a sample (four per second) found in the global queue.
    pub most_global_queue: usize,
    /// The largest number of tasks that a sample found in the workers' own queues.
    pub most_local_queue: usize,
    /// The largest number of jobs that a sample found waiting for a blocking thread.
    pub most_blocking_queue: usize,
    /// The largest number of threads that a sample found in the blocking pool.
    pub most_blocking_threads: usize,
}

impl Report {
    /// The JSON object as a value.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("a report holds only strings, numbers and maps with string keys")
    }

    /// The JSON object, pretty-printed, ending with a newline.
    pub fn to_json(&self) -> String {
        pretty_json(self)
    }
}

/// The JSON Schema of [`Report::to_json`], in which `executor.kind` is any string: the kinds of
/// executors are a matter of `scenario`, which imports this module.
fn schema() -> Schema {
    schema_generator().into_root_schema_for::<Report>()
}

/// A generator of JSON Schemas (draft 2020-12) for objects that tasklab writes.
pub fn schema_generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .with_transform(RecursiveTransform(unwrap_description))
        .into_generator()
}

/// Removes line breaks within paragraphs: they come from the width of the source.
fn unwrap_description(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        let paragraphs: Vec<String> = description
            .split("\n\n")
            .map(|paragraph| paragraph.replace('\n', " "))
            .collect();
        *description = paragraphs.join("\n\n");
    }
}

/// A report, a comparison or a schema as JSON, pretty-printed, ending with a newline.
pub fn pretty_json(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value).expect("it holds only strings, numbers and maps with string keys");
    json + "\n"
}
