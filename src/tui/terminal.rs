//! Puts the terminal into raw mode, and always restores it.
//!
//! The terminal is restored in every case: when the user quits, after an error, after a signal
//! ([`Signals`](crate::signals::Signals)), and after a panic of the thread that draws. A panic of
//! any *other* thread must not close the screen: the task ends as `panicked`, and the panic message
//! goes to the event log. That is why `ratatui::init` is not used: its panic hook restores the
//! terminal after a panic of any thread.
//!
//! In raw mode, Ctrl-Z is an ordinary key and does not stop the process. So [`Screen::suspend`]
//! restores the terminal and stops the process. When the process continues, the screen puts the
//! terminal into raw mode again. A shell has used the terminal meanwhile. The screen does the same
//! after another process has stopped and continued this process. The run's clock does not stop, so
//! the event log says how long the process was stopped.

use crate::panics::HookGuard;
use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};
use signal_hook::SigId;
use signal_hook::consts::{SIGCONT, SIGTSTP};
use std::io::{self, Stdout};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The terminal in raw mode on its alternate screen, until dropped.
pub(crate) struct Screen {
    /// Never dropped. ratatui's own `Drop` would show the cursor, but [`give_back`] has already
    /// done so. If the terminal is closed, `Drop` cannot show the cursor, and writes to standard
    /// error. This write panics, because standard error is closed too.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    /// Whether SIGCONT has arrived. This means that the process was stopped and has continued.
    continued: Arc<AtomicBool>,
    /// The last instant at which the process was known to be running.
    last_seen_running: Instant,
    continue_handler: SigId,
    _hook: HookGuard,
}

impl Screen {
    /// Puts the terminal into raw mode and opens the alternate screen. If the calling thread panics
    /// later, the terminal is restored.
    ///
    /// # Errors
    /// Returns an error if standard output is not a terminal, or if the terminal cannot be put into
    /// raw mode.
    pub(crate) fn take() -> io::Result<Screen> {
        let continued = Arc::new(AtomicBool::new(false));
        let hook = HookGuard::install(thread::current().id(), give_back);
        // If one of these steps fails, the steps before it must be undone. No `Screen` exists yet,
        // so `Drop` cannot undo them.
        let taken = enter_screen().and_then(|()| {
            let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
            Ok((terminal, signal_hook::flag::register(SIGCONT, continued.clone())?))
        });
        match taken {
            Ok((terminal, continue_handler)) => Ok(Screen {
                terminal: ManuallyDrop::new(terminal),
                continued,
                last_seen_running: Instant::now(),
                continue_handler,
                _hook: hook,
            }),
            Err(e) => {
                give_back();
                Err(e)
            }
        }
    }

    /// The terminal to draw on.
    pub(crate) fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Stdout>> {
        &mut self.terminal
    }

    /// Restores the terminal and stops the process until the shell continues it. The next call of
    /// [`resume`](Screen::resume) returns how long the process was stopped.
    ///
    /// If no shell with job control started the process, the process does not stop: the system
    /// discards SIGTSTP in an orphaned process group.
    ///
    /// # Errors
    /// Returns an error if the terminal cannot be put into raw mode again.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        self.last_seen_running = Instant::now();
        // `raise` sends the signal to this thread. So the process stops before the next line runs.
        signal_hook::low_level::raise(SIGTSTP)?;
        self.take_again()
    }

    /// If the process was stopped and has continued, puts the terminal into raw mode again and
    /// returns how long the process was stopped. The returned duration is the time since the
    /// previous call, or since the process was [suspended](Screen::suspend). The caller must then
    /// draw the whole screen again.
    ///
    /// # Errors
    /// Returns an error if the terminal cannot be put into raw mode again.
    pub(crate) fn resume(&mut self) -> io::Result<Option<Duration>> {
        let now = Instant::now();
        let stopped_for = now - std::mem::replace(&mut self.last_seen_running, now);
        if !self.continued.swap(false, Ordering::Relaxed) {
            return Ok(None);
        }
        give_back();
        self.take_again()?;
        Ok(Some(stopped_for))
    }

    fn take_again(&mut self) -> io::Result<()> {
        enter_screen()?;
        // The terminal does not show the last frame any more, and its size may have changed.
        // `resize` sets the new size and makes ratatui draw every cell again.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        signal_hook::low_level::unregister(self.continue_handler);
        give_back();
    }
}

/// Turns on raw mode and the alternate screen, and hides the cursor.
fn enter_screen() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, Hide)
}

/// Leaves the alternate screen and raw mode. Ignores errors, because after a hang-up no terminal
/// exists that could show them.
fn give_back() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
