//! Steps that hold the thread on which they run: all of them on a thread executor, and everywhere those that only
//! compute or block.

mod branches;
mod sharing;

use super::Services;
use super::db::DbError;
use super::draw::{Seed, happens, sample};
use super::error_throttle::ErrorKind;
use super::files;
use super::flow::{choose, turns};
use super::kernels::{self, work};
use super::logging;
use super::program::{Instruction, Op};
use super::spawn_limit::SpawnLimitReached;
use super::stop::Stopped;
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, Nanos, Outcome};
use crate::scenario::{DbOp, Draw, FileOp, Kernel};
use hyper::StatusCode;
use hyper::http::uri::PathAndQuery;
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

/// Why a repetition ended before its last step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StepError {
    /// A step failed.
    Failed,
    /// A limit passed.
    TimedOut,
    /// The run is over.
    Stopped,
}

impl From<Stopped> for StepError {
    fn from(_: Stopped) -> StepError {
        StepError::Stopped
    }
}

impl From<SpawnLimitReached> for StepError {
    fn from(_: SpawnLimitReached) -> StepError {
        StepError::Failed
    }
}

/// What becomes of steps that took `took`: what ended after its limit has timed out, even if it could not be cancelled,
/// unless the run's end cut it.
pub(super) fn judge(result: Result<(), StepError>, took: Nanos, limit: Option<Duration>) -> Result<(), StepError> {
    match limit {
        Some(limit) if result != Err(StepError::Stopped) && took > Nanos::from(limit) => Err(StepError::TimedOut),
        _ => result,
    }
}

pub(super) fn outcome(result: Result<(), StepError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Completed,
        Err(StepError::Failed) => Outcome::Failed,
        Err(StepError::TimedOut) => Outcome::TimedOut,
        Err(StepError::Stopped) => Outcome::Cancelled,
    }
}

/// Runs steps synchronously, for one task.
pub(super) struct Inline<'a> {
    pub(super) task: &'a TaskHandle,
    pub(super) services: &'a Arc<Services>,
    pub(super) rng: &'a mut Pcg64Mcg,
}

