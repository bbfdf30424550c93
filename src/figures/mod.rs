//! The figures that a run reports. The types define the JSON object of `tasklab run --json`.
//!
//! `scenario` imports this module, because an `[expect]` table names figures by their paths, such
//! as `groups.api.delay_ns.p99`. The JSON Schema is derived from the types, and [`check_path`]
//! checks a path against that schema. So a field that is added here appears in the JSON, in the
//! schema, in the reference page and in `[expect]`. `report::gather` fills the fields from the
//! model.
//!
//! Rules for every field:
//! - Every key is always present. A figure that does not apply to an executor is `null`.
//! - Durations are whole nanoseconds, and their keys end in `_ns`. The keys of amounts of memory
//!   end in `_bytes`.
//! - Shares are numbers from 0 to 1.
//!
//! The doc comments of this module are the descriptions in the schema.

mod finding;
mod path;
mod shared;
mod work;

pub use finding::Finding;
pub use path::{ANY_FINDING, NAME, PathError, Unit, check_path, unit};
pub use shared::{Age, Deadlock, DeadlockedWait, Level, Receiver, Resource};
pub use work::{Fates, Work};

use crate::record::Reason;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use strum::VariantArray;

/// The figures that tasklab measured in one run.
///
/// Every key is always present. A figure that does not apply is `null`. Durations are whole
/// nanoseconds (`_ns`). Shares are numbers from 0 to 1.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "tasklab report")]
pub struct Report {
    /// The version of this schema. It becomes greater when a key is renamed or changes its meaning.
    /// New keys do not change the version.
    pub schema_version: u32,
    /// The scenario as the command line named it: a file, or the name of a built-in scenario.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// The executor that ran the tasks.
    pub executor: Executor,
    /// The seed of all random numbers. The same seed gives the same random numbers.
    pub seed: u64,
    /// The planned duration of the run. `null` means that the run ends when every task has ended.
    pub duration_ns: Option<u64>,
    /// The duration of the run: from its start until its tasks were stopped. All figures are about
    /// this time.
    pub elapsed_ns: u64,
    /// The result of the calibration before the run: the `cpu` work that one core did per
    /// millisecond.
    pub calibration: Calibration,
    /// The number of tasks in all groups, by outcome. Tasks that libraries spawned are included.
    pub tasks: Tasks,
    /// The combined figures of all groups of the scenario, including the groups that they called.
    pub overall: Overall,
    /// The CPU time, memory and context switches of the run.
    pub machine: Machine,
    /// The figures of each group of tasks. The groups of the scenario come first, in the order of
    /// the file. Then come the groups that were created during the run: jobs on blocking threads
    /// (`api offload`), tasks of cues, and tasks of libraries.
    pub groups: Vec<Group>,
    /// The figures of each thread that can run tasks: workers, pool threads, blocking threads.
    pub lanes: Vec<Lane>,
    /// The figures of each lock, semaphore and channel of the scenario, and of the thread pool that
    /// ran the jobs: `pool threads` on the executor `pool`, and `blocking threads` on tokio. Empty
    /// on the executor `processes`, whose tasks share nothing.
    pub resources: Vec<Resource>,
    /// What went wrong in the run, because of whom, and what would help. The costliest finding
    /// comes first. Empty if there is nothing to report.
    pub findings: Vec<Finding>,
    /// The deadlocks. In a deadlock, tasks wait for one another and can never continue. A run with
    /// a deadlock has failed.
    pub deadlocks: Vec<Deadlock>,
    /// The numbers of recorded and lost records. They show whether the records are complete.
    pub records: Records,
    /// The figures that tokio reports about its runtime (`RuntimeMonitor` of tokio-metrics). `null`
    /// on executors without tokio.
    pub tokio: Option<Tokio>,
    /// A sentence about a problem at the end: something could not be stopped or removed, or all
    /// worker processes had died. `null` after a normal end.
    pub left_running: Option<String>,
    /// The scenario's expectations with their results, in the order of the file.
    pub expect: Vec<Expected>,
}

