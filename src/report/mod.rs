//! Shows the figures of a run to people: as a table at the end, and as lines during a run without a
//! screen.
//!
//! ```text
//!   Model ─┬─ gather ──► figures::Report ─┬─► to_json       for scripts   `--json`
//!   Facts ─┘                              └─► table         for people    `--headless`, at the end
//!   Model ──────────────────────────────────► progress      for people    without a screen, meanwhile
//!   LogLine ────────────────────────────────► log_message   for people    without a screen, meanwhile
//! ```
//!
//! The report is gathered once and written in two forms. So the table and the JSON object always
//! agree.

mod flow;
mod gather;
mod grid;
mod log_message;
mod progress;
mod resource_columns;
mod resources;
mod schema;
mod table;
mod verdicts;

pub use gather::Facts;
pub use log_message::log_message;
pub use progress::progress;
pub use schema::schema;
pub use verdicts::{quantity, verdicts};

#[cfg(test)]
mod tests;
