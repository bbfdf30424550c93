//! A line on standard error that shows the progress of a long command without a screen, and
//! overwrites itself.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Shortest time between two updates.
const UPDATE_INTERVAL: Duration = Duration::from_millis(250);

/// The line. It is invisible when standard error is not a terminal. Write errors are ignored: the
/// command goes on even if nobody can read its progress.
pub(super) struct StatusLine {
    width: Option<usize>,
    shown_at: Option<Instant>,
}

impl StatusLine {
    pub(super) fn new() -> StatusLine {
        let is_terminal = io::stderr().is_terminal();
        StatusLine {
            width: is_terminal.then(super::terminal_width),
            shown_at: None,
        }
    }

    /// Replaces the line if it is old enough. `text` gets the width in columns.
    pub(super) fn show(&mut self, text: impl FnOnce(usize) -> String) {
        let Some(width) = self.width else { return };
        if self.shown_at.is_some_and(|at| at.elapsed() < UPDATE_INTERVAL) {
            return;
        }
        self.shown_at = Some(Instant::now());
        // A full line would wrap, and the carriage return would not reach its start. So one column
        // stays empty.
        let _ = write!(io::stderr(), "\r{}\x1b[K", text(width.saturating_sub(1)));
    }

    /// Erases the line, so that other output can take its place. The next update shows the line
    /// below that output.
    pub(super) fn clear(&mut self) {
        if self.shown_at.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        self.clear();
    }
}
