//! Runs one task: all repetitions of its program, on an async executor or on threads.

use super::Services;
use super::async_interpreter::{AsyncContext, AsyncInterpreter, limit_tick, run_within};
use super::children::{CompletionReporter, KeptResults};
use super::draw::{Seed, sample};
use super::error_throttle::ErrorKind;
use super::live_tasks::LiveTaskGuard;
use super::program::Program;
use super::repetition::{Repetition, outcome_of_drop};
use super::step_error::StepResult;
use super::task_state::TaskState;
use crate::probe::{self, TaskHandle, lane};
use crate::record::{LaneKind, Outcome, ProcessInstant, Reason};
use crate::scenario::Repeat;
use rand_pcg::Pcg64Mcg;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::thread;

/// A task of a scenario, ready to run. On an async executor, [`run_async`](TaskCtx::run_async) runs
/// the task. On a thread, [`run_sync`](TaskCtx::run_sync) runs all repetitions, and
/// [`run_next_repetition`](TaskCtx::run_next_repetition) runs one repetition.
///
/// A repetition that fails or times out does not end the task: the next repetition follows. If a
/// task has only one repetition, the task has the outcome of this repetition. Any other task has
/// the outcome `Completed` after its last repetition or after the end of its group. The outcomes of
/// the repetitions do not affect the outcome of such a task. If the run ends earlier, or if this
/// object is dropped earlier, the task has the outcome `Cancelled`.
///
/// The task counts among the [live tasks](Services::live_tasks) until this object is dropped.
pub struct TaskCtx {
    program: Arc<Program>,
    seed: Seed,
    /// The number of repetitions that have begun.
    begun: u64,
    /// The outcome of the latest repetition.
    last_outcome: Outcome,
    context: AsyncContext,
    /// Whether the end of the task is recorded.
    has_ended: bool,
    /// Reports the end to the parent, if the parent waits for this task.
    reporter: Option<CompletionReporter>,
    _live: LiveTaskGuard,
}

impl TaskCtx {
    /// Creates the task with this index in the program's group.
    pub fn new(handle: TaskHandle, program: Arc<Program>, services: Arc<Services>, index: u32) -> TaskCtx {
        let seed = Seed::of_task(program.seed, &program.group, index);
        TaskCtx::child(handle, program, services, seed, None).receiving()
    }

    /// Creates a task that another task has spawned. The child's random numbers are derived from a
    /// random number of its parent. So they do not depend on the order in which tasks are spawned.
    pub(super) fn child(
        handle: TaskHandle,
        program: Arc<Program>,
        services: Arc<Services>,
        seed: Seed,
        reporter: Option<CompletionReporter>,
    ) -> TaskCtx {
        TaskCtx {
            seed,
            reporter,
            program,
            begun: 0,
            last_outcome: Outcome::Completed,
            has_ended: false,
            _live: services.live_tasks().track(),
            context: AsyncContext::new(handle, services),
        }
    }

    /// Makes the task a receiver of the channels from which its steps receive.
    pub(super) fn receiving(mut self) -> TaskCtx {
        self.context.state = TaskState::of_task(&self.program, &self.context.services);
        self
    }

    /// Gives the branch the state of a part of its task.
    pub(super) fn with_state(mut self, state: TaskState) -> TaskCtx {
        self.context.state = state;
        self
    }

    /// Lets the task add its result to `results` when the task completes.
    pub(super) fn keeping(mut self, results: Option<Arc<KeptResults>>) -> TaskCtx {
        if let Some(results) = results {
            self.context.state.set_results_of_parent(results);
        }
        self
    }

    /// Stores the instant since which the next repetition has been queued.
    pub fn set_queued_since(&self, at: ProcessInstant) {
        self.context.task.set_queued_since(at);
    }

    /// Whether another repetition follows.
    pub fn has_next_repetition(&self) -> bool {
        let are_left = match self.program.repeat {
            Repeat::Times(n) => self.begun < n,
            Repeat::Forever => true,
        };
        are_left && !self.program.is_closed() && !self.context.services.stop().is_requested()
    }

    /// The task's outcome, after [`has_next_repetition`](TaskCtx::has_next_repetition) has returned
    /// false.
    fn outcome(&self) -> Outcome {
        match self.program.repeat {
            Repeat::Times(1) if self.begun == 1 => self.last_outcome,
            _ if self.last_outcome == Outcome::Cancelled => Outcome::Cancelled,
            Repeat::Times(n) if self.begun == n => Outcome::Completed,
            _ if self.program.is_closed() => Outcome::Completed,
            _ => Outcome::Cancelled,
        }
    }

