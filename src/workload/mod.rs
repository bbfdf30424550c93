//! What tasks do. In this module, only one fact about the executor matters: whether the executor is
//! async or runs tasks on threads.
//!
//! ```text
//!   Scenario ── compile ──► Program ─┐
//!      │                             ├─ TaskCtx ── run_async / run_sync ──► records
//!      └─ Services::start ► Services ┘     └─ children, if a step spawns some
//! ```
//!
//! A [`Program`] is the list of steps of a group, ready to run. A [`TaskCtx`] runs this list for
//! one task. All tasks share the [`Services`]. The services include the calibration, the loopback
//! HTTP service, the scratch folder with the database, locks, semaphores, channels, and the
//! [`Stop`] flag.
//!
#![doc = include_str!("../../docs/src/steps.md")]

mod arrivals;
mod async_interpreter;
mod branches;
mod calibrate;
mod children;
mod compile;
mod db;
mod draw;
mod error_throttle;
mod files;
mod http;
mod labels;
mod live_tasks;
mod offload;
mod program;
mod readiness;
mod repetition;
mod services;
mod services_error;
mod shared;
mod spawn_limit;
mod step_error;
mod steps;
mod stop;
mod sync_interpreter;
mod task;
mod task_state;
mod ticks;

pub use arrivals::ArrivalTimes;
pub use compile::compile;
pub use files::Scratch;
pub use http::HttpService;
pub use labels::Labels;
pub(crate) use live_tasks::LiveTaskGuard;
pub use live_tasks::LiveTasks;
pub use program::Program;
pub use services::{DetachedSpawner, Services};
pub use services_error::{Cancelled, ServicesError};
pub use shared::{Fill, resources};
pub(crate) use stop::wait_until;
pub use stop::{Stop, Stopped};
pub use task::TaskCtx;
