//! The tables of the language. The doc comments of the tables are the descriptions in the JSON
//! Schema. Write these comments for the authors of scenarios.

use super::{
    At, Capacity, Cue, DeValue, Diagnostic, Diagnostics, Draw, Expect, Length, Name, Read, Repeat, Required, Size,
    Text, Value, nearest, schema, table, words, wrong_type,
};
use crate::scenario::limits;
use crate::scenario::steps::StepSyntax;
use crate::scenario::types::{ExecutorKind, LogLevel};
use schemars::JsonSchema;
use strum::{IntoStaticStr, VariantArray};

table! {
    /// A tasklab scenario: groups of tasks, the executor on which they run, and the presenter's
    /// cues.
    Scenario, "the scenario" {
        /// One line that headers and lists show, up to 60 characters.
        title: Required<Text>,
        /// One or two sentences about what the scenario shows, up to 400 characters. Default:
        /// empty.
        about: Option<At<Text>>,
        /// How long the run lasts, up to 24h. Default: until every task has ended.
        duration: Option<At<Length>>,
        /// The seed of all random numbers. The same seed gives the same random numbers. Default: 0.
        seed: Option<At<u64>>,
        /// The executor on which the tasks run. Default: tokio with one worker per core.
        executor: Option<At<Executor>>,
        /// The executors on which the tasks may run. Without `kind`, tasklab uses the first of
        /// these executors. Default: all executors that support the steps.
        #[schemars(length(min = 1), extend("uniqueItems" = true))]
        executors: Option<At<Vec<At<ExecutorKind>>>>,
        /// The event log keeps events of this level and of more severe levels. Default: `info` with
        /// the screen, `error` without the screen.
        log: Option<At<LogLevel>>,
        /// The behaviour of the loopback service, to which `http` steps send requests.
        http: Option<At<Http>>,
        /// The database that `db` steps use.
        db: Option<At<Db>>,
        /// The channels that `send` and `recv` steps use.
        channel: Option<At<Vec<At<Channel>>>>,
        /// The semaphores that `semaphore` steps use.
        semaphore: Option<At<Vec<At<Semaphore>>>>,
        /// The barriers that `barrier` steps name.
        barrier: Option<At<Vec<At<Barrier>>>>,
        /// The groups of tasks, at least one.
        #[schemars(length(min = 1))]
        task: Required<Vec<At<Task>>>,
        /// The cues: captions and actions of the presenter at given times.
        cue: Option<At<Vec<At<Cue>>>>,
        /// The conditions that must be true at the end: numbers of the report, each with a bound.
        expect: Option<At<Expect>>,
    }
}

table! {
    /// The executor on which the tasks run, and the options of tokio under tokio's own names.
    #[derive(Default)]
    Executor, "[executor]" {
        /// The name of the executor. Default: the first executor in `executors`, or `tokio` without
        /// `executors`.
        kind: Option<At<ExecutorKind>>,
        /// The number of threads (1–1024) or processes (1–256) that run tasks. Default: one per
        /// core. `current-thread` always has one thread, and `threads` has one thread per task.
        #[schemars(range(min = 1, max = limits::THREADS))]
        workers: Option<At<u64>>,
        /// tokio: the number of polls between two checks of the I/O and timer driver, at least 1.
        /// Default: the default of tokio (61).
        #[schemars(range(min = 1, max = u32::MAX))]
        event_interval: Option<At<u64>>,
        /// tokio: the number of polls between two checks of the global queue, at least 1. Default:
        /// the default of tokio.
        #[schemars(range(min = 1, max = u32::MAX))]
        global_queue_interval: Option<At<u64>>,
        /// tokio: the maximum number of threads in the blocking pool, 1–1024. Default: the default
        /// of tokio (512).
        #[schemars(range(min = 1, max = limits::THREADS))]
        max_blocking_threads: Option<At<u64>>,
        /// tokio, multi-thread only: disable the LIFO slot of the workers. The slot holds the task
        /// that was woken last, and this task runs first. Default: false.
        disable_lifo_slot: Option<At<bool>>,
        /// tokio, multi-thread only: a worker that has polled the driver first hands the driver to
        /// another worker, and then runs a task. Default: false.
        enable_eager_driver_handoff: Option<At<bool>>,
        /// tokio, multi-thread only: use the alternative timer. Default: false.
        enable_alt_timer: Option<At<bool>>,
    }
}

table! {
    /// The behaviour of the loopback service, to which `http` steps send requests.
    Http, "[http]" {
        /// How long the service takes to answer. Default: half of the answers take less than 20ms,
        /// and 99 of 100 answers take less than 120ms.
        latency: Option<At<Draw>>,
        /// The share of requests that the service answers with status 500, 0–1. Default: 0.
        #[schemars(range(min = 0, max = 1))]
        failure_rate: Option<At<f64>>,
    }
}

table! {
    /// The SQLite database in the scratch folder, with one table.
    Db, "[db]" {
        /// The number of rows in the table when the run begins, 1–1000000. Default: 1000.
        #[schemars(range(min = 1, max = limits::ROWS))]
        rows: Option<At<u64>>,
        /// How long an operation waits for the file's lock before it fails. Default: 5s.
        timeout: Option<At<Length>>,
        /// The journal mode of SQLite. With `delete`, readers and the writer wait for each other.
        /// With `wal`, only writers wait for each other. Default: `delete`.
        journal: Option<At<Journal>>,
    }
}

/// The journal mode of SQLite.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr, VariantArray, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub(in crate::scenario) enum Journal {
    /// A rollback journal, which SQLite deletes when the transaction ends. Readers and the writer
    /// wait for each other.
    Delete,
    /// A write-ahead log. Only writers wait for each other.
    Wal,
}

words!(Journal, "a journal mode");

