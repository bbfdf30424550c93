//! The messages between tasklab and its workers, and their encoding: one JSON object per line (see `PROTOCOL.md`).

use crate::record::{Batch, MonotonicClock, MonotonicInstant, Resources, TaskId};
use crate::scenario::{DbSpec, Draw, LogLevel, Repeat, Start, Step, TaskSpec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The version of the protocol that this program speaks. It is incremented whenever a message changes its meaning.
pub(super) const PROTOCOL: u32 = 1;

/// The longest line that is read, in bytes: ten thousand times the usual length of a batch.
const MAX_LINE: u64 = 256 << 20;

/// A message to a worker.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum ToWorker {
    Hello(Hello),
    Begin(Box<Begin>),
    /// Tasks of this group that arrive from now on do these steps.
    Group(GroupOrder),
    Task(TaskOrder),
    /// Tasks of this group begin no further repetition.
    Close(String),
    /// The least severe level that the event log keeps from now on.
    Log(LogLevel),
    /// Cancel all tasks, send the last records, and exit.
    Stop(Nothing),
}

/// A message from a worker.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum FromWorker {
    Hello(Hello),
    /// It waits for tasks.
    Ready(Nothing),
    Batch(Box<Batch<MonotonicClock>>),
    /// What it has used since it was ready.
    Resources(Resources),
    /// The last message: it was told to stop and has stopped.
    Bye(Nothing),
}

/// The first message, both ways.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Hello {
    pub protocol: u32,
    /// Name and version of the program, for messages that people read.
    pub program: String,
}

impl Hello {
    pub(super) fn ours() -> Hello {
        Hello {
            protocol: PROTOCOL,
            program: concat!("tasklab ", env!("CARGO_PKG_VERSION")).into(),
        }
    }

    /// Checks that the other side speaks the same version.
    ///
    /// # Errors
    /// A sentence that names both versions.
    pub(super) fn check_version(&self) -> Result<(), String> {
        if self.protocol == PROTOCOL {
            return Ok(());
        }
        Err(format!(
            "it is {} and speaks version {} of the protocol between tasklab and its workers; this is {}, which speaks version {PROTOCOL}",
            self.program.escape_debug(),
            self.protocol,
            Hello::ours().program,
        ))
    }
}

/// All that a worker needs before its first task.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Begin {
    /// The worker's number among its siblings, from 0.
    pub worker: usize,
    /// How many of them there are: a worker numbers its own tasks within their groups from `worker` on, in steps of `workers`.
    pub workers: usize,
    /// The identity of its first own task; the following are its own too, as many as [`Begin::tasks`] says.
    pub first_task: u32,
    pub tasks: u32,
    /// Every random draw derives from it.
    pub seed: u64,
    /// Units of calibrated work that an idle core does in 1 ms.
    pub units_per_ms: f64,
    /// The address of the loopback service.
    pub http: SocketAddr,
    /// The folder with the files and the database.
    pub scratch: PathBuf,
    pub db: DbSpec,
    pub log: LogLevel,
    pub groups: Vec<GroupOrder>,
}

/// What the tasks of a group do.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub(super) struct GroupOrder {
    pub name: String,
    pub repeat: Repeat,
    #[serde(default)]
    pub timeout: Option<Draw>,
    pub steps: Vec<Step>,
}

impl GroupOrder {
    pub(super) fn of(spec: &TaskSpec) -> GroupOrder {
        GroupOrder {
            name: spec.name.clone(),
            repeat: spec.repeat,
            timeout: spec.timeout,
            steps: spec.steps.clone(),
        }
    }

    /// As a group of a scenario. The parent decides when its tasks arrive.
    pub(super) fn into_spec(self) -> TaskSpec {
        TaskSpec {
            name: self.name,
            count: None,
            start: Start::Called,
            arrivals: crate::scenario::Arrivals::Together,
            until: None,
            repeat: self.repeat,
            timeout: self.timeout,
            steps: self.steps,
        }
    }
}

/// A task to run.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct TaskOrder {
    pub task: TaskId,
    /// The name of its group.
    pub group: String,
    /// Its index within the group, from 0.
    pub index: u32,
    /// The instant at which it arrived, by `CLOCK_MONOTONIC`.
    pub since: MonotonicInstant,
}

/// A message without fields.
#[derive(Serialize, Deserialize, Debug, Default)]
pub(super) struct Nothing {}

/// Writes a message as one line.
pub(super) fn send(out: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// Reads the next message. Returns `None` at the end. Skips blank lines.
pub(super) fn receive<M: DeserializeOwned>(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<M>> {
    receive_within(MAX_LINE, input, line)
}

fn receive_within<M: DeserializeOwned>(
    longest: u64,
    input: &mut impl BufRead,
    line: &mut Vec<u8>,
) -> io::Result<Option<M>> {
    loop {
        line.clear();
        let read = input.take(longest).read_until(b'\n', line)?;
        if read as u64 == longest && line.last() != Some(&b'\n') {
            let why = format!("it is longer than {longest} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        // A process that dies while it writes leaves an incomplete line.
        if line.last() != Some(&b'\n') {
            return Ok(None);
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(serde_json::from_slice(line)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchange_in_the_document_is_valid() {
        let document = include_str!("PROTOCOL.md");
        let (_, rest) = document.split_once("```text\n").expect("an exchange");
        let (exchange, _) = rest.split_once("```").expect("its end");
        let mut messages: Vec<(&str, String)> = Vec::new();
        for line in exchange.lines() {
            match line.split_once('►') {
                Some((who, message)) => messages.push((who.trim(), message.to_owned())),
                None => messages.last_mut().expect("a first line").1.push_str(line),
            }
        }
        assert_eq!(messages.len(), 9);
        for (who, message) in messages {
            let read = match who {
                "tasklab" => serde_json::from_str::<ToWorker>(&message).map(drop),
                _ => serde_json::from_str::<FromWorker>(&message).map(drop),
            };
            read.unwrap_or_else(|error| panic!("{error}: {message}"));
        }
        assert!(document.contains(&format!("Version {PROTOCOL}.")));
    }

    #[test]
    fn a_line_that_is_too_long_is_refused() {
        let mut line = Vec::new();
        let sound = b"{\"stop\":{}}\n";
        let first = receive_within::<ToWorker>(12, &mut &sound[..], &mut line);
        assert!(matches!(first, Ok(Some(ToWorker::Stop(_)))));
        let mut endless = io::BufReader::new(io::repeat(b'x'));
        let error = receive_within::<ToWorker>(1_000, &mut endless, &mut line).unwrap_err();
        assert_eq!(error.to_string(), "it is longer than 1000 bytes");
        assert_eq!(line.len(), 1_000);
    }

    #[test]
    fn an_incomplete_line_is_the_end() {
        let mut input = &b"\n{\"stop\":{}}\n{\"st"[..];
        let mut line = Vec::new();
        let first = receive::<ToWorker>(&mut input, &mut line).unwrap();
        assert!(matches!(first, Some(ToWorker::Stop(_))));
        assert!(receive::<ToWorker>(&mut input, &mut line).unwrap().is_none());
    }
}
