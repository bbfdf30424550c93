//! The live screen.
//!
//! The terminal belongs to one thread, outside every runtime under test: it takes batches from the [`Source`], gives them
//! to the [`Model`], and draws. A blocked runtime leaves the screen alive, which is the point.
//!
//! ```text
//!            ┌────────────── run ──────────────┐
//!   Source ──┤ batch ► Model ─┐                │
//!            │                ├► draw ► Screen │   (one thread; at most 30 frames a second, only when due)
//!   Keys ────┤ Action ► App ──┘                │
//!            └── Intent ► Source::stop, inject_block, next_cue
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `action`, `key`, `keys` | what keys mean, what a key is, the thread that reads them |
//! | `app`, `view`, `order`, `family`, `lane_order`, `list`, `census` | what the presenter has chosen, and what is counted for it over frames: pure |
//! | `layout`, `theme` | where things stand, how they look |
//! | `context`, and one file per widget | a frame: a widget asks the model and draws |
//! | `terminal` | the terminal taken and given back |

mod action;
mod app;
mod axis;
mod caption;
mod channels;
mod family;
mod footer;
mod frame;
mod frame_context;
mod gauges;
mod groups;
mod header;
mod help;
mod key;
mod keys;
mod lane_order;
mod lanes;
mod layout;
mod list;
mod log;
mod order;
mod row;
mod state_count;
mod syscall;
mod tasks;
mod terminal;
mod theme;
mod timeline;
mod view;

#[cfg(test)]
mod tests;

pub use action::{Action, UnknownAction};
pub use app::{App, Intent};
pub use frame::render;
pub use key::Key;
pub use theme::Depth;

use crate::model::Model;
use crate::run::{RunState, Source};
use crate::signals::{Signal, Signals};
use crate::text;
use keys::{Input, Keys};
use std::io;
use std::time::{Duration, Instant};
use terminal::Screen;

/// Time between two frames while something moves.
const FRAME: Duration = Duration::from_millis(33);
/// The same while the view is frozen: then only header, gauges and log change.
const FROZEN_FRAME: Duration = Duration::from_millis(100);
/// Time between two looks into the rings: well below what fills one.
const DRAIN: Duration = Duration::from_millis(5);
/// Time between two looks at the keys and signals when the run is over.
const REST: Duration = Duration::from_millis(50);
/// How long a stopping run may take before the screen leaves without it: far longer than any should.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the block lasts that a key injects.
pub const INJECTED: Duration = Duration::from_millis(300);

/// What the screen is told at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// How many colours to use.
    pub depth: Depth,
    /// What calibration found, in a few words for the header.
    pub calibration: Option<String>,
}

impl Options {
    /// Colours as the environment says, nothing about calibration.
    pub fn from_env() -> Options {
        Options {
            depth: Depth::detect(|name| std::env::var(name).ok()),
            calibration: None,
        }
    }
}

/// Why the screen was left. The run has ended by then, or was given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// The presenter quit.
    Quit,
    /// A signal came.
    Signal(Signal),
}

/// Shows `source`'s run until the presenter quits or a signal comes, then stops the run and takes in its last records.
///
/// A run that ends by itself stays on screen, to look back at. One that does not stop within 10 s is left as it is:
/// [`Source::state`] still says [`RunState::Stopping`] then.
///
/// # Errors
/// When the terminal cannot be taken or drawn on. It is given back in any case, and the run is stopped.
pub fn run(source: &mut dyn Source, model: &mut Model, options: &Options, signals: &Signals) -> io::Result<Exit> {
    let mut screen = Screen::take()?;
    let keys = Keys::listen()?;
    let mut shown = OnScreen {
        source,
        model,
        options,
        app: App::default(),
        taken_in: None,
        drawn: None,
        dirty: true,
        over: false,
    };
    let left = shown.show(&mut screen, &keys, signals);
    // Without a terminal there is nothing to tell anybody, only a run to end.
    let hung_up = matches!(left, Ok(Exit::Signal(signal)) if signal.is_hangup()) || left.is_err();
    let stopped = shown.stop(if hung_up { None } else { Some(&mut screen) });
    match signals.latest() {
        // A terminal that goes away fails to be drawn on before, or after, its signal is seen.
        Some(signal) if signal.is_hangup() => Ok(Exit::Signal(signal)),
        _ => stopped.and(left),
    }
}

