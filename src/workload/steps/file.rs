//! `file`: reads or writes a file in the scratch folder.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::Label;
use crate::record::Reason;
use crate::scenario::steps as spec;
use crate::scenario::steps::FileOp;
use crate::scenario::{How, show_size};
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::draw::Seed;
use crate::workload::error_throttle::ErrorKind;
use crate::workload::files;
use crate::workload::offload::offload;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::io;
use std::pin::pin;

#[derive(Clone, Copy, Debug)]
pub(in crate::workload) struct File {
    op: FileOp,
    size: u64,
    how: How,
}

impl StepProgram for File {
    type Spec = spec::File;

    fn name(spec: &spec::File) -> String {
        let op = match spec.op {
            FileOp::Read => "read",
            FileOp::Write => "write",
        };
        let how = match spec.how {
            How::Async => "",
            How::Sync => " sync",
            How::Offload => " offload",
        };
        format!("file {op} {}{how}", show_size(spec.size))
    }

    fn compile(&spec::File { op, size, how }: &spec::File, _: &str, _: &mut Compiler<'_>) -> File {
        File { op, size, how }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let scratch = interpreter.services.scratch();
        let result = lane::blocking(label, || match self.op {
            FileOp::Read => files::read_sync(&scratch.input_path(self.size)).map(|_| ()),
            FileOp::Write => files::write_sync(&scratch.reserve_output().path(), self.size),
        });
        self.judge(result, interpreter)
    }

    async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        match self.how {
            How::Async => Box::pin(self.through_runtime(interpreter, label)).await,
            How::Sync => self.run_sync(&mut interpreter.sync(), label),
            How::Offload => {
                let file = *self;
                let work = move |interpreter: &mut SyncInterpreter<'_>| file.run_sync(interpreter, label);
                // The work draws no random numbers, so any seed works. On a thread executor, a
                // `file` step draws no seed either.
                let seed = Seed::from_draw(0);
                Box::pin(offload(interpreter, label, Reason::File, seed, work)).await
            }
        }
    }
}

impl File {
    async fn through_runtime(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let scratch = interpreter.context.services.scratch();
        let result = match self.op {
            FileOp::Read => {
                let read = pin!(files::read_async(scratch.input_path(self.size)));
                interpreter.wait(Reason::File, label, None, read).await.map(|_| ())
            }
            FileOp::Write => {
                let file = scratch.reserve_output();
                let write = pin!(files::write_async(file.path(), self.size));
                interpreter.wait(Reason::File, label, None, write).await
            }
        };
        interpreter.context.task.record_step(label, start);
        self.judge(result, &interpreter.sync())
    }

    /// Converts the result of the file operation to the result of the step.
    fn judge(&self, result: io::Result<()>, interpreter: &SyncInterpreter<'_>) -> StepResult {
        result.map_err(|error| {
            let op = match self.op {
                FileOp::Read => "read",
                FileOp::Write => "write",
            };
            let folder = interpreter.services.scratch().path().display();
            let message = format_args!("cannot {op} a file in {folder}: {error}");
            interpreter.service_error(ErrorKind::File, message)
        })
    }
}
