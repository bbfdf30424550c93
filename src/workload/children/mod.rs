//! Tasks that a task calls: `gather`, `group`, `race`, `spawn`, `unawaited`.
//!
//! Each branch of such a step is a task of its own, a *child*, with its own slices, steps and end. What differs from one step to
//! the other is when the parent goes on, and what becomes of the rest ([`JoinMode`]); what differs between async and threads
//! is how one waits, and whether a child can be cancelled at all:
//!
//! ```text
//!   parent ── calls ──► child 0 ─┐ ended: how, and when
//!      │               child 1 ─┼──► ChildCompletions ──► parent hears ──► Call: wait on, cancel the others, or leave
//!      │               child 2 ─┘
//!      └ async: suspended on join; dropped, it aborts its children      threads: blocking; nobody can be cancelled
//! ```
//!
//! A failure that comes when nobody listens any more is lost, as in any program. Here it is seen: such a task ends as *failed
//! unseen*, and the log says so.

mod call;
mod ceiling;
mod child_completions;
mod log_messages;

pub(super) use call::{Call, Then};
pub(super) use ceiling::{SpawnLimit, room};
pub(super) use child_completions::Place;

/// In which manner a task waits for the tasks that it calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum JoinMode {
    /// For all, or for the first that does not complete; the others run on, and nobody waits for them.
    Gather,
    /// For all; the first that does not complete has the others cancelled.
    Group,
    /// For the first; the others are cancelled.
    Race,
    /// For all, whatever becomes of them.
    Spawn,
}

impl JoinMode {
    /// The step's name.
    pub(super) fn word(self) -> &'static str {
        match self {
            JoinMode::Gather => "gather",
            JoinMode::Group => "group",
            JoinMode::Race => "race",
            JoinMode::Spawn => "spawn",
        }
    }
}
