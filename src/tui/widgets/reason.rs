//! Says in a few words why a task is in its state. The words come only from what the model knows:
//! if the records do not say who or what it was, the text says less.
//!
//! Words that belong together are joined by no-break spaces, so that a text that is too long is not
//! cut between them.

use crate::model::{Holding, Model, State, StateInterval};
use crate::record::{Reason, ResourceKind, RunInstant, TaskId, Wanted};
use std::borrow::Cow;

/// The maximum number of tasks that a text names.
const MAX_NAMES: usize = 2;

/// Why the task is in the state of this interval. `None` if the state says as much.
pub(crate) fn of_task(model: &Model, id: TaskId, interval: &StateInterval) -> Option<String> {
    let text = match interval.state {
        State::Unnoticed => unnoticed(model, id, interval),
        State::Queued => match names(model, &model.queued_behind(id, interval)) {
            Some(names) => format!("queued behind\u{a0}{names}"),
            None => interval.state.into_str().to_owned(),
        },
        State::Waiting(reason) => {
            let step = model.awaited_step_at(id, known_from(model, interval));
            wait(model, id, interval, step.unwrap_or(reason.into_str()))
        }
        State::Suspended(reason) => {
            let step = model.awaited_step_at(id, known_from(model, interval));
            step.unwrap_or(reason.into_str()).to_owned()
        }
        State::Blocking | State::Sleeping => match model.step_of_hold(id, interval) {
            Some(step) => wait(model, id, interval, step),
            None => interval.state.into_str().to_owned(),
        },
        State::Running | State::Hogging => match (model.step_of_hold(id, interval), interval.state) {
            (Some(step), _) => step.to_owned(),
            (None, State::Running) => return None,
            (None, state) => state.into_str().to_owned(),
        },
        State::Ended(_) => return None,
    };
    Some(text)
}

/// Which task holds a lane during this interval, and the step that it executes.
pub(crate) fn of_holder(model: &Model, id: TaskId, interval: &StateInterval) -> String {
    let name = joined(&model.task_name(id).to_string()).into_owned();
    match model.step_of_hold(id, interval) {
        Some(step) => format!("{name} {step}"),
        None => name,
    }
}

/// The first instant of an interval about which the model still answers.
fn known_from(model: &Model, interval: &StateInterval) -> RunInstant {
    interval.from.max(model.horizon())
}

fn unnoticed(model: &Model, id: TaskId, interval: &StateInterval) -> String {
    let ready = match model.awaited_reason_at(id, known_from(model, interval)) {
        Some(Reason::Timer) => "timer fired",
        Some(Reason::Http) => "reply arrived",
        _ => "ready",
    };
    let (holders, workers) = model.driver_held_by(interval);
    let held = if workers == 1 { "driver" } else { "workers" };
    match names(model, &holders) {
        Some(names) => format!("{ready}, {held}\u{a0}held\u{a0}by\u{a0}{names}"),
        None => ready.to_owned(),
    }
}

/// A wait in `step`. If the step waits for a resource, also says who holds the resource and what
/// this task does.
fn wait(model: &Model, id: TaskId, interval: &StateInterval, step: &str) -> String {
    let Some(wait) = model.resource_wait(id, interval) else {
        return step.to_owned();
    };
    match (wait.resource.info.kind, wait.wanted) {
        (ResourceKind::Channel, Wanted::Message) => return format!("{step}, empty"),
        (ResourceKind::Channel, Wanted::Access) => return format!("{step}, full"),
        _ => {}
    }
    let holders = model.held_during(wait.resource, interval);
    let Some(names) = names(model, &holders) else {
        return step.to_owned();
    };
    let activity = match holders.tasks[..] {
        [holder] if !holders.in_turn => model.activity_during(holder, interval),
        _ => None,
    };
    let activity = activity.map_or(String::new(), |activity| format!(" ({activity})"));
    let held = match holders.in_turn {
        true => "held\u{a0}in\u{a0}turn\u{a0}by",
        false => "held\u{a0}by",
    };
    format!("{step}, {held}\u{a0}{names}{activity}")
}

/// The names of the first holders, and the number of the other holders. `None` if no holder is
/// known.
fn names(model: &Model, holders: &Holding) -> Option<String> {
    let shown = holders.tasks.iter().take(MAX_NAMES);
    let names: Vec<String> = shown
        .map(|id| joined(&model.task_name(*id).to_string()).into_owned())
        .collect();
    let more = holders.tasks.len() - names.len();
    match (names.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(names.join(", ")),
        (false, more) => Some(format!("{} and\u{a0}{more}\u{a0}more", names.join(", "))),
    }
}

/// A name in which no space separates words.
fn joined(name: &str) -> Cow<'_, str> {
    match name.contains(' ') {
        true => Cow::Owned(name.replace(' ', "\u{a0}")),
        false => Cow::Borrowed(name),
    }
}
