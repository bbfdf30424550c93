//! The live screen.
//!
//! The terminal belongs to one thread, outside every runtime under test. That thread takes batches
//! from the [`Source`](crate::run::Source), gives them to the [`Model`](crate::model::Model), and
//! draws. A blocked runtime therefore leaves the screen alive, which is the point.
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
//! | `terminal` | takes the terminal and gives it back |
//! | `keys` | what each key means, and the thread that reads keys |
//! | `state` | what the user has chosen, and what is computed over several frames; pure |
//! | `layout` | the place of each part of the screen |
//! | `theme` | colours and glyphs |
//! | `frame`, `frame_context` | draw one frame: each widget in its place |
//! | `widgets` | one file per part of the screen; a widget asks the model and draws |
//!
//! Where to add what:
//! - a **key**: one entry in `keys/action.rs`, and its effect in `App::act` (`state/app.rs`);
//! - a **gauge**: one function in `widgets/gauges.rs` and its name in the list `GAUGES` there;
//! - a **column of the groups table**: one entry in the list `COLUMNS` of `state/group_table.rs`;
//! - a **part of the screen**: a file in `widgets`, its place in `layout`, and one line in `frame`;
//! - a **state of tasks**: the compiler names each place, among them its glyph and its style in
//!   `theme`.

mod event_loop;
mod frame;
mod frame_context;
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

/// What the screen needs to know at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// How many colours the terminal has.
    pub color_depth: ColorDepth,
    /// The result of the calibration, in a few words for the header.
    pub calibration: Option<String>,
}

impl Options {
    /// The colours that the environment allows, and no calibration.
    pub fn from_env() -> Options {
        Options {
            color_depth: ColorDepth::detect(|name| std::env::var(name).ok()),
            calibration: None,
        }
    }
}
