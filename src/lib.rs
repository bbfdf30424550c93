//! tasklab: a laboratory and an oscilloscope for task scheduling.
//!
//! Data flows one way; each room knows only the rooms before it.
//!
//! ```text
//!     scenario ──► executor ──► probe ──► model ──► tui      (live)
//!     (TOML)       (runs the    (records)  (pure     report  (headless, JSON)
//!                  workload)               state)
//! ```
//!
//! | room | holds |
//! |---|---|
//! | [`record`] | the words and the records that the rooms share |
//! | [`scenario`] | the TOML language, its diagnostics, the built-in scenarios |
//! | [`workload`] | what tasks do: the step interpreter, the CPU kernels, the loopback service |
//! | [`executor`] | where tasks run: one trait, one file each |
//! | [`probe`] | clock, rings, tokio hooks, samplers |
//! | [`model`] | records in, answers out |
//! | [`run`] | one run of one scenario, from start to stop |
//! | [`text`] | lengths of time, counts and names, written the same on screen and in reports |
//! | [`report`] | the model as a table and as JSON |
//! | [`expect`] | whether a run was as its scenario expects |
//! | [`compare`] | the same scenario on several executors, each run a process |
//! | [`tui`] | the live screen |
//! | [`cli`] | one file per subcommand |
//! | [`text`], [`signals`], [`panics`] | what several rooms need: safe text and units, signals that ask to end, panics that are part of the show |

pub mod cli;
pub mod compare;
pub mod docs;
pub mod executor;
pub mod expect;
pub mod figures;
pub mod model;
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
