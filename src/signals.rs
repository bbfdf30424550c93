//! Signals that ask the program to end, for loops that check for them.
//!
//! A signal handler may do next to nothing. So the handler only stores the number of the signal,
//! and the main loop of each front end checks for it at least once a frame.

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Stores the last SIGTERM, SIGHUP or SIGINT until a loop checks for it.
///
/// A signal that the parent process ignores stays ignored: `nohup` ignores SIGHUP on purpose, and a
/// shell ignores SIGINT for a command that ends in `&`.
pub struct Signals {
    /// The number of the last signal; 0: none has arrived.
    latest: Arc<AtomicUsize>,
    handlers: Vec<SigId>,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// When the system refuses to install a handler.
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

    /// The last signal that arrived.
    pub fn latest(&self) -> Option<Signal> {
        match self.latest.load(Ordering::Relaxed) {
            0 => None,
            number => Some(Signal(number as i32)),
        }
    }
}

/// Whether a process with this `/proc/…/status` ignores the signal. False if the text is empty,
/// because the system has no such file.
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
    /// The exit code that a shell reports for a process that this signal ended: 128 plus the number
    /// of the signal.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(u8::try_from(128 + self.0).unwrap_or(u8::MAX))
    }

    /// Whether the terminal is gone. If so, nothing may be written to it.
    pub fn is_hangup(self) -> bool {
        self.0 == SIGHUP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_stored_until_a_loop_checks() {
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
