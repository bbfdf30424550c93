//! How a run is observed: the clock, the recorders of the lanes, tokio's hooks, and the collector.
//!
//! ```text
//!   measured threads                              the monitor's thread
//!   hooks ─► lane ─► ring ──────────────────────► collector ─► Batch
//!             │  └─► open slice, tally (shared) ──►  ▲
//!   wakers ─► wake stamps (shared) ─► task scanner ─►│
//!   lane ───► exact sums (shared) ────►  ▲           │
//!   presenter, shutdown ─► registry ────────────────►│
//!   tracing events ─► log channel ──────────────────►┘
//! ```
//!
//! The rule of this module: between two polls, a measured thread does not allocate memory, take a
//! lock, or wait for the monitor. If a ring is full, the record is dropped and counted. But if such
//! a record must not be lost, the thread takes a lock and keeps the record.
//!
//! Each module in this list uses only the modules that precede it in the list: `sync` (atomics) and
//! `clock`; `timer_ticks` and `seq_lock`; `open_slice`, `lane_tally`, `wake_stamps` and
//! `exact_sums` (what threads share without a lock); `lane_shared` and `task_slot`; `registry`;
//! `lane`; `task`; `hooks` and `collector`.

mod clock;
mod collector;
pub mod console;
mod exact_sums;
mod hooks;
pub mod lane;
mod lane_shared;
mod lane_tally;
mod log;
mod open_slice;
mod os;
mod registry;
mod seq_lock;
mod sync;
mod task;
mod task_scanner;
mod task_slot;
mod timer_ticks;
mod tokio_metrics;
mod usage;
mod wake_stamps;

pub use clock::{ClockOffset, RunStart, now};
pub use collector::Collector;
pub use hooks::{build, install};
pub use log::{Log, LogFilter, subscribe};
pub use registry::{Group, REMOTE_IDS, Registry};
pub use task::{Branch, End, RemoteTask, TaskHandle, spawn};
pub use tokio_metrics::{GroupMonitors, RuntimeSampler, monitored};
pub use usage::usage;
