//! Waits with a deadline. If a wait fails, the message says what the test waited for.

use std::panic;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a test waits for one event before it fails. Test machines can be slow and busy. So this
/// time is much longer than any event takes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// How long [`wait_until`] pauses before it asks again. Some conditions drain records. Between two
/// drains, a ring must not become full.
const PAUSE: Duration = Duration::from_millis(2);

/// The instant at which a wait fails.
pub(crate) struct Deadline<'a> {
    what: &'a str,
    started: Instant,
    after: Duration,
}

impl<'a> Deadline<'a> {
    /// Starts a wait for the event `what`.
    pub(crate) fn new(what: &'a str, after: Duration) -> Deadline<'a> {
        let started = Instant::now();
        Deadline { what, started, after }
    }

    /// # Panics
    /// If the deadline has passed.
    #[track_caller]
    pub(crate) fn check(&self) {
        assert!(
            self.started.elapsed() < self.after,
            "waited {:?} for {}",
            self.after,
            self.what
        );
    }
}

/// Waits until `condition` holds. `what` names the event in the failure message.
///
/// # Panics
/// If the condition does not hold within `deadline`.
#[track_caller]
pub(crate) fn wait_until(what: &str, deadline: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Deadline::new(what, deadline);
    while !condition() {
        deadline.check();
        thread::park_timeout(PAUSE);
    }
}

/// Waits for the end of a thread, and returns its result. `what` names the end of the thread in the
/// failure message.
///
/// # Panics
/// If the thread has panicked, or if it does not end within [`DEADLINE`]. In the second case, the
/// thread continues to run, because nothing can end a thread.
#[track_caller]
pub(crate) fn join<T>(what: &str, thread: JoinHandle<T>) -> T {
    wait_until(what, DEADLINE, || thread.is_finished());
    thread.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}
