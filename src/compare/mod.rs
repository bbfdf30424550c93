//! Runs the same scenario on several executors, one run at a time, and compares the reports.
//!
//! ```text
//!   Plan ──► rounds ──► [tokio, pool, …] [tokio, pool, …] …     each a process: `tasklab run … --json`
//!                          │
//!                          ├─► Comparison   medians, table, JSON     `tasklab compare`
//!                          └─► expect       ratios between executors  `compare` and `tasklab verify`
//! ```
//!
//! Each run is a separate process. So memory, CPU time and context switches belong to that run
//! only. The executors take turns. If the machine is slow during a round, all executors of this
//! round are slow. So the ratios within a round stay valid.

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
