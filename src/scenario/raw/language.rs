//! The tables of the language. Their doc comments are the descriptions in the JSON Schema: write them for who writes
//! scenarios.

use super::choice::{Choice, choice, first};
use super::entries::{Entries, Table, table, unraw};
use super::{
    At, Bounds, DeTable, DeValue, Diagnostics, Length, Line, Name, Need, Read, Repeat, Size, UrlPath, Value,
    WrittenDraw, nearest, wrong_type,
};
use crate::scenario::limits;
use crate::scenario::types::{ExecutorKind, How, Kernel};
use schemars::JsonSchema;
use std::ops::Range;
use toml::Spanned;

table! {
    /// A tasklab scenario: a mix of tasks, where it runs, and what the presenter says and does.
    Scenario, "the scenario" {
        /// One line for header and lists, up to 60 characters.
        title: Need<Line>,
        /// What it shows, in a sentence or two, up to 400 characters. Default: nothing.
        about: Option<At<Line>>,
        /// How long the run lasts, up to 24h. Default: until every task has ended.
        duration: Option<At<Length>>,
        /// Every random draw derives from it: the same seed gives the same draws. Default: 0.
        seed: Option<At<u64>>,
        /// Where the tasks run. Default: tokio with one worker per core.
        executor: Option<At<Executor>>,
        /// How the loopback service behaves that `http` steps talk to.
        http: Option<At<Http>>,
        /// The groups of tasks, at least one.
        task: Need<Vec<At<Task>>>,
        /// What the presenter says and does, by the clock.
        cue: Option<At<Vec<At<Cue>>>>,
    }
}

table! {
    /// Where the tasks run, and tokio's own knobs by tokio's own names.
    #[derive(Default)]
    Executor, "[executor]" {
        /// Which executor. Default: `tokio`.
        kind: Option<At<ExecutorKind>>,
        /// Threads that run tasks, 1–1024. Default: one per core. `current-thread` always has one, `threads` one
        /// per task.
        #[schemars(range(min = 1, max = limits::THREADS))]
        workers: Option<At<u64>>,
        /// tokio: polls between two looks at the I/O and timer driver, from 1. Default: tokio's (61).
        #[schemars(range(min = 1, max = u32::MAX))]
        event_interval: Option<At<u64>>,
        /// tokio: polls between two looks at the global queue, from 1. Default: tokio's.
        #[schemars(range(min = 1, max = u32::MAX))]
        global_queue_interval: Option<At<u64>>,
        /// tokio: the most threads that the blocking pool may have, 1–1024. Default: tokio's (512).
        #[schemars(range(min = 1, max = limits::THREADS))]
        max_blocking_threads: Option<At<u64>>,
        /// tokio, multi-thread only: no slot that lets the task woken last run first. Default: false.
        disable_lifo_slot: Option<At<bool>>,
        /// tokio, multi-thread only: a worker that polled the driver hands it on before it runs a task. Default: false.
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
    /// A group of tasks that run the same steps.
    Task, "[[task]]" {
        /// The group's name: letters, digits, `-` and `_`, up to 24 of them. Unique in the file.
        name: Need<Name>,
        /// How many tasks arrive in all, 1–1000000. Default: 1, or no end with `every` or `rate`.
        #[schemars(range(min = 1, max = limits::TASKS))]
        count: Option<At<u64>>,
        /// When the first arrives, after the run's start. Default: at once.
        start: Option<At<Length>>,
        /// The pause between one arrival and the next. Default: all arrive together.
        every: Option<At<Draw>>,
        /// Arrivals per second on average, at random (a Poisson process), up to 100000. Instead of `every`.
        #[schemars(range(min = 0, max = 100_000))]
        rate: Option<At<f64>>,
        /// How often each task does its steps: a number from 1, or `forever`. Default: 1.
        repeat: Option<At<Repeat>>,
        /// The limit on each repetition. Async tasks are cancelled by it; a thread runs on, and is counted as overdue.
        timeout: Option<At<Draw>>,
        /// What each task does, in order.
        steps: Need<Vec<At<Step>>>,
    }
}

choice! {
    /// One thing that a task does.
    Step, "step" {
        /// Compute: the calibrated amount of work that takes this long on an idle core, or a named kernel.
        "cpu" => Cpu(Cpu),
        /// Wait for a deadline: suspended on an async executor, a sleeping thread on others.
        "sleep" => Sleep(At<Draw>),
        /// Put the thread to sleep wherever it runs (`std::thread::sleep`): on an async executor, the mistake.
        "block" => Block(At<Draw>),
        /// A GET request for this path to the loopback service.
        "http" => Http(UrlPath),
        /// Read or write a real file in the scratch folder.
        "file" => File(File),
        /// Do these steps on a blocking thread (`spawn_blocking`). On the pool: right there.
        "offload" => Offload(At<Vec<At<Step>>>),
        /// Do these steps right here, after the worker's other tasks went to another thread (`block_in_place`). Not on
        /// `current-thread`. On the pool: right there.
        "in_place" => InPlace(At<Vec<At<Step>>>),
        /// Do these steps, but no longer than this.
        "timeout" => Timeout(Timeout),
        /// End this repetition as failed.
        "fail" => Fail(Accident),
        /// End the task with a panic.
        "panic" => Panic(Accident),
        ;
        /// Give way to others once.
        "yield" => Yield,
    }
}

/// Work that takes a length of time on an idle core, or a named kernel.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Cpu {
    /// The calibrated amount of work that takes this long on an idle core.
    Work(At<Draw>),
    /// A computation of a known kind.
    Kernel(KernelRun),
}

