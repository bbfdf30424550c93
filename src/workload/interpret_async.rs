//! Runs a program's steps as a future.
//!
//! Each `await` is given a name ([`named`]): when a poll ends there, the slice says what its task waits for. And wherever it
//! is known when the wait will be over (a deadline, the reply's departure, a job's end), the task's handle is told, so that
//! the time from ready to running can be seen.

mod branches;
mod offload;
mod sharing;

use super::Services;
use super::draw::{Seed, sample};
use super::files;
use super::flow::{choose, turns};
use super::http::HttpClient;
use super::inline::{Inline, StepError, judge};
use super::program::{Instruction, Op};
use super::readiness::{DeadlineGuard, Readiness};
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, ProcessInstant, Reason};
use crate::scenario::{Draw, FileOp, How, Repeat};
use hyper::http::uri::PathAndQuery;
use offload::offload;
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

/// How long a task that could not connect waits before its repetition fails.
const BACK_OFF: Duration = Duration::from_millis(50);

/// What a task keeps from one step to the next: who it is, and its connections to those who serve it.
pub(super) struct AsyncContext {
    pub(super) task: TaskHandle,
    pub(super) services: Arc<Services>,
    /// Created when a service first serves the task.
    readiness: Option<Arc<Readiness>>,
    /// Whether the loopback service knows the task.
    registered: bool,
    /// The connection, while no request is on it.
    client: Option<Box<HttpClient>>,
}

impl AsyncContext {
    pub(super) fn new(task: TaskHandle, services: Arc<Services>) -> AsyncContext {
        AsyncContext {
            task,
            services,
            readiness: None,
            registered: false,
            client: None,
        }
    }

    /// For steps that hold the thread.
    pub(super) fn inline<'a>(&'a self, rng: &'a mut Pcg64Mcg) -> Inline<'a> {
        Inline {
            task: &self.task,
            services: &self.services,
            rng,
        }
    }

    fn readiness(&mut self) -> Arc<Readiness> {
        self.readiness
            .get_or_insert_with(|| Readiness::new(self.task.clone()))
            .clone()
    }
}

impl Drop for AsyncContext {
    fn drop(&mut self) {
        if self.registered {
            self.services.http().unregister_task(self.task.id());
        }
    }
}

/// Polls a future, and says what the task waits for whenever it is not ready.
async fn named<F: Future>(reason: Reason, label: Label, mut future: Pin<&mut F>) -> F::Output {
    poll_fn(|context| {
        let polled = future.as_mut().poll(context);
        if polled.is_pending() {
            lane::waiting(reason, label);
        }
        polled
    })
    .await
}

/// The earlier of two deadlines: one from now on, and one that binds already.
pub(super) fn deadline(limit: Option<Duration>, outer: Option<ProcessInstant>) -> Option<ProcessInstant> {
    limit
        .map(|limit| probe::now() + limit.into())
        .into_iter()
        .chain(outer)
        .min()
}

/// Polls steps no longer than `limit`. The steps are cancelled when the caller drops them; borrowing instead of taking them
/// keeps a second copy out of every task's future.
pub(super) async fn within<F>(limit: Option<Duration>, steps: Pin<&mut F>) -> Result<(), StepError>
where
    F: Future<Output = Result<(), StepError>>,
{
    match limit {
        // tokio's timer takes 232 bytes: boxed, for the many tasks that have no timeout.
        Some(limit) => Box::pin(tokio::time::timeout(limit, steps))
            .await
            .unwrap_or(Err(StepError::TimedOut)),
        None => steps.await,
    }
}