/// A run on screen.
struct OnScreen<'a> {
    source: &'a mut dyn Source,
    model: &'a mut Model,
    options: &'a Options,
    app: App,
    taken_in: Option<Instant>,
    drawn: Option<Instant>,
    dirty: bool,
    /// The last batch has been taken in.
    over: bool,
}

impl OnScreen<'_> {
    /// Until somebody wants to leave.
    fn show(&mut self, screen: &mut Screen, keys: &Keys, signals: &Signals) -> io::Result<Exit> {
        loop {
            if let Some(signal) = signals.latest() {
                return Ok(Exit::Signal(signal));
            }
            if let Some(stood) = screen.come_back()? {
                // No record tells it.
                let stood = text::duration(stood.into());
                tracing::warn!("stopped for {stood}: what was under way counts that time");
                self.dirty = true;
                self.drawn = None;
            }
            self.turn(Some(screen))?;
            let mut wait = if self.over { REST } else { DRAIN };
            // All that has arrived is answered in the next frame.
            while let Some(input) = keys.next(wait) {
                wait = Duration::ZERO;
                self.dirty = true;
                self.drawn = None;
                self.taken_in = None;
                let Input::Key(key) = input else { continue };
                let Some(action) = Action::of(key) else { continue };
                match self.app.act(action, self.model) {
                    Some(Intent::Quit) => return Ok(Exit::Quit),
                    Some(Intent::Suspend) => screen.suspend()?,
                    Some(Intent::Inject) => self.source.inject_block(INJECTED),
                    Some(Intent::Next) => self.source.next_cue(),
                    None => {}
                }
            }
        }
    }

    /// Stops the run and takes in what it still has to say.
    fn stop(&mut self, mut screen: Option<&mut Screen>) -> io::Result<()> {
        self.source.stop();
        let asked = Instant::now();
        self.dirty = true;
        while !self.over && asked.elapsed() < PATIENCE {
            self.turn(screen.as_deref_mut())?;
            std::thread::sleep(DRAIN);
        }
        Ok(())
    }

    /// Takes in the next batch and draws, if it is time to; else only makes room in the rings.
    fn turn(&mut self, screen: Option<&mut Screen>) -> io::Result<()> {
        if self.taken_in.is_some_and(|at| at.elapsed() < FRAME) && self.source.drain() < crate::record::Batch::DUE {
            return Ok(());
        }
        self.taken_in = Some(Instant::now());
        self.take_in();
        self.dirty |= self.app.is_unfinished();
        match screen {
            Some(screen) => self.draw_if_due(screen),
            None => Ok(()),
        }
    }

    /// Takes in the next batch, unless the last one has been.
    fn take_in(&mut self) {
        if self.over {
            return;
        }
        // Asked before the batch: whatever was recorded before the end is then in it.
        self.over = matches!(self.source.state(), RunState::Ended { .. });
        let batch = self.source.batch();
        self.dirty |= self.over || batch.now != self.model.now() || !batch.log.is_empty();
        self.model.apply(&batch);
    }

    fn draw_if_due(&mut self, screen: &mut Screen) -> io::Result<()> {
        let pace = if self.app.view.is_live() { FRAME } else { FROZEN_FRAME };
        if !self.dirty || self.drawn.is_some_and(|at| at.elapsed() < pace) {
            return Ok(());
        }
        let run = self.source.state();
        screen.terminal().draw(|frame| {
            render(&mut self.app, self.model, &run, self.options, frame.buffer_mut());
        })?;
        self.drawn = Some(Instant::now());
        self.dirty = false;
        Ok(())
    }
}
