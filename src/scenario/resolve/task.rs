//! Groups of tasks: names, numbers and arrivals.

use super::{Resolver, all_or_nothing};
use crate::scenario::limits;
use crate::scenario::raw::{self, At, Need, Table};
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::types::{Arrivals, Repeat, Start, TaskSpec};
use std::collections::HashMap;
use std::time::Duration;

impl Resolver<'_> {
    pub(super) fn tasks(&mut self, raw: &Need<Vec<At<raw::Task>>>) -> Option<Vec<TaskSpec>> {
        let At { value: groups, place } = raw.0.as_ref()?;
        if groups.is_empty() {
            let diagnostic = Diagnostic::new(place.clone(), "a scenario without tasks");
            return self.refuse(diagnostic.help("add a [[task]] with a `name` and `steps`"));
        }
        if groups.len() > limits::GROUPS {
            let title = format!(
                "{} groups of tasks, at most {} are possible",
                groups.len(),
                limits::GROUPS
            );
            return self.refuse(Diagnostic::new(place.clone(), title));
        }
        self.distinct_names(groups);
        let tasks: Vec<_> = groups.iter().map(|group| self.task(&group.value)).collect();
        self.totals(groups, &tasks);
        tasks.into_iter().collect()
    }

    fn task(&mut self, raw: &raw::Task) -> Option<TaskSpec> {
        let arrivals = self.arrivals(raw);
        let count = self.count(raw);
        let repeat = self.repeat(raw.repeat.as_ref());
        let timeout = raw.timeout.as_ref().map(|timeout| {
            self.positive_draw(
                timeout,
                "a `timeout` of zero would end every repetition before it begins",
            )
        });
        let steps = self.steps(&raw.steps);
        Some(TaskSpec {
            name: raw.name.0.as_ref()?.value.0.clone(),
            count: count?,
            start: Start::At(raw.start.as_ref().map_or(Duration::ZERO, |start| start.value.0)),
            arrivals: arrivals?,
            until: None,
            repeat: repeat?,
            timeout: all_or_nothing(timeout)?,
            steps: steps?,
        })
    }

    fn distinct_names(&mut self, groups: &[At<raw::Task>]) {
        let mut first: HashMap<&str, &Place> = HashMap::new();
        for name in groups.iter().filter_map(|group| group.value.name.0.as_ref()) {
            match first.get(name.value.0.as_str()) {
                Some(place) => {
                    let title = format!("two groups of tasks are called `{}`", name.value.0);
                    let diagnostic = Diagnostic::new(name.place.clone(), title).label("the second");
                    self.found.push(diagnostic.related(place, "the first"));
                }
                None => {
                    first.insert(&name.value.0, &name.place);
                }
            }
        }
    }

    fn arrivals(&mut self, raw: &raw::Task) -> Option<Arrivals> {
        let every = raw.every.as_ref().map(|every| {
            let draw = self.positive_draw(every, "`every` is zero: all tasks would arrive at once");
            draw.map(|pause| Arrivals::Every { pause, burst: 1 })
        });
        let rate = raw.rate.as_ref().map(|rate| self.rate(rate).map(Arrivals::Rate));
        match (every, rate) {
            (None, None) => Some(Arrivals::Together),
            (Some(one), None) | (None, Some(one)) => one,
            (Some(_), Some(_)) => {
                let (every, rate) = (raw.every.as_ref()?, raw.rate.as_ref()?);
                let diagnostic = Diagnostic::new(rate.place.clone(), "`every` and `rate` in one task");
                let diagnostic = diagnostic.related(&every.place, "this says how tasks arrive");
                self.refuse(diagnostic.label("and so does this").help("keep one of them"))
            }
        }
    }

    fn rate(&mut self, rate: &At<f64>) -> Option<f64> {
        if rate.value <= 0.0 {
            return self.refuse(Diagnostic::new(
                rate.place.clone(),
                "`rate` is not above zero: nothing would ever arrive",
            ));
        }
        if rate.value > limits::RATE {
            let title = format!(
                "`rate` is {}, at most {} arrivals a second are possible",
                rate.value,
                limits::RATE
            );
            return self.refuse(Diagnostic::new(rate.place.clone(), title));
        }
        Some(rate.value)
    }

    fn count(&mut self, raw: &raw::Task) -> Option<Option<u32>> {
        let endless = raw
            .every
            .as_ref()
            .map(|every| &every.place)
            .or(raw.rate.as_ref().map(|rate| &rate.place));
        match (&raw.count, endless) {
            (None, None) => Some(Some(1)),
            (None, Some(_)) if self.bounded || raw.has("count") => Some(None),
            (None, Some(place)) => {
                let diagnostic = Diagnostic::new(place.clone(), "tasks arrive without end in a run without end");
                self.refuse(diagnostic.help("give the task a `count`, or the scenario a `duration`"))
            }
            (Some(At { value: 0, place }), _) => {
                let diagnostic = Diagnostic::new(place.clone(), "`count` is zero").label("no task would ever arrive");
                self.refuse(diagnostic.help("leave the [[task]] out"))
            }
            (Some(At { value, place }), _) if *value > limits::TASKS => {
                let title = format!("`count` is {value}, at most {} tasks are possible", limits::TASKS);
                self.refuse(Diagnostic::new(place.clone(), title))
            }
            (Some(count), _) => Some(Some(count.value as u32)),
        }
    }

    fn repeat(&mut self, repeat: Option<&At<raw::Repeat>>) -> Option<Repeat> {
        let Some(At { value, place }) = repeat else {
            return Some(Repeat::Times(1));
        };
        match value {
            raw::Repeat::Forever => Some(Repeat::Forever),
            raw::Repeat::Times(0) => {
                let diagnostic = Diagnostic::new(place.clone(), "`repeat` is zero").label("no step would ever run");
                self.refuse(diagnostic.help("leave it out to run the steps once"))
            }
            raw::Repeat::Times(times) => Some(Repeat::Times(*times)),
        }
    }
}
