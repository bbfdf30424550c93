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

#[test]
#[should_panic(expected = "waited 1ms for an event that never comes")]
fn a_wait_that_fails_names_the_event() {
    let deadline = std::time::Duration::from_millis(1);
    wait::wait_until("an event that never comes", deadline, || false);
}

#[test]
#[should_panic(expected = "the run ended before a second task, in the run of:\ntitle = 'short'")]
fn a_wait_in_a_run_fails_when_the_run_ends() {
    let mut run = run::TestRun::start("title = 'short'\n[[task]]\nname = 'only'\nsteps = ['yield']");
    run.until("a second task", |run| run.model.tasks().len() > 1);
}
