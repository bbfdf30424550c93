//! The model as a table for people and as one JSON object for scripts.
//!
//! ```text
//!   Model ─┬─ new ──► Report ─┬─► to_json   scripts      `--json`
//!   Facts ─┘                  └─► table     people       `--headless`, at the end
//!   Model ─────────────────────► progress   people       without a screen, meanwhile
//!   LogLine ───────────────────► said       people       the same
//! ```
//!
//! [`Report`] is gathered once and then told in two forms, so that the table cannot say anything else than the object.

mod gather;
mod grid;
mod json;
mod log_messages;
mod path;
mod progress;
mod table;
mod verdicts;

pub use gather::Facts;
pub use json::{
    Calibration, Executor, Expected, Group, Lane, Overall, Percentiles, Records, Report, Resources, TaskMonitor, Tasks,
    Tokio, schema,
};
pub use log_messages::log_message;
pub use path::{Astray, NAME, check_path};
pub use progress::progress;
pub use verdicts::{mark, quantity, summary, verdicts};

#[cfg(test)]
mod tests;
