//! Puts the terminal into raw mode, and always restores it.
//!
//! The terminal is restored in every case: when the user quits, after an error, after a signal
//! ([`Signals`](crate::signals::Signals)), and after a panic of the thread that draws. If the
//! process is killed, the [`guardian`](super::guardian) restores the terminal. A panic of any
//! *other* thread must not close the screen: the task ends as `panicked`, and the panic message
//! goes to the event log. That is why `ratatui::init` is not used: its panic hook restores the
//! terminal after a panic of any thread.
//!
//! The thread that draws never waits for the terminal: it gives each frame to an
//! [`Output`](crate::output::Output). The thread draws the next frame only after the terminal has
//! read the last frame.
//!
//! In raw mode, Ctrl-Z is an ordinary key and does not stop the process. So [`Screen::suspend`]
//! restores the terminal and stops the process. The same happens when SIGTSTP arrives. When the
//! process continues in the foreground, the screen puts the terminal into raw mode again, because a
//! shell has used the terminal meanwhile. The screen also does this after another process has
//! stopped and continued this process. A process in the background does not use the terminal, so
//! that a signal, for example from `kill %1`, can end the run. The run's clock does not stop, so
//! the event log says how long the process was stopped.

use super::guardian::{self, Guardian};
use crate::output::Output;
use crate::panics::HookGuard;
use crate::signals::Signals;
use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, terminal};
use parking_lot::Mutex;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use rustix::process::{getpgid, getpgrp, getsid};
use rustix::termios::tcgetpgrp;
use signal_hook::SigId;
use signal_hook::consts::{SIGCONT, SIGSTOP, SIGTSTP};
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The maximum number of columns and rows that are drawn. No display has more columns or rows. But
/// a terminal may report 65,535 columns and rows, and a frame of that size would fill the memory.
const LARGEST: (u16, u16) = (2000, 600);
/// The time between two checks whether the process is in the foreground.
const CHECK_INTERVAL: Duration = Duration::from_millis(10);
/// If the process continues in the background, it waits this long for a signal, and then stops
/// again.
const SIGNAL_DELAY: Duration = Duration::from_millis(500);

/// The terminal in raw mode on its alternate screen, until dropped.
pub(crate) struct Screen {
    /// This value is never dropped. ratatui's own `Drop` would show the cursor, but [`give_back`]
    /// has already shown it. If the terminal is closed, `Drop` cannot show the cursor, and writes
    /// to standard error. This write panics, because standard error is closed too.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<FrameBuffer>>>,
    access: Arc<Access>,
    /// Whether SIGCONT has arrived. SIGCONT means that the process was stopped and has continued.
    continued: Arc<AtomicBool>,
    /// Whether SIGTSTP has arrived.
    asked_to_stop: Arc<AtomicBool>,
    /// The last instant at which the process was known to be running.
    last_seen_running: Instant,
    handlers: [SigId; 2],
    _hook: HookGuard,
}

/// The data that is needed to restore the terminal, even after a panic.
struct Access {
    output: Output,
    guardian: Mutex<Option<Guardian>>,
}

impl Screen {
    /// Puts the terminal into raw mode and opens the alternate screen. If the calling thread panics
    /// later, the terminal is restored. If `program` is given, it is started as the guardian.
    ///
    /// # Errors
    /// Returns an error if standard output is not a terminal, or if the terminal cannot be put into
    /// raw mode.
    pub(crate) fn take(program: Option<&Path>) -> io::Result<Screen> {
        let continued = Arc::new(AtomicBool::new(false));
        let asked_to_stop = Arc::new(AtomicBool::new(false));
        let guardian = program.and_then(|program| match Guardian::start(program) {
            Ok(guardian) => Some(guardian),
            Err(error) => {
                tracing::warn!("no guardian can restore the terminal if tasklab is killed: {error}");
                None
            }
        });
        let access = Arc::new(Access {
            output: Output::to(&io::stdout())?,
            guardian: Mutex::new(guardian),
        });
        let hook = HookGuard::install(thread::current().id(), {
            let access = access.clone();
            move || access.give_back()
        });
        // If one of these steps fails, the steps before it must be undone. No `Screen` exists yet,
        // so `Drop` cannot undo them.
        let taken = access.enter_screen().and_then(|()| {
            let backend = CrosstermBackend::new(FrameBuffer::new(access.clone()));
            let viewport = Viewport::Fixed(area()?);
            let terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
            let handlers = [
                signal_hook::flag::register(SIGCONT, continued.clone())?,
                signal_hook::flag::register(SIGTSTP, asked_to_stop.clone())?,
            ];
            Ok((terminal, handlers))
        });
        match taken {
            Ok((terminal, handlers)) => Ok(Screen {
                terminal: ManuallyDrop::new(terminal),
                access,
                continued,
                asked_to_stop,
                last_seen_running: Instant::now(),
                handlers,
                _hook: hook,
            }),
            Err(e) => {
                access.give_back();
                Err(e)
            }
        }
    }

    /// Whether the terminal has read the last frame. If so, the next frame can be drawn.
    pub(crate) fn is_ready(&self) -> bool {
        terminal::is_raw_mode_enabled().unwrap_or(false) && self.access.output.is_idle()
    }

