//! The live screen.
//!
//! The terminal belongs to one thread, outside every runtime under test. That thread takes batches
//! from the [`Source`](crate::run::Source), gives them to the [`Model`](crate::model::Model), and
//! draws. Therefore the screen keeps working while a runtime is blocked. This is the purpose of the
//! design.
//!
//! ```text
//!            ┌────────────── run ──────────────┐
//!   Source ──┤ batch ► Model ─┐                │
//!            │                ├► draw ► Screen │   one thread; at most 30 frames a second,
//!   Keys ────┤ Action ► App ──┘                │   and only when something has changed
//!            └── Intent ► Source::stop, inject_block, next_cue
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `event_loop` | the loop above |
//! | `terminal` | puts the terminal into raw mode and restores it |
//! | `guardian` | the process that restores the terminal when this process is killed |
//! | `keys` | the action of each key, and the thread that reads keys |
//! | `state` | the user's choices, and values that take several frames to compute; pure code |
//! | `layout` | the area of each part of the screen |
//! | `theme` | colours and glyphs |
//! | `frame`, `frame_context` | draw one frame: every widget in its area |
//! | `widgets` | one file per part of the screen; a widget reads the model and draws |
//!
//! Where to add new things:
//! - a **key**: one entry in `keys/action.rs`, and its effect in `App::act` (`state/app.rs`). If
//!   the effect is on the run or the terminal, it is an `Intent`, and the event loop carries it
//!   out;
//! - a **gauge**: one function in `widgets/gauges.rs` and its name in the list `GAUGES` there;
//! - a **column of the groups table**: one entry in the list `COLUMNS` of `state/group_table.rs`;
//! - a **part of the screen**: a file in `widgets`, its area in `layout`, and one line in `frame`;
//! - a **state of tasks**: the compiler reports every place that must change, such as the glyph and
//!   the style in `theme`.

mod event_loop;
mod frame;
mod frame_context;
pub mod guardian;
mod keys;
mod layout;
mod state;
mod terminal;
mod theme;
mod widgets;

#[cfg(test)]
mod tests;

pub use event_loop::{Exit, INJECTED_BLOCK, run};
pub use frame::render;
pub use keys::{Action, KeyRow, key_table};
pub use state::{App, Intent};
pub use theme::ColorDepth;

use std::path::PathBuf;

/// The options of the screen. These options are set before the screen opens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// How many colours the terminal has.
    pub color_depth: ColorDepth,
    /// A short text about the result of the calibration, for the header.
    pub calibration: Option<String>,
    /// The tasklab program, which is started a second time to restore the terminal if this process
    /// is killed. `None`: nobody restores the terminal in this case.
    pub program: Option<PathBuf>,
}

impl Options {
    /// Options with the colours that the environment allows. These options contain no calibration
    /// and no guardian program.
    pub fn from_env() -> Options {
        Options {
            color_depth: ColorDepth::detect(|name| std::env::var(name).ok()),
            calibration: None,
            program: None,
        }
    }
}
