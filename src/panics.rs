//! Panics while a run is shown: one of the front end's own thread is a bug and is told as ever; one of a task is part of the
//! show and becomes a line of the event log.

use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::thread::{self, ThreadId};

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// The panic hook while a run is shown; puts the one before back when dropped.
pub struct HookGuard {
    before: Arc<Hook>,
}

impl HookGuard {
    /// `restore` runs when the thread `ui` panics, before the former hook prints; other threads' panics are logged.
    pub fn install(ui: ThreadId, restore: impl Fn() + Send + Sync + 'static) -> HookGuard {
        let before: Arc<Hook> = Arc::from(std::panic::take_hook());
        let then = before.clone();
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().id() == ui {
                restore();
                then(info);
            } else {
                log_panic(info);
            }
        }));
        HookGuard { before }
    }
}

impl Drop for HookGuard {
    fn drop(&mut self) {
        // The hook may not be exchanged by a thread that panics; this one then ends the process anyway.
        if !thread::panicking() {
            let before = self.before.clone();
            std::panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("a value that is no text");
    match info.location() {
        Some(at) => tracing::error!(target: "panic", "panicked: {message} ({}:{})", at.file(), at.line()),
        None => tracing::error!(target: "panic", "panicked: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn only_the_drawing_threads_panic_gives_the_terminal_back() {
        let given_back = Arc::new(AtomicUsize::new(0));
        let count = given_back.clone();
        let guard = HookGuard::install(thread::current().id(), move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let task = thread::spawn(|| panic!("a task's"));
        assert!(task.join().is_err());
        assert_eq!(given_back.load(Ordering::Relaxed), 0);
        let ui = catch_unwind(AssertUnwindSafe(|| panic!("the screen's own")));
        assert!(ui.is_err());
        assert_eq!(given_back.load(Ordering::Relaxed), 1);
        drop(guard);
        let after = catch_unwind(AssertUnwindSafe(|| panic!("after the screen")));
        assert!(after.is_err());
        assert_eq!(given_back.load(Ordering::Relaxed), 1);
    }
}
