//! The connection to one worker process: it starts the process, sends orders, and reads messages
//! until the process ends.
//!
//! ```text
//!   conductor ── outbox ──► writer ──► stdin  ┌────────┐ stdout ──► listener ── translator ──► mail ──► monitor
//!                                             │ worker │ stderr ──► log
//!                                             └────────┘
//! ```
//!
//! The conductor never waits for a worker: it puts messages into an unbounded outbox, and a thread
//! writes them.

use super::WorkerCommand;
use super::batch_translator::BatchTranslator;
use super::log_quota::LogQuota;
use super::protocol::{self, Begin, FromWorker, Hello, ToWorker};
use super::remote_records::Mail;
use super::start::Readiness;
use crate::probe::{self, ClockOffset};
use crate::record::{Batch, Ended, LaneId, Outcome, ProcessClock, Record};
use crate::text;
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a process may take to end after it has closed its standard output.
const EXIT_TIMEOUT: Duration = Duration::from_millis(500);

/// Time between two checks for the end of a process that writes nothing.
const PIPE_CHECK_INTERVAL: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// The maximum length, in bytes, of a log message from a worker's standard error. A longer line
/// becomes several messages.
const MAX_STDERR_LINE: u64 = 1 << 16;

/// A worker process. Each worker process leads its own process group.
pub(super) struct Process(Mutex<Child>);

impl Process {
    /// Kills the process group: the worker process and the processes that it has started.
    fn kill(&self) {
        let mut child = self.0.lock();
        // After the end of the process, the number of the group may belong to another process.
        if let Ok(None) = child.try_wait() {
            // Both calls fail if the process has just ended.
            let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
            let _ = child.kill();
        }
    }

    fn has_ended(&self) -> bool {
        !matches!(self.0.lock().try_wait(), Ok(None))
    }
}

/// A pipe from a worker process. The pipe ends when the worker ends. The worker may have started a
/// process that still has the other end of the pipe: the pipe ends all the same.
struct Pipe<P> {
    pipe: P,
    process: Arc<Process>,
}

impl<P: Read + AsFd> Read for Pipe<P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // The output that the process has written before its end is still read.
            let has_ended = self.process.has_ended();
            let mut polled = [PollFd::new(&self.pipe, PollFlags::IN)];
            match poll(&mut polled, Some(&PIPE_CHECK_INTERVAL)) {
                Ok(0) if has_ended => return Ok(0),
                Ok(0) => {}
                Err(Errno::INTR) => {}
                Ok(_) => return self.pipe.read(buffer),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// This process's side of one worker.
pub(super) struct Link {
    outbox: Sender<ToWorker>,
    child: Arc<Process>,
    listener: JoinHandle<()>,
    /// Whether the listener waits for output of the worker.
    awaits_output: Arc<AtomicBool>,
}

impl Link {
    /// Starts the process and the threads that write to it and read from it, and sends `hello` and
    /// `begin`.
    ///
    /// `translator` creates the batch translator from the process id of the worker.
    ///
    /// # Errors
    /// Returns an error if the program does not exist, or if the process or its threads cannot be
    /// created.
    pub(super) fn start(
        command: &WorkerCommand,
        begin: Begin,
        outputs: Outputs,
        ending: Arc<AtomicBool>,
        translator: impl FnOnce(u32) -> BatchTranslator,
    ) -> io::Result<Link> {
        let mut child = Command::new(&command.program)
            .args(&command.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C must reach only this process, which then ends the workers.
            .process_group(0)
            .spawn()?;
        let pid = child.id();
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            unreachable!("all three pipes were requested");
        };
        let child = Arc::new(Process(Mutex::new(child)));
        let (stdout, stderr) = (
            Pipe {
                pipe: stdout,
                process: child.clone(),
            },
            Pipe {
                pipe: stderr,
                process: child.clone(),
            },
        );
        let (outbox, inbox) = channel();
        // `hello` must be queued before the listener can queue `begin`. The listener queues `begin`
        // when it receives the worker's `hello`, which the worker may send at any time.
        let _ = outbox.send(ToWorker::Hello(Hello::ours()));
        let worker = begin.worker;
        let begin = (begin, outbox.clone());
        let Outputs { ready, mail } = outputs;
        let listener = Listener {
            mail,
            ending,
            translator: translator(pid),
            child: child.clone(),
            began: false,
            end_reported: false,
        };
        let awaits_output = Arc::<AtomicBool>::default();
        let stdout = WatchedOutput {
            stdout,
            is_awaited: awaits_output.clone(),
        };
        let name = |role: &str| thread::Builder::new().name(format!("tasklab-{role}-{worker}"));
        let started = name("write")
            .spawn(move || write(stdin, &inbox))
            .and_then(|_| name("stderr").spawn(move || log_stderr(stderr, worker, pid)))
            .and_then(|_| name("listen").spawn(move || listener.listen(stdout, begin, &ready)));
        let listener = started.inspect_err(|_| child.kill())?;
        Ok(Link {
            outbox,
            child,
            listener,
            awaits_output,
        })
    }

    /// Queues a message. A message to a dead worker is dropped.
    pub(super) fn send(&self, message: ToWorker) {
        // This call fails if the writer has ended because the worker has died.
        let _ = self.outbox.send(message);
    }

    /// Whether the worker has ended and all its messages have been received.
    pub(super) fn has_ended(&self) -> bool {
        self.listener.is_finished()
    }

    /// Whether the listener has nothing to do until the worker sends more output.
    pub(super) fn awaits_output(&self) -> bool {
        self.awaits_output.load(Relaxed)
    }

    /// Kills the process.
    pub(super) fn kill(&self) {
        self.child.kill();
    }
}

/// The standard output of a worker. This object shows whether the reader of the output waits for
/// the worker.
struct WatchedOutput {
    stdout: Pipe<ChildStdout>,
    is_awaited: Arc<AtomicBool>,
}

impl Read for WatchedOutput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.is_awaited.store(true, Relaxed);
        let read = self.stdout.read(buffer);
        self.is_awaited.store(false, Relaxed);
        read
    }
}

