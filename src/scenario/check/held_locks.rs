//! Detects deadlocks: a task takes a lock that is already held. The holder is the same task, or a
//! task that waits for this task.
//!
//! A task holds its locks while it waits for the tasks that it calls. So these locks are also held
//! during the steps of the called tasks, and of all tasks for which the called tasks wait. If no
//! task waits for a task, only the task's own locks are held during its steps.

use super::Checker;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::syntax::{At, Name};
use std::collections::BTreeSet;

/// The locks that are held during the step that is being checked, and the locks that groups take.
#[derive(Default)]
pub(super) struct HeldLocks {
    around: Around,
    /// The locks in the steps that have been checked so far. The tasks of a group take them, or
    /// tasks for which these tasks wait.
    taken: Vec<Taken>,
}

/// The locks that are held during a step.
#[derive(Default)]
pub(super) struct Around {
    /// The locks, the outermost first.
    locks: Vec<(String, Place)>,
    /// The number of locks that are held by tasks that wait for this task. These locks come first.
    of_others: usize,
    /// Whether the steps belong to a detached task, for which the task of the group does not wait.
    apart: bool,
}

struct Taken {
    /// An index into the groups.
    group: usize,
    name: String,
    place: Place,
}

impl HeldLocks {
    /// Whether the step that is being checked belongs to a detached task. The task of the group
    /// does not wait for a detached task.
    pub(super) fn is_apart(&self) -> bool {
        self.around.apart
    }

    /// The locks that are held during the step that is being checked, and where they are taken.
    pub(super) fn places(&self) -> Vec<(String, Place)> {
        self.around.locks.clone()
    }
}

impl Checker<'_> {
    /// Begins the steps of another task. `waits` says whether the current task waits for that task.
    pub(super) fn enter_branch(&mut self, waits: bool) -> Around {
        let around = &self.held.around;
        let inner = if waits {
            Around {
                locks: around.locks.clone(),
                of_others: around.locks.len(),
                apart: around.apart,
            }
        } else {
            Around {
                apart: true,
                ..Around::default()
            }
        };
        std::mem::replace(&mut self.held.around, inner)
    }

    /// Ends the steps of the other task, and restores the state of the current task.
    pub(super) fn leave_branch(&mut self, around: Around) {
        self.held.around = around;
    }

    /// Adds a lock that is held during the next steps.
    pub(in crate::scenario) fn take_lock(
        &mut self,
        At {
            value: Name(name),
            place,
        }: &At<Name>,
    ) {
        self.held.around.locks.push((name.clone(), place.clone()));
        if !self.held.around.apart {
            self.held.taken.push(Taken {
                group: self.group,
                name: name.clone(),
                place: place.clone(),
            });
        }
    }

    /// Removes the lock that was added last.
    pub(in crate::scenario) fn release_lock(&mut self) {
        self.held.around.locks.pop();
    }

    /// Rejects a lock that is already held by the same task, or by a task that waits for this task.
    pub(in crate::scenario) fn check_not_held(&mut self, name: &At<Name>) -> Option<()> {
        let Around { locks, of_others, .. } = &self.held.around;
        let Some(index) = locks.iter().position(|(held, _)| *held == name.value.0) else {
            return Some(());
        };
        let label = if index < *of_others { PARENT } else { ITSELF };
        let diagnostic = held_already(&name.value.0, &name.place, label).related(&locks[index].1, "it is taken here");
        self.reject(diagnostic.help("leave the inner `lock` out, or use another lock"))
    }

    /// Reports locks that a called group takes while the calling task holds them and waits for the
    /// group.
    pub(super) fn report_locks_of_called(&mut self) {
        let mut reported = BTreeSet::new();
        for call in self.calls.iter().filter(|call| !call.held.is_empty()) {
            let reached = self.waited_for(call.to);
            let inside = |taken: &Taken| reached.contains(&taken.group);
            for (index, taken) in self.held.taken.iter().enumerate().filter(|(_, taken)| inside(taken)) {
                let held = call.held.iter().find(|(name, _)| *name == taken.name);
                if let Some((_, since)) = held.filter(|_| reported.insert(index)) {
                    let group = &self.groups[call.to].name;
                    let diagnostic = held_already(&taken.name, &taken.place, PARENT)
                        .related(since, "it is taken here")
                        .related(
                            &call.place,
                            format!("the task that holds the lock calls `{group}` here"),
                        );
                    let help = "move the call out of the lock, leave the inner `lock` out, or use another lock";
                    self.diagnostics.push(diagnostic.help(help));
                }
            }
        }
    }

    /// The set of this group and of all groups for which its tasks wait.
    fn waited_for(&self, group: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            if reached.insert(group) {
                let calls = self.calls.iter().filter(|call| call.from == group && call.waits);
                open.extend(calls.map(|call| call.to));
            }
        }
        reached
    }
}

const ITSELF: &str = "the task would wait for itself forever";
const PARENT: &str = "the task that holds the lock waits for this task";

fn held_already(name: &str, place: &Place, label: &str) -> Diagnostic {
    let title = format!("the lock `{name}` is already held");
    Diagnostic::new(place.clone(), title).label(label)
}
