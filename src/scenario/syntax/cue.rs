//! What the presenter says and does.

use super::{At, Length, Required, Text, table};
use crate::scenario::actions::ActionSyntax;

table! {
    /// What the presenter says and does at one moment. Give `say` or `ask`, `do`, or both.
    Cue, "[[cue]]" {
        /// When, after the run's start.
        at: Required<Length>,
        /// The caption, up to 400 characters.
        say: Option<At<Text>>,
        /// A question to the audience, up to 400 characters. Instead of `say`.
        ask: Option<At<Text>>,
        /// What happens.
        r#do: Option<At<ActionSyntax>>,
    }
}
