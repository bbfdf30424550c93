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
use crate::workload::offload::{offload, run_offloaded};
use crate::workload::step_error::{StepError, StepResult};
use crate::workload::sync_interpreter::SyncInterpreter;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Arc;

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
        let result = lane::blocking(Reason::File, label, || match self.op {
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
                Box::pin(offload(interpreter, label, Reason::File, no_seed(), work)).await
            }
        }
    }
}

/// A seed for work that uses no random numbers. A real seed would be drawn from the task's
/// generator. This seed must not be drawn, because a `file` step on a thread executor draws no
/// number either.
fn no_seed() -> Seed {
    Seed::from_draw(0)
}

impl File {
    /// Does the operations of `tokio::fs`. Each operation is one job of the blocking pool. The jobs
    /// of `tokio::fs` itself would leave no records. Therefore the jobs here are child tasks of
    /// this task.
    async fn through_runtime(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let services = interpreter.context.services.clone();
        match self.op {
            FileOp::Read => {
                let path = services.scratch().input_path(self.size);
                self.job(interpreter, label, || fs::read(path).map(black_box).map(drop))
                    .await?;
            }
            FileOp::Write => {
                let output = services.scratch().reserve_output();
                let path = output.path();
                let file = self.job(interpreter, label, || fs::File::create(path)).await?;
                let file = Arc::new(file);
                for chunk in files::chunks(self.size) {
                    let mut file = file.clone();
                    self.job(interpreter, label, move || file.write_all(chunk)).await?;
                }
                self.job(interpreter, label, move || file.sync_all()).await?;
            }
        }
        interpreter.context.task.record_step(label, start);
        Ok(())
    }

    /// Runs one file operation on a blocking thread.
    async fn job<R: Send + 'static>(
        &self,
        interpreter: &mut AsyncInterpreter<'_>,
        label: Label,
        operation: impl FnOnce() -> io::Result<R> + Send + 'static,
    ) -> Result<R, StepError> {
        let step = *self;
        let work = move |interpreter: &mut SyncInterpreter<'_>| {
            let result = lane::blocking(Reason::File, label, operation);
            step.judge(result, interpreter)
        };
        run_offloaded(interpreter, label, Reason::File, no_seed(), work).await
    }

    /// Converts the result of the file operation to the result of the step.
    fn judge<R>(&self, result: io::Result<R>, interpreter: &SyncInterpreter<'_>) -> Result<R, StepError> {
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