    /// Draws a frame. Returns at once: another thread writes the frame to the terminal.
    ///
    /// # Errors
    /// Returns an error if the size of the terminal cannot be read, or if the last frame could not
    /// be written.
    pub(crate) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let area = area()?;
        if area != self.terminal.get_frame().area() {
            self.terminal.resize(area)?;
        }
        self.terminal.draw(render).map(drop)
    }

    /// Whether SIGTSTP has arrived since the last call.
    pub(crate) fn is_asked_to_stop(&self) -> bool {
        self.asked_to_stop.swap(false, Ordering::Relaxed)
    }

    /// Restores the terminal and stops the process until the shell continues it. The next call of
    /// [`resume`](Screen::resume) returns how long the process was stopped. If one of `signals` has
    /// arrived while the process was stopped, the terminal stays restored.
    ///
    /// If no shell with job control started the process, the process does not stop, because nobody
    /// would continue it.
    ///
    /// # Errors
    /// Returns an error if the terminal cannot be put into raw mode again.
    pub(crate) fn suspend(&mut self, signals: &Signals) -> io::Result<()> {
        self.access.give_back();
        self.last_seen_running = Instant::now();
        if has_job_control() {
            // The process stops inside this call, before the next line runs.
            signal_hook::low_level::raise(SIGSTOP)?;
        }
        self.take_again(signals)
    }

    /// If the process was stopped and has continued, puts the terminal into raw mode again and
    /// returns how long the process was stopped. The returned duration is the time since the
    /// previous call, or since the process was [suspended](Screen::suspend). The caller must then
    /// draw the whole screen again.
    ///
    /// # Errors
    /// Returns an error if the terminal cannot be put into raw mode again.
    pub(crate) fn resume(&mut self, signals: &Signals) -> io::Result<Option<Duration>> {
        let now = Instant::now();
        let stopped_for = now - std::mem::replace(&mut self.last_seen_running, now);
        if !self.continued.swap(false, Ordering::Relaxed) {
            return Ok(None);
        }
        self.access.give_back();
        self.take_again(signals)?;
        Ok(Some(stopped_for))
    }

    /// Waits until the process is in the foreground, and takes the terminal.
    fn take_again(&mut self, signals: &Signals) -> io::Result<()> {
        let mut continued = Instant::now();
        while !is_in_foreground() {
            if signals.latest().is_some() {
                return Ok(());
            }
            // `kill %1` sends its signal together with the signal that continues the process. But a
            // thread may receive the first signal later than the second.
            if has_job_control() && continued.elapsed() > SIGNAL_DELAY {
                signal_hook::low_level::raise(SIGSTOP)?;
                continued = Instant::now();
            }
            thread::sleep(CHECK_INTERVAL);
        }
        if signals.latest().is_some() {
            return Ok(());
        }
        self.access.enter_screen()?;
        // The terminal does not show the last frame any more, and its size may have changed.
        // `resize` sets the new size and makes ratatui draw every cell again.
        self.terminal.resize(area()?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        for handler in self.handlers {
            signal_hook::low_level::unregister(handler);
        }
        self.access.give_back();
    }
}

impl Access {
    /// Turns on raw mode and the alternate screen, and hides the cursor.
    fn enter_screen(&self) -> io::Result<()> {
        if let Some(guardian) = &mut *self.guardian.lock() {
            guardian.taken();
        }
        enable_raw_mode()?;
        let mut text = Vec::new();
        execute!(text, EnterAlternateScreen, Hide)?;
        self.output.write(&text)
    }

    /// Leaves the alternate screen and raw mode. Ignores errors, because after a hang-up no
    /// terminal exists that could show them.
    fn give_back(&self) {
        if terminal::is_raw_mode_enabled().unwrap_or(false) {
            // While the process is in the background, the shell uses its own modes, and a change of
            // the modes would stop the process.
            if is_in_foreground() {
                let _ = disable_raw_mode();
            }
            guardian::give_back(&self.output, &io::stdout());
        }
        if let Some(guardian) = &mut *self.guardian.lock() {
            guardian.given_back();
        }
    }
}

/// The text that leaves the alternate screen and shows the cursor.
pub(super) fn leave() -> Vec<u8> {
    let mut text = Vec::new();
    // A write to a vector never fails.
    let _ = execute!(text, LeaveAlternateScreen, Show);
    text
}

/// Collects the text of one frame, and then gives it to the output.
struct FrameBuffer {
    text: Vec<u8>,
    access: Arc<Access>,
}

impl FrameBuffer {
    fn new(access: Arc<Access>) -> FrameBuffer {
        FrameBuffer {
            text: Vec::new(),
            access,
        }
    }
}

impl Write for FrameBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.access.output.write(&self.text);
        self.text.clear();
        written
    }
}

/// The part of the terminal in which the screen is drawn.
fn area() -> io::Result<Rect> {
    let (columns, rows) = terminal::size()?;
    Ok(Rect::new(0, 0, columns.min(LARGEST.0), rows.min(LARGEST.1)))
}

/// Whether this process may use the terminal. If the session has no terminal, the answer is yes,
/// and the process may try.
fn is_in_foreground() -> bool {
    tcgetpgrp(io::stdout()).is_ok_and(|group| group == getpgrp()) || tcgetpgrp(io::stdout()).is_err()
}

/// Whether a shell could continue this process: the leader of the session lives and is in another
/// process group.
fn has_job_control() -> bool {
    let leader = getsid(None).and_then(|leader| getpgid(Some(leader)));
    leader.is_ok_and(|group| group != getpgrp())
}
