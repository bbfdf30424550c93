//! What the presenter says and does.

use super::{At, DeValue, Diagnostics, Http, Length, Read, Required, Text, Value, choice, table, wrong_type};
use crate::scenario::types::{How, LogLevel};
use schemars::JsonSchema;

table! {
    /// What the presenter says and does at one moment. Give `say` or `ask`, `do`, or both.
    Cue, "[[cue]]" {
        /// When, after the run's start.
        at: Required<Length>,
        /// The caption, up to 400 characters.
        say: Option<At<Text>>,
        /// A question to those who watch, up to 400 characters. Instead of `say`.
        ask: Option<At<Text>>,
        /// What happens.
        r#do: Option<At<Do>>,
    }
}

choice! {
    /// What a cue does to the run.
    Do, "action" {
        /// Spawn a task that blocks: once, or again and again until `calm` or the next `block`.
        block => Block(Block),
        /// Change how the loopback service behaves; a key left out stays as it is.
        http => Http(Http),
        /// Keep these events in the log from now on, and graver ones.
        log => Log(LogLevel),
        ;
        /// Stop the blocks, and give the loopback service its first behaviour back.
        calm => Calm,
    }
}

/// A length of time, or a table.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Block {
    /// One block of this length, on a worker.
    Once(At<Length>),
    /// One block or many.
    Many(Blocks),
}

impl Read for Block {
    const EXPECTED: &'static str = "a length of time in quotes, such as \"300ms\", or `{ lasts = …, every = … }`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => At::read(value, key, diagnostics).map(Block::Once),
            DeValue::Table(_) => Blocks::read(value, key, diagnostics).map(Block::Many),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

table! {
    /// Blocks that a cue injects.
    Blocks, "`block`" {
        /// How long each lasts, above zero.
        lasts: Required<Length>,
        /// The pause between two, at least 1ms. Default: one block only.
        every: Option<At<Length>>,
        /// `sync`: on a worker, the mistake. `offload`: on a blocking thread, the remedy. Default: `sync`.
        how: Option<At<How>>,
    }
}
