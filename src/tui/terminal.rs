//! The terminal, taken and always given back.
//!
//! Whatever ends the screen gives the terminal back: quitting, an error, a signal (see [`Signals`]), or a panic of the
//! thread that draws. A panic of any *other* thread is part of the show: the task that panicked ends as `panicked` and
//! its message goes to the event log, so the panic hook leaves the screen alone. That is why `ratatui::init` is not used:
//! its hook restores the terminal whichever thread panics.

use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io::{self, Stdout};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// The terminal in raw mode on its alternate screen, until dropped.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    _hook: HookGuard,
}

impl Screen {
    /// Takes the terminal for the calling thread.
    ///
    /// # Errors
    /// When standard output is no terminal, or refuses.
    pub fn take() -> io::Result<Screen> {
        let hook = HookGuard::install(thread::current().id(), give_back);
        enable_raw_mode()?;
        // From here on a failure has something to undo; `Screen` is not there yet to do it.
        let taken = execute!(io::stdout(), EnterAlternateScreen, Hide)
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match taken {
            Ok(terminal) => Ok(Screen { terminal, _hook: hook }),
            Err(e) => {
                give_back();
                Err(e)
            }
        }
    }

    /// Where to draw.
    pub fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Stdout>> {
        &mut self.terminal
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Leaves the alternate screen and raw mode. Errors are of no use here: after a hang-up there is no terminal to tell.
fn give_back() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// The panic hook while the screen is up; puts the one before back when dropped.
struct HookGuard {
    before: Arc<Hook>,
}

impl HookGuard {
    /// `restore` runs when the thread `ui` panics, before the former hook prints; other threads' panics are logged.
    fn install(ui: ThreadId, restore: impl Fn() + Send + Sync + 'static) -> HookGuard {
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

/// SIGTERM, SIGHUP and SIGINT, kept for the loop to find: a handler may do next to nothing, and the loop comes by within
/// a frame.
pub struct Signals {
    seen: Arc<AtomicUsize>,
    registered: Vec<SigId>,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn listen() -> io::Result<Signals> {
        let mut signals = Signals {
            seen: Arc::default(),
            registered: Vec::new(),
        };
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            let seen = signals.seen.clone();
            signals
                .registered
                .push(signal_hook::flag::register_usize(signal, seen, signal as usize)?);
        }
        Ok(signals)
    }

    /// The last signal that came.
    pub fn seen(&self) -> Option<Signal> {
        match self.seen.load(Ordering::Relaxed) {
            0 => None,
            number => Some(Signal(number as i32)),
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// A signal that asked the screen to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signal(
    /// Its number, as in `kill -l`.
    pub i32,
);

impl Signal {
    /// The terminal is gone: nothing may be drawn any more.
    pub fn is_hangup(self) -> bool {
        self.0 == SIGHUP
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicUsize;

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

    #[test]
    fn a_signal_is_kept_until_the_loop_comes_by() {
        let signals = Signals::listen().unwrap();
        assert_eq!(signals.seen(), None);
        signal_hook::low_level::raise(SIGTERM).unwrap();
        assert_eq!(signals.seen(), Some(Signal(SIGTERM)));
        assert!(!signals.seen().unwrap().is_hangup());
    }
}
