//! The sentence about a deadlock.

use super::stuck::Awaited;
use super::*;

/// The maximum number of names in a list, and of clauses in a sentence.
pub(super) const LISTED: usize = 4;

/// The name of a task. The only task of a group has the name of the group.
pub(super) fn name(model: &Model, id: TaskId) -> String {
    let group = model.task(id).and_then(|task| model.group(task.group?));
    match group {
        Some(group) if group.spawned == 1 => group.name.clone(),
        _ => model.task_name(id).to_string(),
    }
}

/// The name of what a task waits for, and its kind.
pub(super) fn awaited(model: &Model, awaited: Awaited) -> (String, &'static str) {
    match awaited {
        Awaited::Access(id) | Awaited::Message(id) => {
            let info = &model.resources.list[usize::from(id.0)].info;
            (info.name.clone(), info.kind.into_str())
        }
        Awaited::Children => ("children".to_owned(), "children"),
        Awaited::Thread => ("thread".to_owned(), "thread"),
    }
}

/// `one waits for ledger, held by two`
pub(super) fn clause(model: &Model, awaited: Awaited, tasks: &[TaskId], providers: &[TaskId]) -> String {
    let verb = if tasks.len() == 1 { "waits" } else { "wait" };
    let waits = format!("{} {verb} for", list(model, tasks));
    let providers = match (tasks, providers) {
        ([task], [provider]) if task == provider => "itself".to_owned(),
        _ if tasks == providers => "the same tasks".to_owned(),
        _ => list(model, providers),
    };
    let resource = |id: ResourceId| &model.resources.list[usize::from(id.0)].info;
    match awaited {
        Awaited::Access(id) if resource(id).kind == ResourceKind::Channel => {
            let name = &resource(id).name;
            match providers.as_str() {
                "" => format!("{waits} room in {name}, from which no task receives any more"),
                providers => format!("{waits} room in {name}, from which only {providers} could receive"),
            }
        }
        Awaited::Access(id) => format!("{waits} {}, held by {providers}", resource(id).name),
        Awaited::Message(id) => {
            let name = &resource(id).name;
            match providers.as_str() {
                "" => format!("{waits} a message of {name}, to which no task sends any more"),
                providers => format!("{waits} a message of {name}, to which only {providers} could send"),
            }
        }
        Awaited::Children => format!("{waits} its children {providers}"),
        Awaited::Thread => format!("{waits} a thread, held by {providers}"),
    }
}

/// `a, b, c, d and 3 more`
fn list(model: &Model, tasks: &[TaskId]) -> String {
    let names: Vec<_> = tasks.iter().take(LISTED).map(|task| name(model, *task)).collect();
    match tasks.len().saturating_sub(LISTED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
