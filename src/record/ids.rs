//! The numbers of tasks, lanes, groups and labels, and the definitions that give them names.

use super::LaneKind;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// The id of a task within one run. On tokio it is tokio's own task id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct TaskId(pub NonZeroU32);

impl TaskId {
    /// `None` for zero.
    #[inline]
    pub fn new(id: u32) -> Option<TaskId> {
        NonZeroU32::new(id).map(TaskId)
    }

    /// The number.
    #[inline]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

/// The number of a lane within one run. Lanes are numbered in the order of their first use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LaneId(pub u16);

impl LaneId {
    /// No lane: for records (never slices) that other threads write.
    pub const NONE: LaneId = LaneId(u16::MAX);
}

/// How the name of a lane begins whose process has died.
pub const DEAD: &str = "† ";

/// A group of tasks: one `[[task]]` of the scenario, or the tasks that a library spawned at one
/// place in its code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct GroupId(pub u16);

/// The number of a step's name, such as `http /weather`. [`Label::NONE`] if the name is not known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Label(pub u16);

impl Label {
    /// No name.
    pub const NONE: Label = Label(0);
}

/// Gives a number its name, once, in the batch of the first record that uses it or earlier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// A new lane.
    Lane {
        /// Its number.
        id: LaneId,
        /// The kind of its thread.
        kind: LaneKind,
        /// Its name on screen: `worker 0`.
        name: String,
    },
    /// A new group of tasks.
    Group {
        /// Its number.
        id: GroupId,
        /// Its name, without control characters.
        name: String,
        /// A library spawns its tasks, not the scenario.
        #[serde(default)]
        library: bool,
    },
    /// A new name of steps.
    Label {
        /// Its number.
        id: Label,
        /// The name: `http /weather`.
        text: String,
    },
}
