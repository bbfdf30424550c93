//! The loop that owns the terminal. The loop applies batches to the model, handles keys, and draws.

use super::Options;
use super::frame::render;
use super::keys::{Action, Input, InputReader};
use super::state::{App, Intent};
use super::terminal::Screen;
use crate::model::Model;
use crate::record::Batch;
use crate::run::{DeadlockLog, RunState, Source};
use crate::signals::{Signal, Signals};
use crate::text;
use std::io;
use std::time::{Duration, Instant};

/// The time between two frames, and also between two batches.
const FRAME_INTERVAL: Duration = Duration::from_millis(33);
/// The time between two frames while the view is frozen. A frozen view changes little.
const FROZEN_FRAME_INTERVAL: Duration = Duration::from_millis(100);
/// The time between two drains of the rings. A ring needs much more time to become full.
const DRAIN_INTERVAL: Duration = Duration::from_millis(5);
/// The time between two checks for keys and signals after the run has ended.
const IDLE_INTERVAL: Duration = Duration::from_millis(50);
/// The maximum time that the screen waits for the run to stop. Normally, a run stops much sooner.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum time that the screen waits for the run to stop after a signal. The whole program
/// must end within three seconds after a signal.
const SIGNAL_TIMEOUT: Duration = Duration::from_millis(1500);
/// The duration of the block that a key injects.
pub const INJECTED_BLOCK: Duration = Duration::from_millis(300);

/// The reason why the screen was closed. When the screen closes, the run has ended or has failed to
/// stop in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// The user quit.
    Quit,
    /// A signal arrived.
    Signal(Signal),
}

/// Shows the run of `source` until the user quits or a signal arrives. Then stops the run and
/// applies its last records to `model`.
///
/// A run that ends by itself stays on screen, so that the user can study it. If the run does not
/// stop within 10 s, or within 1.5 s after a signal, the function returns anyway. In that case
/// [`Source::state`] is still [`RunState::Stopping`].
///
/// # Errors
/// Returns an error if the terminal cannot be put into raw mode, if the thread that reads keys
/// cannot be created, or if drawing fails. In each case the terminal is restored. If drawing fails,
/// the run is also stopped.
pub fn run(source: &mut dyn Source, model: &mut Model, options: &Options, signals: &Signals) -> io::Result<Exit> {
    let mut screen = Screen::take(options.program.as_deref())?;
    let input = InputReader::start()?;
    let mut event_loop = EventLoop {
        source,
        model,
        options,
        app: App::default(),
        deadlocks: DeadlockLog::default(),
        last_batch: None,
        last_frame: None,
        needs_frame: true,
        ended: false,
    };
    let exit = event_loop.show(&mut screen, &input, signals);
    // Without a terminal, the loop must only stop the run, and not draw.
    let terminal_lost = exit.is_err() || matches!(exit, Ok(Exit::Signal(signal)) if signal.is_hangup());
    let stopped = event_loop.stop(if terminal_lost { None } else { Some(&mut screen) }, signals);
    match signals.latest() {
        // When the terminal is closed, drawing may fail before or after SIGHUP arrives.
        Some(signal) if signal.is_hangup() => Ok(Exit::Signal(signal)),
        _ => stopped.and(exit),
    }
}

/// The state of the loop that shows a run.
struct EventLoop<'a> {
    source: &'a mut dyn Source,
    model: &'a mut Model,
    options: &'a Options,
    app: App,
    deadlocks: DeadlockLog,
    /// When the last batch was applied. `None` if the next batch is due immediately.
    last_batch: Option<Instant>,
    /// When the last frame was drawn. `None` if the next frame is due immediately.
    last_frame: Option<Instant>,
    /// Whether anything has changed since the last frame.
    needs_frame: bool,
    /// Whether the run has ended and the model contains the last batch.
    ended: bool,
}

