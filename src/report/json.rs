//! The report as one JSON object, for scripts.
//!
//! Every key is always there; what does not apply to an executor is `null`. Lengths of time are whole nanoseconds and end
//! in `_ns`; shares are numbers from 0 to 1. The doc comments here are the descriptions in the schema, which
//! `tasklab schema --report` prints.

use crate::scenario::ExecutorKind;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a run of tasklab measured.
///
/// Every key is always there; what does not apply is `null`. Lengths of time are whole nanoseconds (`_ns`), shares are
/// numbers from 0 to 1.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "tasklab report")]
pub struct Report {
    /// The scenario, as it was asked for: a file, or the name of a built-in one.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// Where it ran.
    pub executor: Executor,
    /// What every random draw derived from: the same seed gives the same draws.
    pub seed: u64,
    /// When the run was to stop; `null`: when every task has ended.
    pub duration_ns: Option<u64>,
    /// How long it ran.
    pub elapsed_ns: u64,
    /// How much work a core did in a given time, before the run.
    pub calibration: Calibration,
    /// The tasks of all groups, those that libraries spawned included.
    pub tasks: Tasks,
    /// All groups of the scenario, and what they called, taken together.
    pub overall: Overall,
    /// What the run took of the machine.
    pub resources: Resources,
    /// What each group of tasks did, in the scenario's order; then the groups that came to be while it ran: jobs on blocking
    /// threads (`api offload`), tasks of cues and of libraries.
    pub groups: Vec<Group>,
    /// What each thread that can run tasks did: workers, pool threads, blocking threads.
    pub lanes: Vec<Lane>,
    /// Whether anything is missing from all this.
    pub records: Records,
    /// What tokio says of its runtime (tokio-metrics' `RuntimeMonitor`); `null` on executors without tokio.
    pub tokio: Option<Tokio>,
    /// What could not be stopped, or removed, at the end, or that no worker process was left, in a sentence; `null`: it ended as it should.
    pub left_running: Option<String>,
    /// What the scenario expects, and whether it held, in its order.
    pub expect: Vec<Expected>,
}

/// An executor and its settings.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "executor")]
pub struct Executor {
    /// Which executor.
    #[schemars(with = "ExecutorKind")]
    pub kind: &'static str,
    /// Threads that run tasks; 0: every task has its own.
    pub workers: usize,
    /// tokio: polls between two looks at the I/O and timer driver; `null`: tokio's default.
    pub event_interval: Option<u32>,
    /// tokio: polls between two looks at the global queue; `null`: tokio's default.
    pub global_queue_interval: Option<u32>,
    /// tokio: ceiling of the blocking pool, in threads; `null`: tokio's default.
    pub max_blocking_threads: Option<usize>,
    /// tokio: no last-in-first-out slot for the task woken last.
    pub disable_lifo_slot: bool,
    /// tokio: a worker that polled the driver hands it to another before it runs a task.
    pub enable_eager_driver_handoff: bool,
    /// tokio: the alternative timer implementation.
    pub enable_alt_timer: bool,
}

/// The exchange rate between work and time that `cpu` steps rest on.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "calibration")]
pub struct Calibration {
    /// Units of work that an idle core did in 1 ms.
    pub units_per_ms: f64,
    /// How much longer the median sample took than the fastest, as a share of the fastest. Above 0.2 the machine was busy.
    pub spread: f64,
    /// Samples taken.
    pub samples: usize,
    /// How long the calibration took.
    pub took_ns: u64,
}

/// Tasks by how they ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "tasks")]
pub struct Tasks {
    /// Tasks spawned.
    pub spawned: u64,
    /// Of these: did all their steps.
    pub completed: u64,
    /// Of these: ended because a step failed.
    pub failed: u64,
    /// Of these: were stopped from outside, as all are that run when a run's time is up.
    pub cancelled: u64,
    /// Of these: ended because their timeout passed.
    pub timed_out: u64,
    /// Of these: panicked.
    pub panicked: u64,
    /// Of these: ended because a step failed, when nobody was left who would have heard of it.
    pub failed_unseen: u64,
    /// Of these: were made and dropped; nothing of them ran.
    pub never_started: u64,
    /// Of these: were in a process that died.
    pub lost: u64,
    /// Of these: ended, and nobody knows how. A library spawned them, and tokio tells of such a task only that it is over.
    pub unknown: u64,
    /// Of these: were not over when the run ended.
    pub running: u64,
}

