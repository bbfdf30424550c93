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
        Awaited::Access(id)
        | Awaited::Read(id)
        | Awaited::Others(id, _)
        | Awaited::Notification(id)
        | Awaited::Message(id) => {
            let info = &model.resources.list[usize::from(id.0)].info;
            (info.name.clone(), info.kind.into_str())
        }
        Awaited::Children => ("children".to_owned(), "children"),
        Awaited::Thread | Awaited::ThreadOf(_) => ("thread".to_owned(), "thread"),
    }
}

/// `one waits for ledger, held by two`
pub(super) fn clause(model: &Model, awaited: Awaited, tasks: &[TaskId], providers: &[TaskId]) -> String {
    let verb = if tasks.len() == 1 { "waits" } else { "wait" };
    let waits = format!("{} {verb} for", list(model, tasks));
    let all_providers = providers;
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
        Awaited::Access(id) if resource(id).kind == ResourceKind::Rwlock => {
            format!(
                "{} {verb} to write {}, held by {providers}",
                list(model, tasks),
                resource(id).name
            )
        }
        Awaited::Access(id) => format!("{waits} {}, held by {providers}", resource(id).name),
        Awaited::Read(id) => {
            let is_written = !model.resources.list[usize::from(id.0)].writers.is_empty();
            let relation = if is_written { "held by" } else { "behind" };
            format!(
                "{} {verb} to read {}, {relation} {providers}",
                list(model, tasks),
                resource(id).name
            )
        }
        Awaited::Others(id, _) => others(model, id, &waits, tasks, all_providers),
        Awaited::Notification(id) => {
            let name = &resource(id).name;
            match providers.as_str() {
                "" => format!("{waits} a notification of {name}, which no task sends any more"),
                providers => format!("{waits} a notification of {name}, which only {providers} could send"),
            }
        }
        Awaited::Message(id) => {
            let name = &resource(id).name;
            match providers.as_str() {
                "" => format!("{waits} a message of {name}, to which no task sends any more"),
                providers => format!("{waits} a message of {name}, to which only {providers} could send"),
            }
        }
        Awaited::Children => format!("{waits} its children {providers}"),
        Awaited::Thread => format!("{waits} a thread, held by {providers}"),
        Awaited::ThreadOf(_) if tasks.len() == 1 => format!("{waits} its thread, held by {providers}"),
        Awaited::ThreadOf(_) => format!("{waits} their thread, held by {providers}"),
    }
}

/// `one waits for 1 more task at phase, which only two could be`
fn others(model: &Model, id: ResourceId, waits: &str, tasks: &[TaskId], providers: &[TaskId]) -> String {
    let barrier = &model.resources.list[usize::from(id.0)];
    let missing = barrier.needed() - barrier.arrived();
    let missing = match missing {
        1 => "1 more task".to_owned(),
        missing => format!("{missing} more tasks"),
    };
    let name = &barrier.info.name;
    let providers: Vec<_> = providers.iter().copied().filter(|task| !tasks.contains(task)).collect();
    match providers.is_empty() {
        true => format!("{waits} {missing} at {name}, but no other task can arrive"),
        false => format!(
            "{waits} {missing} at {name}, where only {} could arrive",
            list(model, &providers)
        ),
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
