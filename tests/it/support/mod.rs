//! What several tests share: waits with a deadline, the program in a process, and runs in this
//! process.

pub(crate) mod program;
pub(crate) mod run;
pub(crate) mod wait;

/// The executors, by their names in a scenario.
pub(crate) const EXECUTORS: [&str; 5] = ["tokio", "current-thread", "pool", "threads", "processes"];

/// Whether this executor runs the steps of a task synchronously, on a thread.
pub(crate) fn is_synchronous(executor: &str) -> bool {
    matches!(executor, "pool" | "threads" | "processes")
}
