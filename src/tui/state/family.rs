//! Which task spawned which. Sorted by spawn, children stand below their parent.

use crate::model::{Model, Task};
use crate::record::TaskId;
use std::collections::HashMap;

/// The most generations by which a name is indented. Deeper ones stand at the same indent.
pub(crate) const MAX_DEPTH: usize = 3;

/// The tasks in the order of their spawns, except that each is followed by the tasks that it
/// spawned.
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
    // A stack: the next task is at its end, so siblings are pushed in reverse.
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
