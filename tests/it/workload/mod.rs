//! What the probe records about tasks on tokio's two runtimes and on threads.

mod branches;
mod captured_log;
mod database;
mod ends;
mod flow;
mod harness;
mod inline_branches;
mod observed;
mod services;
mod sharing;
mod steps;