    /// Runs all repetitions. Dropping the future cancels the current repetition.
    pub async fn run_async(mut self) -> Outcome {
        while self.has_next_repetition() {
            self.repetition_async().await;
        }
        let outcome = self.outcome();
        self.end(outcome)
    }

    /// Boxes the future of [`run_async`](TaskCtx::run_async). Without the box, the future of a task
    /// that spawns tasks would contain its own type.
    pub(super) fn boxed(self) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        Box::pin(self.run_async())
    }

    async fn repetition_async(&mut self) {
        let program = self.program.clone();
        let (repetition, mut rng) = self.begin_repetition();
        let limit = limit_tick(&self.context.task, repetition.limit(), None);
        let mut interpreter = AsyncInterpreter {
            context: &mut self.context,
            rng: &mut rng,
            limit,
        };
        let result = run_within(repetition.limit(), pin!(interpreter.run(&program.steps))).await;
        self.context.clean_up(0);
        self.end_repetition(repetition, result);
    }

    /// Runs all repetitions on the calling thread as a branch, inside the slice of another task.
    pub(super) fn run_inline(mut self) -> Outcome {
        while self.has_next_repetition() {
            self.repetition_sync();
        }
        let outcome = self.outcome();
        self.end(outcome)
    }

    /// Runs all repetitions on the calling thread. Each repetition is a job. The first job was
    /// queued at `queued_since`. A panic ends the task, but this function catches the panic.
    pub fn run_sync(mut self, mut queued_since: ProcessInstant) {
        while self.run_next_repetition(queued_since, Reason::Yield) {
            queued_since = probe::now();
        }
    }

    /// Runs all repetitions on a new thread, which is a lane until it ends. If the thread cannot be
    /// created, the task fails, and the log reports the error (throttled, see `error_throttle`).
    pub fn run_on_thread(mut self) {
        let queued_since = probe::now();
        let name = format!("{}#{}", self.program.group, self.context.task.index());
        let registry = self.context.task.registry().clone();
        // The task is sent to the thread through a channel. So this function still owns the task if
        // the thread cannot be created.
        let (sender, receiver) = mpsc::sync_channel::<TaskCtx>(1);
        let spawned = thread::Builder::new().name(name.clone()).spawn(move || {
            lane::enter_for_jobs(&registry, LaneKind::Thread);
            if let Ok(task) = receiver.recv() {
                task.run_sync(queued_since);
            }
        });
        match spawned {
            Ok(_) => drop(sender.send(self)),
            Err(error) => {
                let message = format_args!("{name} failed, because its thread cannot be created: {error}");
                self.context
                    .services
                    .error_throttle()
                    .report(&self.context.task, ErrorKind::Thread, message);
                self.end(Outcome::Failed);
            }
        }
    }

    /// Runs the next repetition, if there is one, as a job on the calling thread. The job is one
    /// slice, and was queued at `queued_since`. After the job, the task waits for `then`. Only the
    /// end of the run can cancel the job. A repetition that ends after its timeout has timed out. A
    /// panic ends the task, but this function catches the panic.
    ///
    /// Returns whether another repetition follows. If no repetition follows, the task has ended,
    /// and its end is recorded.
    pub fn run_next_repetition(&mut self, queued_since: ProcessInstant, then: Reason) -> bool {
        if !self.has_next_repetition() {
            let outcome = self.outcome();
            self.end(outcome);
            return false;
        }
        let handle = self.context.task.clone();
        handle.run_job(queued_since, then, || {
            let panicked = catch_unwind(AssertUnwindSafe(|| self.repetition_sync())).is_err();
            let continues = !panicked && self.has_next_repetition();
            if !continues {
                let outcome = if panicked { Outcome::Panicked } else { self.outcome() };
                self.end(outcome);
            }
            continues
        })
    }

    fn repetition_sync(&mut self) {
        let (repetition, mut rng) = self.begin_repetition();
        let result = self.context.sync(&mut rng).run(&self.program.steps);
        self.end_repetition(repetition, result);
    }

    /// Ends a repetition with the result of its steps.
    fn end_repetition(&mut self, repetition: Repetition, result: StepResult) {
        self.context.state.release_all();
        self.last_outcome = repetition.end(result);
    }

    /// Records the task's outcome, and reports it to the parent.
    fn end(&mut self, outcome: Outcome) -> Outcome {
        self.has_ended = true;
        self.context.state.drop_results();
        if let Some(results) = self.context.state.take_results_of_parent()
            && outcome == Outcome::Completed
        {
            results.add(&self.context.task);
        }
        let outcome = record_end(&self.context.task, outcome);
        if let Some(reporter) = &self.reporter {
            reporter.report(outcome);
        }
        outcome
    }

    /// Begins the next repetition, and draws its timeout.
    fn begin_repetition(&mut self) -> (Repetition, Pcg64Mcg) {
        let mut rng = self.seed.generator(self.begun);
        self.begun += 1;
        let limit = self.program.timeout.as_ref().map(|limit| sample(limit, &mut rng));
        let start = probe::now();
        let limit_at = limit.map(|limit| start + limit.into());
        self.context.task.begin_repetition(start, limit_at);
        let services = self.context.services.clone();
        let repetition = Repetition::new(self.context.task.clone(), services, start, limit);
        (repetition, rng)
    }
}

