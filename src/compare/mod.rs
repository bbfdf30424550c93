//! The same scenario on several executors, one run after the other.
//!
//! ```text
//!   Plan ──► rounds ──► [tokio, pool, …] [tokio, pool, …] …     each a process: `tasklab run … --json`
//!                          │
//!                          ├─► Comparison   medians, table, JSON     `tasklab compare`
//!                          └─► expect       ratios between executors  `compare` and `tasklab verify`
//! ```
//!
//! Each run is a process of its own, so that memory, CPU time and context switches are that run's alone. Repeated runs are
//! interleaved: a machine that gets slower for a while then slows all executors, and a ratio within a round stays what it is.

mod check;
mod child;
mod numbers;
mod rounds;
mod table;
mod verify;

pub use check::{check, measure};
pub use numbers::{Compared, Comparison, Difference, LeftOut, Number, schema};
pub use rounds::{Plan, Round, Standing, rounds};
pub use verify::Verified;

#[cfg(test)]
mod tests;
