//! The scenario language: what a TOML file may say, as types ([`types`]).
//!
//! Reading is in two stages: the text is parsed into *raw* tables that know the position of every value, and those are
//! resolved into the types here, which hold only what is possible. All errors of a file come in one report.

pub mod builtin;
mod limits;
mod load;
mod notation;
mod overrides;
mod raw;
mod report;
mod resolve;
mod schema;
mod types;

pub use load::LoadError;
pub use notation::{Unreadable, duration, show_duration, show_size};
pub use overrides::Overrides;
pub use report::Report;
pub use schema::schema;
pub use types::*;

/// Reads a scenario; `name` is the file's name in the report.
///
/// # Errors
/// With all mistakes of the file, when it has any.
pub fn read(name: &str, text: &str) -> Result<Scenario, Report> {
    Overrides::default().read(name, text)
}

/// Loads the file, or else the built-in scenario, of this name.
///
/// # Errors
/// When there is neither, when the file cannot be read as text, and when the scenario is not valid.
pub fn load(what: &str) -> Result<Scenario, LoadError> {
    Overrides::default().load(what)
}

impl Overrides {
    /// Reads a scenario with these overrides; `name` is the file's name in the report.
    ///
    /// # Errors
    /// With all mistakes of the file, when it has any, those included that only these overrides make.
    pub fn read(&self, name: &str, text: &str) -> Result<Scenario, Report> {
        let mut found = report::Diagnostics::default();
        let mut raw = raw::Scenario::parse(text, &mut found);
        self.apply(&mut raw);
        match resolve::scenario(&raw, &mut found) {
            Some(scenario) if found.is_empty() => Ok(scenario),
            _ => Err(found.into_report(name, text)),
        }
    }
}
