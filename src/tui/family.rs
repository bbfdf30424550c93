//! Which task spawned which: children stand below their parent.

use crate::model::{Model, Task};
use crate::record::TaskId;
use std::collections::HashMap;

/// Generations that are told apart by how far in a name stands.
pub const DEEPEST: usize = 3;

/// The tasks in the order of their spawns, but each followed by those that it spawned.
pub fn tree(model: &Model) -> Vec<&Task> {
    let mut children: HashMap<TaskId, Vec<&Task>> = HashMap::new();
    let mut roots = Vec::new();
    for task in model.tasks() {
        // Of a parent that has been forgotten there is no row.
        match task.parent.filter(|parent| model.task(*parent).is_some()) {
            Some(parent) => children.entry(parent).or_default().push(task),
            None => roots.push(task),
        }
    }
    let mut tree = Vec::with_capacity(model.tasks().len());
    // The last to be put there is the first to be taken.
    let mut next = roots;
    next.reverse();
    while let Some(task) = next.pop() {
        tree.push(task);
        next.extend(children.remove(&task.id).into_iter().flatten().rev());
    }
    tree
}

/// How many generations of tasks stand above this one, three at most.
pub fn depth(model: &Model, id: TaskId) -> usize {
    let parent = |id: &TaskId| model.task(*id)?.parent;
    std::iter::successors(parent(&id), parent).take(DEEPEST).count()
}
