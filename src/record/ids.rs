//! The numbers of tasks, lanes, groups and labels, and the definitions that give names to these
//! numbers.

use super::LaneKind;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// The id of a task within one run. On tokio, this is tokio's own task id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct TaskId(pub NonZeroU32);

impl TaskId {
    /// Creates an id from a number. Returns `None` if the number is zero.
    #[inline]
    pub fn new(id: u32) -> Option<TaskId> {
        NonZeroU32::new(id).map(TaskId)
    }

    /// The id as a number.
    #[inline]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

/// The number of a lane within one run. Lanes are numbered in the order of their first use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LaneId(pub u16);

impl LaneId {
    /// The value for records of threads that are not lanes. Such a record is never a slice.
    pub const NONE: LaneId = LaneId(u16::MAX);
}

/// The prefix of a lane's name after the lane's process has died.
pub const DEAD: &str = "† ";

/// A group of tasks: one `[[task]]` of the scenario, or the tasks that a library spawned at one
/// place in its code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct GroupId(pub u16);

/// The number of a step's name, such as `http /weather`. [`Label::NONE`] if the name is not known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Label(pub u16);

impl Label {
    /// The label for an unknown name.
    pub const NONE: Label = Label(0);
}

/// Gives a name to a number. A number is defined once: in the batch of the first record that uses
/// it or in an earlier batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// A new lane.
    Lane {
        /// The lane's number.
        id: LaneId,
        /// The kind of the lane's thread.
        kind: LaneKind,
        /// The lane's name on screen, such as `worker 0`.
        name: String,
    },
    /// A new group of tasks.
    Group {
        /// The group's number.
        id: GroupId,
        /// The group's name, without control characters.
        name: String,
        /// Whether a library spawns the group's tasks, and not the scenario.
        #[serde(default)]
        library: bool,
    },
    /// A new label for steps.
    Label {
        /// The label's number.
        id: Label,
        /// The name, such as `http /weather`.
        text: String,
    },
}
