//! How a run is seen: the clock, the recorders of the lanes, tokio's hooks, and the monitor that collects.
//!
//! ```text
//!   measured threads                         the monitor's thread
//!   hooks ─► lane ─► ring ─────────────────► collector ─► Batch
//!             │  └► the open slice (shared) ──►  ▲
//!   wakers ─► task stamps (shared) ─────────────►│
//!   presenter, shutdown ─► registry ─────────────────►│
//!   tracing events ─► log channel ──────────────►┘
//! ```
//!
//! The rule of this room: between two polls a measured thread neither allocates, locks nor waits for the monitor. A full ring drops the
//! record and counts it.

mod clock;
mod collector;
pub mod console;
mod hooks;
pub mod lane;
mod log;
mod os;
mod registry;
mod task;
mod task_scanner;
mod tokio_metrics;
mod usage;

pub use clock::{ClockOffset, RunStart, now};
pub use collector::Collector;
pub use hooks::install;
pub use log::{Log, LogFilter, subscribe};
pub use registry::{Group, IDS_ELSEWHERE, Registry};
pub use task::{
    End, SpawnedElsewhere, TaskHandle, ended, never_started, offloaded, orphaned, spawn, spawned_elsewhere, unheard,
};
pub use tokio_metrics::{GroupMonitors, Watch, monitored};
pub use usage::usage;
