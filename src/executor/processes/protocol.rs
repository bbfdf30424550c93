//! The messages between tasklab and its workers, and their encoding: one JSON object per line (see
//! `PROTOCOL.md`).

use crate::record::{Batch, MonotonicClock, MonotonicInstant, TaskId, Usage};
use crate::scenario::{DbSpec, Draw, LogLevel, Repeat, Start, Step, TaskSpec};
use crate::text;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The version of the protocol that this program speaks. Increment the version when the meaning of
/// a message, the name of a field, or the name of a value changes.
pub(super) const PROTOCOL: u32 = 2;

/// The maximum length of a line, in bytes: ten thousand times the usual length of a batch.
const MAX_LINE: u64 = 256 << 20;

/// A message to a worker.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum ToWorker {
    Hello(Hello),
    Begin(Box<Begin>),
    /// From now on, newly arrived tasks of this group run these steps.
    Group(GroupOrder),
    Task(TaskOrder),
    /// Tasks of this group begin no further repetition.
    Close(String),
    /// From now on, the event log drops messages that are less severe than this level.
    Log(LogLevel),
    /// Cancel all tasks, send the last records, and exit.
    Stop(Nothing),
}

/// A message from a worker.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum FromWorker {
    Hello(Hello),
    /// The worker is ready for tasks.
    Ready(Nothing),
    Batch(Box<Batch<MonotonicClock>>),
    /// The resources that the worker process has used since the worker was ready.
    Resources(Usage),
    /// The last message of a worker that was ordered to stop. The worker has stopped.
    Bye(Nothing),
}

/// The first message in both directions.
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
    /// Returns an error if the versions differ. The error is a sentence that names both versions.
    pub(super) fn check_version(&self) -> Result<(), String> {
        if self.protocol == PROTOCOL {
            return Ok(());
        }
        Err(format!(
            "it is {} and speaks version {} of the protocol between tasklab and its workers; this is {}, which speaks version {PROTOCOL}",
            text::clean(&self.program),
            self.protocol,
            Hello::ours().program,
        ))
    }
}

/// The data that a worker needs before its first task.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Begin {
    /// The worker's number, from 0.
    pub worker: usize,
    /// The number of workers. Within a group, the tasks that a worker spawns itself have the
    /// indices `worker`, `worker + workers`, `worker + 2 * workers`, ….
    pub workers: usize,
    /// The first id for tasks that the worker spawns itself. [`Begin::tasks`] is the number of
    /// these ids, which are consecutive.
    pub first_task: u32,
    pub tasks: u32,
    /// The scenario's seed, from which every random draw derives.
    pub seed: u64,
    /// The number of units of calibrated work that an idle core does in 1 ms.
    pub units_per_ms: f64,
    /// The address of the loopback service.
    pub http: SocketAddr,
    /// The folder with the files and the database.
    pub scratch: PathBuf,
    pub db: DbSpec,
    pub log: LogLevel,
    pub groups: Vec<GroupOrder>,
}

/// A group, with the steps of its tasks.
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

    /// Converts the order to a group of a scenario. The parent decides when the group's tasks
    /// arrive.
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
    /// The name of the task's group.
    pub group: String,
    /// The task's index within the group, from 0.
    pub index: u32,
    /// The instant at which the task arrived, on `CLOCK_MONOTONIC`.
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

/// Reads the next message. Returns `None` at the end of the input. Skips blank lines.
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
        // A process that dies while it writes a message leaves an incomplete line.
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
        let hello = format!(r#"{{"hello":{{"protocol":{PROTOCOL},"#);
        assert_eq!(exchange.matches(&hello).count(), 2);
    }

    #[test]
    fn a_line_that_is_too_long_is_rejected() {
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
    fn an_incomplete_line_ends_the_input() {
        let mut input = &b"\n{\"stop\":{}}\n{\"st"[..];
        let mut line = Vec::new();
        let first = receive::<ToWorker>(&mut input, &mut line).unwrap();
        assert!(matches!(first, Some(ToWorker::Stop(_))));
        assert!(receive::<ToWorker>(&mut input, &mut line).unwrap().is_none());
    }
}