/// An executor and its settings.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "executor")]
pub struct Executor {
    /// The kind of the executor.
    pub kind: &'static str,
    /// The number of threads that run tasks. 0 means that every task has its own thread.
    pub workers: usize,
    /// tokio: the number of polls between two checks of the I/O and timer driver. `null` means
    /// tokio's default.
    pub event_interval: Option<u32>,
    /// tokio: the number of polls between two checks of the global queue. `null` means tokio's
    /// default.
    pub global_queue_interval: Option<u32>,
    /// tokio: the maximum number of threads in the blocking pool. `null` means tokio's default.
    pub max_blocking_threads: Option<usize>,
    /// tokio: whether the LIFO slot of the workers is disabled. The slot holds the task that was
    /// woken last.
    pub disable_lifo_slot: bool,
    /// tokio: whether a worker that has polled the driver first hands the driver to another worker,
    /// and then runs a task.
    pub enable_eager_driver_handoff: bool,
    /// tokio: whether the alternative timer implementation is enabled.
    pub enable_alt_timer: bool,
}

/// How `cpu` steps convert between work and time.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "calibration")]
pub struct Calibration {
    /// The number of units of work that an idle core did in 1 ms.
    pub units_per_ms: f64,
    /// The difference between the median sample and the fastest sample, as a share of the fastest
    /// sample. A spread above 0.2 shows that the machine was busy.
    pub spread: f64,
    /// The number of samples.
    pub samples: usize,
    /// The duration of the calibration.
    pub took_ns: u64,
}

/// The number of tasks, by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "tasks")]
pub struct Tasks {
    /// All tasks that were spawned. This number is the sum of the other numbers.
    pub spawned: u64,
    /// Tasks that did all their steps.
    pub completed: u64,
    /// Tasks that ended because a step failed.
    pub failed: u64,
    /// Tasks that were stopped from outside. When the run's duration has passed, all tasks that
    /// still run are stopped.
    pub cancelled: u64,
    /// Tasks that ended because their timeout passed.
    pub timed_out: u64,
    /// Tasks that panicked.
    pub panicked: u64,
    /// Tasks that ended because a step failed. No other task received the error.
    pub unobserved_failure: u64,
    /// Tasks that were created and dropped before their first poll.
    pub never_started: u64,
    /// Tasks in a process that died.
    pub lost: u64,
    /// Tasks that a library spawned. tokio reports only that they ended, not how.
    pub unknown: u64,
    /// Tasks that could not be stopped at the end of the run.
    pub running: u64,
}

/// The combined figures of the groups of a scenario. Tasks that libraries spawned are not included.
/// Branches are parts of tasks, so they are not included either.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "overall")]
pub struct Overall {
    /// The number of repetitions that ended, with any outcome.
    pub repetitions: u64,
    /// The number of repetitions that did all their steps.
    pub completed: u64,
    /// The number of completed repetitions per second of the run.
    pub throughput: f64,
    /// If the records of slices were lost, the part of the slices in the percentiles. `null` if the
    /// percentiles contain all slices.
    pub sampled: Option<Sampled>,
    /// The durations of the repetitions.
    pub repetition_ns: Percentiles,
    /// The delay of each slice: the time from the task's wake-up until the task ran. Only slices
    /// with a recorded wake-up are counted.
    pub delay_ns: Percentiles,
    /// How late the same slices began: the time from the instant at which a task is ready until the
    /// task runs.
    pub lateness_ns: Percentiles,
}

/// A sample of the slices. Percentiles are about the sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "sampled")]
pub struct Sampled {
    /// The number of slices in the sample.
    pub slices: u64,
    /// The number of all slices.
    pub of: u64,
}

