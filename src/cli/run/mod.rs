//! `tasklab run`: runs one scenario, with the live screen or without a screen.

pub(super) mod console;
mod headless;
mod judge;
mod live;

use super::strict::StrictArg;
use super::{FAILED, page_width, print, print_load_error};
use crate::cli::overrides::{OverrideArgs, word_parser};
use crate::executor::processes::WorkerCommand;
use crate::figures::Report;
use crate::model::Model;
use crate::panics::HookGuard;
use crate::probe;
use crate::report::Facts;
use crate::run::{Run, Settings};
use crate::scenario::LogLevel;
use crate::signals::Signals;
use judge::Judge;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

/// Run a scenario and watch it
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A scenario file, or the name of a built-in scenario (`tasklab list`)
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    #[command(flatten)]
    pub overrides: OverrideArgs,

    /// Run without a screen, and print a table at the end. This is the default if standard output
    /// is not a terminal
    #[arg(long)]
    pub headless: bool,

    /// Run without a screen, and print one JSON object at the end
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub strict: StrictArg,

    /// Wait at each cue until the presenter presses `n`
    ///
    /// Only the timeline of the scenario waits: the cue, later cues, later groups, and the end of
    /// the run. Tasks keep running. Without this option, `n` skips to the next cue at once.
    #[arg(long, conflicts_with_all = ["headless", "json"])]
    pub present: bool,

    /// Let tokio-console connect to the run, at ADDR or at 127.0.0.1:6669
    ///
    /// This option is off by default, because it slows the run down far more than tasklab's own
    /// records do. If the next argument ends in a port (as in 127.0.0.1:6670), this argument is
    /// ADDR. Otherwise, it is the scenario. ADDR must be a loopback address, because every client
    /// can read all data of the run.
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = console::DEFAULT, value_parser = console::address)]
    pub console: Option<SocketAddr>,

    /// Log messages of this level and of more severe levels, on the screen or on standard error
    ///
    /// The default is the level in the scenario. If the scenario sets no level, the default is
    /// `info` on the screen and `error` without a screen.
    #[arg(long, value_name = "LEVEL", value_parser = word_parser::<LogLevel>())]
    pub log: Option<LogLevel>,

    /// With the executor `processes`: start this program instead of tasklab for each worker
    ///
    /// The program is started without arguments. It must follow the protocol in
    /// src/executor/processes/PROTOCOL.md. A scenario cannot set this option, so a scenario cannot
    /// start programs.
    #[arg(long, value_name = "PROGRAM")]
    pub worker_command: Option<PathBuf>,

    /// End the run when the process PID ends. PID must be the parent of this process
    #[arg(long, value_name = "PID", hide = true)]
    pub parent_pid: Option<i32>,
}

pub(super) fn main(args: &Args) -> io::Result<ExitCode> {
    let overrides = args.overrides.overrides();
    let mut scenario = match overrides.load(&args.scenario) {
        Ok(scenario) => scenario,
        Err(error) => return print_load_error(&error),
    };
    let judge = Judge::new(&args.scenario, &scenario, &overrides);
    let output = Output::choose(args)?;
    // From here on, a signal must not end the process at once: the run must first remove its files
    // and stop its threads.
    let signals = Signals::listen()?;
    if let Some(pid) = args.parent_pid {
        end_with_parent(pid)?;
    }
    let (console, served) = match args.console {
        Some(address) => {
            let served = probe::console::serve(address).map_err(|error| cannot_serve(address, &error))?;
            (Some(served.layer), Some(served.address))
        }
        None => (None, None),
    };
    let level = args.log.or(scenario.log).unwrap_or(output.default_log_level());
    scenario.log = Some(level);
    let log = probe::subscribe(level.into(), console).map_err(io::Error::other)?;
    if let Some(address) = served {
        let message = format!("tokio-console can connect to http://{address}");
        match output {
            Output::Live => tracing::info!("{message}"),
            Output::Table | Output::Json => print::to_stderr(&format!("{message}\n")),
        }
    }
    // The panic hook must be in place before the first task can panic.
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
    let run = run.map_err(with_causes)?;
    let facts = Facts {
        scenario: args.scenario.clone(),
        executor: scenario.executor,
        lang: overrides.lang,
        calibration: *run.calibration(),
        usage: run.usage(),
        left_running: None,
    };
    match output {
        Output::Live => live::show(run, facts, &judge, &signals, args.strict),
        Output::Table => headless::show(run, facts, &judge, &signals, args.strict, |report| {
            report.table(page_width())
        }),
        Output::Json => headless::show(run, facts, &judge, &signals, args.strict, Report::to_json),
    }
}

/// The exit code of a run that reached its end.
fn exit_code(run: &Run, report: &Report, strict: StrictArg) -> ExitCode {
    if run.all_workers_died() || !report.deadlocks.is_empty() {
        ExitCode::from(FAILED)
    } else {
        strict.exit_code(&report.expect)
    }
}

/// The message about a run that did not end in time.
fn gave_up(model: &Model) -> String {
    let busy = model.lanes().iter().filter(|lane| lane.current.is_some());
    let busy: Vec<_> = busy.map(|lane| lane.name.as_str()).collect();
    if busy.is_empty() {
        "the run did not end in time: tasklab stopped waiting for the removal of the run's files".to_owned()
    } else {
        format!(
            "the run did not end in time: tasklab stopped waiting for {}",
            busy.join(", ")
        )
    }
}

/// Makes the kernel send SIGTERM to this process when its parent ends, even if the parent is
/// killed.
///
/// # Errors
/// Returns an error if `parent` is not the parent of this process, or if the parent has already
/// ended.
fn end_with_parent(parent: i32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::TERM))?;
    // The parent may have ended before the call above.
    match getppid() {
        Some(pid) if pid.as_raw_nonzero().get() == parent => Ok(()),
        _ => Err(io::Error::other(format!("the parent process {parent} has ended"))),
    }
}

/// The form in which a run shows its results.
enum Output {
    Live,
    Table,
    Json,
}

impl Output {
    /// Chooses the output from the options and the kind of standard output.
    ///
    /// # Errors
    /// Returns an error if the screen is required but standard output is not a terminal.
    fn choose(args: &Args) -> io::Result<Output> {
        if args.json {
            return Ok(Output::Json);
        }
        if args.headless {
            return Ok(Output::Table);
        }
        if io::stdout().is_terminal() {
            // Keys come from standard input, or else from the terminal of the session.
            if !io::stdin().is_terminal() && File::open("/dev/tty").is_err() {
                return Err(io::Error::other(
                    "the live screen needs a terminal for keys, but standard input is not a terminal and this session \
                     has none: start tasklab in a terminal, or add --headless",
                ));
            }
            return Ok(Output::Live);
        }
        if args.present {
            return Err(io::Error::other(
                "--present needs a terminal: it waits for a key at each cue, and standard output is not a terminal",
            ));
        }
        print::to_stderr("standard output is not a terminal: running without a screen, as with --headless\n");
        Ok(Output::Table)
    }

    fn default_log_level(&self) -> LogLevel {
        match self {
            Output::Live => LogLevel::Info,
            Output::Table | Output::Json => LogLevel::Error,
        }
    }
}

fn cannot_serve(address: SocketAddr, error: &io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => {
            ": another program uses this address; choose another address, such as 127.0.0.1:6670"
        }
        _ => "",
    };
    io::Error::other(format!("cannot serve tokio-console on {address}: {error}{hint}"))
}

/// Joins an error and its causes into one line.
fn with_causes(error: impl std::error::Error) -> io::Error {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    io::Error::other(line)
}
