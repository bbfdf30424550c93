//! The terminal, taken and always given back.
//!
//! Whatever ends the screen gives the terminal back: quitting, an error, a signal
//! ([`Signals`](crate::signals::Signals)), or a panic of the thread that draws. A panic of any *other* thread is part of the show: the task that panicked ends as `panicked` and
//! its message goes to the event log, so the panic hook leaves the screen alone. That is why `ratatui::init` is not used:
//! its hook restores the terminal whichever thread panics.

use crate::panics::HookGuard;
use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, Stdout};
use std::mem::ManuallyDrop;
use std::thread;

/// The terminal in raw mode on its alternate screen, until dropped.
pub struct Screen {
    /// Never dropped: ratatui's own `Drop` shows the cursor, which [`give_back`] has done, and complains on standard error
    /// when it cannot, which panics when that went away with the terminal.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
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
            Ok(terminal) => Ok(Screen {
                terminal: ManuallyDrop::new(terminal),
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