/// The CPU time, memory and context switches of the run, as the kernel counts them (`getrusage`).
///
/// The kernel counts whole processes. So tasklab's own threads are included, such as the screen and
/// the loopback service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "machine")]
pub struct Machine {
    /// The CPU time of all threads since the start of the run, in user mode and kernel mode.
    pub cpu_ns: u64,
    /// The peak of the resident memory, in bytes. For several processes, the sum of their peaks.
    pub peak_memory_bytes: u64,
    /// How often a thread gave up its core in order to wait. The count begins at the start of the
    /// run.
    pub voluntary_switches: u64,
    /// How often the kernel took the core away from a thread. The count begins at the start of the
    /// run.
    pub involuntary_switches: u64,
    /// The number of processes in these sums.
    pub processes: u32,
}

/// One expectation of the scenario, and its result.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "expected")]
pub struct Expected {
    /// The path of the measured figure in this object, or the ratio of two paths.
    pub key: String,
    /// The bound as written in the scenario, such as `< 5ms`.
    pub wanted: String,
    /// The measured value. Durations are in nanoseconds. `null` if there is no such number.
    pub measured: Option<f64>,
    /// Whether the expectation held; `null` if it was not checked.
    pub held: Option<bool>,
    /// A sentence that says why there is no measured value, or why the expectation was not checked.
    /// Otherwise `null`.
    pub why: Option<String>,
}

