//! `block`: adds tasks that block to the schedule.

use super::{Action, ActionContext};
use crate::run::schedule::Item;
use crate::scenario::actions::Block;
use crate::scenario::{How, show_duration};

/// The block that a cue repeats until another cue ends or replaces it.
#[derive(Default)]
pub(in crate::run) struct RepeatedBlock {
    /// The number of the current block. The number distinguishes this block from the blocks that it
    /// replaced.
    number: u64,
    block: Option<Block>,
}

impl RepeatedBlock {
    /// Replaces the block and returns the number of the new block.
    pub(super) fn replace(&mut self, block: Option<Block>) -> u64 {
        self.number += 1;
        self.block = block;
        self.number
    }

    /// The block with this number, unless another cue has ended or replaced it.
    pub(in crate::run) fn get(&self, number: u64) -> Option<Block> {
        self.block.filter(|_| number == self.number)
    }
}

impl Action for Block {
    fn message(&self) -> String {
        let lasts = show_duration(self.lasts);
        let every = self
            .every
            .map_or(String::new(), |every| format!(" every {}", show_duration(every)));
        let how = match self.how {
            How::Offload => ", through spawn_blocking",
            How::Sync | How::Async => "",
        };
        format!("a task blocks for {lasts}{every}{how}")
    }

    fn apply(&self, context: &mut ActionContext<'_>) {
        let number = context.repeated.replace(Some(*self));
        context.schedule.add(context.at, Item::RepeatBlock(number));
    }
}