/// Writes messages until the outbox or the pipe is closed.
fn write(mut stdin: ChildStdin, inbox: &Receiver<ToWorker>) {
    for message in inbox {
        if protocol::send(&mut stdin, &message).is_err() {
            return;
        }
    }
}

/// Turns lines of a worker's standard error into log messages, because only the screen may write to
/// the terminal.
fn log_stderr(stderr: Pipe<ChildStderr>, worker: usize, pid: u32) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    let mut quota = LogQuota::default();
    while let Ok(1..) = (&mut stderr).take(MAX_STDERR_LINE).read_until(b'\n', &mut line) {
        let allowed = quota.take();
        if let Some(left_out) = allowed.left_out {
            tracing::warn!("process {worker} (pid {pid}) writes too much: {left_out} lines were left out");
        }
        if allowed.keep {
            let text = String::from_utf8_lossy(&line);
            tracing::warn!("process {worker} (pid {pid}) writes: {}", text::clean(text.trim_end()));
        }
        line.clear();
    }
}

/// The channels for the messages of a worker.
pub(super) struct Outputs {
    /// Receives whether the worker could begin.
    pub(super) ready: Sender<Readiness>,
    /// Receives all later messages.
    pub(super) mail: SyncSender<(usize, Mail)>,
}

/// Reads the messages of one worker until its end.
struct Listener {
    translator: BatchTranslator,
    mail: SyncSender<(usize, Mail)>,
    /// Whether the run is over. Then the end of a worker is not an error.
    ending: Arc<AtomicBool>,
    child: Arc<Process>,
    /// Whether the worker has begun and may have tasks.
    began: bool,
    /// Whether the end of the worker has been reported.
    end_reported: bool,
}

/// The reason why the messages of a worker ended.
enum End {
    /// The worker sent `bye`.
    Bye,
    /// The worker's standard output was closed.
    Closed,
    /// The worker broke the protocol. The text says how. The text continues a sentence that begins
    /// with "the worker": `begins twice`.
    Breach(String),
}

impl Listener {
    fn listen(mut self, stdout: WatchedOutput, begin: (Begin, Sender<ToWorker>), ready: &Sender<Readiness>) {
        let worker = self.translator.worker;
        let mut stdout = BufReader::with_capacity(1 << 16, stdout);
        let mut line = Vec::new();
        let begun = self.handshake(&mut stdout, &mut line, begin);
        self.began = begun.is_ok();
        if self.began {
            self.translator.task_table.worker_is_ready(worker);
        }
        // This call fails if the start was abandoned.
        let _ = ready.send((worker, begun));
        if !self.began {
            self.child.kill();
            self.exit_status();
            return;
        }
        let end = loop {
            match protocol::receive(&mut stdout, &mut line) {
                Ok(Some(FromWorker::Batch(batch))) => {
                    match self.translator.translate(*batch, ClockOffset::of_process()) {
                        Ok(batch) => self.forward(batch),
                        Err(why) => break End::Breach(why),
                    }
                }
                Ok(Some(FromWorker::Resources(used))) => drop(self.mail.send((worker, Mail::Used(used)))),
                Ok(Some(FromWorker::Bye(_))) => break End::Bye,
                Ok(Some(FromWorker::Hello(_) | FromWorker::Ready(_))) => break End::Breach("begins twice".into()),
                Ok(None) => break End::Closed,
                Err(error) => break End::Breach(format!("sends a line that is not a message: {error}")),
            }
        };
        if matches!(end, End::Breach(_)) {
            self.child.kill();
        }
        let status = self.exit_status();
        self.report_end(&end, &status);
    }

    /// Exchanges `hello`, sends `begin`, and waits for `ready`.
    ///
    /// # Errors
    /// Returns the reason why the worker cannot be used, as a sentence.
    fn handshake(
        &self,
        stdout: &mut impl BufRead,
        line: &mut Vec<u8>,
        (begin, outbox): (Begin, Sender<ToWorker>),
    ) -> Result<(), String> {
        match self.first_message(stdout, line)? {
            FromWorker::Hello(hello) => hello.check_version()?,
            _ => return Err("its first message is not `hello`".to_owned()),
        }
        // This call fails if the worker has died. Then no further message arrives.
        let _ = outbox.send(ToWorker::Begin(Box::new(begin)));
        match self.first_message(stdout, line)? {
            FromWorker::Ready(_) => Ok(()),
            _ => Err("it sends other messages before `ready`".to_owned()),
        }
    }