/// The combined figures of the tasks of one group.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "group")]
pub struct Group {
    /// The name of the group in the scenario. `api offload` is the work that the tasks of `api`
    /// handed to blocking threads. For tasks of a library, the name is the place in the library's
    /// source code where they were spawned.
    pub name: String,
    /// Whether the tasks were spawned by a library and not by the scenario.
    pub library: bool,
    /// The number of tasks that were spawned, including branches.
    pub spawned: u64,
    /// How many of `spawned` are branches: parts of a task that the task polls itself (`join`,
    /// `try_join`, `select`). Branches are not tasks, so `tasks` and `records` of the whole report
    /// do not count them. All figures of this group include branches: each poll of a branch by its
    /// task is a slice.
    pub branches: u64,
    /// The number of tasks, by outcome, including branches.
    pub tasks: Tasks,
    /// The number of orphaned tasks: their parent was cancelled or stopped waiting for them, but
    /// they continued to run.
    pub orphaned: u64,
    /// The number of tasks with an error that no other task received. These tasks failed, timed out
    /// or panicked.
    pub failures_lost: u64,
    /// The time from the spawn of the first task until the last task ended or the run ended. A task
    /// ends with its last slice.
    pub span_ns: u64,
    /// The number of repetitions that ended, with any outcome. The end of the run ends the
    /// repetitions that are open.
    pub repetitions: u64,
    /// The number of repetitions that did all their steps.
    pub completed: u64,
    /// The number of completed repetitions per second of `span_ns`; 0 if `span_ns` is 0. If tasks
    /// with one repetition each arrive at a pace (`every`, `rate`, `ramp`), the time includes the
    /// pause after the last arrival: with `every = "1s"`, four tasks stand for four seconds.
    pub throughput: f64,
    /// The number of repetitions that exceeded their timeout. On a thread, such a repetition still
    /// ran to its end, because a thread cannot be cancelled. This figure includes a repetition that
    /// had exceeded its timeout and was still open at the end of the run.
    pub timed_out: u64,
    /// The number of repetitions in which a step failed.
    pub failed: u64,
    /// The number of slices: polls of async tasks, or jobs on threads. This number and the times by
    /// state are exact even if records are lost, because the threads add them up themselves.
    pub polls: u64,
    /// If the records of slices were lost, the part of `polls` in the percentiles and timelines.
    /// `null` if they contain all slices.
    pub sampled: Option<Sampled>,
    /// The time in which tasks held a thread and computed, without `hogging_ns`. The sum of this
    /// figure, `hogging_ns`, `blocking_ns`, `sleeping_ns`, `queued_ns`, `unnoticed_ns`,
    /// `waiting_ns` and `suspended_ns` is the total lifetime of all tasks.
    pub running_ns: u64,
    /// The time in which tasks computed on a worker of an async runtime in polls of at least 10 ms.
    /// Such a poll is hogging from its start: other tasks of the worker wait meanwhile.
    pub hogging_ns: u64,
    /// The part of `running_ns` and `hogging_ns` in which the thread was runnable but had no core.
    /// `null` if the kernel did not report it. The kernel's counts are read ten times per second,
    /// and more often during long slices. The time without a core between two reads is divided
    /// among the groups, in proportion to the time for which the thread was runnable for each
    /// group. So the figure is exact if one group held the thread between the two reads, and
    /// otherwise an estimate.
    pub off_core_ns: Option<u64>,
    /// The time in which tasks held a worker of an async runtime whose thread slept in the
    /// operating system. This is a mistake: other tasks of the worker wait meanwhile.
    pub blocking_ns: u64,
    /// The time in which tasks held another thread that slept in the operating system: a thread of
    /// a pool, a blocking thread, a process, or the task's own thread. Such a thread may be held.
    pub sleeping_ns: u64,
    /// The parts of `blocking_ns` and `sleeping_ns`, by the reason for which the thread slept:
    /// `timer`, `lock`, `semaphore`, `channel`, `http`, `file`, `db`, `join` and `unknown`. If only
    /// the kernel's samples show that a thread slept, the reason is `unknown`. The reason is also
    /// `unknown` if a worker command lost the record of the step. Only reasons with a time above
    /// zero are present.
    #[schemars(extend("propertyNames" = keys_of(|_| true)))]
    pub blocked_on: BTreeMap<&'static str, u64>,
    /// What the work of the tasks was for.
    pub work: Work,
    /// The time in which tasks were woken and waited for a thread.
    pub queued_ns: u64,
    /// The time in which tasks were ready, but had not been woken yet.
    pub unnoticed_ns: u64,
    /// The time in which tasks waited for other tasks: for a lock, a permit, a message, a result.
    pub waiting_ns: u64,
    /// The parts of `waiting_ns`, one part for each reason: `lock`, `semaphore`, `channel`, `join`,
    /// `offload`, `notify` and `barrier`. Only reasons with a time above zero are present.
    #[schemars(extend("propertyNames" = keys_of(Reason::is_other_task)))]
    pub waiting_on: BTreeMap<&'static str, u64>,
    /// The time in which tasks waited for time, or for something outside of the tasks that was not
    /// ready. The wake-ups of a library's tasks are not recorded, so this figure includes all the
    /// time between their slices.
    pub suspended_ns: u64,
    /// The parts of `suspended_ns`, one part for each reason: `timer`, `http`, `file`, `db` and
    /// `unknown`. Only reasons with a time above zero are present.
    #[schemars(extend("propertyNames" = keys_of(|reason| !reason.is_other_task() && reason != Reason::Yield)))]
    pub suspended_on: BTreeMap<&'static str, u64>,
    /// The time that the runtime's timer added to the sleeps of the tasks. This time is part of
    /// `suspended_ns`, with one exception: the microseconds between a deadline and the end of the
    /// slice in which the sleep began. tokio's timer has a resolution of one millisecond and rounds
    /// up. `null` if no sleep was rounded. Sleeps whose records were lost are not included.
    pub timer_rounding_ns: Option<u64>,
    /// The mean time that the runtime's timer added to one sleep. `null` if no sleep was rounded.
    pub timer_resolution_ns: Option<u64>,
    /// The durations of the slices.
    pub poll_ns: Percentiles,
    /// The delay of each slice: the time from the task's wake-up until the task ran. Only slices
    /// with a recorded wake-up are counted.
    pub delay_ns: Percentiles,
    /// How late the same slices began: the time from the instant at which a task is ready until the
    /// task runs. If the instant at which the task was ready is not known, this time equals the
    /// delay.
    pub lateness_ns: Percentiles,
    /// The durations of the repetitions. `null` if the group has none: the tasks of libraries and
    /// of offloaded work do not repeat.
    pub repetition_ns: Option<Percentiles>,
    /// The figures that `TaskMonitor` of tokio-metrics reports. `TaskMonitor` watches only the
    /// group's first eight tasks. `null` if it watched no task of the group.
    pub task_monitor: Option<TaskMonitor>,
}

