//! Real HTTP over loopback: a service inside tasklab, and the two clients with which tasks send
//! requests to the service.
//!
//! ```text
//!   task ── client (hyper, within the task) ─────┐ TCP   ┌── service (hyper, a thread of its own)
//!   thread ── ureq, blocking ────────────────────┘       └── when a reply leaves ──► the task's readiness
//! ```
//!
//! A request carries two headers. [`DRAW`] is a number from the task's own generator. From this
//! number, the service draws the latency of the reply and whether the reply is a failure. So the
//! latency and the failure depend on the task and its repetition, and not on the order of requests.
//! [`WAIT`] names the task and the number of the wait that the reply ends.

mod client;
mod notifying_stream;
mod reentrant_waker;
mod service;

pub(super) use client::HttpClient;
pub use service::HttpService;

/// The header with the number from which the service draws the latency and the failure of the
/// reply.
const DRAW: &str = "x-tasklab-draw";
/// The header with the task and the number of its wait: `17:3`.
const WAIT: &str = "x-tasklab-task";
