//! Prints the results and messages of commands that handle signals. A signal must end such a
//! command even if nobody reads its output.

use crate::output::Output;
use crate::signals::Signals;
use std::io;
use std::time::{Duration, Instant};

/// How long the program waits for a reader if a signal has arrived, or if the output is
/// unimportant.
const PATIENCE: Duration = Duration::from_millis(700);

/// Prints to standard output. Waits for the reader, but not after a signal.
///
/// # Errors
/// Returns the error of a write.
pub(super) fn to_stdout(text: &str, signals: &Signals) -> io::Result<()> {
    let output = Output::to(&io::stdout())?;
    output.write(text.as_bytes())?;
    let mut since_signal = None;
    output
        .wait(|| signals.latest().is_some() && since_signal.get_or_insert_with(Instant::now).elapsed() > PATIENCE)
        .map(drop)
}

/// Prints a message to standard error. Gives up if nobody reads the message within a short time.
pub(super) fn to_stderr(message: &str) {
    if let Ok(output) = Output::to(&io::stderr()) {
        // If standard error is closed, the message cannot be shown anywhere.
        let _ = output.write(message.as_bytes());
        finish(&output);
    }
}

/// Waits a short time until everything has been written.
pub(super) fn finish(output: &Output) {
    let start = Instant::now();
    let _ = output.wait(|| start.elapsed() > PATIENCE);
}
