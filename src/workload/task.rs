//! One task's way through its program: repetition after repetition, on either kind of executor.

use super::Services;
use super::alive::Presence;
use super::children::Place;
use super::draw::{Seed, sample};
use super::error_throttle::ErrorKind;
use super::inline::{StepError, judge, outcome};
use super::interpret_async::{self, AsyncContext};
use super::program::Program;
use crate::probe::{self, TaskHandle, lane};
use crate::record::{LaneKind, Nanos, Outcome, Reason};
use crate::scenario::Repeat;
use rand_pcg::Pcg64Mcg;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// A task of a scenario, ready to run: on an async executor by [`run_async`](TaskCtx::run_async), on threads by
/// [`run_sync`](TaskCtx::run_sync), or [`job`](TaskCtx::job) by job.
///
/// A repetition that fails or times out does not end the task: the next one follows. The task's own outcome is, if it does
/// its steps only once, that of this once; otherwise `Completed` when all repetitions are done, or its group's time is up,
/// whatever became of each, and `Cancelled` when the run ended before, or the context was dropped.
///
/// The task counts as [alive](Services::alive) as long as its context exists.
pub struct TaskCtx {
    program: Arc<Program>,
    seed: Seed,
    /// Repetitions begun.
    begun: u64,
    /// How the last one ended.
    last: Outcome,
    wire: AsyncContext,
    /// The task's end is recorded.
    over: bool,
    /// Who is told of the end, if somebody waits for it.
    place: Option<Place>,
    _presence: Presence,
}

impl TaskCtx {
    /// The `index`th task of the program's group.
    pub fn new(handle: TaskHandle, program: Arc<Program>, services: Arc<Services>, index: u32) -> TaskCtx {
        let seed = Seed::of_task(program.seed, &program.group, index);
        TaskCtx::child(handle, program, services, seed, None)
    }

    /// A task that another one has spawned. Its draws derive from its parent's, so that they do not depend on who came first.
    pub(super) fn child(
        handle: TaskHandle,
        program: Arc<Program>,
        services: Arc<Services>,
        seed: Seed,
        place: Option<Place>,
    ) -> TaskCtx {
        TaskCtx {
            seed,
            place,
            program,
            begun: 0,
            last: Outcome::Completed,
            over: false,
            _presence: services.alive().enter(),
            wire: AsyncContext::new(handle, services),
        }
    }

    /// Whether another repetition is to follow.
    pub fn more(&self) -> bool {
        let left = match self.program.repeat {
            Repeat::Times(n) => self.begun < n,
            Repeat::Forever => true,
        };
        left && !self.program.is_closed() && !self.wire.services.stop().requested()
    }

    /// How the task ended, once there is no [`more`](TaskCtx::more).
    fn outcome(&self) -> Outcome {
        match self.program.repeat {
            Repeat::Times(1) if self.begun == 1 => self.last,
            _ if self.last == Outcome::Cancelled => Outcome::Cancelled,
            Repeat::Times(n) if self.begun == n => Outcome::Completed,
            _ if self.program.is_closed() => Outcome::Completed,
            _ => Outcome::Cancelled,
        }
    }

    /// Does all repetitions. Dropping the future cancels the one that is under way.
    pub async fn run_async(mut self) -> Outcome {
        while self.more() {
            self.repetition_async().await;
        }
        let outcome = self.outcome();
        self.end(outcome)
    }