impl Read for Cpu {
    const EXPECTED: &'static str = "a length of time in quotes, such as \"2ms\", or a kernel with its size";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) if KernelRun::KEYS.iter().any(|key| table.contains_key(*key)) => {
                KernelRun::read(value, key, found).map(Cpu::Kernel)
            }
            DeValue::String(_) | DeValue::Table(_) => At::read(value, key, found).map(Cpu::Work),
            _ => wrong_type::<Self>(value, key, found),
        }
    }
}

table! {
    /// A real computation of a known kind.
    KernelRun, "a kernel" {
        /// Which.
        kernel: Need<Kernel>,
        /// The size of the problem, from 1: rows (matmul, to 2048), points a side (mandelbrot, image, to 4096), the
        /// largest candidate (primes, to 100000000), KiB (hash, compress, to 65536), thousand rounds (password, to 100000).
        #[schemars(range(min = 1, max = 100_000_000))]
        size: Need<u64>,
    }
}

table! {
    /// A file operation. Give `read` or `write`.
    File, "`file`" {
        /// Read a whole file of this size, up to 1GiB.
        read: Option<At<Size>>,
        /// Write a whole file of this size, up to 1GiB, and make it durable.
        write: Option<At<Size>>,
        /// In which manner on an async executor; threads are always synchronous. Default: `async`.
        how: Option<At<How>>,
    }
}

table! {
    /// Steps with a limit on their time.
    Timeout, "`timeout`" {
        /// The limit, above zero.
        after: Need<Draw>,
        /// What is limited.
        steps: Need<Vec<At<Step>>>,
    }
}

/// A failure or a panic: a message, or a message and how likely it is.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Accident {
    /// It always happens. What the log says.
    Always(Line),
    /// It happens at times.
    Chance(Chance),
}

impl Read for Accident {
    const EXPECTED: &'static str = "a message in quotes, or `{ message = …, chance = … }`";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => Line::read(value, key, found).map(Accident::Always),
            DeValue::Table(_) => Chance::read(value, key, found).map(Accident::Chance),
            _ => wrong_type::<Self>(value, key, found),
        }
    }
}

table! {
    /// Something that happens at times.
    Chance, "`fail` or `panic`" {
        /// What the log says.
        message: Need<Line>,
        /// How likely, 0–1. Default: 1.
        #[schemars(range(min = 0, max = 1))]
        chance: Option<At<f64>>,
    }
}

