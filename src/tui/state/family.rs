//! Parents and children of tasks. In the order by spawn, the children of a task are listed below
//! the task. In each order, the branches of a task are listed below the task until they end.

use crate::model::{Model, Task};
use crate::record::{RunInstant, TaskId};
use std::collections::{HashMap, HashSet};

/// The maximum indentation of a name, in generations. Deeper descendants have the same indentation.
pub(crate) const MAX_DEPTH: usize = 3;

/// Branches are never nested deeper than this. The limit also ends a search that would not end
/// because records from another process are wrong.
const MAX_NESTED: usize = 256;

/// The tasks in the order of their spawns, except that the children of a task follow directly after
/// the task.
pub(crate) fn parents_first(model: &Model) -> Vec<&Task> {
    let mut children: HashMap<TaskId, Vec<&Task>> = HashMap::new();
    let mut roots = Vec::new();
    for task in model.tasks() {
        // An evicted parent has no row, so its children count as roots.
        match task.parent.filter(|parent| model.task(*parent).is_some()) {
            Some(parent) => children.entry(parent).or_default().push(task),
            None => roots.push(task),
        }
    }
    let mut ordered = Vec::with_capacity(model.tasks().len());
    // `stack` returns the task that was pushed last, so siblings are pushed in reverse order.
    let mut stack = roots;
    stack.reverse();
    while let Some(task) = stack.pop() {
        ordered.push(task);
        stack.extend(children.remove(&task.id).into_iter().flatten().rev());
    }
    ordered
}

/// The number of ancestors of a task, at most [`MAX_DEPTH`].
pub(crate) fn depth(model: &Model, id: TaskId) -> usize {
    let parent = |id: &TaskId| model.task(*id)?.parent;
    std::iter::successors(parent(&id), parent).take(MAX_DEPTH).count()
}

/// Moves the branches that have not ended at the instant `at` to the rows below their task. A task
/// and its branches move together, to the place of the one that comes first in `rows`.
pub(crate) fn with_branches_below(model: &Model, rows: Vec<TaskId>, at: RunInstant) -> Vec<TaskId> {
    let mut branches: HashMap<TaskId, Vec<TaskId>> = HashMap::new();
    for &id in rows.iter().filter(|id| is_sub_row(model, **id, at)) {
        if let Some(parent) = model.task(id).and_then(|task| task.parent) {
            branches.entry(parent).or_default().push(id);
        }
    }
    if branches.is_empty() {
        return rows;
    }
    for siblings in branches.values_mut() {
        siblings.sort_unstable_by_key(|id| model.task(*id).map(|task| (task.spawned_at, task.id)));
    }
    let count = rows.len();
    let mut placed = HashSet::with_capacity(count);
    let mut ordered = Vec::with_capacity(count);
    for id in rows {
        let mut stack = vec![root(model, id, at)];
        while let Some(id) = stack.pop() {
            if placed.insert(id) {
                ordered.push(id);
                stack.extend(branches.get(&id).into_iter().flatten().rev());
            }
        }
    }
    ordered
}

/// The number of ancestors of a branch at the instant `at`: its parent, the parent of this parent,
/// and so on up to a task. At most [`MAX_DEPTH`]. The number is 0 for a task, and for a branch that
/// has ended.
pub(crate) fn branch_depth(model: &Model, id: TaskId, at: RunInstant) -> usize {
    branch_ancestors(model, id, at).take(MAX_DEPTH).count()
}

/// The task that this branch is listed below. For a task, the task itself.
fn root(model: &Model, id: TaskId, at: RunInstant) -> TaskId {
    branch_ancestors(model, id, at).take(MAX_NESTED).last().unwrap_or(id)
}

/// The ancestors of a branch: its parent, then the parent of this parent, and so on up to a task.
fn branch_ancestors(model: &Model, id: TaskId, at: RunInstant) -> impl Iterator<Item = TaskId> {
    let parent = move |id: &TaskId| model.task(*id).filter(|_| is_sub_row(model, *id, at))?.parent;
    std::iter::successors(parent(&id), parent)
}

/// Whether `id` is a branch that has not ended at the instant `at`. An ended branch does not stay
/// below its task, because the rows of many ended branches would hide other tasks.
fn is_sub_row(model: &Model, id: TaskId, at: RunInstant) -> bool {
    let parent_is_known = |parent: TaskId| model.task(parent).is_some();
    model.task(id).is_some_and(|task| {
        task.is_branch && task.parent.is_some_and(parent_is_known) && task.ended.is_none_or(|(end, _)| end > at)
    })
}

/// The task whose poll runs this branch. For a task, the task itself.
pub(crate) fn polled_task(model: &Model, id: TaskId) -> TaskId {
    let parent = |id: &TaskId| model.task(*id).filter(|task| task.is_branch)?.parent;
    std::iter::successors(Some(id), parent)
        .take(MAX_NESTED)
        .last()
        .unwrap_or(id)
}
