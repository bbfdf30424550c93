//! HTTP over loopback, for real: a service inside tasklab, and the two ways in which tasks talk to it.
//!
//! ```text
//!   task ── client (hyper, in the task itself) ──┐ TCP   ┌── service (hyper, a thread of its own)
//!   thread ── ureq, blocking ────────────────────┘       └── notes when the reply left ──► the task's readiness
//! ```
//!
//! A request carries two headers. [`DRAW`] is a number from the task's own generator, from which the service draws this
//! reply's latency and fate: so they depend on the task and its repetition, not on who came first. [`WAIT`] says which
//! task's which wait the reply ends.

mod client;
mod notifying_stream;
mod reentrant_waker;
mod service;

pub(super) use client::Link;
pub use service::HttpService;

/// The header with the number from which the service draws.
const DRAW: &str = "x-tasklab-draw";
/// The header with the task and the number of its wait: `17:3`.
const WAIT: &str = "x-tasklab-task";
