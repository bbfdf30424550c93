//! Checks expectations: conditions that the numbers of the report must meet.

use super::Checker;
use crate::figures::{self, PathError, Unit};
use crate::scenario::limits;
use crate::scenario::measure;
use crate::scenario::report::Diagnostic;
use crate::scenario::steps::Step;
use crate::scenario::syntax::{self, At, nearest, one_of};
use crate::scenario::types::{Bound, Expectation, INJECTED, Measure, ReportPath};

/// The names of pools of threads in reports.
const POOLS: [&str; 2] = ["pool threads", "blocking threads"];

impl Checker<'_> {
    pub(super) fn expect(&mut self, syntax: Option<&At<syntax::Expect>>) -> Option<Vec<Expectation>> {
        let Some(At { value: syntax, place }) = syntax else {
            return Some(Vec::new());
        };
        if syntax.0.len() > limits::EXPECTATIONS {
            let title = format!(
                "there are {} expectations, but at most {} are allowed",
                syntax.0.len(),
                limits::EXPECTATIONS
            );
            return self.reject(Diagnostic::new(place.clone(), title));
        }
        let expectations: Vec<_> = syntax
            .0
            .iter()
            .map(|(key, bound)| self.expectation(key, bound))
            .collect();
        expectations.into_iter().collect()
    }

    fn expectation(&mut self, key: &At<String>, written: &At<String>) -> Option<Expectation> {
        let measure = self.measure(key);
        let known = measure.as_ref().and_then(|measure| {
            let sides: Vec<_> = [Some(&measure.value), measure.per.as_ref()]
                .into_iter()
                .flatten()
                .map(|path| {
                    let group = self.known_group(path, key);
                    let number = self.in_report(path, key);
                    let resource = self.known_resource(path, key);
                    self.may_run(path, key).and(group).and(resource).and(number)
                })
                .collect();
            let sides = sides.into_iter().collect::<Option<Vec<()>>>();
            self.comparable(measure, key).and(sides)
        });
        let bound = self.bound(measure.as_ref(), written);
        known?;
        Some(Expectation {
            key: key.value.clone(),
            written: written.value.clone(),
            measure: measure?,
            bound: bound?,
        })
    }

    fn measure(&mut self, key: &At<String>) -> Option<Measure> {
        match measure::measure(&key.value) {
            Ok(measure) => Some(measure),
            Err(why) => {
                let diagnostic = Diagnostic::new(key.place.clone(), "this is not a path into the report").label(why);
                self.reject(
                    diagnostic.help(
                        "write keys separated by dots, such as \"groups.api.delay_ns.p99\", or a ratio: \"… / …\"",
                    ),
                )
            }
        }
    }

    fn bound(&mut self, measure: Option<&Measure>, written: &At<String>) -> Option<Bound> {
        let (bound, unit) = match measure::bound(&written.value) {
            Ok(read) => read,
            Err(why) => {
                let title = format!("`{}` is not a bound", written.value.trim());
                let diagnostic = Diagnostic::new(written.place.clone(), title).label(why);
                return self
                    .reject(diagnostic.help("write \"< 5ms\", \">= 100\", \"== 0\" or a range such as \"0.8..1.2\""));
            }
        };
        let Some(measure) = measure else { return Some(bound) };
        let wanted = match measure.per {
            Some(_) => Unit::Share,
            None => figures::unit(&measure.value.keys),
        };
        let Some(unit) = unit else { return Some(bound) };
        if unit == wanted || (wanted, unit) == (Unit::Share, Unit::Plain) {
            return Some(bound);
        }
        let diagnostic = |title: &str| Diagnostic::new(written.place.clone(), title);
        self.reject(match (wanted, unit) {
            (Unit::Time, Unit::Plain) => {
                diagnostic("a duration needs a unit").help("the units are ns, us, ms, s, m, h: write \"< 5ms\"")
            }
            (Unit::Time, _) => {
                diagnostic("this is not a duration").help("the measured value is a duration: write \"< 5ms\"")
            }
            (Unit::Size, Unit::Plain) => {
                diagnostic("a size needs a unit").help("the units are B, KiB, MiB, GiB: write \"< 64MiB\"")
            }
            (Unit::Size, _) => diagnostic("this is not a size").help("the measured value is a size: write \"< 64MiB\""),
            (Unit::Share, _) if measure.per.is_some() => {
                diagnostic("a ratio has no unit").help("write a plain number, such as \"> 2\"")
            }
            (Unit::Share, _) => {
                diagnostic("a share has no unit").help("write a number from 0 to 1, such as \"> 0.8\" or \"> 80 %\"")
            }
            (Unit::Plain, Unit::Share) => {
                let path = measure.value.keys.join(".");
                diagnostic("this figure is not a share, so it cannot be compared with a percentage").help(format!(
                    "write a plain number, such as \"> 2\", or a ratio: \"{path} / …\" = \"> 80 %\""
                ))
            }
            (Unit::Plain, _) => {
                diagnostic("the measured value has no unit").help("write a plain number, such as \"> 2\"")
            }
        })
    }

    /// Rejects a ratio between a number of this run and a number of another executor's run.
    fn comparable(&mut self, measure: &Measure, key: &At<String>) -> Option<()> {
        let (one, other) = match &measure.per {
            Some(per) => (measure.value.executor, per.executor),
            None => return Some(()),
        };
        if one.is_some() == other.is_some() {
            return Some(());
        }
        let diagnostic = Diagnostic::new(key.place.clone(), "only one side of the ratio names an executor");
        self.reject(diagnostic.help("name an executor on both sides to compare runs, or on neither side"))
    }

    /// Rejects an executor on which the scenario does not run.
    fn may_run(&mut self, path: &ReportPath, key: &At<String>) -> Option<()> {
        let Some(kind) = path.executor else { return Some(()) };
        if self.listed.is_empty() || self.listed.iter().any(|listed| listed.value == kind) {
            return Some(());
        }
        let words: Vec<_> = self.listed.iter().map(|kind| kind.value.into_str()).collect();
        let title = format!("this scenario does not run on `{}`", kind.into_str());
        let help = format!("use {}, as listed in `executors`", one_of(&words));
        self.reject(Diagnostic::new(key.place.clone(), title).help(help))
    }

    /// Rejects a path that does not lead to a number of the report.
    fn in_report(&mut self, path: &ReportPath, key: &At<String>) -> Option<()> {
        let Err(PathError {
            reached,
            wrong_key,
            known_keys,
        }) = figures::check_path(&path.keys)
        else {
            return Some(());
        };
        let known: Vec<&str> = known_keys.iter().map(String::as_str).collect();
        let title = match &wrong_key {
            Some(wrong) if reached.is_empty() => format!("there is no `{wrong}` in the report"),
            Some(wrong) => format!("there is no `{wrong}` in `{reached}`"),
            None => format!("`{reached}` is not a number"),
        };
        let help = match wrong_key.as_deref().and_then(|wrong| nearest(wrong, &known)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "`tasklab schema --report` shows the numbers of the report".to_owned(),
            None if known == [figures::NAME] => format!("write a name after it: `{reached}.{}`", figures::NAME),
            None => format!("use {}", one_of(&known)),
        };
        self.reject(Diagnostic::new(key.place.clone(), title).help(help))
    }

    /// Rejects a resource that the scenario does not have.
    fn known_resource(&mut self, path: &ReportPath, key: &At<String>) -> Option<()> {
        let (Some("resources"), Some(name)) = (path.keys.first().map(String::as_str), path.keys.get(1)) else {
            return Some(());
        };
        let names = self.names_of_resources();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if names.contains(&name.as_str()) || POOLS.contains(&name.as_str()) {
            return Some(());
        }
        let help = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "the tasks of the scenario share nothing".to_owned(),
            None => format!("use {}", one_of(&names)),
        };
        let title = format!("the scenario has no resource `{name}`");
        self.reject(Diagnostic::new(key.place.clone(), title).help(help))
    }

    /// Rejects a group of tasks that the scenario does not have.
    fn known_group(&mut self, path: &ReportPath, key: &At<String>) -> Option<()> {
        let (Some(first), Some(name)) = (path.keys.first(), path.keys.get(1)) else {
            return Some(());
        };
        let (root, children) = name.split_once(' ').unwrap_or((name, ""));
        let mut names: Vec<&str> = self.groups.iter().map(|group| group.name.as_str()).collect();
        names.push(INJECTED);
        if first != "groups" {
            return Some(());
        }
        // The tasks that a step makes also form a group: `api gather`.
        let steps = Step::that_make_tasks();
        let known = names.contains(&root);
        if known && children.split_whitespace().all(|word| steps.contains(&word)) {
            return Some(());
        }
        let help = if known {
            let words = children.split_whitespace();
            let near: Vec<_> = words.map(|word| nearest(word, &steps).unwrap_or(steps[0])).collect();
            format!("did you mean `{root} {}`?", near.join(" "))
        } else if let Some(near) = nearest(root, &names) {
            format!("did you mean `{}`?", [near, children].join(" ").trim_end())
        } else {
            format!("use {}", one_of(&names))
        };
        let title = format!("there is no group of tasks `{name}`");
        self.reject(Diagnostic::new(key.place.clone(), title).help(help))
    }
}
