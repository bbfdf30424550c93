//! Locks that are held already: a task that takes one of them waits for itself, or for the task that waits for it.
//!
//! A task holds its locks while it waits for the tasks that it calls, so they are held for these too, and for those that these
//! call and wait for. A task that nobody waits for holds nothing but its own.

use super::Checker;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::syntax::{At, Name};
use std::collections::BTreeSet;

/// What is held around the step that is being read; and, of the steps read so far, who takes what.
#[derive(Default)]
pub(super) struct HeldLocks {
    around: Around,
    /// Locks that are taken by the tasks of a group, or by tasks that these wait for.
    taken: Vec<Taken>,
}

/// The locks around a step.
#[derive(Default)]
pub(super) struct Around {
    /// The outermost first.
    locks: Vec<(String, Place)>,
    /// How many of them are not this task's own, but those of tasks that wait for it.
    of_others: usize,
    /// The task is one that its group's task does not wait for.
    apart: bool,
}

struct Taken {
    /// An index into the groups.
    group: usize,
    name: String,
    place: Place,
}

impl HeldLocks {
    /// Whether the step that is being read is done by a task that its group's task does not wait for.
    pub(super) fn is_apart(&self) -> bool {
        self.around.apart
    }

    /// The locks around the step that is being read, and where they were taken.
    pub(super) fn places(&self) -> Vec<(String, Place)> {
        self.around.locks.clone()
    }
}

impl Checker<'_> {
    /// From here on steps are done by another task, for which this one `waits`, or not.
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

    /// The other task's steps are over.
    pub(super) fn leave_branch(&mut self, around: Around) {
        self.held.around = around;
    }

    /// From here on this lock is held.
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

    /// The lock taken last is held no more.
    pub(in crate::scenario) fn release_lock(&mut self) {
        self.held.around.locks.pop();
    }

    /// Refuses a lock that is held already: by the same task, or by one that waits for it.
    pub(in crate::scenario) fn not_held(&mut self, name: &At<Name>) -> Option<()> {
        let Around { locks, of_others, .. } = &self.held.around;
        let Some(index) = locks.iter().position(|(held, _)| *held == name.value.0) else {
            return Some(());
        };
        let who = if index < *of_others { PARENT } else { ITSELF };
        let diagnostic = held_already(&name.value.0, &name.place, who).related(&locks[index].1, "since here");
        self.reject(diagnostic.help("leave the inner one out, or name another lock"))
    }

    /// Notes locks that called groups take while a task holds them that waits for theirs.
    pub(super) fn locks_of_called(&mut self) {
        let mut told = BTreeSet::new();
        for call in self.calls.iter().filter(|call| !call.held.is_empty()) {
            let reached = self.waited_for(call.to);
            let inside = |taken: &Taken| reached.contains(&taken.group);
            for (index, taken) in self.held.taken.iter().enumerate().filter(|(_, taken)| inside(taken)) {
                let held = call.held.iter().find(|(name, _)| *name == taken.name);
                if let Some((_, since)) = held.filter(|_| told.insert(index)) {
                    let group = &self.groups[call.to].name;
                    let diagnostic = held_already(&taken.name, &taken.place, PARENT)
                        .related(since, "since here")
                        .related(&call.place, format!("who holds it calls `{group}` here"));
                    let help = "move the call out of the lock, leave the inner lock out, or name another";
                    self.diagnostics.push(diagnostic.help(help));
                }
            }
        }
    }

    /// A group and all those that its tasks wait for.
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

const ITSELF: &str = "the task would wait for itself, for ever";
const PARENT: &str = "the task that holds it waits for this one";

fn held_already(name: &str, place: &Place, label: &str) -> Diagnostic {
    let title = format!("the lock `{name}` is held already");
    Diagnostic::new(place.clone(), title).label(label)
}
