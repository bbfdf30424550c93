//! The tables of the language. Their doc comments are the descriptions in the JSON Schema: write
//! them for the authors of scenarios.

use super::{
    At, Cue, DeValue, Diagnostic, Diagnostics, Draw, Expect, Length, Name, Read, Repeat, Required, Text, Value,
    nearest, schema, table, words, wrong_type,
};
use crate::scenario::limits;
use crate::scenario::steps::StepSyntax;
use crate::scenario::types::{ExecutorKind, LogLevel};
use schemars::JsonSchema;
use strum::{IntoStaticStr, VariantArray};

table! {
    /// A tasklab scenario: a mix of tasks, where it runs, and what the presenter says and does.
    Scenario, "the scenario" {
        /// One line for header and lists, up to 60 characters.
        title: Required<Text>,
        /// What it shows, in a sentence or two, up to 400 characters. Default: nothing.
        about: Option<At<Text>>,
        /// How long the run lasts, up to 24h. Default: until every task has ended.
        duration: Option<At<Length>>,
        /// Every random draw derives from it: the same seed gives the same draws. Default: 0.
        seed: Option<At<u64>>,
        /// Where the tasks run. Default: tokio with one worker per core.
        executor: Option<At<Executor>>,
        /// Where the tasks may run, if that is not everywhere. The first is the default.
        #[schemars(length(min = 1), extend("uniqueItems" = true))]
        executors: Option<At<Vec<At<ExecutorKind>>>>,
        /// What the event log keeps: events of this level and more severe ones. Default: `info` on
        /// the screen, `error` without.
        log: Option<At<LogLevel>>,
        /// How the loopback service behaves that `http` steps talk to.
        http: Option<At<Http>>,
        /// The database that `db` steps work on.
        db: Option<At<Db>>,
        /// The bounded channels that `send` and `recv` steps name.
        channel: Option<At<Vec<At<Channel>>>>,
        /// The semaphores that `semaphore` steps name.
        semaphore: Option<At<Vec<At<Semaphore>>>>,
        /// The groups of tasks, at least one.
        #[schemars(length(min = 1))]
        task: Required<Vec<At<Task>>>,
        /// What the presenter says and does, by the clock.
        cue: Option<At<Vec<At<Cue>>>>,
        /// What must hold at the end: numbers of the report, each with a bound.
        expect: Option<At<Expect>>,
    }
}

table! {
    /// Where the tasks run, and tokio's own knobs by tokio's own names.
    #[derive(Default)]
    Executor, "[executor]" {
        /// Which executor. Default: `tokio`.
        kind: Option<At<ExecutorKind>>,
        /// Threads that run tasks, or processes, 1–1024. Default: one per core. `current-thread`
        /// always has one, `threads` one per task.
        #[schemars(range(min = 1, max = limits::THREADS))]
        workers: Option<At<u64>>,
        /// tokio: polls between two checks of the I/O and timer driver, from 1. Default: tokio's
        /// (61).
        #[schemars(range(min = 1, max = u32::MAX))]
        event_interval: Option<At<u64>>,
        /// tokio: polls between two checks of the global queue, from 1. Default: tokio's.
        #[schemars(range(min = 1, max = u32::MAX))]
        global_queue_interval: Option<At<u64>>,
        /// tokio: the most threads that the blocking pool may have, 1–1024. Default: tokio's (512).
        #[schemars(range(min = 1, max = limits::THREADS))]
        max_blocking_threads: Option<At<u64>>,
        /// tokio, multi-thread only: no slot that lets the task woken last run first. Default:
        /// false.
        disable_lifo_slot: Option<At<bool>>,
        /// tokio, multi-thread only: a worker that polled the driver hands it on before it runs a
        /// task. Default: false.
        enable_eager_driver_handoff: Option<At<bool>>,
        /// tokio, multi-thread only: the alternative timer. Default: false.
        enable_alt_timer: Option<At<bool>>,
    }
}

table! {
    /// How the loopback service behaves that `http` steps talk to.
    Http, "[http]" {
        /// How long it takes to answer. Default: a median of 20ms, 99 in 100 under 120ms.
        latency: Option<At<Draw>>,
        /// Share of requests that it answers with status 500, 0–1. Default: 0.
        #[schemars(range(min = 0, max = 1))]
        failure_rate: Option<At<f64>>,
    }
}

