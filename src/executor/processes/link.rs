//! One worker process, seen from this one: it is started, greeted, told what to do, and listened to until it ends.
//!
//! ```text
//!   conductor ── outbox ──► writer ──► stdin  ┌────────┐ stdout ──► listener ── intake ──► mail ──► monitor
//!                                             │ worker │ stderr ──► log
//!                                             └────────┘
//! ```
//!
//! Nobody who matters waits for a worker: the conductor puts messages into an outbox without bounds, and a thread writes them.

use super::WorkerCommand;
use super::batch_translator::BatchTranslator;
use super::merge::Mail;
use super::protocol::{self, Begin, FromWorker, Hello, ToWorker};
use crate::probe;
use crate::record::{Batch, Ended, LaneId, Outcome, Record};
use crate::text;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a process that has closed its standard output may take to end.
const EXIT: Duration = Duration::from_millis(500);

/// What a worker writes to standard error is cut into pieces of so many bytes, if it does not end its lines.
const LONGEST_SAID: u64 = 1 << 16;

/// This process's end of one worker.
pub(super) struct Link {
    outbox: Sender<ToWorker>,
    child: Arc<Mutex<Child>>,
    listener: JoinHandle<()>,
}

impl Link {
    /// Starts the process, greets it and has it begin. `ready` hears when it has begun, or why it has not. `intake` is made once the
    /// process has its number.
    ///
    /// # Errors
    /// When there is no such program, or the machine does not grant a process or its threads.
    pub(super) fn start(
        command: &WorkerCommand,
        begin: Begin,
        ready: Sender<(usize, Result<(), String>)>,
        mail: Sender<(usize, Mail)>,
        ending: Arc<AtomicBool>,
        intake: impl FnOnce(u32) -> BatchTranslator,
    ) -> io::Result<Link> {
        let mut child = Command::new(&command.program)
            .args(&command.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for this process, which then ends the workers.
            .process_group(0)
            .spawn()?;
        let pid = child.id();
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            unreachable!("all three were asked for");
        };
        let child = Arc::new(Mutex::new(child));
        let (outbox, inbox) = channel();
        // Before the listener can have it begin: a worker may greet before it is greeted.
        let _ = outbox.send(ToWorker::Hello(Hello::ours()));
        let worker = begin.worker;
        let to_begin = (begin, outbox.clone());
        let listener = Listener {
            mail,
            ending,
            intake: intake(pid),
            child: child.clone(),
            begun: false,
            buried: false,
        };
        let name = |role: &str| thread::Builder::new().name(format!("tasklab-{role}-{worker}"));
        let started = name("tell")
            .spawn(move || write(stdin, &inbox))
            .and_then(|_| name("stderr").spawn(move || pass_on(stderr, worker, pid)))
            .and_then(|_| name("listen").spawn(move || listener.listen(stdout, to_begin, &ready)));
        let listener = started.inspect_err(|_| drop(lock(&child).kill()))?;
        Ok(Link {
            outbox,
            child,
            listener,
        })
    }

    /// Tells it something; to one that is dead, nothing.
    pub(super) fn tell(&self, message: ToWorker) {
        // The writer is gone if the worker is.
        let _ = self.outbox.send(message);
    }

    /// Whether all that will ever come from it has come.
    pub(super) fn is_over(&self) -> bool {
        self.listener.is_finished()
    }

