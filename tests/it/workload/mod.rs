//! What the probe records about tasks on tokio's two runtimes and on threads.

mod branches;
mod cancellation;
mod captured_log;
mod coordination;
mod database;
mod ends;
mod flow;
mod harness;
mod inline_branches;
mod intervals;
mod observed;
mod permits;
mod services;
mod sharing;
mod steps;
