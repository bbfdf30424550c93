//! What tasks do. Nothing here knows which executor runs it, beyond async or sync.
//!
//! ```text
//!   Scenario ── compile ──► Program ─┐
//!      │                             ├─ TaskCtx ── run_async / repetition_sync ──► records
//!      └─ Services::start ► Services ┘
//! ```
//!
//! A [`Program`] is a group's steps, ready to run; a [`TaskCtx`] is one task's way through them; [`Services`] are what they
//! all use: the calibration, the loopback HTTP service, the scratch folder, the [`Stop`] flag.
//!
//! # What each step does
//!
//! | step | on `tokio` and `current-thread` | on `pool` |
//! |---|---|---|
//! | `cpu = "2ms"`, `cpu = { kernel = … }` | computes inside the poll: the worker is busy, nobody else runs on it | computes on the thread |
//! | `sleep` | suspended on *timer*; the worker is free | the thread sleeps: *blocking* |
//! | `block` | the worker sleeps: *blocking*, the mistake | the thread sleeps: *blocking* |
//! | `http` | suspended on *http*; hyper, one connection per task, kept alive and driven by the task itself | *blocking* until the reply is there; ureq, connections shared |
//! | `file`, `how = "async"` | suspended on *file*; tokio's blocking pool does it | as `sync` |
//! | `file`, `how = "sync"` | the worker waits for the disk: *blocking*, the mistake | the thread waits for the disk: *blocking* |
//! | `file`, `how = "offload"` | suspended on *file*; a child task does it on a blocking thread | as `sync` |
//! | `yield` | queued again at once, behind the others | gives the core away (`sched_yield`), keeps the thread |
//! | `offload` | suspended on *offload*; a child task does the steps on a blocking thread, as on `pool` | does the steps inline |
//! | `in_place` | hands the worker's other tasks to another thread, then does the steps right here, as on `pool`; not on `current-thread` | does the steps inline |
//! | `timeout` (the step, or a task's own) | cancelled at the next await once the limit has passed | cannot be cancelled: runs to its end |
//! | `fail` | ends the repetition as *failed*, with a warning in the log | the same |
//! | `panic` | ends the task as *panicked*; the run goes on | the same |
//!
//! - What takes longer than its limit has *timed out*, whether or not it could be cancelled: a computation that never awaits, and
//!   everything on a thread, is noticed when it ends. An elapsed `timeout` step ends its repetition.
//! - A repetition that fails or times out does not end its task: the next one follows. A task that does its steps once ends as that
//!   once did; any other ends as *completed* after its last repetition, and as *cancelled* when the run ends before.
//! - An offloaded job goes on when the task that waits for it is cancelled; so it does in any tokio program.
//! - When the run stops, computations end within about a millisecond and no further step begins. What blocks (`block`, a synchronous
//!   read, a `sleep` on a thread) sleeps on to its end.
//! - Random lengths are drawn from the scenario's seed, the group's name, the task's number and the repetition's number: the same on
//!   every executor, whatever the timing. An `http` step's latency and fate belong to the task's draws too.
//! - tokio's timer counts whole milliseconds and rounds up: a `sleep` is up to 1 ms late on an idle machine, and so is the loopback
//!   service's latency.

mod alive;
mod arrivals;
mod calibrate;
mod children;
mod db;
mod draw;
mod files;
mod flow;
mod http;
mod inline;
mod interpret_async;
mod kernels;
mod label;
mod logging;
mod program;
mod readiness;
mod services;
mod shared;
mod stop;
mod task;

pub use alive::Alive;
pub use arrivals::ArrivalTimes;
pub use calibrate::Calibration;
pub use files::Scratch;
pub use http::HttpService;
pub use label::Labels;
pub use program::{Program, compile};
pub use services::{Intake, Services, StartError};
pub use stop::{Stop, Stopped};
pub use task::TaskCtx;
