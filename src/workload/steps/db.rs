//! `db`: reads or writes rows of the database.

use super::StepProgram;
use crate::probe::lane;
use crate::record::Label;
use crate::record::Reason;
use crate::scenario::How;
use crate::scenario::steps as spec;
use crate::scenario::steps::DbOp;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::db::DbError;
use crate::workload::draw::Seed;
use crate::workload::error_throttle::ErrorKind;
use crate::workload::offload::offload;
use crate::workload::step_error::StepError;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use rand::Rng;

#[derive(Clone, Copy, Debug)]
pub(in crate::workload) struct Db {
    op: DbOp,
    rows: u32,
    how: How,
}

impl StepProgram for Db {
    type Spec = spec::Db;

    fn name(spec: &spec::Db) -> String {
        let op = match spec.op {
            DbOp::Read => "read",
            DbOp::Write => "write",
        };
        let how = match spec.how {
            How::Sync => " sync",
            How::Async | How::Offload => "",
        };
        format!("db {op} {}{how}", spec.rows)
    }

    fn compile(&spec::Db { op, rows, how }: &spec::Db, _: &str, _: &mut Compiler<'_>) -> Db {
        Db { op, rows, how }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let mut rng = interpreter.fork_rng();
        let services = interpreter.services;
        let result = lane::blocking(Reason::Db, label, || {
            services.database().run(self.op, self.rows, &mut rng, services.stop())
        });
        result.map_err(|error| {
            if matches!(error, DbError::Stopped(_)) {
                return StepError::Stopped;
            }
            let op = match self.op {
                DbOp::Read => "read from",
                DbOp::Write => "write to",
            };
            let message = format_args!("cannot {op} the database: {error}");
            interpreter.service_error(ErrorKind::Database, message)
        })
    }

    async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        match self.how {
            How::Sync => self.run_sync(&mut interpreter.sync(), label),
            How::Offload | How::Async => {
                let db = *self;
                let work = move |interpreter: &mut SyncInterpreter<'_>| db.run_sync(interpreter, label);
                let seed = Seed::from_draw(interpreter.rng.random());
                Box::pin(offload(interpreter, label, Reason::Db, seed, work)).await
            }
        }
    }
}
