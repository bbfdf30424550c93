//! What tasks do, through the public face: on tokio's two runtimes and on a thread, seen by the probe.

mod branches;
mod database;
mod ends;
mod flow;
mod journal;
mod lab;
mod seen;
mod services;
mod sharing;
mod steps;
