//! What a task does.

use super::choice::{Choice, choice, first};
use super::entries::{Entries, Table, table, unraw};
use super::{
    At, DeTable, DeValue, Diagnostic, Diagnostics, Draw, Line, Name, Read, Repeat, Required, Size, UrlPath, Value,
    wrong_type,
};
use crate::scenario::limits;
use crate::scenario::types::{Formatting, How, Kernel, LogLevel};
use schemars::JsonSchema;
use std::ops::Range;
use toml::Spanned;

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
        /// Read or write rows of the database.
        "db" => Db(DbStep),
        /// Do these steps while holding a lock.
        "lock" => Lock(Lock),
        /// Do these steps while holding a permit of a semaphore.
        "semaphore" => Semaphore(Permit),
        /// Put something into this channel; wait while it is full.
        "send" => Send(At<Name>),
        /// Take something out of this channel; wait while it is empty.
        "recv" => Recv(At<Name>),
        /// Run all branches as tasks, and wait for all, or for the first failure: its siblings run on.
        "gather" => Gather(At<Vec<At<Branch>>>),
        /// Run all branches as tasks; the first failure cancels the others; wait until every one has ended.
        "group" => Group(At<Vec<At<Branch>>>),
        /// Run all branches as tasks; the first that ends decides, and the others are cancelled.
        "race" => Race(At<Vec<At<Branch>>>),
        /// Spawn tasks, and go on, or wait for them.
        "spawn" => Spawn(Spawn),
        /// Make a future and drop it: nothing of it runs.
        "unawaited" => Unawaited(At<Branch>),
        /// Write an event.
        "log" => Log(LogEvent),
        /// Do one of these lists of steps, drawn by weight.
        "choose" => Choose(At<Vec<At<Weighted>>>),
        /// Do these steps again and again.
        "loop" => Loop(Loop),
        ;
        /// Give way to others once.
        "yield" => Yield,
    }
}

impl Step {
    /// The lists of steps within this one.
    pub(in crate::scenario) fn within(&self) -> Vec<&At<Vec<At<Step>>>> {
        fn inline(branch: &Branch) -> Option<&At<Vec<At<Step>>>> {
            match branch {
                Branch::Steps(steps) => Some(steps),
                Branch::Group(_) => None,
            }
        }
        match self {
            Step::Offload(steps) | Step::InPlace(steps) => vec![steps],
            Step::Timeout(Timeout { steps, .. })
            | Step::Lock(Lock { steps, .. })
            | Step::Semaphore(Permit { steps, .. })
            | Step::Loop(Loop { steps, .. }) => steps.0.iter().collect(),
            Step::Gather(branches) | Step::Group(branches) | Step::Race(branches) => branches
                .value
                .iter()
                .filter_map(|branch| inline(&branch.value))
                .collect(),
            Step::Spawn(Spawn::One(branch)) | Step::Unawaited(branch) => inline(&branch.value).into_iter().collect(),
            Step::Spawn(Spawn::Many(many)) => many
                .what
                .0
                .as_ref()
                .and_then(|what| inline(&what.value))
                .into_iter()
                .collect(),
            Step::Choose(choices) => choices
                .value
                .iter()
                .filter_map(|choice| choice.value.steps.0.as_ref())
                .collect(),
            Step::Cpu(_)
            | Step::Sleep(_)
            | Step::Block(_)
            | Step::Http(_)
            | Step::File(_)
            | Step::Yield
            | Step::Fail(_)
            | Step::Panic(_)
            | Step::Db(_)
            | Step::Send(_)
            | Step::Recv(_)
            | Step::Log(_) => Vec::new(),
        }
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
        kernel: Required<Kernel>,
        /// The size of the problem, from 1: rows (matmul, to 2048), points a side (mandelbrot, image, to 4096), the
        /// largest candidate (primes, to 100000000), KiB (hash, compress, to 65536), thousand rounds (password, to 100000).
        #[schemars(range(min = 1, max = 100_000_000))]
        size: Required<u64>,
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
        after: Required<Draw>,
        /// What is limited.
        steps: Required<Vec<At<Step>>>,
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
        message: Required<Line>,
        /// How likely, 0–1. Default: 1.
        #[schemars(range(min = 0, max = 1))]
        chance: Option<At<f64>>,
    }
}

