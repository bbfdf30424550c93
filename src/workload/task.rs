//! One task's way through its program: repetition after repetition, on either kind of executor.

use super::Services;
use super::draw::{Seed, sample};
use super::inline::{Cut, Inline, judge, outcome};
use super::interpret_async::{self, Wire};
use super::program::Program;
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Nanos, Outcome};
use crate::scenario::Repeat;
use rand_pcg::Pcg64Mcg;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// A task of a scenario, ready to run: on an async executor by [`run_async`](TaskCtx::run_async), on threads by
/// [`repetition_sync`](TaskCtx::repetition_sync) as long as there is [`more`](TaskCtx::more).
///
/// A repetition that fails or times out does not end the task: the next one follows. The task's own outcome is, if it does
/// its steps only once, that of this once; otherwise `Completed` when all repetitions are done, whatever became of each,
/// and `Cancelled` when the run ended before.
pub struct TaskCtx {
    handle: TaskHandle,
    program: Arc<Program>,
    services: Arc<Services>,
    seed: Seed,
    /// Repetitions begun.
    begun: u64,
    /// How the last one ended.
    last: Outcome,
    wire: Wire,
}

impl TaskCtx {
    /// The `index`th task of the program's group.
    pub fn new(handle: TaskHandle, program: Arc<Program>, services: Arc<Services>, index: u32) -> TaskCtx {
        TaskCtx {
            seed: Seed::of_task(program.seed, &program.group, index),
            wire: Wire::new(handle.clone(), services.clone()),
            handle,
            program,
            services,
            begun: 0,
            last: Outcome::Completed,
        }
    }

    /// Whether another repetition is to follow.
    pub fn more(&self) -> bool {
        let left = match self.program.repeat {
            Repeat::Times(n) => self.begun < n,
            Repeat::Forever => true,
        };
        left && !self.services.stop().requested()
    }

    /// How the task ended, once there is no [`more`](TaskCtx::more).
    pub fn outcome(&self) -> Outcome {
        match self.program.repeat {
            Repeat::Times(1) if self.begun == 1 => self.last,
            Repeat::Times(n) if self.begun == n && self.last != Outcome::Cancelled => Outcome::Completed,
            _ => Outcome::Cancelled,
        }
    }

    /// Does all repetitions. Dropping the future cancels the one that is under way.
    pub async fn run_async(mut self) -> Outcome {
        while self.more() {
            self.repetition_async().await;
        }
        self.outcome()
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

    /// Does the next repetition on the calling thread, to its end: nothing can cancel it but the end of the run. One that
    /// ends after its timeout has timed out.
    ///
    /// # Panics
    /// As the program's `panic` steps demand.
    pub fn repetition_sync(&mut self) -> Outcome {
        let (repetition, mut rng) = self.begin();
        let mut inline = Inline {
            task: &self.handle,
            services: &self.services,
            rng: &mut rng,
        };
        let result = inline.run(&self.program.steps);
        self.last = repetition.end(result);
        self.last
    }

    fn begin(&mut self) -> (Repetition, Pcg64Mcg) {
        let mut rng = self.seed.turn(self.begun);
        self.begun += 1;
        let limit = self.program.timeout.as_ref().map(|limit| sample(limit, &mut rng));
        (
            Repetition {
                handle: self.handle.clone(),
                start: probe::now(),
                limit,
                ended: false,
            },
            rng,
        )
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
    fn end(mut self, result: Result<(), Cut>) -> Outcome {
        let outcome = outcome(judge(result, probe::now() - self.start, self.limit));
        self.record(outcome);
        outcome
    }

    fn record(&mut self, outcome: Outcome) {
        self.ended = true;
        lane::repetition(&self.handle, self.start, outcome);
    }
}

impl Drop for Repetition {
    fn drop(&mut self) {
        if !self.ended {
            let panics = std::thread::panicking();
            self.record(if panics { Outcome::Panicked } else { Outcome::Cancelled });
        }
    }
}
