//! The model as a table for people and as one JSON object for scripts.
//!
//! ```text
//!   Model ─┬─ new ──► Report ─┬─► to_json   scripts      `--json`
//!   Facts ─┘                  └─► table     people       `--headless`, at the end
//!   Model ─────────────────────► progress   people       `--headless`, meanwhile
//! ```
//!
//! [`Report`] is gathered once and then told in two forms, so that the table cannot say anything else than the object.

mod gather;
mod grid;
mod json;
mod progress;
mod table;

pub use gather::Facts;
pub use json::{Calibration, Executor, Group, Lane, Percentiles, Records, Report, TaskMonitor, Tasks, Tokio, schema};
pub use progress::progress;

#[cfg(test)]
mod tests;
