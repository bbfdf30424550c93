//! Signals that ask the program to end. The main loop of each front end checks for such signals.
//!
//! A signal handler may call only very few functions. So the handler only stores the number of the
//! signal. Each main loop checks for the number at least once per frame.

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Stores which of the signals SIGTERM, SIGHUP and SIGINT arrived last, so that a loop can check
/// for a signal.
///
/// If the parent process ignores a signal, this process ignores that signal too. For example,
/// `nohup` ignores SIGHUP on purpose, and a shell ignores SIGINT for a command that ends in `&`.
pub struct Signals {
    /// The number of the last signal, or 0 if no signal has arrived.
    latest: Arc<AtomicUsize>,
    handlers: Vec<SigId>,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// Returns an error if the system refuses to install a handler.
    pub fn listen() -> io::Result<Signals> {
        let mut signals = Signals {
            latest: Arc::default(),
            handlers: Vec::new(),
        };
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            if is_ignored(&status, signal) {
                continue;
            }
            let latest = signals.latest.clone();
            signals
                .handlers
                .push(signal_hook::flag::register_usize(signal, latest, signal as usize)?);
        }
        Ok(signals)
    }

    /// The signal that arrived last, if any.
    pub fn latest(&self) -> Option<Signal> {
        match self.latest.load(Ordering::Relaxed) {
            0 => None,
            number => Some(Signal(number as i32)),
        }
    }
}

/// Whether a process ignores `signal`. `status` is the text of the file `/proc/…/status` of that
/// process. On a system without this file, `status` is empty and the result is false.
fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.handlers.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// A signal that asked the program to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signal(
    /// The number of the signal, as in `kill -l`.
    pub i32,
);

impl Signal {
    /// If this signal ends a process, a shell reports this exit code: 128 plus the number of the
    /// signal.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(u8::try_from(128 + self.0).unwrap_or(u8::MAX))
    }

    /// Whether the signal says that the terminal was closed. If so, the program must not write to
    /// the terminal.
    pub fn is_hangup(self) -> bool {
        self.0 == SIGHUP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_signal_is_stored() {
        let signals = Signals::listen().unwrap();
        assert_eq!(signals.latest(), None);
        signal_hook::low_level::raise(SIGTERM).unwrap();
        assert_eq!(signals.latest(), Some(Signal(SIGTERM)));
        assert!(!signals.latest().unwrap().is_hangup());
    }

    #[test]
    fn ignored_signals_are_read_from_the_mask_in_proc() {
        let status =
            "Name:\ttasklab\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n";
        assert!(is_ignored(status, SIGHUP));
        assert!(!is_ignored(status, SIGINT) && !is_ignored(status, SIGTERM));
        assert!(!is_ignored("", SIGHUP));
    }
}