impl EventLoop<'_> {
    /// Runs until the user quits or a signal arrives.
    fn show(&mut self, screen: &mut Screen, input: &InputReader, signals: &Signals) -> io::Result<Exit> {
        loop {
            if let Some(signal) = signals.latest() {
                return Ok(Exit::Signal(signal));
            }
            if screen.is_asked_to_stop() {
                screen.suspend(signals)?;
            }
            if let Some(stopped_for) = screen.resume(signals)? {
                // No record shows that the process was stopped, so the log must show it.
                let stopped_for = text::duration(stopped_for.into());
                tracing::warn!("tasklab was stopped for {stopped_for}; open slices and waits include this time");
                self.needs_frame = true;
                self.last_frame = None;
            }
            self.advance(Some(screen))?;
            if let Some(exit) = self.handle_input(screen, input, signals)? {
                return Ok(exit);
            }
        }
    }

    /// Waits for input and then handles all input that has arrived. The next frame shows the
    /// effects.
    fn handle_input(
        &mut self,
        screen: &mut Screen,
        input: &InputReader,
        signals: &Signals,
    ) -> io::Result<Option<Exit>> {
        let mut timeout = if self.ended { IDLE_INTERVAL } else { DRAIN_INTERVAL };
        while let Some(input) = input.next(timeout) {
            timeout = Duration::ZERO;
            self.needs_frame = true;
            self.last_frame = None;
            self.last_batch = None;
            let Input::Key(key) = input else { continue };
            let Some(action) = Action::bound_to(key) else { continue };
            match self.app.act(action, self.model) {
                Some(Intent::Quit) => return Ok(Some(Exit::Quit)),
                Some(Intent::Suspend) => screen.suspend(signals)?,
                Some(Intent::InjectBlock) => self.source.inject_block(INJECTED_BLOCK),
                Some(Intent::NextCue) => self.source.next_cue(),
                None => {}
            }
        }
        Ok(None)
    }

    /// Stops the run and applies its last records. If `screen` is given, draws until the run has
    /// ended.
    fn stop(&mut self, mut screen: Option<&mut Screen>, signals: &Signals) -> io::Result<()> {
        self.source.stop();
        let start = Instant::now();
        let mut signalled = None;
        self.needs_frame = true;
        while !self.ended && start.elapsed() < STOP_TIMEOUT {
            if signals.latest().is_some() && signalled.get_or_insert_with(Instant::now).elapsed() >= SIGNAL_TIMEOUT {
                break;
            }
            self.advance(screen.as_deref_mut())?;
            std::thread::sleep(DRAIN_INTERVAL);
        }
        Ok(())
    }

    /// If a batch is due, applies the batch and draws. If no batch is due, only empties the rings.
    fn advance(&mut self, screen: Option<&mut Screen>) -> io::Result<()> {
        let too_soon = self.last_batch.is_some_and(|at| at.elapsed() < FRAME_INTERVAL);
        if too_soon && self.source.drain() < Batch::DUE {
            return Ok(());
        }
        self.last_batch = Some(Instant::now());
        self.apply_batch();
        self.needs_frame |= self.app.is_unfinished();
        match screen {
            Some(screen) => self.draw_if_due(screen),
            None => Ok(()),
        }
    }

    fn apply_batch(&mut self) {
        if self.ended {
            return;
        }
        // The state must be read before the batch. If the state says that the run has ended, the
        // batch then contains everything that was recorded before the end.
        self.ended = matches!(self.source.state(), RunState::Ended { .. });
        let batch = self.source.batch();
        self.needs_frame |= self.ended || batch.now != self.model.now() || !batch.log.is_empty();
        self.model.apply(&batch);
        self.deadlocks.log_new(self.model);
    }

    fn draw_if_due(&mut self, screen: &mut Screen) -> io::Result<()> {
        let interval = if self.app.viewport.is_live() {
            FRAME_INTERVAL
        } else {
            FROZEN_FRAME_INTERVAL
        };
        let is_due = self.needs_frame && self.last_frame.is_none_or(|at| at.elapsed() >= interval);
        if !is_due || !screen.is_ready() {
            return Ok(());
        }
        let run = self.source.state();
        screen.draw(|frame| {
            render(&mut self.app, self.model, &run, self.options, frame.buffer_mut());
        })?;
        self.last_frame = Some(Instant::now());
        self.needs_frame = false;
        Ok(())
    }
}
