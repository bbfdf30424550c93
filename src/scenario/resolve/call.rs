//! Tasks that call tasks: branches, and who calls whom.

use super::Resolver;
use super::step::Site;
use crate::scenario::limits;
use crate::scenario::raw::{self, At, Name, nearest, one_of};
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::types::{Branch, Step};

/// A group of tasks that steps may name.
pub(super) struct Callable {
    /// Its name; empty if that cannot be read.
    pub name: String,
    /// Where it is named.
    pub place: Place,
    /// None of its tasks arrives by itself.
    pub called: bool,
}

/// A step of one group that names another.
pub(super) struct Call {
    pub from: usize,
    pub to: usize,
    pub place: Place,
    /// Whether the task that `from` stands for waits until the called one is over.
    pub waits: bool,
    /// The locks that are held meanwhile, each with the place where it was taken.
    pub held: Vec<(String, Place)>,
}

impl Resolver<'_> {
    /// The branches of `gather`, `group` or `race`, called `step` in what is said of them.
    pub(super) fn branches(
        &mut self,
        step: &str,
        raw: &At<Vec<At<raw::Branch>>>,
        place: &Place,
        site: Site<'_>,
    ) -> Option<Vec<Branch>> {
        let allowed = self.needs_runtime(step, "there is no runtime for its tasks", place, site);
        let branches: Vec<_> = raw.value.iter().map(|branch| self.branch(branch, true, site)).collect();
        if raw.value.is_empty() {
            let diagnostic = Diagnostic::new(raw.place.clone(), format!("`{step}` without branches"));
            let diagnostic = diagnostic.label("there is nothing to wait for");
            return self.refuse(diagnostic.help(format!(
                "write {{ {step} = [\"NAME OF A CALLED GROUP\", [{{ sleep = \"10ms\" }}]] }}"
            )));
        }
        if branches.len() > limits::BRANCHES {
            let title = format!("{} branches, at most {} are possible", branches.len(), limits::BRANCHES);
            return self.refuse(Diagnostic::new(raw.place.clone(), title));
        }
        allowed?;
        branches.into_iter().collect()
    }

    pub(super) fn spawn(&mut self, raw: &raw::Spawn, place: &Place, site: Site<'_>) -> Option<Step> {
        let allowed = self.needs_runtime("spawn", "there is no runtime for the new task", place, site);
        let (what, count, wait) = match raw {
            raw::Spawn::One(branch) => (Some(branch), Some(1), false),
            raw::Spawn::Many(many) => {
                let count = match &many.count {
                    None => Some(1),
                    Some(count) => self.number("count", count, limits::SPAWN, "nothing would be spawned"),
                };
                let wait = many.wait.as_ref().is_some_and(|wait| wait.value);
                (many.what.0.as_ref(), count, wait)
            }
        };
        let branch = what.and_then(|what| self.branch(what, wait, site));
        allowed?;
        Some(Step::Spawn {
            branch: branch?,
            count: count?,
            wait,
        })
    }

    /// A called group, or steps, which a task of their own does. If this one `waits` for it, that is under all locks that this
    /// one holds.
    pub(super) fn branch(&mut self, raw: &At<raw::Branch>, waits: bool, site: Site<'_>) -> Option<Branch> {
        match &raw.value {
            raw::Branch::Group(name) => self.call(name, waits).map(Branch::Group),
            raw::Branch::Steps(steps) => {
                let held = self.enter_branch(waits);
                let steps = self.list(
                    steps,
                    Site {
                        depth: site.depth + 1,
                        synchronous: None,
                    },
                );
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
        let Some(to) = self.groups.iter().position(|group| group.name == *name) else {
            return self.no_such_group(name, place, waits);
        };
        self.note_call(to, place, waits);
        let group = &self.groups[to];
        if !group.called {
            let diagnostic = Diagnostic::new(place.clone(), format!("the tasks of `{name}` arrive by themselves"));
            let diagnostic = diagnostic.label("a step can name only groups that do not");
            let diagnostic = diagnostic.related(&group.place, "this group");
            let diagnostic = diagnostic.help(format!("give `{name}` start = \"called\""));
            return self.refuse(diagnostic);
        }
        Some(name.clone())
    }

    fn no_such_group(&mut self, name: &str, place: &Place, waits: bool) -> Option<String> {
        let callable = self.groups.iter().filter(|group| group.called);
        let called: Vec<&str> = callable.map(|group| group.name.as_str()).collect();
        let all: Vec<&str> = self.groups.iter().map(|group| group.name.as_str()).collect();
        let near = nearest(name, &called).or_else(|| nearest(name, &all));
        let help = if raw::Step::BARE.contains(&name) {
            format!("a step of its own is a list: [\"{name}\"]")
        } else if let Some(near) = near {
            format!("did you mean \"{near}\"?")
        } else if called.is_empty() {
            format!("add [[task]] with name = \"{name}\" and start = \"called\"")
        } else {
            format!("it can be {}", one_of(&called))
        };
        let title = format!("there is no group of tasks `{name}`");
        // What is mistyped is called.
        if let Some(to) = near.and_then(|near| all.iter().position(|name| *name == near)) {
            self.note_call(to, place, waits);
        }
        self.refuse(Diagnostic::new(place.clone(), title).help(help))
    }

    fn note_call(&mut self, to: usize, place: &Place, waits: bool) {
        self.calls.push(Call {
            from: self.group,
            to,
            place: place.clone(),
            waits: waits && !self.held.is_apart(),
            held: if waits { self.held.places() } else { Vec::new() },
        });
    }

    /// Notes groups that nobody calls.
    pub(super) fn uncalled(&mut self) {
        for (index, group) in self.groups.iter().enumerate() {
            if group.called && !self.calls.iter().any(|call| call.to == index) {
                let diagnostic = Diagnostic::new(group.place.clone(), format!("nobody calls `{}`", group.name));
                let diagnostic = diagnostic.label("its tasks would never run");
                let help = format!(
                    "write {{ spawn = \"{}\" }} in another task, or leave `start` out",
                    group.name
                );
                self.found.push(diagnostic.help(help));
            }
        }
    }

    /// Refuses groups that call themselves, and calls of calls without end in sight.
    pub(super) fn acyclic(&mut self) -> Option<()> {
        // How long the longest way from a group is, in calls; `None`: not known yet.
        let mut depths = vec![None; self.groups.len()];
        let mut found = Vec::new();
        for group in 0..self.groups.len() {
            self.depth(group, &mut Vec::new(), &mut depths, &mut found);
        }
        let sound = found.is_empty();
        found.into_iter().for_each(|diagnostic| self.found.push(diagnostic));
        sound.then_some(())
    }

    /// How many calls in a row begin at `group`; `way` are the calls that led to it.
    fn depth(
        &self,
        group: usize,
        way: &mut Vec<usize>,
        depths: &mut [Option<usize>],
        found: &mut Vec<Diagnostic>,
    ) -> usize {
        if let Some(depth) = depths[group] {
            return depth;
        }
        let mut depth = 0;
        for (index, call) in self.calls.iter().enumerate().filter(|(_, call)| call.from == group) {
            way.push(index);
            if let Some(start) = way.iter().position(|step| self.calls[*step].from == call.to) {
                found.push(self.cycle(&way[start..]));
            } else {
                let below = 1 + self.depth(call.to, way, depths, found);
                if below == limits::CALLS + 1 {
                    let title = format!("groups that call groups, more than {} deep", limits::CALLS);
                    found.push(Diagnostic::new(call.place.clone(), title).label("the first of too many calls"));
                }
                depth = depth.max(below);
            }
            way.pop();
        }
        depths[group] = Some(depth);
        depth
    }

    fn cycle(&self, calls: &[usize]) -> Diagnostic {
        let name = |group: usize| self.groups[group].name.as_str();
        let first = &self.calls[calls[0]];
        let mut ring = vec![name(first.from)];
        ring.extend(calls.iter().map(|call| name(self.calls[*call].to)));
        let title = format!("`{}` calls itself, without end: {}", ring[0], ring.join(" → "));
        let mut diagnostic =
            Diagnostic::new(first.place.clone(), title).label(format!("`{}` calls `{}` here", ring[0], ring[1]));
        for call in calls[1..].iter().map(|call| &self.calls[*call]) {
            diagnostic = diagnostic.related(
                &call.place,
                format!("`{}` calls `{}` here", name(call.from), name(call.to)),
            );
        }
        diagnostic.help("leave one of these calls out")
    }
}