/// A distribution of durations. If a duration has not ended when the run ends, it is counted up to
/// the end of the run. The percentiles are not exact: their error is at most 1 % of their value. So
/// two close durations can have the same number. All fields are zero if no duration was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "percentiles")]
pub struct Percentiles {
    /// The number of durations. This figure is exact.
    pub count: u64,
    /// The median, in nanoseconds. Half of the durations are at most this long.
    pub p50: u64,
    /// The 90th percentile, in nanoseconds.
    pub p90: u64,
    /// The 99th percentile, in nanoseconds.
    pub p99: u64,
    /// The longest duration, in nanoseconds. This figure is exact.
    pub max: u64,
}

/// The figures that tokio-metrics reports about a group's first eight tasks, over the whole run.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "task monitor")]
pub struct TaskMonitor {
    /// The number of polls of the watched tasks.
    pub polls: u64,
    /// The mean time in the queue before a poll.
    pub mean_scheduled_ns: u64,
    /// The mean duration of a poll.
    pub mean_poll_ns: u64,
    /// The share of slow polls, 0–1. A poll is slow if it takes more than 50 µs.
    #[schemars(range(max = 1.0))]
    pub slow_polls: f64,
}

/// The figures of one thread that can run tasks.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "lane")]
pub struct Lane {
    /// The name of the lane, such as `worker 0`.
    pub name: String,
    /// The kind of thread: `worker` (of an async runtime), `pool` (of a thread pool), `blocking`
    /// (of an async runtime's blocking pool), or another.
    pub kind: &'static str,
    /// The number of slices on this lane, including lost slices. `slices`, `running_ns`,
    /// `blocking_ns` and `sleeping_ns` are exact even if records are lost, because the thread
    /// itself counts what it loses.
    pub slices: u64,
    /// The time in which a task held the lane and computed, including the hogging time of tasks.
    pub running_ns: u64,
    /// The part of `running_ns` in which the thread was runnable but had no core, with the same
    /// precision as `off_core_ns` of a group; `null` if the kernel did not report it.
    pub off_core_ns: Option<u64>,
    /// The time in which a task held the lane while the thread slept in the operating system, if
    /// the lane is a worker of an async runtime. Otherwise zero.
    pub blocking_ns: u64,
    /// The same time, if the lane is any other thread. Otherwise zero.
    pub sleeping_ns: u64,
    /// The share of the run's time in which tasks held the lane, 0–1.
    #[schemars(range(max = 1.0))]
    pub utilisation: f64,
    /// The CPU time of the thread as the kernel counts it; `null` if it was not read from the
    /// kernel.
    pub on_cpu_ns: Option<u64>,
    /// The time in which the thread was runnable but had no core, as the kernel counts it; `null`
    /// if it was not read from the kernel.
    pub off_cpu_ns: Option<u64>,
}