/// What the groups of a scenario did, all of them together; tasks that libraries spawned are left out.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "overall")]
pub struct Overall {
    /// Repetitions of the steps that are over, however they ended.
    pub repetitions: u64,
    /// Of these: did all their steps.
    pub completed: u64,
    /// Completed repetitions per second of the run.
    pub throughput: f64,
    /// Lengths of repetitions.
    pub repetition_ns: Percentiles,
    /// From wake-up to running, of the slices whose wake-up was seen.
    pub delay_ns: Percentiles,
    /// From ready to running, of the same slices.
    pub lateness_ns: Percentiles,
}

/// What the run took of the machine, by the kernel's account (`getrusage`).
///
/// It is the account of whole processes: tasklab's own threads, its screen and the loopback service are in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "resources")]
pub struct Resources {
    /// Time on a core, of all threads, in user and in system mode, from the run's start on.
    pub cpu_ns: u64,
    /// The most memory that was resident at once, in bytes; of several processes the sum of what was the most for each.
    pub peak_memory_bytes: u64,
    /// Times a thread gave its core away because it had to wait, from the run's start on.
    pub voluntary_switches: u64,
    /// Times a thread was taken off its core, from the run's start on.
    pub involuntary_switches: u64,
    /// Processes that this was added up over.
    pub processes: u32,
}

/// One thing that the scenario expects.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "expected")]
pub struct Expected {
    /// What is measured: a path into this object, or the ratio of two.
    pub key: String,
    /// What it is held against, as it is written: `< 5ms`.
    pub wanted: String,
    /// What was measured, lengths of time in nanoseconds; `null` where there is no such number.
    pub measured: Option<f64>,
    /// Whether it held; `null` where it was not checked.
    pub held: Option<bool>,
    /// Why nothing was measured, or why it was not checked, in a sentence; else `null`.
    pub why: Option<String>,
}

/// What the tasks of a group did, all of them together.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "group")]
pub struct Group {
    /// The scenario's name for it; `api offload`: what the tasks of `api` handed to blocking threads; for a library's tasks,
    /// the place in its source that spawned them.
    pub name: String,
    /// A library spawned the tasks, not the scenario.
    pub library: bool,
    /// Tasks spawned.
    pub spawned: u64,
    /// The same tasks by how they ended.
    pub tasks: Tasks,
    /// Tasks that nobody waited for any more, though somebody had: who did was cancelled, or went on. They ran on.
    pub orphaned: u64,
    /// Tasks that failed, timed out or panicked when nobody was left who would have heard of it.
    pub failures_lost: u64,
    /// From the spawn of the first task to the end of the last, or to the run's end.
    pub span_ns: u64,
    /// Repetitions of the steps that are over, however they ended.
    pub repetitions: u64,
    /// Repetitions that did all their steps.
    pub completed: u64,
    /// Completed repetitions per second of `span_ns`; 0 where that is 0.
    pub throughput: f64,
    /// Repetitions that exceeded the timeout. On threads, where nothing can be cancelled, they ran on to their end.
    pub timed_out: u64,
    /// Repetitions in which a step failed.
    pub failed: u64,
    /// Slices: polls of async tasks, jobs on threads.
    pub polls: u64,
    /// Time in which they held a thread and computed. With the next four it makes up all the tasks' time.
    pub running_ns: u64,
    /// Time in which they held a thread that slept in the operating system.
    pub blocking_ns: u64,
    /// Time in which they were woken and waited for a thread.
    pub queued_ns: u64,
    /// Time in which what they waited for was ready, but nobody had woken them.
    pub unnoticed_ns: u64,
    /// Time in which they waited, rightly. Of a library's tasks, whose wake-ups are not seen, all the time between slices.
    pub suspended_ns: u64,
    /// The same time by what they waited for: `timer`, `http`, `file`, `offload`, `unknown`. What took no time is absent.
    pub suspended_on: BTreeMap<&'static str, u64>,
    /// Lengths of slices.
    pub poll_ns: Percentiles,
    /// From wake-up to running, of the slices whose wake-up was seen.
    pub delay_ns: Percentiles,
    /// From ready to running (where readiness is not known: from the wake-up), of the same slices.
    pub lateness_ns: Percentiles,
    /// Lengths of repetitions.
    pub repetition_ns: Percentiles,
    /// What tokio-metrics' `TaskMonitor` says of the group's first eight tasks, the only ones that wear it; `null` where it watched none.
    pub task_monitor: Option<TaskMonitor>,
}

