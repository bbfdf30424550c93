//! Parents and children of tasks. In the order by spawn, the children of a task are listed below
//! the task.

use crate::model::{Model, Task};
use crate::record::TaskId;
use std::collections::HashMap;

/// The maximum indentation of a name, in generations. Deeper descendants have the same indentation.
pub(crate) const MAX_DEPTH: usize = 3;

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
    // The next task is at the end of `stack`, so siblings are pushed in reverse order.
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
