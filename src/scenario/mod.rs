//! The scenario language: what a TOML file may say, and how it is read.
//!
//! ```toml
//! title = "A small one"                 # or by language: title.en = "…", title.ru = "…"
//! duration = "20s"                      # absent: until every task has ended
//! seed = 7
//! executors = ["tokio", "pool"]         # where it may run; absent: wherever its steps have a meaning
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
//! steps = [{ gather = ["weather", [{ cpu = "300us" }]] }, { send = "jobs" }, { sleep = "5ms..15ms" }]
//!
//! [[task]]
//! name = "weather"
//! start = "called"                      # a step of another task names it
//! steps = [{ http = "/weather" }]
//!
//! [[task]]
//! name = "worker"
//! repeat = "forever"
//! steps = [{ recv = "jobs" }, { db = { write = 5 } }]
//!
//! [[cue]]
//! at = "5s"
//! ask = "Somebody blocks now. Which tasks suffer?"
//! do = { block = { lasts = "300ms", every = "1s" } }
//!
//! [expect]
//! "groups.api.lateness_ns.p99" = "< 50ms"
//! ```
//!
//! A scenario is read in three stages. Each stage goes on after a mistake, so that one report holds
//! all mistakes:
//!
//! ```text
//!   text ──► spanned TOML ──► syntax tables ──► Overrides ──► Scenario
//!            syntax           keys, types,   the command   what is possible,
//!                             notation       line          on that executor
//! ```
//!
//! The syntax tables (`syntax`, and for each step and action its own file in [`steps`] and
//! [`actions`]) are the only definition of the language: reader, suggestions and [JSON
//! Schema](schema()) come from them. The types here hold only what is possible, and know nothing of
//! the file. Limits keep a scenario of somebody else from exhausting the machine.

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
pub(crate) use limits::TASKS as MOST_TASKS;
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
/// With all mistakes of the file.
pub fn read(name: &str, text: &str) -> Result<Scenario, Report> {
    Overrides::default().read(name, text)
}

/// Loads the file with this name, otherwise the built-in scenario with this name.
///
/// # Errors
/// When there is none, the file cannot be read as text, or the scenario is not valid.
pub fn load(what: &str) -> Result<Scenario, LoadError> {
    Overrides::default().load(what)
}

impl Overrides {
    /// Reads a scenario with these overrides. `name` is the name of the file in the report.
    ///
    /// # Errors
    /// With all mistakes of the file, including mistakes that these overrides cause.
    pub fn read(&self, name: &str, text: &str) -> Result<Scenario, Report> {
        let mut diagnostics = report::Diagnostics::default();
        let mut syntax = syntax::Scenario::parse(text, &mut diagnostics);
        self.apply(&mut syntax, &mut diagnostics);
        match check::scenario(&syntax, self.lang, &mut diagnostics) {
            Some(scenario) if diagnostics.is_empty() => Ok(scenario),
            _ => Err(diagnostics.into_report(name, text)),
        }
    }
}
