//! What tasks do, through the public face: on tokio's two runtimes and on a thread, observed by the
//! probe.

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