    /// [`run_async`](TaskCtx::run_async) as a type with a name, which a task may spawn that is of this type itself.
    pub(super) fn boxed(self) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        Box::pin(self.run_async())
    }

    async fn repetition_async(&mut self) {
        let program = self.program.clone();
        let (repetition, mut rng) = self.begin();
        let deadline = interpret_async::deadline(repetition.limit, None);
        let result = {
            let steps = pin!(interpret_async::run(&mut self.wire, &mut rng, deadline, &program.steps));
            interpret_async::within(repetition.limit, steps).await
        };
        self.last = repetition.end(result);
    }

    /// Does all repetitions on the calling thread, each as a job; the first could begin at `queued_since`. A panic ends the
    /// task and goes no further.
    pub fn run_sync(mut self, mut queued_since: Nanos) {
        while self.job(queued_since, Reason::Yield) {
            queued_since = probe::now();
        }
    }

    /// Does all repetitions on a thread of its own, which is a lane as long as it lasts. If the machine grants none, the task
    /// has failed, and the log says so (of many, it says so of some).
    pub fn run_on_thread(mut self) {
        let since = probe::now();
        let name = format!("{}#{}", self.program.group, self.wire.task.index());
        let registry = self.wire.task.registry().clone();
        // Handed over only to a thread that exists.
        let (hand, taken) = mpsc::sync_channel::<TaskCtx>(1);
        let begun = thread::Builder::new().name(name.clone()).spawn(move || {
            lane::ready_for_jobs(&registry, LaneKind::Thread);
            if let Ok(task) = taken.recv() {
                task.run_sync(since);
            }
        });
        match begun {
            Ok(_) => drop(hand.send(self)),
            Err(error) => {
                let what = format_args!("{name} failed, because the machine grants it no thread: {error}");
                self.wire
                    .services
                    .error_throttle()
                    .tell(&self.wire.task, ErrorKind::Thread, what);
                self.end(Outcome::Failed);
            }
        }
    }

    /// Does the next repetition, if there is one, as a job on the calling thread: it is one slice, was ready to run since
    /// `queued_since`, and waits for `then` afterwards. Nothing can cancel it but the end of the run. One that ends after its
    /// timeout has timed out; a panic ends the task and goes no further.
    ///
    /// Whether another repetition is to follow. If not, the task has ended, and its end is recorded.
    pub fn job(&mut self, queued_since: Nanos, then: Reason) -> bool {
        if !self.more() {
            let outcome = self.outcome();
            self.end(outcome);
            return false;
        }
        let handle = self.wire.task.clone();
        lane::job(&handle, queued_since, then, || {
            let panicked = catch_unwind(AssertUnwindSafe(|| self.repetition_sync())).is_err();
            let goes_on = !panicked && self.more();
            if !goes_on {
                let outcome = if panicked { Outcome::Panicked } else { self.outcome() };
                self.end(outcome);
            }
            goes_on
        })
    }

    fn repetition_sync(&mut self) {
        let (repetition, mut rng) = self.begin();
        let result = self.wire.inline(&mut rng).run(&self.program.steps);
        self.last = repetition.end(result);
    }

    /// Records how the task ended, and tells who waits for it.
    fn end(&mut self, outcome: Outcome) -> Outcome {
        self.over = true;
        let outcome = ended(&self.wire.task, outcome);
        if let Some(place) = &self.place {
            place.report(outcome);
        }
        outcome
    }

    fn begin(&mut self) -> (Repetition, Pcg64Mcg) {
        let mut rng = self.seed.turn(self.begun);
        self.begun += 1;
        let limit = self.program.timeout.as_ref().map(|limit| sample(limit, &mut rng));
        let start = probe::now();
        self.wire.task.set_limit(limit.map(|limit| start + limit.into()));
        (
            Repetition {
                handle: self.wire.task.clone(),
                start,
                limit,
                ended: false,
            },
            rng,
        )
    }
}

impl Drop for TaskCtx {
    fn drop(&mut self) {
        if !self.over {
            self.end(cut_short());
        }
    }
}

/// Records how a task ended, and writes it down if its failure is lost.
pub(super) fn ended(task: &TaskHandle, outcome: Outcome) -> Outcome {
    let end = probe::ended(task, outcome);
    if end.lost {
        tracing::warn!(
            "{} {}, and nobody was left to hear of it: the failure is lost",
            task.name(),
            outcome.word()
        );
    }
    end.outcome
}

/// How something ends whose end nobody has said: by a panic, or because it was dropped.
fn cut_short() -> Outcome {
    if thread::panicking() {
        Outcome::Panicked
    } else {
        Outcome::Cancelled
    }
}

/// A repetition under way. Recorded when it ends, also by a panic or because its future is dropped.
struct Repetition {
    handle: TaskHandle,
    start: Nanos,
    limit: Option<Duration>,
    ended: bool,
}