impl Drop for TaskCtx {
    fn drop(&mut self) {
        // A second panic during a panic would abort the process, so no cleanup runs during a panic.
        if !thread::panicking() {
            self.context.clean_up(0);
        }
        self.context.state.release_all();
        if !self.has_ended {
            self.end(outcome_of_drop());
        }
    }
}

/// Records a task's outcome, and logs an unobserved failure.
pub(super) fn record_end(task: &TaskHandle, outcome: Outcome) -> Outcome {
    let end = task.end(outcome);
    if end.unobserved {
        tracing::warn!(
            "{} {}, and no task waits for it: the failure is unobserved",
            task.name(),
            outcome.into_str()
        );
    }
    end.outcome
}

#[cfg(test)]
mod tests {
    use super::super::shared::Channel;
    use super::super::step_error::StepError;
    use super::super::{Labels, compile};
    use super::*;
    use crate::probe::Registry;
    use crate::record::Nanos;
    use crate::scenario;
    use std::future::poll_fn;
    use std::task::Poll;
    use tokio::runtime::Builder;

    const HOUR: Nanos = Nanos::from_millis(3_600_000);

    /// A task and its handle. `rest` is the last part of the task's specification in the scenario.
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

    /// The current deadline of the task.
    fn limit(task: &TaskHandle) -> Option<ProcessInstant> {
        let limit = task.tighten_limit(ProcessInstant::MAX);
        task.set_limit(limit);
        limit
    }

    #[test]
    fn the_earliest_limit_applies_to_a_future_while_its_steps_run() {
        for (inner, binds) in [("1h", true), ("3h", false)] {
            let (task, handle) = task(&format!(
                "timeout = '2h'\nsteps = [{{ timeout = {{ after = '{inner}', steps = [{{ recv = 'go' }}] }} }}, {{ recv = 'go' }}]"
            ));
            let services = task.context.services.clone();
            let feed = || {
                let Channel::Queue(channel) = &services.shared().channels[0] else {
                    panic!("a queue")
                };
                let slot = channel.free().expect("a bounded channel").try_acquire().expect("room");
                channel.put(None, Some(slot), &handle, None);
            };
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
    fn on_a_thread_a_limit_ends_with_its_steps_and_restores_the_outer_limit() {
        let steps = |inner: &str| format!("steps = [{{ timeout = {{ after = '1h', steps = [{inner}] }} }}]");
        for (inner, result) in [("'yield'", Ok(())), ("{ fail = 'always' }", Err(StepError::Failed))] {
            let (mut task, handle) = task(&steps(inner));
            for outer in [None, Some(probe::now() + HOUR + HOUR), Some(ProcessInstant::new(1))] {
                handle.set_limit(outer);
                let mut rng = task.seed.generator(0);
                assert_eq!(task.context.sync(&mut rng).run(&task.program.steps), result, "{inner}");
                assert_eq!(limit(&handle), outer, "{inner}");
            }
        }
        let (mut task, handle) = task(&format!("timeout = '2h'\n{}", steps("'yield'")));
        task.repetition_sync();
        assert_eq!((task.last_outcome, limit(&handle)), (Outcome::Completed, None));
    }
}
