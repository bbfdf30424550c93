//! Checks groups of tasks: their names, and how often their tasks do their steps.

use super::arrivals::Arriving;
use super::call::Callable;
use super::{Checker, all_or_nothing};
use crate::scenario::limits;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::syntax::{self, At, Required};
use crate::scenario::types::{INJECTED, Repeat, TaskSpec};
use std::collections::HashMap;

impl Checker<'_> {
    pub(super) fn tasks(&mut self, syntax: &Required<Vec<At<syntax::Task>>>) -> Option<Vec<TaskSpec>> {
        let At { value: groups, place } = syntax.0.as_ref()?;
        if groups.is_empty() {
            let diagnostic = Diagnostic::new(place.clone(), "the scenario has no tasks");
            return self.reject(diagnostic.help("add a [[task]] with a `name` and `steps`"));
        }
        if groups.len() > limits::GROUPS {
            let title = format!(
                "there are {} groups of tasks, but at most {} are allowed",
                groups.len(),
                limits::GROUPS
            );
            return self.reject(Diagnostic::new(place.clone(), title));
        }
        self.report_duplicate_names(groups);
        self.groups = groups.iter().map(callable).collect();
        // If several groups have the same name, a call means the first of these groups.
        let names = self.groups.iter().enumerate().rev();
        self.group_names = names.map(|(index, group)| (group.name.clone(), index)).collect();
        let mut tasks = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            self.group = index;
            tasks.push(self.task(&group.value));
        }
        self.reject_cycles()?;
        self.report_held_by_callers();
        self.check_totals(groups, &tasks);
        tasks.into_iter().collect()
    }

    fn task(&mut self, syntax: &syntax::Task) -> Option<TaskSpec> {
        let arriving = self.arrives(syntax);
        let repeat = syntax.repeat.as_ref();
        let repeat = repeat.map_or(Some(Repeat::Times(1)), |repeat| self.repeat("repeat", repeat));
        let timeout = syntax.timeout.as_ref().map(|timeout| {
            self.positive_draw(
                timeout,
                "a `timeout` of zero would end every repetition before it begins",
            )
        });
        let steps = self.task_steps(&syntax.steps);
        let Arriving {
            count,
            start,
            arrivals,
            until,
        } = arriving?;
        Some(TaskSpec {
            name: syntax.name.0.as_ref()?.value.0.clone(),
            count,
            start,
            arrivals,
            until,
            repeat: repeat?,
            timeout: all_or_nothing(timeout)?,
            steps: steps?,
        })
    }

    fn report_duplicate_names(&mut self, groups: &[At<syntax::Task>]) {
        let mut first: HashMap<&str, &Place> = HashMap::new();
        for name in groups.iter().filter_map(|group| group.value.name.0.as_ref()) {
            if name.value.0 == INJECTED {
                let title = format!("a group of tasks cannot have the name `{INJECTED}`");
                let diagnostic = Diagnostic::new(name.place.clone(), title);
                let diagnostic = diagnostic.label("blocks from cues and keys form a group with this name");
                self.diagnostics.push(diagnostic.help("use another name"));
            }
            match first.get(name.value.0.as_str()) {
                Some(place) => {
                    let title = format!("two groups of tasks have the name `{}`", name.value.0);
                    let diagnostic = Diagnostic::new(name.place.clone(), title).label("the second");
                    self.diagnostics.push(diagnostic.related(place, "the first"));
                }
                None => {
                    first.insert(&name.value.0, &name.place);
                }
            }
        }
    }

    /// Checks a number of repetitions, from 1. `key` is the key of the number in the file.
    pub(in crate::scenario) fn repeat(&mut self, key: &str, repeat: &At<syntax::Repeat>) -> Option<Repeat> {
        let At { value, place } = repeat;
        match value {
            syntax::Repeat::Forever => Some(Repeat::Forever),
            syntax::Repeat::Times(0) => {
                let diagnostic =
                    Diagnostic::new(place.clone(), format!("`{key}` is zero")).label("no step would ever run");
                self.reject(diagnostic.help("write 1 to run the steps once"))
            }
            syntax::Repeat::Times(times) => Some(Repeat::Times(*times)),
        }
    }
}

/// Collects what the checks of calls need to know about this group.
fn callable(group: &At<syntax::Task>) -> Callable {
    let name = group.value.name.0.as_ref();
    Callable {
        name: name.map_or(String::new(), |name| name.value.0.clone()),
        place: name.map_or(&group.place, |name| &name.place).clone(),
        called: matches!(
            group.value.start,
            Some(At {
                value: syntax::Start::Called,
                ..
            })
        ),
    }
}
