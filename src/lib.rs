//! tasklab: a laboratory and an oscilloscope for task scheduling.
//!
//! Data flows in one direction, from left to right. A module imports only modules to its left.
//!
//! ```text
//!   record ◄─ figures ◄─ scenario ◄─ workload ◄─ executor ◄─ run ◄─ tui, report, cli
//!      ▲                  (TOML)     (what tasks  (where they  (one run of
//!      ├─ probe                       do)          run)         one scenario)
//!      └─ model     batches in, answers out; pure
//! ```
//!
//! `ARCHITECTURE.md` says what each module is for and which modules it may import. The file also
//! describes how a record travels from a hook to the screen, and where to add new parts. A test
//! compares the imports of the source files with `ARCHITECTURE.md`.

#![forbid(unsafe_code)]

pub mod cli;
pub mod compare;
pub mod docs;
pub mod executor;
pub mod expect;
pub mod figures;
pub mod findings;
pub mod model;
pub mod output;
pub mod panics;
pub mod probe;
pub mod record;
pub mod report;
pub mod run;
pub mod scenario;
pub mod signals;
pub mod text;
pub mod tui;
pub mod workload;
