//! Loading a scenario by its name, which is the name of a file or of a built-in scenario.

use super::builtin;
use super::notation::show_size;
use super::report::Report;
use super::syntax::nearest;
use super::{Overrides, Scenario, limits};
use crate::text;
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long the reader of a scenario waits until a program has opened the other end of a pipe.
const WRITER: Duration = Duration::from_secs(3);

/// Why a scenario was not loaded. Each message is one sentence, except the message of a [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No file and no built-in scenario has this name.
    #[error("there is no file `{what}` and no built-in scenario with this name: {}", hint(*.near))]
    Missing {
        /// The name that was given.
        what: String,
        /// A built-in scenario with a similar name.
        near: Option<&'static str>,
    },
    /// The name is the name of a directory.
    #[error("`{0}` is a directory, but a scenario must be a file")]
    Directory(String),
    /// The system cannot read the file.
    #[error("`{0}` cannot be read: {1}")]
    Unreadable(String, io::Error),
    /// The file is a pipe, and no program has it open for writing.
    #[error("`{}` is a pipe that no program has written to for {} s: write the scenario into it, or name a file", .0, WRITER.as_secs())]
    NoWriter(String),
    /// The file is not text.
    #[error("`{what}` is not a text file: line {line} is not UTF-8")]
    NotUtf8 {
        /// The name of the file.
        what: String,
        /// The number of the line with the first invalid byte, from 1.
        line: usize,
    },
    /// The file is larger than a scenario may be.
    #[error("`{}` is larger than {}, the maximum size of a scenario", .0, show_size(limits::SCENARIO))]
    TooBig(String),
    /// The file was read, but it is not a valid scenario.
    #[error("{0}")]
    Invalid(Report),
}

impl LoadError {
    /// The error as text that ends with a newline. The text has ANSI colours if `colour` is true.
    pub fn render(&self, colour: bool) -> String {
        match self {
            LoadError::Invalid(report) => report.render(colour),
            _ if colour => format!("\u{1b}[1m\u{1b}[91merror\u{1b}[0m\u{1b}[1m: {self}\u{1b}[0m\n"),
            _ => format!("error: {self}\n"),
        }
    }
}

fn hint(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`tasklab list` shows the built-in scenarios".to_owned(),
    }
}

impl Overrides {
    /// Loads the file with this name, or else the built-in scenario with this name, and applies
    /// these overrides.
    ///
    /// # Errors
    /// Returns an error if neither a file nor a built-in scenario has this name, if the file cannot
    /// be read as text, or if the scenario is not valid.
    pub fn load(&self, what: &str) -> Result<Scenario, LoadError> {
        let (name, text) = read(what)?;
        self.read(&name, &text).map_err(LoadError::Invalid)
    }
}

/// Returns the name that the report shows for the scenario, and the text of the scenario.
fn read(what: &str) -> Result<(String, String), LoadError> {
    let shown = || text::clean(what).into_owned();
    let path = Path::new(what);
    // A file takes precedence over a built-in scenario. A directory does not take precedence,
    // because the user may have a folder called `mixed`.
    if !path.is_file()
        && let Some(builtin) = builtin::find(what)
    {
        return Ok((format!("{}.toml (built-in)", builtin.name), builtin.text.to_owned()));
    }
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => LoadError::Missing {
            what: shown(),
            near: near(what),
        },
        io::ErrorKind::IsADirectory => LoadError::Directory(shown()),
        _ => LoadError::Unreadable(shown(), error),
    };
    if path.is_dir() {
        return Err(LoadError::Directory(shown()));
    }
    let bytes = bytes(path).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => LoadError::NoWriter(shown()),
        _ => unreadable(error),
    })?;
    if bytes.len() as u64 > limits::SCENARIO {
        return Err(LoadError::TooBig(shown()));
    }
    String::from_utf8(bytes)
        .map(|text| (what.to_owned(), text))
        .map_err(|error| {
            let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + sound.iter().filter(|byte| **byte == b'\n').count();
            LoadError::NotUtf8 { what: shown(), line }
        })
}

/// Reads the first bytes of the file. The limit is one byte more than the maximum size of a
/// scenario.
///
/// # Errors
/// Returns the system's error, or `TimedOut` if the file is a pipe and no program writes to it.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Without this flag, opening or reading a pipe would wait until another program opens the pipe
    // for writing.
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)?
        .take(limits::SCENARIO + 1);
    let is_pipe = file.get_ref().metadata()?.file_type().is_fifo();
    let deadline = Instant::now() + WRITER;
    loop {
        match file.read_to_end(&mut bytes) {
            Ok(_) if !is_pipe || !bytes.is_empty() => return Ok(bytes),
            // No program has the pipe open for writing.
            Ok(_) if Instant::now() >= deadline => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => {}
            // A program has the pipe open for writing, and has not closed it yet.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The name of the built-in scenario that the user probably meant. `what` is a name or a path.
fn near(what: &str) -> Option<&'static str> {
    let stem = Path::new(what)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or(what);
    let names: Vec<_> = builtin::all().map(|builtin| builtin.name).collect();
    nearest(stem, &names)
}