    /// Ends the process, whatever it does.
    pub(super) fn kill(&self) {
        // It fails if the process has ended.
        let _ = lock(&self.child).kill();
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes until nobody has anything to say any more, or nobody reads.
fn write(mut stdin: ChildStdin, inbox: &Receiver<ToWorker>) {
    for message in inbox {
        if protocol::send(&mut stdin, &message).is_err() {
            return;
        }
    }
}

/// What a worker writes to standard error becomes lines of the event log: the terminal belongs to the screen.
fn pass_on(stderr: ChildStderr, worker: usize, pid: u32) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while let Ok(1..) = (&mut stderr).take(LONGEST_SAID).read_until(b'\n', &mut line) {
        let said = String::from_utf8_lossy(&line);
        tracing::warn!("process {worker} (pid {pid}) says: {}", text::clean(said.trim_end()));
        line.clear();
    }
}

/// Hears one worker out.
struct Listener {
    intake: BatchTranslator,
    mail: Sender<(usize, Mail)>,
    /// The run is over, and workers are meant to end.
    ending: Arc<AtomicBool>,
    child: Arc<Mutex<Child>>,
    /// It has been given to others as one that works.
    begun: bool,
    /// Its end has been told.
    buried: bool,
}

/// How listening came to its end.
enum End {
    /// It said that it was done.
    Bye,
    /// It said no more.
    Gone,
    /// It said what it must not say.
    Breach(String),
}

impl Listener {
    fn listen(
        mut self,
        stdout: ChildStdout,
        to_begin: (Begin, Sender<ToWorker>),
        ready: &Sender<(usize, Result<(), String>)>,
    ) {
        let worker = self.intake.worker;
        let mut stdout = BufReader::with_capacity(1 << 16, stdout);
        let mut line = Vec::new();
        let begun = self.see_begin(&mut stdout, &mut line, to_begin);
        self.begun = begun.is_ok();
        if self.begun {
            self.intake.roster.works(worker);
        }
        // Who waited may have given up.
        let _ = ready.send((worker, begun));
        if !self.begun {
            let _ = lock(&self.child).kill();
            self.exit();
            return;
        }
        let end = loop {
            match protocol::receive(&mut stdout, &mut line) {
                Ok(Some(FromWorker::Batch(batch))) => match self.intake.turn(*batch, probe::monotonic_ahead()) {
                    Ok(batch) => self.send(batch),
                    Err(why) => break End::Breach(why),
                },
                Ok(Some(FromWorker::Resources(used))) => drop(self.mail.send((worker, Mail::Used(used)))),
                Ok(Some(FromWorker::Bye(_))) => break End::Bye,
                Ok(Some(FromWorker::Hello(_) | FromWorker::Ready(_))) => break End::Breach("begins twice".into()),
                Ok(None) => break End::Gone,
                Err(error) => break End::Breach(format!("sends a line that is no message: {error}")),
            }
        };
        if matches!(end, End::Breach(_)) {
            let _ = lock(&self.child).kill();
        }
        let status = self.exit();
        self.bury(&end, &status);
    }

    /// Until it is ready, or cannot be used.
    fn see_begin(
        &self,
        stdout: &mut impl BufRead,
        line: &mut Vec<u8>,
        (begin, outbox): (Begin, Sender<ToWorker>),
    ) -> Result<(), String> {
        match self.first_words(stdout, line)? {
            FromWorker::Hello(hello) => hello.understood()?,
            _ => return Err("its first message is no hello".to_owned()),
        }
        // The writer is gone if the worker is, and then it says no more.
        let _ = outbox.send(ToWorker::Begin(Box::new(begin)));
        match self.first_words(stdout, line)? {
            FromWorker::Ready(_) => Ok(()),
            _ => Err("it goes on before it is ready".to_owned()),
        }
    }

    fn first_words(&self, stdout: &mut impl BufRead, line: &mut Vec<u8>) -> Result<FromWorker, String> {
        match protocol::receive(stdout, line) {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(format!("it ended before it was ready ({})", self.exit())),
            Err(error) => Err(format!("it sends a line that is no message: {error}")),
        }
    }

    /// Passes a batch on, and then strikes out the tasks that have ended in it.
    fn send(&self, batch: Batch) {
        let ended: Vec<_> = batch
            .records
            .iter()
            .filter(|(_, record)| matches!(record, Record::Ended(_)))
            .copied()
            .collect();
        let _ = self.mail.send((self.intake.worker, Mail::Batch(batch)));
        self.intake.roster.ended(&ended);
    }

