//! Runs a scenario once, in a separate process. So the measured resource use belongs to this run
//! only, and earlier runs cannot affect it.

use crate::scenario::Overrides;
use crate::signals::{Signal, Signals};
use rustix::process::{Pid, kill_process};
use serde_json::Value;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The time between two checks for the end of the process and for a signal.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The time within which a run must end after it was asked to end. Then it is killed. A run that
/// ends normally waits for its blocking tasks for one second.
const GRACE: Duration = Duration::from_secs(5);
/// The exit status of a run in which an expectation did not hold. A run with this exit status
/// prints a report, too.
const EXPECTATION_FAILED: i32 = 3;

/// How a run ended.
pub(super) enum Ended {
    /// The run printed this report.
    Report(Value),
    /// The run printed no report. The text is the reason.
    Failed(String),
    /// This process received a signal to end, and has also ended the run.
    Signalled(Signal),
}

/// Runs a scenario without a screen and waits until the run has ended. Meanwhile, calls `meanwhile`
/// regularly with the time since the start. If the calling thread panics, the run is killed.
///
/// # Errors
/// Returns an error if the process cannot be started, or if waiting for the process fails.
pub(super) fn run(
    scenario: &str,
    overrides: &Overrides,
    signals: &Signals,
    meanwhile: &mut dyn FnMut(Duration),
) -> io::Result<Ended> {
    let mut child = Running(
        Command::new(std::env::current_exe()?)
            .args(["run", "--json"])
            .arg(format!("--parent-pid={}", std::process::id()))
            .args(options(overrides))
            .args(["--", scenario])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?,
    );
    // Both pipes are read during the run, because a report is longer than the buffer of a pipe.
    let (out, err) = (reader(child.0.stdout.take()), reader(child.0.stderr.take()));
    let began = Instant::now();
    let mut asked: Option<(Signal, Instant)> = None;
    let status = loop {
        if let Some(status) = child.0.try_wait()? {
            break status;
        }
        meanwhile(began.elapsed());
        match (asked, signals.latest()) {
            (None, Some(signal)) => {
                asked = Some((signal, Instant::now()));
                // This call fails if the run has ended already.
                let _ = kill_process(Pid::from_child(&child.0), rustix::process::Signal::TERM);
            }
            (Some((_, since)), _) if since.elapsed() > GRACE => child.0.kill()?,
            _ => {}
        }
        thread::sleep(POLL_INTERVAL);
    };
    let (out, err) = (collected(out)?, collected(err)?);
    if let Some((signal, _)) = asked {
        return Ok(Ended::Signalled(signal));
    }
    Ok(match status.code() {
        Some(0 | EXPECTATION_FAILED) => match serde_json::from_slice(&out) {
            Ok(report) => Ended::Report(report),
            Err(error) => Ended::Failed(format!("its report cannot be read: {error}")),
        },
        _ => match deadlocked(&out) {
            Some(report) => Ended::Report(report),
            None => Ended::Failed(why(&err).unwrap_or_else(|| status.to_string())),
        },
    })
}

/// The report of a run that failed because of a deadlock. Such a run is complete: a scenario may
/// show a deadlock.
fn deadlocked(out: &[u8]) -> Option<Value> {
    let report: Value = serde_json::from_slice(out).ok()?;
    let has_deadlock = report["deadlocks"]
        .as_array()
        .is_some_and(|deadlocks| !deadlocks.is_empty());
    has_deadlock.then_some(report)
}

/// A process that is killed on drop if it has not ended.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            // `drop` cannot report an error.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// The command-line options for `overrides`.
fn options(overrides: &Overrides) -> Vec<String> {
    let option = |name: &str, value: Option<String>| value.map(|value| format!("--{name}={value}"));
    let nanos = |duration: Duration| format!("{}ns", duration.as_nanos());
    [
        option("executor", overrides.executor.map(|kind| kind.into_str().to_owned())),
        option("workers", overrides.workers.map(|n| n.to_string())),
        option("duration", overrides.duration.map(nanos)),
        option("seed", overrides.seed.map(|seed| seed.to_string())),
        option("scale", overrides.scale.map(|scale| scale.to_string())),
        option("lang", Some(overrides.lang.into_str().to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

type Reader = JoinHandle<io::Result<Vec<u8>>>;

fn reader(pipe: Option<impl Read + Send + 'static>) -> Reader {
    thread::spawn(move || {
        let mut read = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut read)?;
        }
        Ok(read)
    })
}

fn collected(reader: Reader) -> io::Result<Vec<u8>> {
    reader.join().map_err(|_| io::Error::other("a reader panicked"))?
}

/// The last line of the standard error output, without the prefix `error: `.
fn why(err: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(err);
    let last = text.lines().rev().find(|line| !line.trim().is_empty())?;
    Some(last.strip_prefix("error: ").unwrap_or(last).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{ExecutorKind, Lang};

    #[test]
    fn overrides_become_options() {
        let overrides = Overrides {
            executor: Some(ExecutorKind::Pool),
            workers: Some(2),
            duration: Some(Duration::from_millis(1500)),
            seed: Some(7),
            lang: Lang::Ru,
            scale: Some(0.25),
        };
        let options = options(&overrides);
        assert_eq!(
            options,
            [
                "--executor=pool",
                "--workers=2",
                "--duration=1500000000ns",
                "--seed=7",
                "--scale=0.25",
                "--lang=ru"
            ]
        );
    }

    #[test]
    fn the_last_line_of_standard_error_is_the_reason() {
        assert_eq!(why(b"warn\nerror: no thread\n\n").as_deref(), Some("no thread"));
        assert_eq!(why(b"\n"), None);
    }
}