table! {
    /// The SQLite database in the scratch folder, with one table.
    Db, "[db]" {
        /// Rows that the table has when the run begins, 1–1000000. Default: 1000.
        #[schemars(range(min = 1, max = limits::ROWS))]
        rows: Option<At<u64>>,
        /// How long an operation waits for the file's lock before it fails. Default: 5s.
        timeout: Option<At<Length>>,
        /// How SQLite keeps a transaction: with `delete` readers and the writer wait for each
        /// other, with `wal` only writers do. Default: `delete`.
        journal: Option<At<Journal>>,
    }
}

/// How SQLite keeps a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr, VariantArray, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub(in crate::scenario) enum Journal {
    /// A rollback journal, deleted when the transaction ends: readers and the writer wait for each
    /// other.
    Delete,
    /// A write-ahead log: only writers wait.
    Wal,
}

words!(Journal, "a journal mode");

table! {
    /// A bounded channel, for any number of senders and receivers.
    Channel, "[[channel]]" {
        /// Its name: letters, digits, `-` and `_`, up to 24 of them. Unique among channels.
        name: Required<Name>,
        /// How much fits, 1–1000000. While it is full, a task that sends waits.
        #[schemars(range(min = 1, max = limits::CAPACITY))]
        capacity: Required<u64>,
    }
}

table! {
    /// A counting semaphore. Tasks get permits in the order in which they ask.
    Semaphore, "[[semaphore]]" {
        /// Its name: letters, digits, `-` and `_`, up to 24 of them. Unique among semaphores.
        name: Required<Name>,
        /// How many tasks it lets in at once, 1–1000000.
        #[schemars(range(min = 1, max = limits::PERMITS))]
        permits: Required<u64>,
    }
}

table! {
    /// A group of tasks that run the same steps.
    Task, "[[task]]" {
        /// The group's name: letters, digits, `-` and `_`, up to 24 of them. Unique in the file.
        name: Required<Name>,
        /// How many tasks arrive in all, 1–1000000. Default: 1, or no end with `every` or `rate`.
        #[schemars(range(min = 1, max = limits::TASKS))]
        count: Option<At<u64>>,
        /// When the first arrives, after the run's start; or `called`: none arrives, and steps such
        /// as `gather` name the group. Default: at once.
        start: Option<At<Start>>,
        /// The pause between one arrival and the next. Default: all arrive together.
        every: Option<At<Draw>>,
        /// How many arrive at once, each time, 1–1000000. Only with `every`. Default: 1.
        #[schemars(range(min = 1, max = limits::TASKS))]
        burst: Option<At<u64>>,
        /// Arrivals per second on average, at random (a Poisson process), up to 100000. Instead of
        /// `every`.
        rate: Option<At<Rate>>,
        /// When the group ends, after the run's start: no task arrives and no repetition begins
        /// from then on. Default: with the run.
        until: Option<At<Length>>,
        /// How often each task does its steps: a number from 1, or `forever`. Default: 1.
        repeat: Option<At<Repeat>>,
        /// The limit on each repetition. Async tasks are cancelled by it; a thread runs on, and is
        /// counted as overdue.
        timeout: Option<At<Draw>>,
        /// What each task does, in order.
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
    const EXPECTED: &'static str = "a length of time in quotes, such as \"2s\", or \"called\"";

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
    "description": "A length of time, such as `2s`, or `called`: no task arrives by itself."
});

/// A number, or a ramp from one to another.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Rate {
    /// Always the same, above zero.
    Constant(#[schemars(range(min = 0, max = 100_000))] At<f64>),
    /// It changes evenly.
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
    /// A rate that changes evenly, and then stays.
    Ramp, "a ramp" {
        /// Arrivals per second at the group's start, 0–100000.
        #[schemars(range(min = 0, max = 100_000))]
        from: Required<f64>,
        /// Arrivals per second at the end, and from then on, 0–100000.
        #[schemars(range(min = 0, max = 100_000))]
        to: Required<f64>,
        /// How long the way from one to the other is, above zero.
        over: Required<Length>,
    }
}
