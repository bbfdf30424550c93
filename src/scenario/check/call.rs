//! Tasks that call other tasks: branches, and calls between groups.

use super::held::Taken;
use super::step::StepContext;
use super::{Checker, SUGGESTIONS};
use crate::scenario::limits;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::steps::StepSyntax;
use crate::scenario::syntax::{self, At, Name, nearest, one_of};
use crate::scenario::types::Branch;
use std::collections::HashSet;

/// The reason why a task that has left the runtime cannot make tasks.
pub(in crate::scenario) const NO_RUNTIME: &str = "there is no runtime for its tasks";

/// The reason why a task that has left the runtime cannot poll branches.
pub(in crate::scenario) const NO_POLLS: &str = "a synchronous step cannot poll branches";

/// The maximum number of reported cycles. Groups that call each other in many ways form very many
/// cycles.
const CYCLES: usize = 100;
/// The maximum number of groups that the message about a cycle names.
const RING: usize = 10;

/// A group of tasks that a step could call.
pub(super) struct Callable {
    /// The name of the group. Empty if the name cannot be read.
    pub name: String,
    /// The place of the name in the file.
    pub place: Place,
    /// Whether tasks of the group arrive only when a step calls them.
    pub called: bool,
}

/// A step of one group that names another group.
pub(super) struct Call {
    pub from: usize,
    pub to: usize,
    pub place: Place,
    /// Whether the calling task waits until the called task has ended.
    pub waits: bool,
    /// The locks and permits that the task holds during the call.
    pub held: Vec<Taken>,
}

impl Checker<'_> {
    /// Checks the branches of a step that waits for its branches.
    pub(in crate::scenario) fn branches(
        &mut self,
        list: &At<Vec<At<syntax::Branch>>>,
        context: StepContext<'_>,
    ) -> Option<Vec<Branch>> {
        let branches: Vec<_> = list
            .value
            .iter()
            .map(|branch| self.branch(branch, true, context))
            .collect();
        if branches.is_empty() {
            let step = context.word;
            let diagnostic = Diagnostic::new(list.place.clone(), format!("`{step}` has no branches"));
            let diagnostic = diagnostic.label("there is nothing to wait for");
            return self.reject(diagnostic.help(format!(
                "write {{ {step} = [\"NAME OF A CALLED GROUP\", [{{ sleep = \"10ms\" }}]] }}"
            )));
        }
        if branches.len() > limits::BRANCHES {
            let title = format!(
                "there are {} branches, but at most {} are allowed",
                branches.len(),
                limits::BRANCHES
            );
            return self.reject(Diagnostic::new(list.place.clone(), title));
        }
        branches.into_iter().collect()
    }

    /// Checks a branch, which another task does. `waits` says whether this task waits for the other
    /// task. If so, this task holds its locks during the branch.
    pub(in crate::scenario) fn branch(
        &mut self,
        branch: &At<syntax::Branch>,
        waits: bool,
        context: StepContext<'_>,
    ) -> Option<Branch> {
        match &branch.value {
            syntax::Branch::Group(name) => self.call(name, waits).map(Branch::Group),
            syntax::Branch::Steps(steps) => {
                let held = self.enter_branch(waits);
                let steps = self.steps(steps, context.other_task());
                self.leave_branch(held);
                steps.map(Branch::Steps)
            }
        }
    }

    fn call(&mut self, name: &At<Name>, waits: bool) -> Option<String> {
        let At {
            value: Name(name),
            place,
        } = name;
        let Some(&to) = self.group_names.get(name) else {
            return self.no_such_group(name, place, waits);
        };
        self.note_call(to, place, waits);
        let group = &self.groups[to];
        if !group.called {
            let diagnostic = Diagnostic::new(place.clone(), format!("the tasks of `{name}` arrive by themselves"));
            let diagnostic = diagnostic.label("a step can call only groups with start = \"called\"");
            let diagnostic = diagnostic.related(&group.place, "this group");
            let diagnostic = diagnostic.help(format!("add start = \"called\" to `{name}`"));
            return self.reject(diagnostic);
        }
        Some(name.clone())
    }

    fn no_such_group(&mut self, name: &str, place: &Place, waits: bool) -> Option<String> {
        let title = format!("there is no group of tasks `{name}`");
        if self.unknown_names == SUGGESTIONS {
            return self.reject(Diagnostic::new(place.clone(), title));
        }
        self.unknown_names += 1;
        let callable = self.groups.iter().filter(|group| group.called);
        let called: Vec<&str> = callable.map(|group| group.name.as_str()).collect();
        let all: Vec<&str> = self.groups.iter().map(|group| group.name.as_str()).collect();
        let near = nearest(name, &called).or_else(|| nearest(name, &all));
        let help = if StepSyntax::WORDS.bare.contains(&name) {
            format!("write a single step as a list: [\"{name}\"]")
        } else if let Some(near) = near {
            format!("did you mean \"{near}\"?")
        } else if called.is_empty() {
            format!("add [[task]] with name = \"{name}\" and start = \"called\"")
        } else {
            format!("use {}", one_of(&called))
        };
        // A mistyped name counts as a call of the group that the author probably means.
        if let Some(to) = near.and_then(|near| all.iter().position(|name| *name == near)) {
            self.note_call(to, place, waits);
        }
        self.reject(Diagnostic::new(place.clone(), title).help(help))
    }

    fn note_call(&mut self, to: usize, place: &Place, waits: bool) {
        self.calls.push(Call {
            from: self.group,
            to,
            place: place.clone(),
            waits: waits && !self.held.is_apart(),
            held: if waits { self.held.during_step() } else { Vec::new() },
        });
    }

    /// Reports each group with `start = "called"` that no step calls. Reports nothing if
    /// many calls name unknown groups: a misspelt call may be the reason why no step calls a group.
    pub(super) fn report_uncalled(&mut self) {
        if self.unknown_names == SUGGESTIONS {
            return;
        }
        let called: HashSet<_> = self.calls.iter().map(|call| call.to).collect();
        for (index, group) in self.groups.iter().enumerate() {
            if group.called && !called.contains(&index) {
                let diagnostic = Diagnostic::new(group.place.clone(), format!("no step calls `{}`", group.name));
                let diagnostic = diagnostic.label("the tasks of this group would never run");
                let help = format!(
                    "write {{ spawn = \"{}\" }} in another task, or leave `start` out",
                    group.name
                );
                self.diagnostics.push(diagnostic.help(help));
            }
        }
    }

    /// Rejects groups that call themselves, directly or through other groups, and chains of calls
    /// that are too long.
    pub(super) fn reject_cycles(&mut self) -> Option<()> {
        let mut walk = Walk {
            groups: &self.groups,
            calls: &self.calls,
            from: calls_from(&self.calls, self.groups.len()),
            depths: vec![None; self.groups.len()],
            way: Vec::new(),
            on_way: vec![None; self.groups.len()],
            cycles: 0,
            diagnostics: Vec::new(),
        };
        for group in 0..self.groups.len() {
            walk.depth(group);
        }
        let diagnostics = walk.diagnostics;
        let sound = diagnostics.is_empty();
        diagnostics
            .into_iter()
            .for_each(|diagnostic| self.diagnostics.push(diagnostic));
        sound.then_some(())
    }
}

