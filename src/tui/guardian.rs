//! Restores the terminal if tasklab ends without restoring it. tasklab cannot restore the terminal
//! if the kernel kills tasklab, if tasklab aborts because no memory is left, or after a signal such
//! as SIGQUIT.
//!
//! No handler runs in such a case. So a small process, the guardian, remembers the modes that the
//! terminal had. Through a pipe, the screen tells the guardian whether the screen has the terminal.
//! If the pipe closes while the screen has the terminal, tasklab has died, and the guardian
//! restores the terminal.

use super::terminal::leave;
use crate::output::Output;
use nix::sys::signal::SigSet;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The subcommand that starts a guardian.
pub const SUBCOMMAND: &str = "guardian";

/// The screen has taken the terminal.
const TAKEN: u8 = b'+';
/// The screen has given the terminal back.
const GIVEN_BACK: u8 = b'-';

/// How long the program waits until the terminal has accepted the text that restores the terminal.
const PATIENCE: Duration = Duration::from_millis(300);

/// The guardian of this process's terminal.
pub(super) struct Guardian {
    process: Child,
    /// `None`: the guardian has been dismissed.
    pipe: Option<ChildStdin>,
}

impl Guardian {
    /// Starts the guardian. `program` is the tasklab program.
    ///
    /// # Errors
    /// Returns an error if the guardian cannot be started, or if it ends before it has read the
    /// modes of the terminal.
    pub(super) fn start(program: &Path) -> io::Result<Guardian> {
        let mut process = Command::new(program)
            .arg(SUBCOMMAND)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (pipe, ready) = (process.stdin.take(), process.stderr.take());
        let is_ready = ready.map_or(Ok(0), |mut ready| ready.read(&mut [0]))?;
        let mut guardian = Guardian { process, pipe };
        if is_ready == 1 {
            return Ok(guardian);
        }
        guardian.dismiss();
        Err(io::Error::other("it has ended"))
    }

    pub(super) fn taken(&mut self) {
        self.tell(TAKEN);
    }

    pub(super) fn given_back(&mut self) {
        self.tell(GIVEN_BACK);
    }

    fn tell(&mut self, word: u8) {
        if let Some(pipe) = &mut self.pipe {
            // If someone has killed the guardian, the screen works without a guardian.
            let _ = pipe.write_all(&[word]);
        }
    }

    fn dismiss(&mut self) {
        drop(self.pipe.take());
        let _ = self.process.wait();
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        self.dismiss();
    }
}

/// The guardian process: watches the pipe on standard input, and restores the terminal on standard
/// output.
///
/// # Errors
/// Returns an error if standard output is not a terminal.
pub fn watch() -> io::Result<()> {
    // A signal to the process group, such as Ctrl-\ or a hang-up, must not end the guardian. While
    // SIGTTOU is blocked, a background process may change the terminal.
    SigSet::all().thread_block().map_err(io::Error::from)?;
    let terminal = io::stdout();
    let modes = tcgetattr(&terminal)?;
    io::stderr().write_all(&[TAKEN])?;
    let mut word = [GIVEN_BACK];
    let mut pipe = io::stdin().lock();
    loop {
        match pipe.read(&mut word) {
            Ok(1) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => break,
        }
    }
    if word == [TAKEN] {
        restore(&terminal, &modes);
    }
    Ok(())
}

fn restore(terminal: &impl AsFd, modes: &Termios) {
    let _ = tcsetattr(terminal, OptionalActions::Now, modes);
    if let Ok(output) = Output::to(terminal) {
        give_back(&output, terminal);
    }
}

/// Writes the text that leaves the screen. If nobody reads the terminal, discards the output that
/// is still queued, so that a later reader gets this text.
pub(super) fn give_back(output: &Output, terminal: &impl AsFd) {
    let patience = || {
        let start = Instant::now();
        move || start.elapsed() > PATIENCE
    };
    let _ = output.write(&leave());
    if let Ok(false) = output.wait(patience()) {
        output.discard();
        let _ = tcflush(terminal, QueueSelector::OFlush);
        thread::yield_now();
        let _ = output.write(&leave());
        let _ = output.wait(patience());
    }
}
