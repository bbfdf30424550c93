//! Signals that ask the program to end, for loops that come by often enough to look.

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// SIGTERM, SIGHUP and SIGINT, kept for the loop to find: a handler may do next to nothing, and the loop comes by within
/// a frame. What the parent process had ignored stays ignored: `nohup` means SIGHUP not to matter, and a shell's `&`
/// SIGINT.
pub struct Signals {
    seen: Arc<AtomicUsize>,
    registered: Vec<SigId>,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn listen() -> io::Result<Signals> {
        let mut signals = Signals {
            seen: Arc::default(),
            registered: Vec::new(),
        };
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            if is_ignored(&status, signal) {
                continue;
            }
            let seen = signals.seen.clone();
            signals
                .registered
                .push(signal_hook::flag::register_usize(signal, seen, signal as usize)?);
        }
        Ok(signals)
    }

    /// The last signal that came.
    pub fn seen(&self) -> Option<Signal> {
        match self.seen.load(Ordering::Relaxed) {
            0 => None,
            number => Some(Signal(number as i32)),
        }
    }
}

/// Whether a process with this `/proc/…/status` ignores the signal. Where the system has no such file: no.
fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// A signal that asked the program to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signal(
    /// Its number, as in `kill -l`.
    pub i32,
);

impl Signal {
    /// What a shell reports of a process that this signal ended: 128 and its number.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(u8::try_from(128 + self.0).unwrap_or(u8::MAX))
    }

    /// The terminal is gone: nothing may be written to it any more.
    pub fn is_hangup(self) -> bool {
        self.0 == SIGHUP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_kept_until_the_loop_comes_by() {
        let signals = Signals::listen().unwrap();
        assert_eq!(signals.seen(), None);
        signal_hook::low_level::raise(SIGTERM).unwrap();
        assert_eq!(signals.seen(), Some(Signal(SIGTERM)));
        assert!(!signals.seen().unwrap().is_hangup());
    }

    #[test]
    fn ignored_signals_are_the_bits_of_a_mask() {
        let status =
            "Name:\ttasklab\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n";
        assert!(is_ignored(status, SIGHUP));
        assert!(!is_ignored(status, SIGINT) && !is_ignored(status, SIGTERM));
        assert!(!is_ignored("", SIGHUP));
    }
}
