//! The scenario language: what a TOML file may contain, and how it is read.
//!
//! ```toml
//! title = "A small mix"                 # or by language: title.en = "…", title.ru = "…"
//! duration = "20s"                      # default: until every task has ended
//! seed = 7
//! executors = ["tokio", "pool"]         # default: all executors that can run the steps
//!
//! [executor]
//! kind = "tokio"                        # tokio | current-thread | pool | threads | processes
//! workers = 2
//!
//! [http]
//! latency = { median = "20ms", p99 = "120ms" }
//!
//! [[channel]]
//! name = "jobs"
//! capacity = 8
//!
//! [[task]]
//! name = "api"
//! count = 40
//! repeat = "forever"
//! timeout = "500ms"
//! steps = [
//!     { gather = ["weather", [{ cpu = "300us" }]] },
//!     { send = "jobs" },
//!     { sleep = "5ms..15ms" },
//! ]
//!
//! [[task]]
//! name = "weather"
//! start = "called"                      # a step of another task calls this group
//! steps = [{ http = "/weather" }]
//!
//! [[task]]
//! name = "worker"
//! repeat = "forever"
//! steps = [{ recv = "jobs" }, { db = { write = 5 } }]
//!
//! [[cue]]
//! at = "5s"
//! ask = "A task blocks now. Which tasks suffer?"
//! do = { block = { lasts = "300ms", every = "1s" } }
//!
//! [expect]
//! "groups.api.lateness_ns.p99" = "< 50ms"
//! ```
//!
//! A scenario is read in three stages. Each stage continues after a mistake, so that one report
//! holds all mistakes:
//!
//! ```text
//!   text ──► spanned TOML ──► syntax tables ──► Overrides ──► Scenario
//!            syntax           keys, types,   the command   what is possible,
//!                             notation       line          on that executor
//! ```
//!
//! The syntax tables are the only definition of the language. The syntax tables are in `syntax`,
//! and each step and action has its own file in [`steps`] or [`actions`]. The reader, the
//! suggestions and the [JSON Schema](schema()) are made from these tables. The types of this module
//! hold only valid values, and hold no places in the file. Limits make sure that someone else's
//! scenario cannot exhaust the machine.

pub mod actions;
pub mod builtin;
mod check;
mod limits;
mod load;
mod measure;
mod notation;
mod overrides;
mod report;
mod schema;
pub mod steps;
mod syntax;
mod types;

pub use actions::CueAction;
pub(crate) use limits::{MEMORY as MOST_MEMORY, TASKS as MOST_TASKS};
pub use load::LoadError;
pub use notation::{Unreadable, duration, show_draw, show_duration, show_size};
pub use overrides::Overrides;
pub use report::Report;
pub use schema::schema;
pub use steps::Step;
pub use types::*;

/// Reads a scenario. `name` is the name of the file in the report.
///
/// # Errors
/// Returns a report of all mistakes in the file.
pub fn read(name: &str, text: &str) -> Result<Scenario, Report> {
    Overrides::default().read(name, text)
}

/// Loads the file with this name, or else the built-in scenario with this name.
///
/// # Errors
/// Returns an error if neither a file nor a built-in scenario has this name, if the file cannot be
/// read as text, or if the scenario is not valid.
pub fn load(what: &str) -> Result<Scenario, LoadError> {
    Overrides::default().load(what)
}

impl Overrides {
    /// Reads a scenario with these overrides. `name` is the name of the file in the report.
    ///
    /// # Errors
    /// Returns a report of all mistakes in the file, including mistakes that these overrides cause.
    pub fn read(&self, name: &str, text: &str) -> Result<Scenario, Report> {
        let mut diagnostics = report::Diagnostics::of(text);
        let mut syntax = syntax::Scenario::parse(text, &mut diagnostics);
        self.apply(&mut syntax, &mut diagnostics);
        match check::scenario(&syntax, self.lang, &mut diagnostics) {
            Some(scenario) if diagnostics.is_empty() => Ok(scenario),
            _ => Err(diagnostics.into_report(name, text)),
        }
    }
}
