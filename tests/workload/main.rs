//! What tasks do, through the public face: on tokio's two runtimes and on a thread, seen by the probe.

mod ends;
mod lab;
mod services;
mod steps;
