//! Checks when the tasks of a group arrive, and how many tasks arrive.

use super::{Checker, all_or_nothing};
use crate::scenario::limits;
use crate::scenario::notation::show_duration;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::syntax::{self, At, Table};
use crate::scenario::types::{Arrivals, Start};
use std::time::Duration;

/// When the tasks of a group arrive, and how many tasks arrive.
pub(super) struct Arriving {
    pub count: Option<u32>,
    pub start: Start,
    pub arrivals: Arrivals,
    pub until: Option<Duration>,
}

impl Checker<'_> {
    pub(super) fn arrives(&mut self, syntax: &syntax::Task) -> Option<Arriving> {
        match &syntax.start {
            Some(At {
                value: syntax::Start::Called,
                place,
            }) => self.called(syntax, place),
            Some(At {
                value: syntax::Start::After(start),
                ..
            }) => self.arrives_from(syntax, start.0),
            None => self.arrives_from(syntax, Duration::ZERO),
        }
    }

    fn arrives_from(&mut self, syntax: &syntax::Task, start: Duration) -> Option<Arriving> {
        let arrivals = self.arrivals(syntax);
        let count = self.count(syntax);
        let until = syntax.until.as_ref().map(|until| self.until(until, start, syntax));
        Some(Arriving {
            count: count?,
            start: Start::At(start),
            arrivals: arrivals?,
            until: all_or_nothing(until)?,
        })
    }

    /// Rejects keys about arrivals in a called group. The tasks of such a group arrive only when a
    /// step calls the group.
    fn called(&mut self, syntax: &syntax::Task, start: &Place) -> Option<Arriving> {
        let written = [
            ("count", syntax.count.as_ref().map(|at| &at.place)),
            ("every", syntax.every.as_ref().map(|at| &at.place)),
            ("burst", syntax.burst.as_ref().map(|at| &at.place)),
            ("rate", syntax.rate.as_ref().map(|at| &at.place)),
            ("until", syntax.until.as_ref().map(|at| &at.place)),
        ];
        let mut sound = Some(());
        for (key, place) in written.into_iter().filter_map(|(key, place)| Some((key, place?))) {
            let diagnostic = Diagnostic::new(
                place.clone(),
                format!("`{key}` has no meaning in a group that is called"),
            );
            let diagnostic =
                diagnostic.related(start, "the tasks of this group arrive only when a step calls the group");
            sound = self.reject(diagnostic.help(format!("leave `{key}` out")));
        }
        sound?;
        Some(Arriving {
            count: None,
            start: Start::Called,
            arrivals: Arrivals::Together,
            until: None,
        })
    }

    fn until(&mut self, until: &At<syntax::Length>, start: Duration, syntax: &syntax::Task) -> Option<Duration> {
        let end = until.value.0;
        if end > start {
            return Some(end);
        }
        let title = format!("the group ends at {}, before any task arrives", show_duration(end));
        let diagnostic = Diagnostic::new(until.place.clone(), title).label("counted from the start of the run");
        self.reject(match &syntax.start {
            Some(start) => diagnostic.related(&start.place, "the first task arrives at this time"),
            None => diagnostic.help("leave `until` out, or set it to a duration above zero"),
        })
    }

    fn arrivals(&mut self, syntax: &syntax::Task) -> Option<Arrivals> {
        let burst = match &syntax.burst {
            None => Some(1),
            Some(burst) => self.number("burst", burst, limits::TASKS, "no task would ever arrive"),
        };
        let every = syntax.every.as_ref().map(|every| {
            let pause = self.positive_draw(every, "`every` is zero: all tasks would arrive at once");
            Some(Arrivals::Every {
                pause: pause?,
                burst: burst?,
            })
        });
        let rate = syntax.rate.as_ref().map(|rate| match &rate.value {
            syntax::Rate::Constant(rate) => self.rate("rate", rate).map(Arrivals::Rate),
            syntax::Rate::Ramp(ramp) => self.ramp(ramp, &rate.place),
        });
        if let (None, Some(burst)) = (&every, &syntax.burst)
            && !syntax.has("every")
        {
            let diagnostic = Diagnostic::new(burst.place.clone(), "`burst` has no meaning without `every`");
            return self.reject(
                diagnostic.help("add `every` (the pause between two bursts), or write `count` for a single burst"),
            );
        }
        match (every, rate) {
            (None, None) => Some(Arrivals::Together),
            (Some(one), None) | (None, Some(one)) => one,
            (Some(_), Some(_)) => {
                let (every, rate) = (syntax.every.as_ref()?, syntax.rate.as_ref()?);
                let diagnostic = Diagnostic::new(rate.place.clone(), "the task has both `every` and `rate`");
                let diagnostic = diagnostic.related(&every.place, "this says how tasks arrive");
                self.reject(
                    diagnostic
                        .label("this also says how tasks arrive")
                        .help("keep one of them"),
                )
            }
        }
    }

    fn ramp(&mut self, ramp: &syntax::Ramp, place: &Place) -> Option<Arrivals> {
        let from = ramp.from.0.as_ref().and_then(|from| self.rate_or_none("from", from));
        let to = ramp.to.0.as_ref().and_then(|to| self.rate_or_none("to", to));
        let over = ramp.over.0.as_ref()?;
        if over.value.0.is_zero() {
            let diagnostic =
                Diagnostic::new(over.place.clone(), "the duration of the ramp is zero").label("this is zero");
            return self.reject(diagnostic.help("write `rate = …` with a number"));
        }
        let (from, to) = (from?, to?);
        if from == 0.0 && to == 0.0 {
            let title = "the ramp goes from zero to zero, so no task would ever arrive";
            return self.reject(Diagnostic::new(place.clone(), title));
        }
        Some(Arrivals::Ramp {
            from,
            to,
            over: over.value.0,
        })
    }

    /// Checks that a rate is above zero, in arrivals per second.
    fn rate(&mut self, key: &str, rate: &At<f64>) -> Option<f64> {
        if rate.value <= 0.0 {
            return self.reject(Diagnostic::new(
                rate.place.clone(),
                format!("`{key}` is not above zero, so no task would ever arrive"),
            ));
        }
        self.rate_or_none(key, rate)
    }

    /// Checks a rate in arrivals per second. The rate may be zero.
    fn rate_or_none(&mut self, key: &str, rate: &At<f64>) -> Option<f64> {
        let title = if rate.value < 0.0 {
            format!("`{key}` is below zero")
        } else if rate.value > limits::RATE {
            format!(
                "`{key}` is {}, but at most {} arrivals per second are allowed",
                rate.value,
                limits::RATE
            )
        } else {
            return Some(rate.value);
        };
        self.reject(Diagnostic::new(rate.place.clone(), title))
    }

    fn count(&mut self, syntax: &syntax::Task) -> Option<Option<u32>> {
        let endless = syntax
            .every
            .as_ref()
            .map(|every| &every.place)
            .or(syntax.rate.as_ref().map(|rate| &rate.place));
        match (&syntax.count, endless) {
            (None, None) => Some(Some(1)),
            (None, Some(_)) if self.bounded || syntax.has("count") || syntax.has("until") => Some(None),
            (None, Some(place)) => {
                let diagnostic = Diagnostic::new(place.clone(), "the arrivals and the run have no end");
                self.reject(diagnostic.help("add `count` or `until` to the task, or `duration` to the scenario"))
            }
            (Some(At { value: 0, place }), _) => {
                let diagnostic = Diagnostic::new(place.clone(), "`count` is zero").label("no task would ever arrive");
                self.reject(diagnostic.help("leave the [[task]] out"))
            }
            (Some(At { value, place }), _) if *value > limits::TASKS => {
                let title = format!("`count` is {value}, but at most {} tasks are allowed", limits::TASKS);
                self.reject(Diagnostic::new(place.clone(), title))
            }
            (Some(count), _) => Some(Some(count.value as u32)),
        }
    }
}
