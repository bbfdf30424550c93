//! Checks the executor: the number of threads, and the options of tokio.

use super::{Checker, all_or_nothing};
use crate::scenario::limits;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::syntax::{self, At, one_of};
use crate::scenario::types::{ExecutorKind, ExecutorSpec, HasKnobs, Knobs, Workers};
use strum::VariantArray;

impl Checker<'_> {
    pub(super) fn executor(&mut self, syntax: Option<&At<syntax::Executor>>) -> Option<ExecutorSpec> {
        let kind = self.executor;
        let Some(At { value: syntax, .. }) = syntax else {
            return Some(ExecutorSpec {
                kind,
                workers: None,
                knobs: Knobs::default(),
            });
        };
        let workers = self.workers(syntax.workers.as_ref());
        let event_interval = self.interval("event_interval", syntax.event_interval.as_ref());
        let global_queue_interval = self.interval("global_queue_interval", syntax.global_queue_interval.as_ref());
        let max_blocking_threads = syntax.max_blocking_threads.as_ref().map(|threads| {
            let known = self.knob("max_blocking_threads", threads, false);
            self.threads("max_blocking_threads", threads)
                .and_then(|threads| known.map(|()| threads))
        });
        let disable_lifo_slot = self.switch("disable_lifo_slot", syntax.disable_lifo_slot.as_ref());
        let handoff = self.switch(
            "enable_eager_driver_handoff",
            syntax.enable_eager_driver_handoff.as_ref(),
        );
        let enable_alt_timer = self.switch("enable_alt_timer", syntax.enable_alt_timer.as_ref());
        Some(ExecutorSpec {
            kind,
            workers: workers?,
            knobs: Knobs {
                event_interval: event_interval?,
                global_queue_interval: global_queue_interval?,
                max_blocking_threads: all_or_nothing(max_blocking_threads)?,
                disable_lifo_slot: disable_lifo_slot?,
                enable_eager_driver_handoff: handoff?,
                enable_alt_timer: enable_alt_timer?,
            },
        })
    }

    /// The executors on which the scenario may run. Rejects the chosen executor if the scenario may
    /// not run on it.
    pub(super) fn executors(&mut self, syntax: Option<&At<Vec<At<ExecutorKind>>>>) -> Option<Vec<ExecutorKind>> {
        let Some(At { value: list, place }) = syntax else {
            return Some(ExecutorKind::VARIANTS.to_vec());
        };
        self.listed.clone_from(list);
        if list.is_empty() {
            let diagnostic = Diagnostic::new(place.clone(), "the scenario cannot run on any executor");
            return self.reject(diagnostic.help("leave `executors` out if the scenario may run on all executors"));
        }
        let kinds: Vec<_> = list.iter().map(|kind| kind.value).collect();
        for (index, kind) in list.iter().enumerate() {
            if let Some(first) = list[..index].iter().find(|first| first.value == kind.value) {
                let title = format!("`{}` is listed twice", kind.value.into_str());
                let diagnostic = Diagnostic::new(kind.place.clone(), title).related(&first.place, "the first");
                return self.reject(diagnostic);
            }
        }
        if !kinds.contains(&self.executor) {
            let words: Vec<_> = kinds.iter().map(ExecutorKind::into_str).collect();
            let title = format!("this scenario does not run on `{}`", self.executor.into_str());
            let at = self.chosen.clone().unwrap_or_else(|| place.clone());
            let diagnostic = Diagnostic::new(at, title).related(place, "it runs on these");
            return self.reject(diagnostic.help(format!("use {}", one_of(&words))));
        }
        Some(kinds)
    }

    fn workers(&mut self, workers: Option<&At<u64>>) -> Option<Option<usize>> {
        let Some(workers) = workers else { return Some(None) };
        let count = self.threads("workers", workers)?;
        if !self.executor.traits().shares_memory && workers.value > limits::PROCESSES {
            let title = format!(
                "`workers` is {count}, at most {} processes are possible",
                limits::PROCESSES
            );
            let diagnostic = self.with_choice(Diagnostic::new(workers.place.clone(), title));
            return self.reject(diagnostic.help("use fewer `workers`, or use `pool`"));
        }
        let (has, instead) = match self.executor.traits().workers {
            Workers::One if count != 1 => ("it always has one worker: the thread that starts it", "tokio"),
            Workers::OnePerTask => ("it has one thread for each task", "pool"),
            Workers::One | Workers::AsAsked => return Some(Some(count)),
        };
        // If the command line chooses another executor, the number of threads in the file has no
        // meaning.
        if matches!((&self.chosen, &workers.place), (Some(Place::Option(_)), Place::File(_))) {
            return Some(None);
        }
        let s = if count == 1 { "" } else { "s" };
        let title = format!("`{}` cannot have {count} worker{s}", self.executor.into_str());
        let diagnostic = self.with_choice(Diagnostic::new(workers.place.clone(), title).label(has));
        self.reject(diagnostic.help(format!("leave `workers` out, or use `{instead}`")))
    }

    /// Checks a number of threads.
    fn threads(&mut self, key: &str, threads: &At<u64>) -> Option<usize> {
        let diagnostic = |title: String| Diagnostic::new(threads.place.clone(), title);
        match threads.value {
            0 => self.reject(diagnostic(format!("`{key}` is zero")).label("no task would ever run")),
            n if n > limits::THREADS => self.reject(diagnostic(format!(
                "`{key}` is {n}, but at most {} threads are allowed",
                limits::THREADS
            ))),
            n => Some(n as usize),
        }
    }

    /// Checks a number of polls between two checks of a queue or of a driver.
    fn interval(&mut self, key: &str, interval: Option<&At<u64>>) -> Option<Option<u32>> {
        let Some(interval) = interval else { return Some(None) };
        let known = self.knob(key, interval, false);
        let diagnostic = |title: String| Diagnostic::new(interval.place.clone(), title);
        let polls = match u32::try_from(interval.value) {
            Ok(0) => self.reject(diagnostic(format!("`{key}` is zero")).label("write a number of polls, at least 1")),
            Ok(polls) => Some(polls),
            Err(_) => self.reject(diagnostic(format!("`{key}` is above {}", u32::MAX))),
        };
        known.and(polls).map(Some)
    }

    /// Checks a boolean option that only the multi-thread runtime has.
    fn switch(&mut self, key: &str, switch: Option<&At<bool>>) -> Option<bool> {
        let Some(switch) = switch else { return Some(false) };
        self.knob(key, switch, true).map(|()| switch.value)
    }

    /// Rejects an option that the executor does not have.
    fn knob<T>(&mut self, key: &str, knob: &At<T>, multi_thread_only: bool) -> Option<()> {
        let title = match self.executor.traits().knobs {
            HasKnobs::All => return Some(()),
            HasKnobs::Common if !multi_thread_only => return Some(()),
            HasKnobs::Common => format!("only the multi-thread runtime has the option `{key}`"),
            HasKnobs::None => format!(
                "`{key}` is an option of tokio, but `{}` does not use tokio",
                self.executor.into_str()
            ),
        };
        let diagnostic = self.with_choice(Diagnostic::new(knob.place.clone(), title));
        self.reject(diagnostic.help(format!("leave `{key}` out, or use `tokio`")))
    }
}