table! {
    /// A channel for any number of senders and receivers.
    Channel, "[[channel]]" {
        /// The name of the channel: up to 24 letters, digits, `-` and `_`. Unique among channels.
        name: Required<Name>,
        /// Which tasks receive a message. `queue`: one task receives each message. `watch`: every
        /// receiver gets the newest message. `broadcast`: every receiver gets all messages, unless
        /// the receiver lags behind. Default: `queue`.
        kind: Option<At<ChannelWord>>,
        /// The maximum number of messages in the channel, 1–1000000, or, for a queue, `unbounded`.
        /// A task waits before it sends to a full queue. A full `broadcast` overwrites its oldest
        /// message. A `watch` has no capacity. The other kinds need one.
        capacity: Option<At<Capacity>>,
        /// The size of each message, up to 64MiB. A message holds this much memory until the
        /// channel drops it. Default: messages have no content.
        item: Option<At<Size>>,
    }
}

/// Which tasks receive the messages of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr, VariantArray, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub(in crate::scenario) enum ChannelWord {
    /// One task receives each message.
    Queue,
    /// Every receiver gets the newest message.
    Watch,
    /// Every receiver gets all messages, unless it lags behind.
    Broadcast,
}

words!(ChannelWord, "a kind of channel");

table! {
    /// A counting semaphore. Tasks get permits in the order of their requests.
    Semaphore, "[[semaphore]]" {
        /// The name of the semaphore: up to 24 letters, digits, `-` and `_`. Unique among
        /// semaphores.
        name: Required<Name>,
        /// The number of tasks that can hold a permit at the same time, 1–1000000.
        #[schemars(range(min = 1, max = limits::PERMITS))]
        permits: Required<u64>,
    }
}

table! {
    /// A point at which tasks wait for one another, again and again.
    Barrier, "[[barrier]]" {
        /// The name of the barrier: up to 24 letters, digits, `-` and `_`. Unique among barriers.
        name: Required<Name>,
        /// When this number of tasks wait at the barrier, all these tasks continue, 1–1000000.
        #[schemars(range(min = 1, max = limits::TASKS))]
        tasks: Required<u64>,
    }
}

table! {
    /// A group of tasks that run the same steps.
    Task, "[[task]]" {
        /// The name of the group: up to 24 letters, digits, `-` and `_`. Unique among groups.
        name: Required<Name>,
        /// How many tasks arrive in total, 1–1000000. Default: 1, or no limit with `every` or
        /// `rate`.
        #[schemars(range(min = 1, max = limits::TASKS))]
        count: Option<At<u64>>,
        /// When the first task arrives, counted from the start of the run. Or `called`: tasks
        /// arrive only when a step such as `gather` calls the group. Default: at once.
        start: Option<At<Start>>,
        /// The pause between one arrival and the next. Default: all tasks arrive together.
        every: Option<At<Draw>>,
        /// How many tasks arrive together each time, 1–1000000. Only with `every`. Default: 1.
        #[schemars(range(min = 1, max = limits::TASKS))]
        burst: Option<At<u64>>,
        /// The average number of arrivals per second, up to 100000. Arrivals are random (a Poisson
        /// process). `rate` replaces `every`.
        rate: Option<At<Rate>>,
        /// When the group ends, counted from the start of the run. After this time no task arrives
        /// and no repetition begins. Default: the end of the run.
        until: Option<At<Length>>,
        /// How many times each task does its steps: a number from 1, or `forever`. Default: 1.
        repeat: Option<At<Repeat>>,
        /// The time limit of each repetition. An async task is cancelled at the limit. A task on a
        /// thread continues after the limit, and is marked as overdue.
        timeout: Option<At<Draw>>,
        /// The steps that each task does, in order.
        steps: Required<Vec<At<StepSyntax>>>,
    }
}

/// When the first task of a group arrives.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Start {
    After(Length),
    Called,
}

impl Start {
    const CALLED: &'static str = "called";
}

impl Read for Start {
    const EXPECTED: &'static str = "a duration in quotes, such as \"2s\", or \"called\"";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) if text == Self::CALLED => Some(Start::Called),
            DeValue::String(text) if nearest(text, &[Self::CALLED]).is_some() => {
                let diagnostic = Diagnostic::new(value.span(), format!("`{key}` cannot be \"{text}\""));
                diagnostics.push(diagnostic.help(format!("did you mean \"{}\"?", Self::CALLED)));
                None
            }
            DeValue::String(_) => Length::read(value, key, diagnostics).map(Start::After),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

schema!(Start, "start", {
    "type": "string",
    "pattern": r"^(called|\s*[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|h)\s*)$",
    "description": "A duration, such as `2s`. Or `called`: no task arrives by itself."
});

/// A constant rate, or a ramp from one rate to another.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Rate {
    /// A constant rate, above zero.
    Constant(#[schemars(range(min = 0, max = 100_000))] At<f64>),
    /// A rate that changes evenly.
    Ramp(Ramp),
}

impl Read for Rate {
    const EXPECTED: &'static str = "a number, or `{ from = …, to = …, over = … }`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::Integer(_) | DeValue::Float(_) => At::read(value, key, diagnostics).map(Rate::Constant),
            DeValue::Table(_) => Ramp::read(value, key, diagnostics).map(Rate::Ramp),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

table! {
    /// A rate that changes evenly, and then stays constant.
    Ramp, "a ramp" {
        /// Arrivals per second at the start of the group, 0–100000.
        #[schemars(range(min = 0, max = 100_000))]
        from: Required<f64>,
        /// Arrivals per second at the end of the ramp and afterwards, 0–100000.
        #[schemars(range(min = 0, max = 100_000))]
        to: Required<f64>,
        /// The duration of the ramp, above zero.
        over: Required<Length>,
    }
}