/// The calls of each group: indices into `calls`.
pub(super) fn calls_from(calls: &[Call], groups: usize) -> Vec<Vec<usize>> {
    let mut from = vec![Vec::new(); groups];
    for (index, call) in calls.iter().enumerate() {
        from[call.from].push(index);
    }
    from
}

/// A depth-first search along the calls between groups.
struct Walk<'a> {
    groups: &'a [Callable],
    calls: &'a [Call],
    /// The calls of each group.
    from: Vec<Vec<usize>>,
    /// The length of the longest chain of calls that begins at each group. `None`: not known yet.
    depths: Vec<Option<usize>>,
    /// The calls that lead to the current group.
    way: Vec<usize>,
    /// For each group on the way from the first group to the current group: the number of calls
    /// before it.
    on_way: Vec<Option<usize>>,
    cycles: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Walk<'_> {
    /// The length of the longest chain of calls that begins at `group`.
    fn depth(&mut self, group: usize) -> usize {
        if let Some(depth) = self.depths[group] {
            return depth;
        }
        let mut depth = 0;
        self.on_way[group] = Some(self.way.len());
        for index in std::mem::take(&mut self.from[group]) {
            let call = &self.calls[index];
            self.way.push(index);
            if let Some(start) = self.on_way[call.to] {
                self.cycles += 1;
                if self.cycles <= CYCLES {
                    let cycle = self.cycle(&self.way[start..]);
                    self.diagnostics.push(cycle);
                }
            } else {
                let below = 1 + self.depth(call.to);
                if below == limits::CALLS + 1 {
                    let title = format!("calls between groups are nested more than {} deep", limits::CALLS);
                    let diagnostic = Diagnostic::new(call.place.clone(), title);
                    self.diagnostics
                        .push(diagnostic.label("the chain of calls that begins here is too long"));
                }
                depth = depth.max(below);
            }
            self.way.pop();
        }
        self.on_way[group] = None;
        self.depths[group] = Some(depth);
        depth
    }

    fn cycle(&self, calls: &[usize]) -> Diagnostic {
        let name = |group: usize| self.groups[group].name.as_str();
        let first = &self.calls[calls[0]];
        let mut ring = vec![name(first.from)];
        ring.extend(calls.iter().map(|call| name(self.calls[*call].to)));
        let shown = if ring.len() > RING {
            let (begin, end) = (&ring[..RING - 2], ring[ring.len() - 1]);
            format!("{} → … → {end}, {} calls", begin.join(" → "), calls.len())
        } else {
            ring.join(" → ")
        };
        let title = format!("`{}` calls itself without end: {shown}", ring[0]);
        let mut diagnostic =
            Diagnostic::new(first.place.clone(), title).label(format!("`{}` calls `{}` here", ring[0], ring[1]));
        for call in calls[1..].iter().take(RING).map(|call| &self.calls[*call]) {
            diagnostic = diagnostic.related(
                &call.place,
                format!("`{}` calls `{}` here", name(call.from), name(call.to)),
            );
        }
        diagnostic.help("leave one of these calls out")
    }
}
