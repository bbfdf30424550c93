//! Takes the terminal and always gives it back.
//!
//! The terminal is given back however the screen ends: the user quits, an error, a signal
//! ([`Signals`](crate::signals::Signals)), or a panic of the thread that draws. A panic of any
//! *other* thread is part of the show: its task ends as `panicked`, its message goes to the event
//! log, and the screen stays. That is why `ratatui::init` is not used: its panic hook restores the
//! terminal whichever thread panics.
//!
//! In raw mode Ctrl-Z is an ordinary key. [`Screen::suspend`] does what the terminal would have
//! done: it gives the terminal back and stops the process. When the process continues, a shell has
//! used the terminal meanwhile, so the screen takes it anew. The same happens after another process
//! has stopped this one. The run's clock does not stop, so the event log says how long the process
//! was stopped.

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
    /// Never dropped. ratatui's own `Drop` shows the cursor, which [`give_back`] has done already.
    /// When that fails, it writes to standard error, and panics if standard error went away with
    /// the terminal.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    /// SIGCONT has arrived: the process was stopped and has continued.
    continued: Arc<AtomicBool>,
    /// When the process was last known to run.
    last_seen_running: Instant,
    continue_handler: SigId,
    _hook: HookGuard,
}

impl Screen {
    /// Takes the terminal for the calling thread.
    ///
    /// # Errors
    /// When standard output is not a terminal, or the terminal cannot be put into raw mode.
    pub(crate) fn take() -> io::Result<Screen> {
        let continued = Arc::new(AtomicBool::new(false));
        let hook = HookGuard::install(thread::current().id(), give_back);
        // From here on a failure leaves something to undo, and no `Screen` exists yet whose `Drop`
        // would do it.
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

    /// Where to draw.
    pub(crate) fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Stdout>> {
        &mut self.terminal
    }

    /// Gives the terminal back and stops the process until the shell continues it. The next call of
    /// [`resume`](Screen::resume) then says how long that was.
    ///
    /// Without a shell nothing stops: the system lets a process without one ignore such signals.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        self.last_seen_running = Instant::now();
        // The signal goes to this thread, so that the thread stops here, and the process with it.
        signal_hook::low_level::raise(SIGTSTP)?;
        self.take_again()
    }

    /// If the process was stopped and has continued, takes the terminal again and returns how long
    /// the process was stopped: the time since the previous call, or since it was
    /// [suspended](Screen::suspend). The whole screen must then be drawn anew.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
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
        // Nothing of the last frame is left on the terminal, and its size may have changed. A
        // resize clears both.
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

/// Leaves the alternate screen and raw mode. Errors are ignored: after a hang-up there is no
/// terminal to report them on.
fn give_back() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
