//! One run in a process of its own: what it takes of the machine is its own, and nothing of the run before is left.

use crate::scenario::Overrides;
use crate::signals::{Signal, Signals};
use rustix::process::{Pid, kill_process};
use serde_json::Value;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Time between two looks at the process and at the signals.
const LOOK: Duration = Duration::from_millis(20);
/// A run that was asked to end gives its blocking tasks a second; this is when it has had enough.
const GRACE: Duration = Duration::from_secs(5);
/// Exit status of a run that was not as expected: it has a report like any other.
const UNEXPECTED: i32 = 3;

/// How a run ended.
pub enum Ended {
    /// With its report.
    Report(Value),
    /// Without one, for this reason.
    Failed(String),
    /// A signal asked this process to end, and the run has ended with it.
    Signalled(Signal),
}

/// Runs a scenario without a screen, and waits for it; `meanwhile` hears how long it has been running. The run ends with the
/// calling thread, however that ends.
///
/// # Errors
/// When no process can be started, or it cannot be waited for.
pub fn run(
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
    // Both are read while it runs: a report is longer than a pipe.
    let (out, err) = (reader(child.0.stdout.take()), reader(child.0.stderr.take()));
    let began = Instant::now();
    let mut asked: Option<(Signal, Instant)> = None;
    let status = loop {
        if let Some(status) = child.0.try_wait()? {
            break status;
        }
        meanwhile(began.elapsed());
        match (asked, signals.seen()) {
            (None, Some(signal)) => {
                asked = Some((signal, Instant::now()));
                // It may have ended by itself just now.
                let _ = kill_process(Pid::from_child(&child.0), rustix::process::Signal::TERM);
            }
            (Some((_, since)), _) if since.elapsed() > GRACE => child.0.kill()?,
            _ => {}
        }
        thread::sleep(LOOK);
    };
    let (out, err) = (collected(out)?, collected(err)?);
    if let Some((signal, _)) = asked {
        return Ok(Ended::Signalled(signal));
    }
    Ok(match status.code() {
        Some(0 | UNEXPECTED) => match serde_json::from_slice(&out) {
            Ok(report) => Ended::Report(report),
            Err(error) => Ended::Failed(format!("its report cannot be read: {error}")),
        },
        _ => Ended::Failed(why(&err).unwrap_or_else(|| status.to_string())),
    })
}

/// A process that does not outlive whoever waits for it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            // Whatever went wrong here, there is nobody left to tell.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// The options that say the same as `overrides`.
fn options(overrides: &Overrides) -> Vec<String> {
    let some = |name: &str, value: Option<String>| value.map(|value| format!("--{name}={value}"));
    let nanos = |duration: Duration| format!("{}ns", duration.as_nanos());
    [
        some("executor", overrides.executor.map(|kind| kind.word().to_owned())),
        some("workers", overrides.workers.map(|n| n.to_string())),
        some("duration", overrides.duration.map(nanos)),
        some("seed", overrides.seed.map(|seed| seed.to_string())),
        some("scale", overrides.scale.map(|scale| scale.to_string())),
        some("lang", Some(overrides.lang.word().to_owned())),
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

/// What the program said last on standard error.
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
    fn overrides_are_said_as_options() {
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
    fn the_last_line_of_an_error_says_why() {
        assert_eq!(why(b"warn\nerror: no thread\n\n").as_deref(), Some("no thread"));
        assert_eq!(why(b"\n"), None);
    }
}
