//! Steps: what each may hold, where each may stand, and which executor can do it.

use super::Resolver;
use crate::scenario::limits;
use crate::scenario::raw::{self, At, Need, Table};
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::types::{Cpu, ExecutorKind, FileOp, How, Step};

/// Where a step stands.
#[derive(Clone, Copy)]
struct Site<'a> {
    /// Steps around it.
    depth: usize,
    /// The step that took it away from the runtime, and where that is: `offload` or `in_place`.
    synchronous: Option<(&'static str, &'a Place)>,
}

impl Resolver<'_> {
    /// All steps of a task.
    pub(super) fn steps(&mut self, raw: &Need<Vec<At<raw::Step>>>) -> Option<Vec<Step>> {
        let list = raw.0.as_ref()?;
        let count = count(&list.value);
        if count > limits::STEPS {
            let title = format!("{count} steps in one task, at most {} are possible", limits::STEPS);
            return self.refuse(Diagnostic::new(list.place.clone(), title));
        }
        self.list(
            list,
            Site {
                depth: 0,
                synchronous: None,
            },
        )
    }

    fn list(&mut self, list: &At<Vec<At<raw::Step>>>, site: Site<'_>) -> Option<Vec<Step>> {
        let At { value: raw, place } = list;
        if raw.is_empty() {
            let diagnostic = Diagnostic::new(place.clone(), "no steps").label("there is nothing to do here");
            return self.refuse(diagnostic.help("add a step, such as { sleep = \"10ms\" }"));
        }
        if site.depth > limits::DEPTH {
            let title = format!("steps within steps, more than {} deep", limits::DEPTH);
            return self.refuse(Diagnostic::new(place.clone(), title));
        }
        let steps: Vec<_> = raw.iter().map(|step| self.step(step, site)).collect();
        steps.into_iter().collect()
    }

    fn step(&mut self, raw: &At<raw::Step>, site: Site<'_>) -> Option<Step> {
        let place = &raw.place;
        let inner = Site {
            depth: site.depth + 1,
            ..site
        };
        Some(match &raw.value {
            raw::Step::Cpu(raw::Cpu::Work(work)) => Step::Cpu(Cpu::Work(self.draw(work)?)),
            raw::Step::Cpu(raw::Cpu::Kernel(run)) => Step::Cpu(self.kernel(run)?),
            raw::Step::Sleep(length) => Step::Sleep(self.draw(length)?),
            raw::Step::Block(length) => Step::Block(self.draw(length)?),
            raw::Step::Http(path) => Step::Http { path: path.0.clone() },
            raw::Step::File(file) => self.file(file, place, site)?,
            raw::Step::Yield => {
                self.needs_runtime("yield", "there is no other task to give way to", place, site)?;
                Step::Yield
            }
            raw::Step::Offload(steps) => {
                let allowed = self.needs_runtime("offload", "its steps have left the runtime already", place, site);
                let steps = self.list(
                    steps,
                    Site {
                        synchronous: Some(("offload", place)),
                        ..inner
                    },
                );
                allowed.and(steps).map(Step::Offload)?
            }
            raw::Step::InPlace(steps) => {
                let allowed = self
                    .needs_runtime(
                        "in_place",
                        "the worker's other tasks are elsewhere already",
                        place,
                        site,
                    )
                    .and_then(|()| self.can_block_in_place(place));
                let steps = self.list(
                    steps,
                    Site {
                        synchronous: Some(("in_place", place)),
                        ..inner
                    },
                );
                allowed.and(steps).map(Step::InPlace)?
            }
            raw::Step::Timeout(timeout) => {
                let zero = "a `timeout` of zero would end its steps before they begin";
                let after = timeout
                    .after
                    .0
                    .as_ref()
                    .and_then(|after| self.positive_draw(after, zero));
                let steps = timeout.steps.0.as_ref();
                let steps = steps.and_then(|steps| self.list(steps, inner));
                Step::Timeout {
                    after: after?,
                    steps: steps?,
                }
            }
            raw::Step::Fail(accident) => {
                let (message, chance) = self.accident(accident)?;
                Step::Fail { message, chance }
            }
            raw::Step::Panic(accident) => {
                let (message, chance) = self.accident(accident)?;
                Step::Panic { message, chance }
            }
        })
    }

    /// Refuses what has no meaning once `offload` or `in_place` has taken the steps away from the runtime.
    fn needs_runtime(&mut self, step: &str, why: &str, place: &Place, site: Site<'_>) -> Option<()> {
        let Some((around, outer)) = site.synchronous else {
            return Some(());
        };
        let title = format!("`{step}` has no meaning inside `{around}`");
        let diagnostic = Diagnostic::new(place.clone(), title).label(why);
        self.refuse(
            diagnostic
                .related(outer, "inside this")
                .help(format!("move it out of `{around}`, or leave it out")),
        )
    }

    fn can_block_in_place(&mut self, place: &Place) -> Option<()> {
        if self.executor != ExecutorKind::CurrentThread {
            return Some(());
        }
        let diagnostic = Diagnostic::new(place.clone(), "`current-thread` cannot do `in_place`");
        let diagnostic = diagnostic.label("there is no second worker to take the other tasks");
        let diagnostic = self.with_choice(diagnostic);
        self.refuse(diagnostic.help("write `offload`, or use `tokio`"))
    }

    fn kernel(&mut self, run: &raw::KernelRun) -> Option<Cpu> {
        let size = run.size.0.as_ref()?;
        if size.value == 0 {
            return self
                .refuse(Diagnostic::new(size.place.clone(), "`size` is zero").label("there is nothing to compute"));
        }
        let kernel = run.kernel.0.as_ref()?.value;
        let most = limits::kernel(kernel);
        if size.value > u64::from(most) {
            let title = format!(
                "a {} of size {} is too big, at most {most} is possible",
                kernel.word(),
                size.value
            );
            return self.refuse(Diagnostic::new(size.place.clone(), title));
        }
        Some(Cpu::Kernel {
            kernel,
            size: size.value as u32,
        })
    }

    fn file(&mut self, file: &raw::File, place: &Place, site: Site<'_>) -> Option<Step> {
        let (op, size) = match (&file.read, &file.write) {
            (Some(read), None) => (FileOp::Read, read.value.0),
            (None, Some(write)) => (FileOp::Write, write.value.0),
            (Some(read), Some(write)) => {
                let diagnostic = Diagnostic::new(write.place.clone(), "`read` and `write` in one `file` step");
                let diagnostic = diagnostic.related(&read.place, "the other");
                return self.refuse(diagnostic.help("write two steps, one after the other"));
            }
            // A `read` or `write` that could not be understood looks like none; the reader has noted it.
            (None, None) if file.has("read") || file.has("write") => return None,
            (None, None) => {
                let diagnostic = Diagnostic::new(place.clone(), "`file` neither reads nor writes");
                return self.refuse(diagnostic.help("write { file = { read = \"64KiB\" } }"));
            }
        };
        if let (
            Some(At {
                value: How::Offload,
                place,
            }),
            Some((around, outer)),
        ) = (&file.how, site.synchronous)
        {
            let title = format!("`how = \"offload\"` has no meaning inside `{around}`");
            let diagnostic = Diagnostic::new(place.clone(), title).label("the step has left the runtime already");
            return self.refuse(diagnostic.related(outer, "inside this").help("leave `how` out"));
        }
        let how = file.how.as_ref().map_or(How::Async, |how| how.value);
        Some(Step::File { op, size, how })
    }

    fn accident(&mut self, accident: &raw::Accident) -> Option<(String, f64)> {
        match accident {
            raw::Accident::Always(message) => Some((message.0.clone(), 1.0)),
            raw::Accident::Chance(raw) => {
                let chance = raw
                    .chance
                    .as_ref()
                    .map_or(Some(1.0), |chance| self.share("chance", chance));
                Some((raw.message.0.as_ref()?.value.0.clone(), chance?))
            }
        }
    }
}

/// How many steps there are, those within others included.
fn count(steps: &[At<raw::Step>]) -> usize {
    let within = |step: &At<raw::Step>| match &step.value {
        raw::Step::Offload(steps) | raw::Step::InPlace(steps) => count(&steps.value),
        raw::Step::Timeout(timeout) => timeout.steps.0.as_ref().map_or(0, |steps| count(&steps.value)),
        _ => 0,
    };
    steps.iter().map(|step| 1 + within(step)).sum()
}