    /// Waits for the process's end, and helps it along. How it ended, in words.
    fn exit(&self) -> String {
        let deadline = Instant::now() + EXIT;
        loop {
            match lock(&self.child).try_wait() {
                Ok(Some(status)) => return words(status),
                Ok(None) if Instant::now() < deadline => {}
                Ok(None) | Err(_) => break,
            }
            thread::sleep(Duration::from_millis(1));
        }
        let mut child = lock(&self.child);
        let _ = child.kill();
        child.wait().map_or_else(|error| error.to_string(), words)
    }

    /// The worker is no more. What it had is lost, unless it ends with the run.
    fn bury(&mut self, end: &End, status: &str) {
        self.buried = true;
        let BatchTranslator { worker, pid, .. } = self.intake;
        let ending = self.ending.load(Relaxed);
        let how = match end {
            End::Bye => "has ended, and nobody asked it to".to_owned(),
            End::Gone => format!("has died ({status})"),
            End::Breach(why) => format!("{why}: it was killed"),
        };
        let lost = self.intake.roster.buried(worker, &how);
        let outcome = if ending { Outcome::Cancelled } else { Outcome::Lost };
        let at = probe::now();
        let ended = |&task| (LaneId::NONE, Record::Ended(Ended::heard(at, task, outcome)));
        let (mut records, jobs) = self.intake.broken_off(at, &lost);
        records.extend(lost.iter().map(ended));
        let mut batch = Batch {
            now: at,
            records,
            jobs,
            ..Batch::default()
        };
        if !ending {
            batch.definitions = self.intake.mark_dead();
            let tasks = match lost.len() {
                0 => "it had no task".to_owned(),
                1 => "its task is lost".to_owned(),
                n => format!("its {n} tasks are lost"),
            };
            tracing::error!("process {worker} (pid {pid}) {how}: {tasks}");
            // Nobody listens once the run has been dropped.
            let _ = self.mail.send((worker, Mail::Dead));
        }
        self.send(batch);
    }
}

impl Drop for Listener {
    /// Whatever a worker says that nobody has thought of: its tasks do not wait for ever.
    fn drop(&mut self) {
        if thread::panicking() && self.begun && !self.buried {
            let _ = lock(&self.child).kill();
            self.bury(&End::Breach("was not understood".to_owned()), "");
        }
    }
}

fn words(status: ExitStatus) -> String {
    status.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::batch_translator::Names;
    use super::super::task_table::TaskTable;
    use super::*;
    use crate::probe::Registry;
    use crate::record::TaskId;
    use crate::workload::Alive;

    #[test]
    fn a_listener_that_panics_buries_its_worker() {
        let alive = Arc::<Alive>::default();
        let roster = Arc::new(TaskTable::new(alive.clone(), std::iter::once(100..200)));
        roster.works(0);
        let task = TaskId::new(7).unwrap();
        roster.place(task);
        let child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        let child = Arc::new(Mutex::new(child));
        let (mail, inbox) = channel();
        let listener = Listener {
            intake: BatchTranslator::new(0, pid, Registry::new(), roster, Arc::new(Mutex::new(Names::new([])))),
            mail,
            ending: Arc::default(),
            child: child.clone(),
            begun: true,
            buried: false,
        };
        let listening = thread::spawn(move || {
            let _listener = listener;
            panic!("a bug");
        });
        assert!(listening.join().is_err());
        let told: Vec<_> = inbox.into_iter().collect();
        let [(0, Mail::Dead), (0, Mail::Batch(batch))] = &told[..] else {
            panic!("{} messages", told.len());
        };
        let [(LaneId::NONE, Record::Ended(ended))] = batch.records[..] else {
            panic!("{:?}", batch.records);
        };
        assert_eq!((ended.task, ended.outcome), (task, Outcome::Lost));
        assert_eq!(alive.count(), 0);
        assert!(!lock(&child).wait().unwrap().success(), "it was killed");
    }
}
