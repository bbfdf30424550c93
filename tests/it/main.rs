//! The tests of the library's public interface and of the program without a screen.
//!
//! These tests share one binary, because each test binary must be linked with the whole library.
//! Two kinds of tests have binaries of their own: `screen` runs the program in a pseudo-terminal
//! and handles signals. `foreign_worker` starts itself as a worker process, so it has no test
//! harness.
//!
//! Tests run on several threads of one process. A test must not change anything that belongs to the
//! whole process: environment, working directory, panic hook, signal handlers, the global `tracing`
//! subscriber. The one exception is `workload::captured_log`, which installs the subscriber once
//! for all tests.
//!
//! Every wait has a deadline, and its failure says what the test waited for: see `support::wait`.

mod architecture;
mod cases;
mod cli;
mod compare;
mod docs;
mod expect;
mod generated;
mod headless;
mod hostile;
mod hostile_workers;
mod probe;
mod processes;
mod report;
mod run;
mod scenario;
mod support;
mod workload;
