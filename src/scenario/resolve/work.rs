//! Steps that hold no others: computations, files, rows, events, failures.

use super::Resolver;
use super::step::{Site, inside};
use crate::scenario::limits;
use crate::scenario::raw::{self, At, Table};
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::types::{Cpu, DbOp, FileOp, Formatting, How, LogLevel, Step};

impl Resolver<'_> {
    pub(super) fn kernel(&mut self, run: &raw::KernelRun) -> Option<Cpu> {
        let size = run.size.0.as_ref()?;
        if size.value == 0 {
            return self
                .refuse(Diagnostic::new(size.place.clone(), "`size` is zero").label("there is nothing to compute"));
        }
        let kernel = run.kernel.0.as_ref()?.value;
        let most = limits::kernel(kernel);
        if size.value > u64::from(most) {
            let title = format!(
                "a {} of size {} is too big, at most {most} is possible",
                kernel.word(),
                size.value
            );
            return self.refuse(Diagnostic::new(size.place.clone(), title));
        }
        Some(Cpu::Kernel {
            kernel,
            size: size.value as u32,
        })
    }

    pub(super) fn file(&mut self, file: &raw::File, place: &Place, site: Site<'_>) -> Option<Step> {
        let (op, size) = match (&file.read, &file.write) {
            (Some(read), None) => (FileOp::Read, read.value.0),
            (None, Some(write)) => (FileOp::Write, write.value.0),
            (Some(read), Some(write)) => {
                let diagnostic = Diagnostic::new(write.place.clone(), "`read` and `write` in one `file` step");
                let diagnostic = diagnostic.related(&read.place, "the other");
                return self.refuse(diagnostic.help("write two steps, one after the other"));
            }
            // A `read` or `write` that could not be understood looks like none; the reader has noted it.
            (None, None) if file.has("read") || file.has("write") => return None,
            (None, None) => {
                let diagnostic = Diagnostic::new(place.clone(), "`file` neither reads nor writes");
                return self.refuse(diagnostic.help("write { file = { read = \"64KiB\" } }"));
            }
        };
        self.may_offload(file.how.as_ref(), site)?;
        let how = file.how.as_ref().map_or(How::Async, |how| how.value);
        Some(Step::File { op, size, how })
    }

    pub(super) fn accident(&mut self, accident: &raw::Accident) -> Option<(String, f64)> {
        match accident {
            raw::Accident::Always(message) => Some((message.0.clone(), 1.0)),
            raw::Accident::Chance(raw) => {
                let chance = raw
                    .chance
                    .as_ref()
                    .map_or(Some(1.0), |chance| self.share("chance", chance));
                Some((raw.message.0.as_ref()?.value.0.clone(), chance?))
            }
        }
    }

    pub(super) fn db_step(&mut self, db: &raw::DbStep, place: &Place, site: Site<'_>) -> Option<Step> {
        let (op, key, rows) = match (&db.read, &db.write) {
            (Some(read), None) => (DbOp::Read, "read", read),
            (None, Some(write)) => (DbOp::Write, "write", write),
            (Some(read), Some(write)) => {
                let diagnostic = Diagnostic::new(write.place.clone(), "`read` and `write` in one `db` step");
                let diagnostic = diagnostic.related(&read.place, "the other");
                return self.refuse(diagnostic.help("write two steps, one after the other"));
            }
            (None, None) if db.has("read") || db.has("write") => return None,
            (None, None) => {
                let diagnostic = Diagnostic::new(place.clone(), "`db` neither reads nor writes");
                return self.refuse(diagnostic.help("write { db = { read = 10 } }"));
            }
        };
        let rows = self.number(key, rows, limits::STEP_ROWS, "there is nothing to do");
        let offloads = self.may_offload(db.how.as_ref(), site);
        let how = match &db.how {
            Some(At {
                value: How::Async,
                place,
            }) => {
                let diagnostic = Diagnostic::new(place.clone(), "`db` is never `async`: SQLite blocks its thread");
                return self.refuse(diagnostic.help("it is `sync`, on the worker, or `offload`, on a blocking thread"));
            }
            Some(how) => how.value,
            None if site.synchronous.is_some() => How::Sync,
            None => How::Offload,
        };
        offloads?;
        Some(Step::Db { op, rows: rows?, how })
    }

    pub(super) fn log_event(&mut self, event: &raw::LogEvent) -> Option<Step> {
        let level = match &event.level {
            None => Some(LogLevel::Info),
            Some(At {
                value: LogLevel::Off,
                place,
            }) => {
                let diagnostic = Diagnostic::new(place.clone(), "no event has the level `off`");
                self.refuse(diagnostic.help("it is `error`, `warn`, `info`, `debug` or `trace`"))
            }
            Some(level) => Some(level.value),
        };
        let items = match &event.items {
            None => Some(0),
            Some(items) if items.value > limits::ITEMS => {
                let title = format!("`items` is {}, at most {} are possible", items.value, limits::ITEMS);
                self.refuse(Diagnostic::new(items.place.clone(), title))
            }
            Some(items) => Some(items.value as u32),
        };
        Some(Step::Log {
            level: level?,
            message: event.message.0.as_ref()?.value.0.clone(),
            items: items?,
            how: event.how.as_ref().map_or(Formatting::Lazy, |how| how.value),
        })
    }

    /// Refuses `how = "offload"` once something around has taken the step away from the runtime.
    fn may_offload(&mut self, how: Option<&At<How>>, site: Site<'_>) -> Option<()> {
        let (
            Some(At {
                value: How::Offload,
                place,
            }),
            Some((around, outer)),
        ) = (how, site.synchronous)
        else {
            return Some(());
        };
        let title = format!("`how = \"offload\"` has no meaning inside `{around}`");
        let diagnostic = Diagnostic::new(place.clone(), title).label("the step has left the runtime already");
        self.refuse(diagnostic.related(outer, inside(around)).help("leave `how` out"))
    }
}
