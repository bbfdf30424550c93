//! `tasklab run`: one scenario, on the live screen or without.

pub mod console;
mod headless;
mod judge;
mod live;

use super::{FAILED, UNEXPECTED, complain, page_width};
use crate::cli::overrides::OverrideArgs;
use crate::executor::processes::WorkerCommand;
use crate::expect;
use crate::figures::Report;
use crate::panics::HookGuard;
use crate::probe;
use crate::report::Facts;
use crate::run::{Run, Settings};
use crate::scenario::LogLevel;
use crate::signals::Signals;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use judge::Judge;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

/// Run a scenario and watch it
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A scenario file, or the name of a built-in scenario (`tasklab list`)
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    #[command(flatten)]
    pub overrides: OverrideArgs,

    /// Run without a screen, and end with a table; the default when standard output is not a terminal
    #[arg(long)]
    pub headless: bool,

    /// Run without a screen, and print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Wait at each cue until the presenter presses `n`
    ///
    /// Only the scenario's timeline waits: cues, the groups that begin behind them, and the end. Tasks go on. Without this, `n`
    /// jumps to the next cue before its time.
    #[arg(long, conflicts_with_all = ["headless", "json"])]
    pub present: bool,

    /// Serve tokio-console too, on this address or on 127.0.0.1:6669
    ///
    /// A real tokio-console can attach to the same run. It costs far more than tasklab's own records, and so is off unless
    /// asked for. What follows is taken for ADDR if it ends in a port, as in 127.0.0.1:6670, and else for the scenario. ADDR is one
    /// of this machine's own, for whoever connects sees everything.
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = console::DEFAULT, value_parser = console::address)]
    pub console: Option<SocketAddr>,

    /// What the event log keeps: on the screen, or without one on standard error
    ///
    /// By default what the scenario says; if it says nothing, `info` on the screen and `error` without one.
    #[arg(long, value_name = "LEVEL", value_parser = level())]
    pub log: Option<LogLevel>,

    /// On the executor `processes`: start this program for each worker, instead of tasklab
    ///
    /// It has no arguments, and speaks the protocol that the documentation of `executor::processes` describes. No scenario can
    /// say this: what a scenario does stays within tasklab.
    #[arg(long, value_name = "PROGRAM")]
    pub worker_command: Option<PathBuf>,

    /// End when the process with this number does, which has started this one
    #[arg(long, value_name = "PID", hide = true)]
    pub parent_pid: Option<i32>,
}

fn level() -> impl TypedValueParser<Value = LogLevel> {
    PossibleValuesParser::new(LogLevel::ALL.map(LogLevel::word)).map(|word| {
        let level = LogLevel::ALL.into_iter().find(|level| level.word() == word);
        level.expect("the possible values are the words of the levels")
    })
}

pub fn main(args: &Args) -> io::Result<ExitCode> {
    let overrides = args.overrides.overrides();
    let mut scenario = match overrides.load(&args.scenario) {
        Ok(scenario) => scenario,
        Err(error) => return complain(&error),
    };
    let judge = Judge::new(&args.scenario, &scenario, &overrides);
    let shown = if args.json {
        Shown::Json
    } else if args.headless {
        Shown::Table
    } else if io::stdout().is_terminal() {
        Shown::Live
    } else if args.present {
        return Err(io::Error::other(
            "--present waits for a key at each cue, and standard output is not a terminal",
        ));
    } else {
        writeln!(
            io::stderr(),
            "standard output is not a terminal: running without a screen, as with --headless"
        )?;
        Shown::Table
    };
    // From here on there may be something to take back.
    let signals = Signals::listen()?;
    if let Some(pid) = args.parent_pid {
        end_with(pid)?;
    }
    let console = match args.console {
        Some(address) => Some(probe::console::serve(address).map_err(|error| cannot_serve(address, &error))?),
        None => None,
    };
    let level = args.log.or(scenario.log).unwrap_or(match shown {
        Shown::Live => LogLevel::Info,
        Shown::Table | Shown::Json => LogLevel::Error,
    });
    scenario.log = Some(level);
    let log = probe::subscribe(level.into(), console).map_err(io::Error::other)?;
    // Before the first task can panic.
    let _panics = HookGuard::install(thread::current().id(), || ());
    let settings = Settings {
        log: Some(log),
        presented: args.present,
        worker: args.worker_command.clone().map(WorkerCommand::other),
    };
    let run = Run::start(&scenario, settings, &|| signals.latest().is_some());
    if let (Err(error), Some(signal)) = (&run, signals.latest())
        && error.is_cancelled()
    {
        return Ok(signal.exit_code());
    }
    let run = run.map_err(explained)?;
    let facts = Facts {
        scenario: args.scenario.clone(),
        executor: scenario.executor,
        calibration: *run.calibration(),
        resources: run.resources(),
        left_running: None,
    };
    match shown {
        Shown::Live => live::show(run, facts, &judge, &signals),
        Shown::Table => headless::show(run, facts, &judge, &signals, |report| report.table(page_width())),
        Shown::Json => headless::show(run, facts, &judge, &signals, Report::to_json),
    }
}

/// How to exit after a run that reached its end.
fn outcome(run: &Run, report: &Report) -> ExitCode {
    if run.all_workers_died() {
        ExitCode::from(FAILED)
    } else if expect::any_failed(&report.expect) {
        ExitCode::from(UNEXPECTED)
    } else {
        ExitCode::SUCCESS
    }
}

/// Lets this process be asked to end when its parent, which has this number, does: also if that is killed.
fn end_with(parent: i32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::TERM))?;
    // It may have ended before that.
    match getppid() {
        Some(pid) if pid.as_raw_nonzero().get() == parent => Ok(()),
        _ => Err(io::Error::other("whoever asked for this run is gone")),
    }
}

/// Where a run is shown.
enum Shown {
    Live,
    Table,
    Json,
}

fn cannot_serve(address: SocketAddr, error: &io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => {
            ": somebody else listens there; name another address, as in --console 127.0.0.1:6670"
        }
        _ => "",
    };
    io::Error::other(format!("cannot serve tokio-console on {address}: {error}{hint}"))
}

/// An error with its causes, in one line.
fn explained(error: impl std::error::Error) -> io::Error {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    io::Error::other(line)
}
