//! What tasks do on tokio's two runtimes and on threads, as the probe records it.

mod branches;
mod captured_log;
mod database;
mod ends;
mod flow;
mod harness;
mod observed;
mod services;
mod sharing;
mod steps;
