//! Writes to standard error for long commands without a screen: messages, and below the messages a
//! progress line. Each update overwrites the previous progress.

use super::print;
use crate::output::Output;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// The minimum time between two updates.
const UPDATE_INTERVAL: Duration = Duration::from_millis(250);
/// The maximum number of bytes that may wait for the reader of standard error. Further messages are
/// left out.
const MOST_QUEUED: usize = 1 << 20;

/// The progress line, and the messages above it. The status line shows no progress if standard
/// error is not a terminal. Updates never wait for the reader, and ignore write errors, so that a
/// lost terminal does not stop the command.
pub(super) struct StatusLine {
    /// `None` if the system cannot start the thread that writes.
    output: Option<Output>,
    width: Option<usize>,
    shown_at: Option<Instant>,
    /// The number of messages that were left out after the last printed message.
    left_out: usize,
}

impl StatusLine {
    pub(super) fn new() -> StatusLine {
        let is_terminal = io::stderr().is_terminal();
        StatusLine {
            output: Output::to(&io::stderr()).ok(),
            width: is_terminal.then(super::terminal_width),
            shown_at: None,
            left_out: 0,
        }
    }

    /// Updates the line if at least `UPDATE_INTERVAL` has passed since the last update. `text` gets
    /// the maximum width in columns and returns the new text.
    pub(super) fn show(&mut self, text: impl FnOnce(usize) -> String) {
        let Some(width) = self.width else { return };
        if self.shown_at.is_some_and(|at| at.elapsed() < UPDATE_INTERVAL) || !self.is_read() {
            return;
        }
        self.shown_at = Some(Instant::now());
        // One column stays empty. A text of full width would wrap to the next row. Then the
        // carriage return would go to the start of this next row, not to the start of the text.
        self.write(&format!("\r{}\x1b[K", text(width.saturating_sub(1))));
    }

    /// Prints messages, each with its line end. The messages overwrite the progress line. The next
    /// update shows the progress again, below the messages.
    pub(super) fn print<'a>(&mut self, messages: impl IntoIterator<Item = &'a str>) {
        self.clear();
        for message in messages {
            if !self.has_room() {
                self.left_out += 1;
                continue;
            }
            self.write_left_out();
            self.write(message);
        }
    }

    /// Erases the line, so that other output can take its place. The next update shows the line
    /// below that output.
    pub(super) fn clear(&mut self) {
        if self.shown_at.take().is_some() {
            self.write("\r\x1b[K");
        }
    }

    fn write_left_out(&mut self) {
        match std::mem::take(&mut self.left_out) {
            0 => {}
            n => self.write(&format!("{n} messages are left out here: nobody read standard error\n")),
        }
    }

    fn write(&self, text: &str) {
        if let Some(output) = &self.output {
            let _ = output.write(text.as_bytes());
        }
    }

    /// Whether everything has been read.
    fn is_read(&self) -> bool {
        self.output.as_ref().is_some_and(Output::is_idle)
    }

    fn has_room(&self) -> bool {
        self.output.as_ref().is_some_and(|output| output.queued() < MOST_QUEUED)
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        self.clear();
        self.write_left_out();
        if let Some(output) = &self.output {
            print::finish(output);
        }
    }
}
