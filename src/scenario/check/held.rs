//! Detects deadlocks that are certain from the text of the scenario. In such a deadlock, a task
//! takes a lock that is already held, or takes a permit although no permit of the semaphore is
//! free. The lock or the permits are held by the task itself, or by a task that waits for this
//! task.
//!
//! A task holds its locks and permits while it waits for the tasks that it calls. So these locks
//! and permits are also held during the steps of the called tasks, and during the steps of all
//! tasks for which the called tasks wait. During the steps of a detached task, only its own locks
//! and permits are held.
//!
//! A permit of `acquire` counts until the end of the list of steps, or until a `release` that may
//! run earlier. After that, the task may still hold the permit, but this is not certain.

use super::call::{Call, calls_from};
use super::{Checker, SharedKind};
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::syntax::{At, Name};
use std::collections::{HashMap, HashSet};

/// A kind of thing that a task can hold: a lock or a permit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::scenario) enum Holdable {
    /// A lock.
    Lock,
    /// A permit of a semaphore.
    Permit,
    /// A read-write lock, held for reading: other readers can hold the lock at the same time.
    Read,
    /// A read-write lock, alone.
    Write,
}

impl Holdable {
    fn word(self) -> &'static str {
        match self {
            Holdable::Lock | Holdable::Read | Holdable::Write => "lock",
            Holdable::Permit => "permit",
        }
    }

    /// The word of the step that takes a thing of this kind.
    fn step(self) -> &'static str {
        match self {
            Holdable::Lock => "lock",
            Holdable::Permit => "semaphore",
            Holdable::Read | Holdable::Write => "rwlock",
        }
    }

    /// Whether things of the kinds `self` and `other` share one capacity, if both things have the
    /// same name.
    fn excludes(self, other: Holdable) -> bool {
        match self {
            Holdable::Lock | Holdable::Permit => self == other,
            Holdable::Read => other == Holdable::Write,
            Holdable::Write => matches!(other, Holdable::Read | Holdable::Write),
        }
    }
}

/// The maximum number of permits of `acquire` that count at the same time. Each call copies these
/// permits, so a long list would make the check slow.
const KEPT: usize = 16;

/// A lock or permit that a task takes.
#[derive(Clone)]
pub(super) struct Taken {
    kind: Holdable,
    /// The name of the lock or of the semaphore.
    name: String,
    place: Place,
    /// For a permit of `acquire`: the number of steps around the list that contains the `acquire`
    /// step.
    list: Option<usize>,
}

impl Taken {
    /// Whether this lock or permit counts against the capacity of the lock or semaphore `name`.
    fn is_of(&self, kind: Holdable, name: &str) -> bool {
        kind.excludes(self.kind) && self.name == name
    }
}

/// The locks and permits that are held during the step that is being checked, and the locks and
/// permits that groups take.
#[derive(Default)]
pub(super) struct Held {
    around: Around,
    /// The locks and permits that are taken in the steps that have been checked so far. Each is
    /// taken by a task of the group, or by a task for which the group's task waits.
    taken: Vec<TakenByGroup>,
}

/// The locks and permits that are held during a step.
#[derive(Default)]
pub(in crate::scenario) struct Around {
    /// The locks and permits, the outermost first.
    held: Vec<Taken>,
    /// The number of locks and permits that are held by tasks that wait for this task. These locks
    /// and permits come first in `held`.
    of_others: usize,
    /// Whether the steps belong to a detached task, for which the task of the group does not wait.
    apart: bool,
}

struct TakenByGroup {
    /// An index into the groups.
    group: usize,
    taken: Taken,
    /// For a permit: the number of permits of this semaphore that are then held. For a lock: how
    /// many times the lock is then held.
    count: usize,
}

impl Held {
    /// Whether the step that is being checked belongs to a detached task. The task of the group
    /// does not wait for a detached task.
    pub(super) fn is_apart(&self) -> bool {
        self.around.apart
    }

    /// The locks and permits that are held during the step that is being checked.
    pub(super) fn during_step(&self) -> Vec<Taken> {
        self.around.held.clone()
    }
}