/// A distribution of lengths of time, percentiles within 1 %. All zero where nothing was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "percentiles")]
pub struct Percentiles {
    /// How many lengths were counted.
    pub count: u64,
    /// Nanoseconds; half are not above it.
    pub p50: u64,
    /// Nanoseconds; nine in ten are not above it.
    pub p90: u64,
    /// Nanoseconds; ninety-nine in a hundred are not above it.
    pub p99: u64,
    /// Nanoseconds; the longest, exact.
    pub max: u64,
}

/// tokio-metrics' view of a group's first eight tasks, over the whole run.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "task monitor")]
pub struct TaskMonitor {
    /// Polls of the tasks that it watched.
    pub polls: u64,
    /// Mean time scheduled before a poll.
    pub mean_scheduled_ns: u64,
    /// Mean length of a poll.
    pub mean_poll_ns: u64,
    /// Share of slow polls, over 50 µs; 0–1.
    pub slow_polls: f64,
}

/// What a thread that can run tasks did.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "lane")]
pub struct Lane {
    /// Its name: `worker 0`.
    pub name: String,
    /// What kind of thread: `worker` (of an async runtime), `pool` (of a thread pool), `blocking` (of an async runtime's
    /// blocking pool).
    pub kind: &'static str,
    /// Slices that it ran to their end.
    pub slices: u64,
    /// Time held by tasks that computed.
    pub running_ns: u64,
    /// Time held by tasks while the thread slept in the operating system.
    pub blocking_ns: u64,
    /// Share of the run in which tasks held it, 0–1.
    pub utilisation: f64,
    /// CPU time of the thread, by the kernel's account; `null` where the kernel was not asked.
    pub on_cpu_ns: Option<u64>,
    /// Time in which the thread was runnable and had no core, by the kernel's account; `null` where it was not asked.
    pub off_cpu_ns: Option<u64>,
}

/// Whether the records are complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "records")]
pub struct Records {
    /// Slices recorded.
    pub written: u64,
    /// Slices lost because a thread's ring was full: all numbers of slices, and the sums over them, lack them.
    pub dropped: u64,
    /// Other records lost: steps and repetitions. The repetitions are counted all the same, but the percentiles of their lengths lack them.
    pub others_dropped: u64,
    /// Of both, those that were polls and no jobs on blocking threads, to compare with `tokio.polls`.
    pub polls: u64,
    /// Whether `polls` equals `tokio.polls`; `null` where there is no such count. tokio does not count the polls that a
    /// worker runs from its LIFO slot: where there is one (`tokio` without `disable_lifo_slot`), more are right too.
    pub matches_tokio: Option<bool>,
}

/// Totals of tokio-metrics' `RuntimeMonitor` over the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "tokio")]
pub struct Tokio {
    /// Polls, by tokio's own count.
    pub polls: u64,
    /// Workers' busy time, summed over workers.
    pub busy_ns: u64,
    /// Times a worker parked.
    pub parks: u64,
    /// Tasks stolen between workers.
    pub steals: u64,
    /// Times the I/O driver delivered readiness.
    pub io_ready: u64,
    /// Polls cut short by tokio's cooperative budget.
    pub budget_forced_yields: u64,
    /// The most tasks that a sample (four a second) found in the injection queue.
    pub most_global_queue: usize,
    /// The most tasks that a sample found in the workers' own queues.
    pub most_local_queue: usize,
    /// The most jobs that a sample found waiting for a blocking thread.
    pub most_blocking_queue: usize,
    /// The most threads that a sample found in the blocking pool.
    pub most_blocking_threads: usize,
}

impl Report {
    /// The object as scripts get it.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("only strings, numbers and maps keyed by strings are in it")
    }

    /// The object, pretty-printed, ending with a newline.
    pub fn to_json(&self) -> String {
        pretty(self)
    }
}

/// The schema of [`Report::to_json`] (draft 2020-12), pretty-printed, ending with a newline.
pub fn schema() -> String {
    pretty(&root_schema())
}

pub(super) fn root_schema() -> Schema {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Report>()
}

fn pretty(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value).expect("only strings, numbers and maps keyed by strings are in it");
    json + "\n"
}
