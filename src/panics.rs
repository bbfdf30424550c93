//! Handles panics while the screen shows a run.
//!
//! A panic of the front end's own thread is a bug in tasklab. The previous panic hook reports such
//! a panic. A panic of a task is a result of the run. Such a panic becomes a message in the event
//! log and does not disturb the screen.

use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::thread::{self, ThreadId};

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// Keeps tasklab's panic hook installed. Dropping the guard installs the previous hook again.
pub struct HookGuard {
    former: Arc<Hook>,
}

impl HookGuard {
    /// Installs the hook. If the thread `ui` panics, the hook calls `restore` and then the previous
    /// hook, which prints the panic. If any other thread panics, the hook only logs the panic.
    pub fn install(ui: ThreadId, restore: impl Fn() + Send + Sync + 'static) -> HookGuard {
        let former: Arc<Hook> = Arc::from(std::panic::take_hook());
        let print = former.clone();
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().id() == ui {
                restore();
                print(info);
            } else {
                log_panic(info);
            }
        }));
        HookGuard { former }
    }
}

impl Drop for HookGuard {
    fn drop(&mut self) {
        // `set_hook` panics when a panicking thread calls it. The panic of this thread ends the
        // process, so no other hook is needed.
        if !thread::panicking() {
            let former = self.former.clone();
            std::panic::set_hook(Box::new(move |info| former(info)));
        }
    }
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("the panic value is not text");
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
    fn only_a_panic_of_the_front_ends_thread_restores_the_terminal() {
        let restored = Arc::new(AtomicUsize::new(0));
        let count = restored.clone();
        let guard = HookGuard::install(thread::current().id(), move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let task = thread::spawn(|| panic!("a panic of a task"));
        assert!(task.join().is_err());
        assert_eq!(restored.load(Ordering::Relaxed), 0);
        let ui = catch_unwind(AssertUnwindSafe(|| panic!("a panic of the screen's thread")));
        assert!(ui.is_err());
        assert_eq!(restored.load(Ordering::Relaxed), 1);
        drop(guard);
        let after = catch_unwind(AssertUnwindSafe(|| panic!("a panic after the screen was closed")));
        assert!(after.is_err());
        assert_eq!(restored.load(Ordering::Relaxed), 1);
    }
}
