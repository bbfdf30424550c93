//! Tasks that a step of another task spawns: `gather`, `group`, `race`, `spawn`, `unawaited`.
//!
//! Each branch of such a step is a task of its own, a *child*, with its own slices, steps and end.
//! Two things differ from step to step: when the parent goes on, and what becomes of the children
//! that have not ended by then ([`JoinMode`]). Two things differ between async tasks and threads:
//! how the parent waits, and whether a child can be cancelled at all.
//!
//! ```text
//!   parent ── spawns ─► child 0 ─┐ ended: how, and when
//!      │                child 1 ─┼──► ChildCompletions ──► JoinState: wait on, cancel the others, or go on
//!      │                child 2 ─┘
//!      ├ async: the parent is suspended on join; dropping it aborts its children
//!      └ threads: the parent blocks; no child can be cancelled
//! ```
//!
//! The failure of a child that ends when its parent no longer waits is lost, as in any program.
//! tasklab shows it: such a child ends with an *unobserved failure*, and the log says so.

mod child_completions;
mod join_state;
mod log_messages;

pub(super) use child_completions::CompletionReporter;
pub(super) use join_state::{JoinState, NextAction};

/// When a parent that waits for its children goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, strum::IntoStaticStr)]
#[strum(const_into_str, serialize_all = "lowercase")]
pub(super) enum JoinMode {
    /// When all have completed, or one ends otherwise. The others then run on as orphans.
    Gather,
    /// When all have ended. If one does not complete, the others are cancelled.
    Group,
    /// When one has ended. The others are cancelled.
    Race,
    /// When all have ended, however they end.
    Spawn,
}
