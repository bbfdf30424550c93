//! The syntax of cues: captions and actions at given times of a run.

use super::{At, Length, Required, Text, table};
use crate::scenario::actions::ActionSyntax;

table! {
    /// A caption or an action of the presenter at a given time. A cue has a text (`say` or `ask`),
    /// an action (`do`), or both.
    Cue, "[[cue]]" {
        /// The time of the cue, counted from the start of the run.
        at: Required<Length>,
        /// The caption, up to 400 characters.
        say: Option<At<Text>>,
        /// A question to the audience, up to 400 characters. Write `ask` instead of `say`.
        ask: Option<At<Text>>,
        /// What the cue does to the run. Default: nothing.
        r#do: Option<At<ActionSyntax>>,
    }
}