impl Inline<'_> {
    /// Does the steps in turn, until one of them cuts the repetition.
    pub(super) fn run(&mut self, steps: &[Instruction]) -> Result<(), StepError> {
        steps.iter().try_for_each(|step| {
            self.services.stop().check()?;
            self.step(step)
        })
    }

    /// Does one step as a threaded program would.
    pub(super) fn step(&mut self, Instruction { label, op }: &Instruction) -> Result<(), StepError> {
        let label = *label;
        match op {
            Op::Work(amount) => self.work(amount, label),
            Op::Kernel { kernel, size } => self.kernel(*kernel, *size, label),
            Op::Sleep(time) | Op::Block(time) => {
                self.block(time, label);
                Ok(())
            }
            Op::Http(path) => self.http(path, label),
            Op::File { op, size, .. } => self.file(*op, *size, label),
            &Op::Db { op, rows, .. } => self.db(op, rows, label),
            Op::Yield => {
                std::thread::yield_now();
                Ok(())
            }
            Op::Offload(steps) => {
                // As on a runtime, the inner steps draw from a generator of their own.
                let mut rng = self.fork();
                self.spanning(label, |this| {
                    Inline {
                        task: this.task,
                        services: this.services,
                        rng: &mut rng,
                    }
                    .run(steps)
                })
            }
            Op::InPlace(steps) => self.spanning(label, |this| this.run(steps)),
            Op::Timeout { after, steps } => {
                let limit = sample(after, self.rng);
                self.spanning(label, |this| {
                    let start = probe::now();
                    let outer = this.task.tighten_limit(start + limit.into());
                    let result = this.run(steps);
                    this.task.set_limit(outer);
                    judge(result, probe::now() - start, Some(limit))
                })
            }
            Op::Lock { lock, steps, .. } => self.lock(label, *lock, steps),
            Op::Semaphore { semaphore, steps } => self.semaphore(label, *semaphore, steps),
            &Op::Send(channel) => {
                let channel = &self.services.shared().channels[channel];
                self.pass(label, channel.try_send(), channel.send())
            }
            &Op::Recv(channel) => {
                let channel = &self.services.shared().channels[channel];
                self.pass(label, channel.try_recv(), channel.recv())
            }
            Op::Call { manner, programs } => self.call(label, *manner, programs),
            Op::Spawn { program, count } => self.spawn(label, program, *count),
            Op::Unawaited(program) => self.unawaited(label, program),
            Op::Log(event) => self.computing(label, |_| {
                logging::write(event);
                Ok(())
            }),
            Op::Choose(choices) => match choose(choices, self.rng) {
                Some(steps) => self.spanning(label, |this| this.run(steps)),
                None => Ok(()),
            },
            Op::Loop { times, steps } => self.spanning(label, |this| {
                turns(*times).try_for_each(|_| {
                    this.services.stop().check()?;
                    this.run(steps)
                })
            }),
            Op::Fail { message, chance } => self.fail(message, *chance),
            Op::Panic { message, chance } => {
                self.panic(message, *chance);
                Ok(())
            }
        }
    }

    /// A step that consists of others.
    pub(super) fn spanning(
        &mut self,
        label: Label,
        body: impl FnOnce(&mut Self) -> Result<(), StepError>,
    ) -> Result<(), StepError> {
        let start = probe::now();
        body(self)?;
        lane::step(self.task, label, start);
        Ok(())
    }

    /// A generator for steps that run apart, perhaps beyond this repetition's end.
    pub(super) fn fork(&mut self) -> Pcg64Mcg {
        Seed::drawn(self.rng.random()).turn(0)
    }

    /// Calibrated work.
    pub(super) fn work(&mut self, amount: &Draw, label: Label) -> Result<(), StepError> {
        let calibration = self.services.calibration();
        let units = calibration.units(sample(amount, self.rng));
        self.computing(label, |services| {
            work::run(units, calibration.units_per_ms as u64, services.stop())
        })
    }

    /// A named kernel.
    pub(super) fn kernel(&mut self, kernel: Kernel, size: u32, label: Label) -> Result<(), StepError> {
        self.computing(label, |services| kernels::run(kernel, size, services.stop()))
    }

    fn computing<R>(&self, label: Label, body: impl FnOnce(&Services) -> Result<R, Stopped>) -> Result<(), StepError> {
        let start = probe::now();
        lane::entering(label);
        body(self.services)?;
        lane::step(self.task, label, start);
        Ok(())
    }

    /// The thread sleeps.
    pub(super) fn block(&mut self, time: &Draw, label: Label) {
        let time = sample(time, self.rng);
        lane::blocking(label, || std::thread::sleep(time));
    }

    /// The thread waits for a reply.
    fn http(&mut self, path: &PathAndQuery, label: Label) -> Result<(), StepError> {
        let seed = self.rng.random();
        let reply = lane::blocking(label, || self.services.http().get_sync(path, seed));
        self.judge_http(path, reply)
    }

    /// What becomes of a repetition whose request ended so.
    pub(super) fn judge_http<E: Display>(
        &self,
        path: &PathAndQuery,
        reply: Result<StatusCode, E>,
    ) -> Result<(), StepError> {
        match reply {
            Ok(status) if status.is_success() => Ok(()),
            Ok(status) => {
                tracing::warn!("http {path}: status {}", status.as_u16());
                Err(StepError::Failed)
            }
            // The service ends with the run.
            Err(_) if self.services.stop().is_requested() => Err(StepError::Stopped),
            Err(error) => {
                let what = format_args!("no reply to http {path}: {error}");
                self.services.error_throttle().report(self.task, ErrorKind::Http, what);
                Err(StepError::Failed)
            }
        }
    }

    /// The thread waits for the disk.
    pub(super) fn file(&mut self, op: FileOp, size: u64, label: Label) -> Result<(), StepError> {
        let scratch = self.services.scratch();
        let done = lane::blocking(label, || match op {
            FileOp::Read => files::read_sync(&scratch.input_path(size)).map(|_| ()),
            FileOp::Write => files::write_sync(&scratch.reserve_output().path(), size),
        });
        self.judge_file(op, done)
    }

    /// The thread waits for the database.
    pub(super) fn db(&mut self, op: DbOp, rows: u32, label: Label) -> Result<(), StepError> {
        let mut rng = self.fork();
        let services = self.services;
        let done = lane::blocking(label, || services.database().run(op, rows, &mut rng, services.stop()));
        done.map_err(|error| {
            // The folder vanishes under who is still at work when the run ends.
            if matches!(error, DbError::Stopped(_)) || services.stop().is_requested() {
                return StepError::Stopped;
            }
            let op = match op {
                DbOp::Read => "read from",
                DbOp::Write => "write to",
            };
            let what = format_args!("cannot {op} the database: {error}");
            services.error_throttle().report(self.task, ErrorKind::Database, what);
            StepError::Failed
        })
    }

    /// What becomes of a repetition whose file step ended so.
    pub(super) fn judge_file(&self, op: FileOp, done: std::io::Result<()>) -> Result<(), StepError> {
        done.map_err(|error| {
            // The folder vanishes under who is still at work when the run ends.
            if self.services.stop().is_requested() {
                return StepError::Stopped;
            }
            let op = match op {
                FileOp::Read => "read",
                FileOp::Write => "write",
            };
            let folder = self.services.scratch().path().display();
            let what = format_args!("cannot {op} a file in {folder}: {error}");
            self.services.error_throttle().report(self.task, ErrorKind::File, what);
            StepError::Failed
        })
    }

    /// Fails, perhaps.
    pub(super) fn fail(&mut self, message: &str, chance: f64) -> Result<(), StepError> {
        if happens(chance, self.rng) {
            tracing::warn!("{message}");
            return Err(StepError::Failed);
        }
        Ok(())
    }

    /// Panics, perhaps.
    pub(super) fn panic(&mut self, message: &str, chance: f64) {
        if happens(chance, self.rng) {
            panic!("{message}");
        }
    }
}