/// The numbers of recorded and lost records. They show whether the records are complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "records")]
pub struct Records {
    /// The number of slices that were recorded.
    pub written: u64,
    /// The number of recorded slices that began after the end of the run, while the tasks were
    /// stopped. `written` and `polls` contain them, because tokio counts them. Lanes and groups do
    /// not.
    pub after_end: u64,
    /// The number of slices that were lost because the ring of a thread was full. The counts and
    /// times of lanes and groups include lost slices. The percentiles do not: they are then a
    /// sample, see `sampled` of a group.
    pub dropped: u64,
    /// The number of other records that were lost: steps and repetitions. Lost repetitions are
    /// still counted, but the percentiles of their durations do not include them.
    pub others_dropped: u64,
    /// The number of polls, including lost polls. Jobs on blocking threads are slices, but not
    /// polls. Compare this number with `tokio.polls`.
    pub polls: u64,
    /// Whether `polls` agrees with `tokio.polls`; `null` if there is no `tokio.polls`. tokio does
    /// not count polls that a worker runs from its LIFO slot. The workers have a LIFO slot on
    /// `tokio` without `disable_lifo_slot`. Then the numbers also agree if `polls` is greater than
    /// `tokio.polls`, but at most four times as great: after each poll that it counts, a worker
    /// runs at most three polls from its slot. Then the check does not detect a loss that is
    /// smaller than the number of polls from LIFO slots. Without LIFO slots, the check is exact.
    pub matches_tokio: Option<bool>,
}

/// The totals of `RuntimeMonitor` of tokio-metrics over the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "tokio")]
pub struct Tokio {
    /// The number of polls that tokio counted.
    pub polls: u64,
    /// The sum of the busy times of all workers.
    pub busy_ns: u64,
    /// How often a worker parked.
    pub parks: u64,
    /// The number of tasks that a worker stole from another worker.
    pub steals: u64,
    /// How often the I/O driver reported a ready resource.
    pub io_ready: u64,
    /// How often tokio's cooperative budget forced a task to yield.
    pub budget_forced_yields: u64,
    /// The largest number of tasks in the global queue in any sample. There are four samples per
    /// second.
    pub most_global_queue: usize,
    /// The largest number of tasks in the workers' own queues in any sample. A task in the LIFO
    /// slot of a worker is in no queue, so these two numbers leave it out. The states of the tasks
    /// include it.
    pub most_local_queue: usize,
    /// The largest number of jobs that waited for a blocking thread in any sample.
    pub most_blocking_queue: usize,
    /// The largest number of threads in the blocking pool in any sample.
    pub most_blocking_threads: usize,
}

/// The present version of the schema, see [`Report::schema_version`]. `CHANGELOG.md` says what each
/// version has renamed.
pub const SCHEMA_VERSION: u32 = 2;

/// The names of some reasons: the keys of a map by reason.
fn keys_of(is_key: impl Fn(Reason) -> bool) -> Value {
    let enumeration = Reason::VARIANTS.iter().filter(|reason| is_key(**reason));
    json!({ "enum": enumeration.map(Reason::into_str).collect::<Vec<_>>() })
}

impl Report {
    /// Returns the JSON object as a value.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("a report contains only strings, numbers and maps with string keys")
    }

    /// Returns the JSON object, pretty-printed. The text ends with a newline.
    pub fn to_json(&self) -> String {
        pretty_json(self)
    }
}

/// The JSON Schema of [`Report::to_json`]. In this schema, `executor.kind` is any string, because
/// `scenario` defines the kinds of executors and imports this module.
fn schema() -> Schema {
    schema_generator().into_root_schema_for::<Report>()
}

/// Creates a generator of JSON Schemas (draft 2020-12) for objects that tasklab writes.
pub fn schema_generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .with_transform(RecursiveTransform(unwrap_description))
        .into_generator()
}

/// Removes line breaks within paragraphs. These line breaks come from the line width of the source
/// code.
fn unwrap_description(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        let paragraphs: Vec<String> = description
            .split("\n\n")
            .map(|paragraph| paragraph.replace('\n', " "))
            .collect();
        *description = paragraphs.join("\n\n");
    }
}

/// Returns a report, a comparison or a schema as pretty-printed JSON. The text ends with a newline.
pub fn pretty_json(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value)
        .expect("the value contains only strings, numbers and maps with string keys");
    json + "\n"
}
