//! `block`: spawns tasks that block.

use super::ActionDefinition;
use crate::scenario::check::{Checker, all_or_nothing};
use crate::scenario::limits;
use crate::scenario::notation::show_duration;
use crate::scenario::report::{Diagnostic, Diagnostics, Place};
use crate::scenario::syntax::{At, Length, Read, Required, Value, table, wrong_type};
use crate::scenario::types::How;
use schemars::JsonSchema;
use std::time::Duration;
use toml::de::DeValue;

/// Spawns a task that blocks its thread: once, or again and again until [`Calm`](super::Calm) or
/// the next [`Block`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Block {
    /// How long each block lasts.
    pub lasts: Duration,
    /// The pause between two blocks. `None`: there is only one block.
    pub every: Option<Duration>,
    /// `Sync`: the task blocks a worker, which is the mistake. `Offload`: the task blocks a
    /// blocking thread, which is the remedy. Never `Async`.
    pub how: How,
}

/// A duration, or a table.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "Block", untagged)]
pub(in crate::scenario) enum BlockSyntax {
    /// One block of this duration, on a worker.
    Once(At<Length>),
    /// One block, or many blocks.
    Many(Blocks),
}

impl Read for BlockSyntax {
    const EXPECTED: &'static str = "a duration in quotes, such as \"300ms\", or `{ lasts = …, every = … }`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => At::read(value, key, diagnostics).map(BlockSyntax::Once),
            DeValue::Table(_) => Blocks::read(value, key, diagnostics).map(BlockSyntax::Many),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

table! {
    /// The blocks that a cue injects.
    Blocks, "`block`" {
        /// How long each block lasts, above zero.
        lasts: Required<Length>,
        /// The pause between two blocks, at least 1ms. Default: there is only one block.
        every: Option<At<Length>>,
        /// `sync`: block a worker, which is the mistake. `offload`: block a blocking thread, which
        /// is the remedy. Default: `sync`.
        how: Option<At<How>>,
    }
}

impl ActionDefinition for Block {
    type Syntax = BlockSyntax;
    const DESCRIPTION: &'static str =
        "Spawn a task that blocks: once, or again and again until `calm` or the next `block`.";
    const SPAWNS_TASKS: bool = true;

    fn check(syntax: &BlockSyntax, _: &Place, checker: &mut Checker<'_>) -> Option<Block> {
        match syntax {
            BlockSyntax::Once(lasts) => Some(Block {
                lasts: not_zero("the block", lasts, checker)?,
                every: None,
                how: How::Sync,
            }),
            BlockSyntax::Many(blocks) => {
                let lasts = blocks.lasts.0.as_ref();
                let lasts = lasts.and_then(|lasts| not_zero("the block", lasts, checker));
                let every = blocks.every.as_ref().map(|every| check_pause(every, checker));
                let how = check_how(blocks.how.as_ref(), checker);
                Some(Block {
                    lasts: lasts?,
                    every: all_or_nothing(every)?,
                    how: how?,
                })
            }
        }
    }
}

fn check_how(how: Option<&At<How>>, checker: &mut Checker<'_>) -> Option<How> {
    match how {
        None => Some(How::Sync),
        Some(At {
            value: How::Async,
            place,
        }) => {
            let diagnostic = Diagnostic::new(place.clone(), "a block cannot be `async`");
            checker.reject(diagnostic.help("write `sync` to block a worker, or `offload` to block a blocking thread"))
        }
        Some(how) => Some(how.value),
    }
}

fn check_pause(every: &At<Length>, checker: &mut Checker<'_>) -> Option<Duration> {
    let pause = not_zero("the pause", every, checker)?;
    if pause < limits::EVERY {
        let (written, shortest) = (show_duration(pause), show_duration(limits::EVERY));
        let title = format!("the pause between two blocks is {written}, but it must be at least {shortest}");
        return checker.reject(Diagnostic::new(every.place.clone(), title));
    }
    Some(pause)
}

fn not_zero(what: &str, length: &At<Length>, checker: &mut Checker<'_>) -> Option<Duration> {
    if length.value.0.is_zero() {
        let diagnostic = Diagnostic::new(length.place.clone(), format!("the duration of {what} is zero"));
        return checker.reject(diagnostic.label("this is zero"));
    }
    Some(length.value.0)
}