table! {
    /// A database operation, one transaction. Give `read` or `write`.
    DbStep, "`db`" {
        /// Select so many rows at random, 1–10000.
        #[schemars(range(min = 1, max = limits::STEP_ROWS))]
        read: Option<At<u64>>,
        /// Update so many rows at random, 1–10000.
        #[schemars(range(min = 1, max = limits::STEP_ROWS))]
        write: Option<At<u64>>,
        /// On an async executor, `sync`: on the worker, the mistake; or `offload`: on a blocking thread. Threads are
        /// always synchronous. Default: `offload`.
        how: Option<At<How>>,
    }
}

table! {
    /// Steps that one task at a time does.
    Lock, "`lock`" {
        /// Which lock: all steps that name it share it.
        name: Required<Name>,
        /// On an async executor, `async`: who waits is suspended (`tokio::sync::Mutex`); or `sync`: who waits keeps its
        /// thread (`std::sync::Mutex`), and the steps run synchronously. The same for all steps that name it. Default: `async`.
        how: Option<At<How>>,
        /// What is done while holding it.
        steps: Required<Vec<At<Step>>>,
    }
}

table! {
    /// Steps that so many tasks at a time do as the semaphore has permits.
    Permit, "`semaphore`" {
        /// Which [[semaphore]].
        name: Required<Name>,
        /// What is done while holding the permit.
        steps: Required<Vec<At<Step>>>,
    }
}

/// What a task does that this one calls: a group's name, or steps.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Branch {
    /// What the tasks of this group do; its `start` is `called`.
    Group(At<Name>),
    /// These steps.
    Steps(At<Vec<At<Step>>>),
}

impl Read for Branch {
    const EXPECTED: &'static str = "a called group's name in quotes, or a list of steps in brackets";
    const LIST: &'static str = "a list in brackets of called groups' names and lists of steps";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => At::read(value, key, found).map(Branch::Group),
            DeValue::Array(_) => At::read(value, key, found).map(Branch::Steps),
            DeValue::Table(_) => {
                let diagnostic = Diagnostic::new(Step::span(value), format!("`{key}` is a step, not a list of steps"));
                found.push(diagnostic.help("put it into brackets of its own: [{ … }]"));
                None
            }
            _ => wrong_type::<Self>(value, key, found),
        }
    }
}

/// One task, or a table.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Spawn {
    /// One task, not waited for.
    One(At<Branch>),
    /// One task or many.
    Many(Spawned),
}

impl Read for Spawn {
    const EXPECTED: &'static str = "a called group's name in quotes, a list of steps, or `{ what = …, count = … }`";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) | DeValue::Array(_) => At::read(value, key, found).map(Spawn::One),
            DeValue::Table(_) => Spawned::read(value, key, found).map(Spawn::Many),
            _ => wrong_type::<Self>(value, key, found),
        }
    }
}

table! {
    /// Tasks that a task spawns.
    Spawned, "`spawn`" {
        /// What each does: a called group's name, or a list of steps.
        what: Required<Branch>,
        /// How many, 1–100000. Default: 1.
        #[schemars(range(min = 1, max = limits::SPAWN))]
        count: Option<At<u64>>,
        /// Wait until they have ended, and fail if one fails. Default: false.
        wait: Option<At<bool>>,
    }
}

table! {
    /// An event for the log.
    LogEvent, "`log`" {
        /// How grave it is: `error`, `warn`, `info`, `debug` or `trace`. Default: `info`.
        level: Option<At<LogLevel>>,
        /// What it says.
        message: Required<Line>,
        /// How many numbers of a list are formatted into it, up to 100000. Default: none.
        #[schemars(range(max = limits::ITEMS))]
        items: Option<At<u64>>,
        /// `lazy`: formatted only if the level is on; `eager`: always, the mistake. Default: `lazy`.
        how: Option<At<Formatting>>,
    }
}

table! {
    /// One of several lists of steps.
    Weighted, "a choice" {
        /// How likely it is, beside the others' weights; above zero. Default: 1.
        #[schemars(range(min = 0))]
        weight: Option<At<f64>>,
        /// What is done; may be nothing.
        steps: Required<Vec<At<Step>>>,
    }
}

table! {
    /// Steps that are repeated.
    Loop, "`loop`" {
        /// How often: a number from 1, or `forever`.
        times: Required<Repeat>,
        /// What is repeated.
        steps: Required<Vec<At<Step>>>,
    }
}
