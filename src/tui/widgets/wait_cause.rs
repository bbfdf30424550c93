//! Because of whom a task waits, as a text for the row of the task.
//!
//! ```text
//!   lock cache ‹ holder#0 (http /rates)
//! ```
//!
//! The text after `‹` names the task because of which the task of the row waits, and what this
//! other task does. A frozen view shows only what is known about the past.

use super::resources::doing;
use crate::model::{Because, Relation, State, Wait};
use crate::record::{ResourceKind, TaskId};
use crate::text;
use crate::tui::frame_context::FrameContext;

/// Because of whom a task waits.
pub(super) struct WaitCause {
    /// The name of the resource that the task waits for.
    pub(super) resource: Option<String>,
    /// The variants of the text, the longest variant first.
    variants: Vec<String>,
}

impl WaitCause {
    /// `None` if the task does not wait for another task, or if it is not known for which one.
    pub(super) fn of(context: &FrameContext<'_>, id: TaskId, state: State) -> Option<WaitCause> {
        if !matches!(state, State::Waiting(_) | State::Blocking | State::Sleeping) {
            return None;
        }
        let wait = context.model.wait(id, context.at)?;
        Some(WaitCause {
            resource: wait.resource.map(|resource| resource.info.name.clone()),
            variants: wait
                .because
                .map_or_else(|| arrived(context, &wait), |because| variants(context, &because)),
        })
    }

    /// The text after `words`: the longest variant that fits into `room` columns. If no variant
    /// fits, the name of the resource replaces `words`.
    pub(super) fn after(&self, words: &str, room: usize) -> String {
        let firsts = [Some(words), self.resource.as_deref()];
        for first in firsts.into_iter().flatten() {
            let mut texts = self
                .variants
                .iter()
                .map(|variant| format!("{first} {variant}").trim().to_owned());
            if let Some(text) = texts.find(|text| text::width(text) <= room) {
                return text;
            }
        }
        text::fit(words, room).into_owned()
    }
}

fn variants(context: &FrameContext<'_>, because: &Because) -> Vec<String> {
    let name = context.model.task_name(because.task).to_string();
    let name = text::clean(&name).into_owned();
    let doing = doing(context, because.task)
        .map(|doing| format!(" ({doing})"))
        .unwrap_or_default();
    let more = match because.others {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let relation = match because.relation {
        Relation::Holds => "held by ",
        Relation::IsBefore => "behind ",
        Relation::Receives => "received by ",
        Relation::Sends => "sent by ",
        Relation::IsChild => "",
    };
    vec![
        format!("{relation}{name}{more}{doing}"),
        format!("‹ {name}{more}{doing}"),
        format!("‹ {name}{doing}"),
        format!("‹ {name}"),
    ]
}

/// How many tasks have arrived at the barrier at which a task waits. Which tasks are missing is not
/// known.
fn arrived(context: &FrameContext<'_>, wait: &Wait<'_>) -> Vec<String> {
    let barrier = wait
        .resource
        .filter(|resource| resource.info.kind == ResourceKind::Barrier);
    let words = barrier.and_then(|barrier| {
        let arrived = context.model.usage(barrier, context.at)?.held?;
        Some(format!("{arrived}/{} arrived", barrier.info.capacity?))
    });
    words.into_iter().collect()
}
