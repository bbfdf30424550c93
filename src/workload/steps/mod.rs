//! The implementation of each step of the scenario language, one file per step.
//!
//! A step's file defines how the step is compiled, the step's name on screen, and how the step runs
//! in a future and on a thread. The file of the same name in `scenario/steps` defines the step's
//! syntax and its meaning.
//!
//! To add a step, write these two files. Then add one line to the list `steps!` in this file, and
//! one line to the list in `scenario/steps/mod.rs`. No other code names a step.

mod branches;

use super::async_interpreter::AsyncInterpreter;
use super::compile::Compiler;
use super::step_error::StepResult;
use super::sync_interpreter::SyncInterpreter;
use crate::record::Label;
use crate::scenario::{self, Step};
use std::fmt::Debug;
use std::future::Future;

/// A step that is ready to run.
///
/// A program refers to a lock, semaphore or channel by its index in the scenario's list.
trait StepProgram: Debug + Sized {
    /// The type of the step in a parsed scenario.
    type Spec;

    /// The step's name on screen. The name resembles the text in the scenario file, so that a
    /// learner recognises the step.
    fn name(spec: &Self::Spec) -> String;

    /// Compiles the step for a task of `group`.
    fn compile(spec: &Self::Spec, group: &str, compiler: &mut Compiler<'_>) -> Self;

    /// Runs the step synchronously, as in a program with threads. The step holds the thread until
    /// it ends.
    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult;

    /// Runs the step as a part of a future. By default, the step runs synchronously and holds the
    /// worker's thread.
    ///
    /// A future is at least as large as the largest future that it may await. So a step with a
    /// large future boxes this future. Without the box, even a task that only sleeps would need as
    /// much memory as a task that sends a request.
    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        async move { self.run_sync(&mut interpreter.sync(), label) }
    }
}

/// The registry: one line for each step, as in `scenario/steps/mod.rs`.
///
/// `cargo fmt` does not see modules that a macro declares: format these files with `rustfmt
/// src/workload/steps/*.rs`.
macro_rules! steps {
    (
        $( $module:ident: $name:ident, )*
        ;
        $( $bare_module:ident: $bare:ident, )*
    ) => {
        $( mod $module; )*
        $( mod $bare_module; )*

        /// A [`Step`] that is ready to run.
        #[derive(Debug)]
        pub(super) enum Op {
            $( $name($module::$name), )*
            $( $bare($bare_module::$bare), )*
        }

        impl Op {
            /// The step's name on screen.
            pub(super) fn name(step: &Step) -> String {
                match step {
                    $( Step::$name(spec) => $module::$name::name(spec), )*
                    $( Step::$bare => $bare_module::$bare::name(&scenario::steps::$bare), )*
                }
            }

            /// Compiles a step for a task of `group`.
            pub(super) fn compile(step: &Step, group: &str, compiler: &mut Compiler<'_>) -> Op {
                match step {
                    $( Step::$name(spec) => Op::$name(StepProgram::compile(spec, group, compiler)), )*
                    $( Step::$bare => Op::$bare(StepProgram::compile(&scenario::steps::$bare, group, compiler)), )*
                }
            }

            /// Runs the step, and holds the thread until the step ends.
            pub(super) fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
                match self {
                    $( Op::$name(step) => step.run_sync(interpreter, label), )*
                    $( Op::$bare(step) => step.run_sync(interpreter, label), )*
                }
            }

            /// Runs the step as a part of a future.
            pub(super) async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
                match self {
                    $( Op::$name(step) => step.run_async(interpreter, label).await, )*
                    $( Op::$bare(step) => step.run_async(interpreter, label).await, )*
                }
            }
        }
    };
}

steps! {
    cpu: Cpu,
    sleep: Sleep,
    interval: Interval,
    block: Block,
    http: Http,
    file: File,
    offload: Offload,
    in_place: InPlace,
    block_on: BlockOn,
    par: Par,
    timeout: Timeout,
    cleanup: Cleanup,
    shield: Shield,
    fail: Fail,
    panic: Panic,
    db: Db,
    lock: Lock,
    rwlock: Rwlock,
    semaphore: Semaphore,
    acquire: Acquire,
    release: Release,
    send: Send,
    recv: Recv,
    notify: Notify,
    notified: Notified,
    barrier: Barrier,
    gather: Gather,
    group: Group,
    race: Race,
    join: Join,
    try_join: TryJoin,
    select: Select,
    buffered: Buffered,
    spawn: Spawn,
    unawaited: Unawaited,
    log: Log,
    choose: Choose,
    r#loop: Loop,
    ;
    r#yield: Yield,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses `steps` as the steps of a scenario, and returns their names.
    fn names(steps: &str) -> Vec<String> {
        let text = format!("title = 'test'\n[[task]]\nname = 'api'\nsteps = [{steps}]");
        let scenario = scenario::read("test.toml", &text).unwrap_or_else(|report| panic!("{report}"));
        scenario.tasks[0].steps.iter().map(Op::name).collect()
    }

    #[test]
    fn the_name_of_a_step_resembles_its_text_in_the_scenario() {
        for (step, name) in [
            ("{ cpu = '2ms' }", "cpu 2ms"),
            ("{ cpu = { kernel = 'matmul', size = 128 } }", "cpu matmul 128"),
            ("{ sleep = '5ms..15ms' }", "sleep 5ms..15ms"),
            ("{ sleep = { median = '20ms', p99 = '120ms' } }", "sleep ~20ms"),
            ("{ block = '1500us' }", "block 1.5ms"),
            ("{ http = '/weather' }", "http /weather"),
            ("{ file = { read = '64KiB' } }", "file read 64KiB"),
            ("{ file = { write = '1000B', how = 'sync' } }", "file write 1000B sync"),
            ("{ db = { read = 10 } }", "db read 10"),
            ("{ timeout = { after = '3s', steps = ['yield'] } }", "timeout 3s"),
            ("{ lock = { name = 'cache', steps = ['yield'] } }", "lock cache"),
            ("{ gather = [['yield'], ['yield']] }", "gather 2"),
            (
                "{ spawn = { what = ['yield'], count = 3, wait = true } }",
                "spawn steps ×3 and wait",
            ),
            ("{ loop = { times = 5, steps = ['yield'] } }", "loop ×5"),
            ("{ log = { message = 'm' } }", "log info lazy"),
            ("'yield'", "yield"),
        ] {
            assert_eq!(names(step), [name], "{step}");
        }
    }
}
