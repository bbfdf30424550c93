//! The terminal, taken and always given back.
//!
//! Whatever ends the screen gives the terminal back: quitting, an error, a signal
//! ([`Signals`](crate::signals::Signals)), or a panic of the thread that draws. A panic of any *other* thread is part of the show: the task that panicked ends as `panicked` and
//! its message goes to the event log, so the panic hook leaves the screen alone. That is why `ratatui::init` is not used:
//! its hook restores the terminal whichever thread panics.
//!
//! In raw mode Ctrl-Z is a key like any other. [`Screen::suspend`] does what the terminal would have done: it gives itself
//! back and stops the process. Who goes on after that, or after being stopped by somebody else, finds a terminal that a shell
//! has used meanwhile, and takes it anew. The clock has gone on: how long the process stood still is told, for the event log.

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
pub struct Screen {
    /// Never dropped: ratatui's own `Drop` shows the cursor, which [`give_back`] has done, and complains on standard error
    /// when it cannot, which panics when that went away with the terminal.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    /// The process was stopped and goes on.
    continued: Arc<AtomicBool>,
    /// When the process was last known to run.
    awake: Instant,
    listener: SigId,
    _hook: HookGuard,
}

impl Screen {
    /// Takes the terminal for the calling thread.
    ///
    /// # Errors
    /// When standard output is no terminal, or refuses.
    pub fn take() -> io::Result<Screen> {
        let continued = Arc::new(AtomicBool::new(false));
        let hook = HookGuard::install(thread::current().id(), give_back);
        // From here on a failure has something to undo; `Screen` is not there yet to do it.
        let taken = take().and_then(|()| {
            let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
            Ok((terminal, signal_hook::flag::register(SIGCONT, continued.clone())?))
        });
        match taken {
            Ok((terminal, listener)) => Ok(Screen {
                terminal: ManuallyDrop::new(terminal),
                continued,
                awake: Instant::now(),
                listener,
                _hook: hook,
            }),
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

    /// Gives the terminal back and stops the process, until the shell lets it go on: then
    /// [`come_back`](Screen::come_back) says so. Where there is no shell to do that, nothing stops: the system lets a process
    /// without one ignore such signals.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        self.awake = Instant::now();
        // To this very thread: it stops here, and with it the process.
        signal_hook::low_level::raise(SIGTSTP)?;
        self.retake()
    }

    /// Takes the terminal anew if the process was stopped and goes on; then everything is to be drawn. How long it stood still: the
    /// time since the call before, or since it was [suspended](Screen::suspend).
    ///
    /// # Errors
    /// When the terminal cannot be taken.
    pub fn come_back(&mut self) -> io::Result<Option<Duration>> {
        let now = Instant::now();
        let stood = now - std::mem::replace(&mut self.awake, now);
        if !self.continued.swap(false, Ordering::Relaxed) {
            return Ok(None);
        }
        give_back();
        self.retake()?;
        Ok(Some(stood))
    }

    fn retake(&mut self) -> io::Result<()> {
        take()?;
        // The shell's window may have another size by now; at any rate nothing of what was drawn is there any more.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        signal_hook::low_level::unregister(self.listener);
        give_back();
    }
}

/// Raw mode, the alternate screen, no cursor.
fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, Hide)
}

/// Leaves the alternate screen and raw mode. Errors are of no use here: after a hang-up there is no terminal to tell.
fn give_back() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