table! {
    /// What the presenter says and does at one moment. Give `say`, `do`, or both.
    Cue, "[[cue]]" {
        /// When, after the run's start.
        at: Need<Length>,
        /// The caption, up to 400 characters.
        say: Option<At<Line>>,
        /// What happens.
        r#do: Option<At<Do>>,
    }
}

choice! {
    /// What a cue does to the run.
    Do, "action" {
        /// Spawn a task that blocks: once, or again and again until `calm` or the next `block`.
        "block" => Block(Block),
        /// Change how the loopback service behaves; a key left out stays as it is.
        "http" => Http(Http),
        ;
        /// Stop the blocks, and give the loopback service its first behaviour back.
        "calm" => Calm,
    }
}

/// A length of time, or a table.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Block {
    /// One block of this length, on a worker.
    Once(At<Length>),
    /// One block or many.
    Many(Blocks),
}

impl Read for Block {
    const EXPECTED: &'static str = "a length of time in quotes, such as \"300ms\", or `{ lasts = …, every = … }`";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => At::read(value, key, found).map(Block::Once),
            DeValue::Table(_) => Blocks::read(value, key, found).map(Block::Many),
            _ => wrong_type::<Self>(value, key, found),
        }
    }
}

table! {
    /// Blocks that a cue injects.
    Blocks, "`block`" {
        /// How long each lasts, above zero.
        lasts: Need<Length>,
        /// The pause between two, at least 1ms. Default: one block only.
        every: Option<At<Length>>,
        /// `sync`: on a worker, the mistake. `offload`: on a blocking thread, the remedy. Default: `sync`.
        how: Option<At<How>>,
    }
}

/// A length of time that is drawn afresh each time: fixed, a range, or a distribution.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Draw {
    /// `"5ms"`, or a range of equally likely lengths: `"5ms..15ms"`.
    Written(WrittenDraw),
    /// A distribution, by its name.
    Distribution(Distribution),
    /// Skewed with a long tail, as latencies are (log-normal).
    LongTail(LongTail),
}

impl Draw {
    /// Whether a key, perhaps mistyped, is one of a long-tailed distribution's.
    fn means_long_tail(key: &str) -> bool {
        let known = [LongTail::KEYS, Distribution::KEYS].concat();
        nearest(key, &known).is_some_and(|near| LongTail::KEYS.contains(&near))
    }
}

impl Read for Draw {
    const EXPECTED: &'static str = WrittenDraw::EXPECTED;

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) if table.keys().any(|key| Draw::means_long_tail(key.get_ref())) => {
                LongTail::read(value, key, found).map(Draw::LongTail)
            }
            DeValue::Table(_) => Distribution::read(value, key, found).map(Draw::Distribution),
            DeValue::String(_) => WrittenDraw::read(value, key, found).map(Draw::Written),
            _ => wrong_type::<Self>(value, key, found),
        }
    }
}

choice! {
    /// A distribution by its name.
    Distribution, "distribution" {
        /// Equally likely anywhere between two lengths: `["5ms", "15ms"]`.
        "uniform" => Uniform(At<Bounds>),
        /// Bell-shaped, cut off at zero.
        "normal" => Normal(Normal),
        /// Memoryless: many short ones, few long ones.
        "exponential" => Exponential(Exponential),
    }
}

table! {
    /// A bell-shaped distribution.
    Normal, "`normal`" {
        /// The mean, above zero.
        mean: Need<Length>,
        /// The standard deviation.
        sd: Need<Length>,
    }
}

table! {
    /// A memoryless distribution.
    Exponential, "`exponential`" {
        /// The mean, above zero.
        mean: Need<Length>,
    }
}

table! {
    /// A log-normal distribution.
    LongTail, "a distribution with a long tail" {
        /// Half of the draws are below it; above zero.
        median: Need<Length>,
        /// One draw in a hundred is above it; above the median.
        p99: Need<Length>,
    }
}