impl Repetition {
    fn end(mut self, result: Result<(), StepError>) -> Outcome {
        let outcome = outcome(judge(result, probe::now() - self.start, self.limit));
        self.record(outcome);
        outcome
    }

    fn record(&mut self, outcome: Outcome) {
        self.ended = true;
        self.handle.set_limit(None);
        lane::repetition(&self.handle, self.start, outcome);
    }
}

impl Drop for Repetition {
    fn drop(&mut self) {
        if !self.ended {
            self.record(cut_short());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Labels, compile};
    use super::*;
    use crate::probe::Registry;
    use crate::scenario;
    use std::future::poll_fn;
    use std::task::Poll;
    use tokio::runtime::Builder;

    const HOUR: Nanos = Nanos::from_millis(3_600_000);

    /// The task that takes these steps, and its handle.
    fn task(rest: &str) -> (TaskCtx, TaskHandle) {
        let text = format!(
            "title = 'test'\n[[channel]]\nname = 'go'\ncapacity = 1\n[[task]]\nname = 'feeds'\nsteps = [{{ send = 'go' }}]\n\
             [[task]]\nname = 'limited'\n{rest}"
        );
        let scenario = scenario::read("test.toml", &text).unwrap_or_else(|report| panic!("{report}"));
        let mut labels = Labels::new();
        let services = Services::start(&scenario, &mut labels, &|| false).expect("services");
        let programs = compile(&scenario, &mut labels);
        let registry = Registry::new();
        let handle = TaskHandle::new(&registry, &registry.group_named("limited"));
        (
            TaskCtx::new(handle.clone(), programs[1].clone(), Arc::new(services), 0),
            handle,
        )
    }

    /// When the task should be over, as things stand.
    fn limit(task: &TaskHandle) -> Option<Nanos> {
        let limit = task.tighten_limit(Nanos::MAX);
        task.set_limit(limit);
        limit
    }

    #[test]
    fn of_a_futures_limits_the_tightest_binds_it_and_only_as_long_as_its_steps_last() {
        for (inner, binds) in [("1h", true), ("3h", false)] {
            let (task, handle) = task(&format!(
                "timeout = '2h'\nsteps = [{{ timeout = {{ after = '{inner}', steps = [{{ recv = 'go' }}] }} }}, {{ recv = 'go' }}]"
            ));
            let services = task.wire.services.clone();
            let feed = || services.shared().channels[0].try_send().expect("room");
            let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
            runtime.block_on(async {
                let mut steps = pin!(task.run_async());
                let earliest = probe::now();
                let mut limits = Vec::new();
                let ended = poll_fn(|context| {
                    for _ in 0..2 {
                        assert!(steps.as_mut().poll(context).is_pending());
                        limits.push(limit(&handle).expect("a limit"));
                        feed();
                    }
                    Poll::Ready(steps.as_mut().poll(context))
                })
                .await;
                let (within, after) = (limits[0], limits[1]);
                assert!(after >= earliest + HOUR + HOUR, "{inner}");
                assert_eq!(within < after, binds, "{inner}: {within:?} {after:?}");
                assert!(binds || within == after, "{inner}");
                assert_eq!(ended, Poll::Ready(Outcome::Completed));
            });
            assert_eq!(limit(&handle), None, "{inner}");
        }
    }

    #[test]
    fn on_a_thread_a_limit_goes_with_its_steps_and_leaves_what_bound_before() {
        let steps = |inner: &str| format!("steps = [{{ timeout = {{ after = '1h', steps = [{inner}] }} }}]");
        for (inner, result) in [("'yield'", Ok(())), ("{ fail = 'always' }", Err(StepError::Failed))] {
            let (task, handle) = task(&steps(inner));
            for outer in [None, Some(probe::now() + HOUR + HOUR), Some(Nanos(1))] {
                handle.set_limit(outer);
                let mut rng = task.seed.turn(0);
                assert_eq!(task.wire.inline(&mut rng).run(&task.program.steps), result, "{inner}");
                assert_eq!(limit(&handle), outer, "{inner}");
            }
        }
        let (mut task, handle) = task(&format!("timeout = '2h'\n{}", steps("'yield'")));
        task.repetition_sync();
        assert_eq!((task.last, limit(&handle)), (Outcome::Completed, None));
    }
}
