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

/// Spawns a task that blocks: once, or again and again until [`Calm`](super::Calm) or another
/// block.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Block {
    /// How long each block lasts.
    pub lasts: Duration,
    /// The pause between two; `None`: once.
    pub every: Option<Duration>,
    /// `Sync`: on a worker, the mistake. `Offload`: on a blocking thread, the remedy. Never
    /// `Async`.
    pub how: How,
}

/// A length of time, or a table.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "Block", untagged)]
pub(in crate::scenario) enum BlockSyntax {
    /// One block of this length, on a worker.
    Once(At<Length>),
    /// One block or many.
    Many(Blocks),
}

impl Read for BlockSyntax {
    const EXPECTED: &'static str = "a length of time in quotes, such as \"300ms\", or `{ lasts = …, every = … }`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => At::read(value, key, diagnostics).map(BlockSyntax::Once),
            DeValue::Table(_) => Blocks::read(value, key, diagnostics).map(BlockSyntax::Many),
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
        /// `sync`: on a worker, the mistake. `offload`: on a blocking thread, the remedy. Default:
        /// `sync`.
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
                lasts: not_zero("a block", lasts, checker)?,
                every: None,
                how: How::Sync,
            }),
            BlockSyntax::Many(blocks) => {
                let lasts = blocks.lasts.0.as_ref();
                let lasts = lasts.and_then(|lasts| not_zero("a block", lasts, checker));
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
            let diagnostic = Diagnostic::new(place.clone(), "a block is never `async`");
            checker.reject(diagnostic.help("it is `sync`, on a worker, or `offload`, on a blocking thread"))
        }
        Some(how) => Some(how.value),
    }
}

fn check_pause(every: &At<Length>, checker: &mut Checker<'_>) -> Option<Duration> {
    let pause = not_zero("a pause", every, checker)?;
    if pause < limits::EVERY {
        let (written, shortest) = (show_duration(pause), show_duration(limits::EVERY));
        let title = format!("a block every {written}, at most one every {shortest} is possible");
        return checker.reject(Diagnostic::new(every.place.clone(), title));
    }
    Some(pause)
}

fn not_zero(what: &str, length: &At<Length>, checker: &mut Checker<'_>) -> Option<Duration> {
    if length.value.0.is_zero() {
        let diagnostic = Diagnostic::new(length.place.clone(), format!("{what} of no length"));
        return checker.reject(diagnostic.label("this is zero"));
    }
    Some(length.value.0)
}