impl Checker<'_> {
    /// Begins the steps of another task. `waits` says whether the current task waits for that task.
    pub(super) fn enter_branch(&mut self, waits: bool) -> Around {
        let around = &self.held.around;
        let inner = if waits {
            Around {
                held: around.held.clone(),
                of_others: around.held.len(),
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
    pub(in crate::scenario) fn leave_branch(&mut self, around: Around) {
        self.held.around = around;
    }

    /// Begins the steps of a cleanup. When the cleanup runs, the task may hold fewer permits of
    /// `acquire` than now.
    pub(in crate::scenario) fn enter_cleanup(&mut self) -> Around {
        let around = &self.held.around;
        let mut held = around.held.clone();
        held.retain(|taken| taken.list.is_none());
        let of_others = around.held[..around.of_others].iter();
        let inner = Around {
            of_others: of_others.filter(|taken| taken.list.is_none()).count(),
            held,
            apart: around.apart,
        };
        std::mem::replace(&mut self.held.around, inner)
    }

    /// Adds a lock or permit that is held during the next steps.
    pub(in crate::scenario) fn take(&mut self, kind: Holdable, name: &At<Name>) {
        self.add_taken(kind, name, None);
    }

    /// Adds a permit that the task keeps. `list` is the number of steps around the list that
    /// contains the `acquire` step.
    pub(in crate::scenario) fn keep(&mut self, name: &At<Name>, list: usize) {
        let kept = self.held.around.held.iter().filter(|taken| taken.list.is_some());
        if kept.count() < KEPT {
            self.add_taken(Holdable::Permit, name, Some(list));
        }
    }

    /// Removes the permit of this semaphore that the task acquired last.
    pub(in crate::scenario) fn give_back(&mut self, name: &Name) {
        let Around { held, of_others, .. } = &mut self.held.around;
        let is_kept = |taken: &Taken| taken.list.is_some() && taken.name == name.0;
        if let Some(index) = held[*of_others..].iter().rposition(is_kept) {
            held.remove(*of_others + index);
        }
    }

    /// Ends a list with `depth` steps around it. Perhaps the list does not always run, so its
    /// permits do not count any more.
    pub(super) fn end_list(&mut self, depth: usize) {
        let is_outer = |taken: &Taken| taken.list.is_none_or(|list| list < depth);
        self.held.around.held.retain(is_outer);
    }

    fn add_taken(&mut self, kind: Holdable, At { value, place }: &At<Name>, list: Option<usize>) {
        let taken = Taken {
            kind,
            name: value.0.clone(),
            place: place.clone(),
            list,
        };
        let around = &mut self.held.around;
        around.held.push(taken.clone());
        if !around.apart {
            // A reader does not exclude itself.
            let count = around
                .held
                .iter()
                .filter(|held| held.is_of(kind, &value.0))
                .count()
                .max(1);
            self.held.taken.push(TakenByGroup {
                group: self.group,
                taken,
                count,
            });
        }
    }

    /// Removes the lock or permit that was added last.
    pub(in crate::scenario) fn release(&mut self) {
        self.held.around.held.pop();
    }

    /// Rejects a lock or permit that can never be free. Such a lock, or all permits of such a
    /// semaphore, are held by this task or by tasks that wait for this task.
    pub(in crate::scenario) fn check_not_held(&mut self, kind: Holdable, name: &At<Name>) -> Option<()> {
        let instead = match kind {
            Holdable::Permit => "give the semaphore more permits",
            Holdable::Lock | Holdable::Read | Holdable::Write => "use another lock",
        };
        let help = || format!("leave the inner `{}` out, or {instead}", kind.step());
        self.check_free(kind, name, help)
    }

    /// Rejects an `acquire` of a permit that can never be free, see
    /// [`check_not_held`](Self::check_not_held).
    pub(in crate::scenario) fn check_not_kept(&mut self, name: &At<Name>) -> Option<()> {
        let help = || {
            let release = format!("{{ release = \"{}\" }}", name.value.0);
            format!("write {release} before this step, or give the semaphore more permits")
        };
        self.check_free(Holdable::Permit, name, help)
    }

    fn check_free(&mut self, kind: Holdable, name: &At<Name>, help: impl Fn() -> String) -> Option<()> {
        let Some(capacity) = self.capacity(kind, &name.value.0) else {
            return Some(());
        };
        let Around { held, of_others, .. } = &self.held.around;
        let holds: Vec<_> = held
            .iter()
            .enumerate()
            .filter(|(_, held)| held.is_of(kind, &name.value.0))
            .collect();
        if holds.len() < capacity {
            return Some(());
        }
        let label = if holds[0].0 < *of_others {
            parent(kind)
        } else {
            ITSELF.to_owned()
        };
        let diagnostic =
            held_already(kind, &name.value.0, &name.place, label).related(&holds[0].1.place, "it is taken here");
        self.reject(diagnostic.help(help()))
    }

    /// The capacity: 1 for a lock, or the number of permits of the semaphore. `None` if the number
    /// is not known.
    fn capacity(&self, kind: Holdable, name: &str) -> Option<usize> {
        match kind {
            Holdable::Lock | Holdable::Read | Holdable::Write => Some(1),
            Holdable::Permit => self
                .declared_size(SharedKind::Semaphore, name)
                .map(|permits| permits as usize),
        }
    }

    /// Reports each lock and permit that a called group takes but can never get. The calling task
    /// waits for the group, and holds the lock or too many permits of the semaphore.
    pub(super) fn report_held_by_callers(&mut self) {
        let calls_from = calls_from(&self.calls, self.groups.len());
        let mut by_name: HashMap<(Holdable, &str), Vec<&TakenByGroup>> = HashMap::new();
        for taken in &self.held.taken {
            let Taken { kind, name, .. } = &taken.taken;
            by_name.entry((*kind, name)).or_default().push(taken);
        }
        let mut waited_for = vec![None; self.groups.len()];
        let mut checked = HashSet::new();
        let mut diagnostics = Vec::new();
        for call in &self.calls {
            for since in &call.held {
                let Taken { kind, name, .. } = since;
                let holds = call.held.iter().filter(|held| held.is_of(*kind, name)).count();
                if !checked.insert((call.to, *kind, name, holds)) {
                    continue;
                }
                let Some(capacity) = self.capacity(*kind, name) else {
                    continue;
                };
                let Some(taken) = by_name.get_mut(&(*kind, name.as_str())) else {
                    continue;
                };
                let reached = waited_for[call.to].get_or_insert_with(|| self.waited_for(call.to, &calls_from));
                let is_full = |taken: &&TakenByGroup| taken.count <= capacity && holds + taken.count > capacity;
                // Each lock or permit is reported once, even if many calls lead to the group that
                // takes it.
                for taken in taken.extract_if(.., |taken| reached[taken.group] && is_full(taken)) {
                    diagnostics.push(self.held_by_caller(&taken.taken, since, call));
                }
            }
        }
        for diagnostic in diagnostics {
            self.diagnostics.push(diagnostic);
        }
    }

    /// A message about the lock or permit `taken`, which a called group takes. The caller has held
    /// this lock or permit since the step at `since`.
    fn held_by_caller(&self, taken: &Taken, since: &Taken, call: &Call) -> Diagnostic {
        let Taken { kind, name, place, .. } = taken;
        let group = &self.groups[call.to].name;
        held_already(*kind, name, place, parent(*kind))
            .related(&since.place, "it is taken here")
            .related(
                &call.place,
                format!("the task that holds the {} calls `{group}` here", kind.word()),
            )
            .help(match kind {
                Holdable::Lock => "move the call out of the lock, leave the inner `lock` out, or use another lock",
                Holdable::Read | Holdable::Write => {
                    "move the call out of the lock, leave the inner `rwlock` out, or use another lock"
                }
                Holdable::Permit if since.list.is_some() => {
                    "release the permit before the call, or give the semaphore more permits"
                }
                Holdable::Permit if taken.list.is_some() => {
                    "move the call out of the semaphore, leave the `acquire` out, or give it more permits"
                }
                Holdable::Permit => {
                    "move the call out of the semaphore, leave the inner `semaphore` out, or give it more permits"
                }
            })
    }

    /// Returns, for each group, whether the tasks of `group` wait for the tasks of that group. A
    /// group counts as waiting for itself.
    fn waited_for(&self, group: usize, calls_from: &[Vec<usize>]) -> Vec<bool> {
        let mut reached = vec![false; self.groups.len()];
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            if !std::mem::replace(&mut reached[group], true) {
                let calls = calls_from[group].iter().map(|index| &self.calls[*index]);
                open.extend(calls.filter(|call| call.waits).map(|call| call.to));
            }
        }
        reached
    }
}

const ITSELF: &str = "the task would wait for itself forever";
/// The label of a lock or permit that another task holds.
fn parent(kind: Holdable) -> String {
    format!("the task that holds the {} waits for this task", kind.word())
}

fn held_already(kind: Holdable, name: &str, place: &Place, label: String) -> Diagnostic {
    let title = match kind {
        Holdable::Lock | Holdable::Read | Holdable::Write => format!("the lock `{name}` is already held"),
        Holdable::Permit => format!("all permits of the semaphore `{name}` are already held"),
    };
    Diagnostic::new(place.clone(), title).label(label)
}
