//! Children of async tasks: tasks of the same runtime, which are aborted when nobody wants their results.
//!
//! tokio drops an aborted task at its next suspension, which for one that is suspended is at once. What it has handed to a blocking
//! thread runs on.

use super::{AsyncContext, named};
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, Nanos, Reason};
use crate::workload::TaskCtx;
use crate::workload::children::{Call, JoinMode, Place, Then, room};
use crate::workload::draw::Seed;
use crate::workload::inline::StepError;
use crate::workload::program::Program;
use crate::workload::readiness::Due;
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};

/// Runs each program as a child, and waits for them in this manner.
pub(super) async fn call(
    context: &AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    manner: JoinMode,
    programs: &[Arc<Program>],
    limit: Option<Nanos>,
) -> Result<(), StepError> {
    room(&context.services, &context.task, programs.len())?;
    let mut children = Children {
        context,
        call: Call::new(manner),
        aborts: Vec::with_capacity(programs.len()),
    };
    for program in programs {
        children.spawn(program, rng);
    }
    let due = Due::new(&context.task, None, limit);
    while !children.call.all_heard() {
        let (family, heard) = children.call.family();
        let next = pin!(poll_fn(|context| family.poll(heard, context)));
        let end = named(Reason::Join, label, next).await;
        match children.call.hear(end) {
            Then::Wait => {}
            Then::CancelOthers => children.abort_others(),
            Then::Leave => break,
        }
    }
    drop(due);
    lane::step(&context.task, label, children.call.since());
    children.leave()
}

/// Spawns so many tasks for which nobody waits.
pub(super) fn spawn(
    context: &AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    program: &Arc<Program>,
    count: u32,
) -> Result<(), StepError> {
    room(&context.services, &context.task, count as usize)?;
    let start = probe::now();
    for _ in 0..count {
        drop(child(context, rng, program, |handle| {
            probe::unheard(handle);
            None
        }));
    }
    lane::step(&context.task, label, start);
    Ok(())
}

/// Makes a future and drops it.
pub(super) fn unawaited(
    context: &AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    program: &Arc<Program>,
) -> Result<(), StepError> {
    room(&context.services, &context.task, 1)?;
    let start = probe::now();
    let registry = context.task.registry();
    let handle = probe::never_started(&context.task, &registry.group_named(program.group()));
    let seed = Seed::drawn(rng.random());
    let future = TaskCtx::child(handle.clone(), program.clone(), context.services.clone(), seed, None).run_async();
    drop(future);
    tracing::warn!("{} was called and never awaited: nothing of it ran", handle.name());
    lane::step(&context.task, label, start);
    Ok(())
}

/// Spawns a child; `meet` is shown its handle before it can run, and says to whom it reports.
fn child(
    context: &AsyncContext,
    rng: &mut Pcg64Mcg,
    program: &Arc<Program>,
    meet: impl FnOnce(&TaskHandle) -> Option<Place>,
) -> JoinHandle<()> {
    let registry = context.task.registry();
    let group = registry.group_named(program.group());
    let seed = Seed::drawn(rng.random());
    probe::spawn(&Handle::current(), registry, &group, |handle| {
        let place = meet(&handle);
        TaskCtx::child(handle, program.clone(), context.services.clone(), seed, place).boxed()
    })
}

/// The children of a step, which are aborted if the step's future is dropped.
struct Children<'a> {
    context: &'a AsyncContext,
    call: Call,
    /// In the order of the call; empty once nobody is to be aborted.
    aborts: Vec<AbortHandle>,
}

impl Children<'_> {
    fn spawn(&mut self, program: &Arc<Program>, rng: &mut Pcg64Mcg) {
        let call = &mut self.call;
        let join = child(self.context, rng, program, |handle| {
            let place = call.place();
            call.add(handle.clone());
            Some(place)
        });
        self.aborts.push(join.abort_handle());
    }

    fn abort_others(&self) {
        for (place, _) in self.call.others() {
            self.aborts[place].abort();
        }
    }

    /// Nobody will hear of the others any more, who are aborted.
    fn give_up(&mut self) {
        self.call.mute_others();
        self.abort_others();
    }

    /// The step is over, in its own way.
    fn leave(mut self) -> Result<(), StepError> {
        self.call.leave();
        let cancels = match self.call.manner() {
            JoinMode::Gather => {
                self.call.orphan_others(self.context.services.stop());
                false
            }
            JoinMode::Group | JoinMode::Race | JoinMode::Spawn => {
                self.give_up();
                true
            }
        };
        self.aborts.clear();
        self.call.conclude(self.context.services.stop(), cancels)
    }
}

impl Drop for Children<'_> {
    fn drop(&mut self) {
        if self.aborts.is_empty() {
            return;
        }
        if !self.context.services.stop().requested() {
            self.call.tell_cancelled();
        }
        self.give_up();
    }
}