/// Does the steps in turn, until one of them cuts the repetition. `limit` is the earliest deadline that binds them.
pub(super) async fn run(
    context: &mut AsyncContext,
    rng: &mut Pcg64Mcg,
    limit: Option<ProcessInstant>,
    steps: &[Instruction],
) -> Result<(), StepError> {
    for step in steps {
        context.services.stop().check()?;
        let label = step.label;
        match &step.op {
            Op::Sleep(time) => sleep(context, label, sample(time, rng), limit).await,
            Op::Yield => named(Reason::Yield, label, pin!(tokio::task::yield_now())).await,
            // Boxed here and below, so that a task that merely sleeps does not carry the room for a request around.
            Op::Http(path) => Box::pin(http(context, rng, label, path, limit)).await?,
            &Op::File {
                op,
                size,
                how: How::Async,
            } => Box::pin(file(context, rng, label, op, size, limit)).await?,
            &Op::File {
                op,
                size,
                how: How::Offload,
            } => {
                let work = move |inline: &mut Inline<'_>| inline.file(op, size, label);
                // On a thread this draws nothing: nor does it here.
                let seed = Seed::drawn(0);
                Box::pin(offload(context, seed, label, Reason::File, limit, work)).await?;
            }
            Op::Offload(steps) => {
                let steps = steps.clone();
                let work = move |inline: &mut Inline<'_>| inline.run(&steps);
                let seed = Seed::drawn(rng.random());
                Box::pin(offload(context, seed, label, Reason::Offload, limit, work)).await?;
            }
            &Op::Db {
                op,
                rows,
                how: How::Offload | How::Async,
            } => {
                let work = move |inline: &mut Inline<'_>| inline.db(op, rows, label);
                let seed = Seed::drawn(rng.random());
                Box::pin(offload(context, seed, label, Reason::Db, limit, work)).await?;
            }
            Op::Lock {
                lock,
                how: How::Async,
                steps,
            } => Box::pin(sharing::lock(context, rng, label, *lock, steps, limit)).await?,
            Op::Semaphore { semaphore, steps } => {
                Box::pin(sharing::semaphore(context, rng, label, *semaphore, steps, limit)).await?;
            }
            &Op::Send(channel) => {
                let sending = context.services.shared().channels[channel].send();
                Box::pin(sharing::pass(context, label, sending, limit)).await?;
            }
            &Op::Recv(channel) => {
                let receiving = context.services.shared().channels[channel].recv();
                Box::pin(sharing::pass(context, label, receiving, limit)).await?;
            }
            Op::Call { manner, programs } => {
                Box::pin(branches::call(context, rng, label, *manner, programs, limit)).await?;
            }
            Op::Spawn { program, count } => branches::spawn(context, rng, label, program, *count)?,
            Op::Unawaited(program) => branches::unawaited(context, rng, label, program)?,
            Op::Choose(choices) => {
                if let Some(steps) = choose(choices, rng) {
                    Box::pin(repeat(context, rng, label, Repeat::Times(1), steps, limit)).await?;
                }
            }
            Op::Loop { times, steps } => Box::pin(repeat(context, rng, label, *times, steps, limit)).await?,
            Op::InPlace(_) => tokio::task::block_in_place(|| context.inline(rng).step(step))?,
            Op::Timeout { after, steps } => Box::pin(timeout(context, rng, label, after, steps, limit)).await?,
            // These hold the thread wherever they run.
            Op::Work(_)
            | Op::Kernel { .. }
            | Op::Block(_)
            | Op::File { how: How::Sync, .. }
            | Op::Db { how: How::Sync, .. }
            | Op::Lock { .. }
            | Op::Log(_)
            | Op::Fail { .. }
            | Op::Panic { .. } => context.inline(rng).step(step)?,
        }
    }
    Ok(())
}

async fn sleep(context: &AsyncContext, label: Label, time: Duration, limit: Option<ProcessInstant>) {
    let start = probe::now();
    let _due = DeadlineGuard::new(&context.task, Some(start + time.into()), limit);
    named(Reason::Timer, label, pin!(tokio::time::sleep(time))).await;
    lane::step(&context.task, label, start);
}

async fn http(
    context: &mut AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    path: &PathAndQuery,
    limit: Option<ProcessInstant>,
) -> Result<(), StepError> {
    let draw = rng.random();
    let start = probe::now();
    let task = context.task.id();
    let readiness = context.readiness();
    if !context.registered {
        context.services.http().register_task(task, readiness.clone());
        context.registered = true;
    }
    // Out of the task's hands until the reply is whole: a connection with half a reply on it goes down with its request.
    let mut client = match context.client.take() {
        Some(client) if client.is_open() => client,
        _ => {
            let connecting = Box::pin(HttpClient::connect(context.services.http().address()));
            let _due = DeadlineGuard::new(&context.task, None, limit);
            match named(Reason::Http, label, pin!(connecting)).await {
                Ok(client) => Box::new(client),
                Err(error) => {
                    let result = context.inline(rng).judge_http(path, Err(error));
                    // There is no port or descriptor left, and a task that asked again at once would keep its worker.
                    named(Reason::Http, label, pin!(tokio::time::sleep(BACK_OFF))).await;
                    return result;
                }
            }
        }
    };
    let wait = readiness.begin_wait(limit);
    let reply = named(Reason::Http, label, pin!(client.get(path, draw, (task, wait.number())))).await;
    drop(wait);
    if reply.is_ok() {
        context.client = Some(client);
    }
    lane::step(&context.task, label, start);
    context.inline(rng).judge_http(path, reply)
}

async fn file(
    context: &AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    op: FileOp,
    size: u64,
    limit: Option<ProcessInstant>,
) -> Result<(), StepError> {
    let start = probe::now();
    let scratch = context.services.scratch();
    let _due = DeadlineGuard::new(&context.task, None, limit);
    let done = match op {
        FileOp::Read => named(Reason::File, label, pin!(files::read_async(scratch.input_path(size))))
            .await
            .map(|_| ()),
        FileOp::Write => {
            let file = scratch.reserve_output();
            named(Reason::File, label, pin!(files::write_async(file.path(), size))).await
        }
    };
    lane::step(&context.task, label, start);
    context.inline(rng).judge_file(op, done)
}

async fn timeout(
    context: &mut AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    after: &Draw,
    steps: &[Instruction],
    outer: Option<ProcessInstant>,
) -> Result<(), StepError> {
    let start = probe::now();
    let after = sample(after, rng);
    let limit = deadline(Some(after), outer);
    let before = context.task.tighten_limit(start + after.into());
    let result = within(Some(after), pin!(run(context, rng, limit, steps))).await;
    context.task.set_limit(before);
    judge(result, probe::now() - start, Some(after))?;
    lane::step(&context.task, label, start);
    Ok(())
}

/// Does steps so many times, as one step.
async fn repeat(
    context: &mut AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    times: Repeat,
    steps: &[Instruction],
    limit: Option<ProcessInstant>,
) -> Result<(), StepError> {
    let start = probe::now();
    for _ in turns(times) {
        context.services.stop().check()?;
        run(context, rng, limit, steps).await?;
    }
    lane::step(&context.task, label, start);
    Ok(())
}