    fn first_message(&self, stdout: &mut impl BufRead, line: &mut Vec<u8>) -> Result<FromWorker, String> {
        match protocol::receive(stdout, line) {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(format!("it ended before it was ready ({})", self.exit_status())),
            Err(error) => Err(format!("it sends a line that is not a message: {error}")),
        }
    }

    /// Forwards a batch, and then removes the tasks that end in this batch from the task table.
    fn forward(&self, batch: Batch<ProcessClock>) {
        let ended: Vec<_> = batch
            .records
            .iter()
            .filter(|(_, record)| matches!(record, Record::Ended(_)))
            .copied()
            .collect();
        let _ = self.mail.send((self.translator.worker, Mail::Batch(Box::new(batch))));
        self.translator.task_table.remove_ended(&ended);
    }

    /// Waits for the process to end, kills it after [`EXIT_TIMEOUT`], and returns its status in
    /// words.
    fn exit_status(&self) -> String {
        let deadline = Instant::now() + EXIT_TIMEOUT;
        loop {
            match self.child.0.lock().try_wait() {
                Ok(Some(status)) => return status.to_string(),
                Ok(None) if Instant::now() < deadline => {}
                Ok(None) | Err(_) => break,
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.child.kill();
        self.child
            .0
            .lock()
            .wait()
            .map_or_else(|error| error.to_string(), |status: ExitStatus| status.to_string())
    }

    /// Ends the tasks of a worker that has ended. The tasks are lost, or cancelled if the run is
    /// ending.
    fn report_end(&mut self, end: &End, status: &str) {
        self.end_reported = true;
        let BatchTranslator { worker, pid, .. } = self.translator;
        let ending = self.ending.load(Relaxed);
        let how = match end {
            End::Bye => "has ended without an order to stop".to_owned(),
            End::Closed => format!("has died ({status})"),
            End::Breach(why) => format!("{why}: it was killed"),
        };
        let lost = self.translator.task_table.worker_died(worker, &how);
        let outcome = if ending { Outcome::Cancelled } else { Outcome::Lost };
        let at = probe::now();
        let ended = |&task| (LaneId::NONE, Record::Ended(Ended::observed(at, task, outcome)));
        let (mut records, jobs) = self.translator.close_open_slices(at, &lost);
        records.extend(lost.iter().map(ended));
        let mut batch = Batch {
            now: at,
            records,
            jobs,
            ..Batch::default()
        };
        if !ending {
            batch.definitions = self.translator.mark_dead();
            let tasks = match lost.len() {
                0 => "it had no task".to_owned(),
                1 => "its task is lost".to_owned(),
                n => format!("its {n} tasks are lost"),
            };
            tracing::error!("process {worker} (pid {pid}) {how}: {tasks}");
            // This call fails if the run has been dropped.
            let _ = self.mail.send((worker, Mail::Dead));
        }
        self.forward(batch);
    }
}

impl Drop for Listener {
    /// If a message makes this thread panic, the worker's tasks must still end.
    fn drop(&mut self) {
        if thread::panicking() && self.began && !self.end_reported {
            self.child.kill();
            self.report_end(&End::Breach("sent a message that tasklab cannot handle".to_owned()), "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::Names;
    use super::super::task_table::TaskTable;
    use super::*;
    use crate::probe::Registry;
    use crate::record::TaskId;
    use crate::workload::LiveTasks;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn a_listener_that_panics_ends_its_workers_tasks() {
        let live_tasks = Arc::<LiveTasks>::default();
        let task_table = Arc::new(TaskTable::new(live_tasks.clone(), std::iter::once(100..200)));
        task_table.worker_is_ready(0);
        let task = TaskId::new(7).unwrap();
        task_table.assign(task);
        let child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        let child = Arc::new(Process(Mutex::new(child)));
        let (sender, inbox) = sync_channel(8);
        let listener = Listener {
            translator: BatchTranslator::new(
                0,
                pid,
                Registry::new(),
                task_table,
                Arc::new(Mutex::new(Names::new([]))),
            ),
            mail: sender,
            ending: Arc::default(),
            child: child.clone(),
            began: true,
            end_reported: false,
        };
        let listening = thread::spawn(move || {
            let _listener = listener;
            panic!("a bug");
        });
        assert!(listening.join().is_err());
        let mail: Vec<_> = inbox.into_iter().collect();
        let [(0, Mail::Dead), (0, Mail::Batch(batch))] = &mail[..] else {
            panic!("{} messages", mail.len());
        };
        let [(LaneId::NONE, Record::Ended(ended))] = batch.records[..] else {
            panic!("{:?}", batch.records);
        };
        assert_eq!((ended.task, ended.outcome), (task, Outcome::Lost));
        assert_eq!(live_tasks.count(), 0);
        assert!(!child.0.lock().wait().unwrap().success(), "it was killed");
    }
}
