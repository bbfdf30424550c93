//! Who is meant: the numbers of tasks, lanes, groups and labels, and the definitions that give them their names.

use super::LaneKind;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// A task's identity within one run. On tokio it is tokio's own task id.
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

/// A lane's identity within one run: lanes are numbered in the order of their first use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LaneId(pub u16);

impl LaneId {
    /// Not a lane: the place of records (never slices) that other threads write.
    pub const NONE: LaneId = LaneId(u16::MAX);
}

/// What the name of a lane begins with whose process has died.
pub const DEAD: &str = "† ";

/// A group of tasks: one `[[task]]` of the scenario, or the tasks that a library spawned from one place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct GroupId(pub u16);

/// A step's interned name, such as `http /weather`. [`Label::NONE`] where it is not known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Label(pub u16);

impl Label {
    /// No name.
    pub const NONE: Label = Label(0);
}

/// Gives a number its name, once, before the first record that uses it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// A lane appeared.
    Lane {
        /// Its number.
        id: LaneId,
        /// What kind of thread.
        kind: LaneKind,
        /// Its name on screen: `worker 0`.
        name: String,
    },
    /// A group of tasks.
    Group {
        /// Its number.
        id: GroupId,
        /// Its name, already free of control characters.
        name: String,
        /// A library spawned these, not the scenario.
        #[serde(default)]
        library: bool,
    },
    /// A step's name.
    Label {
        /// Its number.
        id: Label,
        /// `http /weather`
        text: String,
    },
}
