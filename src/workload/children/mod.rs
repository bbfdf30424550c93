//! Tasks that a step of another task spawns: `gather`, `group`, `race`, `spawn`, `shield`,
//! `unawaited`.
//!
//! Each branch of such a step is a separate task, a *child*, with its own slices, steps and end.
//! Two things depend on the step ([`JoinMode`]): when the parent continues, and what happens to the
//! children that have not ended yet. Two things depend on whether the tasks are async or run on
//! threads: how the parent waits, and whether a child can be cancelled at all.
//!
//! ```text
//!   parent ── spawns ─► child 0 ─┐ ended: how, and when
//!      │                child 1 ─┼──► ChildCompletions ──► JoinState: wait, cancel the others, or continue
//!      │                child 2 ─┘
//!      ├ async: the parent is suspended on join; dropping it aborts its children
//!      └ threads: the parent blocks; no child can be cancelled
//! ```
//!
//! If a child fails after its parent has stopped waiting, no task observes the failure. This can
//! happen in every async program. tasklab shows this case: the child ends with an *unobserved
//! failure*, and the log reports it.

mod child_completions;
mod join_state;
mod kept_results;
mod log_messages;

pub(super) use child_completions::CompletionReporter;
pub(super) use join_state::{JoinState, NextAction};
pub(super) use kept_results::{JoinSet, KeptResults};

/// When a parent stops waiting for its children and continues.
#[derive(Clone, Copy, PartialEq, Eq, Debug, strum::IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub(super) enum JoinMode {
    /// The parent continues when all children have completed, or when the first child ends without
    /// completing. In the second case, the other children continue to run as orphans.
    Gather,
    /// The parent continues when all children have ended. If one child does not complete, the other
    /// children are cancelled.
    Group,
    /// The parent continues when one child has ended. The other children are cancelled.
    Race,
    /// The parent continues when all children have ended. If one child fails, the other children
    /// still run.
    Spawn,
    /// Like `Spawn`, but for branches that the parent polls itself.
    Join,
    /// The parent continues when all branches have completed, or when the first branch ends without
    /// completing. In the second case, the other branches are dropped. The parent polls its
    /// branches itself.
    TryJoin,
    /// The parent continues when one branch has ended. The other branches are dropped. The parent
    /// polls its branches itself.
    Select,
    /// Like `Join`, but the parent polls only some of its branches at a time.
    Buffered,
    /// The parent continues when its child has ended. If the parent is cancelled, the child
    /// continues to run as an orphan.
    Shield,
    /// The parent continues when all children have ended. The children run on the threads of the
    /// parent's pool.
    Par,
}
