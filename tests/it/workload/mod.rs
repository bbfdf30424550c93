//! What the probe records about tasks on tokio's two runtimes and on threads.

mod branches;
mod buffered;
mod cancellation;
mod captured_log;
mod coordination;
mod database;
mod ends;
mod flow;
mod fork_join;
mod harness;
mod inline_branches;
mod intervals;
mod kept_results;
mod observed;
mod permits;
mod scenarios;
mod services;
mod sharing;
mod spawned;
mod steps;
mod unpolled;
