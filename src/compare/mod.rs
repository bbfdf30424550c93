//! Runs the same scenario on several executors, one run after the other, and compares the reports.
//!
//! ```text
//!   Plan ──► rounds ──► [tokio, pool, …] [tokio, pool, …] …     each a process: `tasklab run … --json`
//!                          │
//!                          ├─► Comparison   medians, table, JSON     `tasklab compare`
//!                          └─► expect       ratios between executors  `compare` and `tasklab verify`
//! ```
//!
//! Each run is a process of its own, so that memory, CPU time and context switches belong to that run alone. Repeated runs
//! are interleaved: if the machine becomes slower for a while, it slows all executors, and ratios within a round stay valid.

mod check;
mod child;
mod numbers;
mod rounds;
mod table;
mod verify;

pub use check::{check, measure};
pub use numbers::{Compared, Comparison, Difference, LeftOut, Number, schema};
pub use rounds::{Plan, Round, RunProgress, rounds};
pub use verify::Verified;

#[cfg(test)]
mod tests;
