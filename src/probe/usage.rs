//! What this process has used of the machine, as the kernel counts it.

use crate::record::{Nanos, Resources};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::fs;

/// What the process has used since its start, with CPU time to the microsecond. All zero, except
/// for the number of processes, if the kernel does not say.
pub fn usage() -> Resources {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return Resources {
            processes: 1,
            ..Resources::default()
        };
    };
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let micros = number((usage.user_time() + usage.system_time()).num_microseconds());
    Resources {
        cpu: Nanos::from_micros(micros),
        // The peak of `getrusage` may be that of the process which started this one.
        peak_memory: 1024 * peak_kib().unwrap_or_else(|| number(usage.max_rss())),
        voluntary_switches: number(usage.voluntary_context_switches()),
        involuntary_switches: number(usage.involuntary_context_switches()),
        processes: 1,
    }
}

/// The largest amount of physical memory that this program has had, in KiB.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_memory_and_switches_are_counted() {
        let before = usage();
        let memory = vec![1u8; 64 << 20];
        // A thread that waits gives its core away, and counts also after it has ended.
        std::thread::spawn(|| std::thread::sleep(std::time::Duration::from_millis(1)))
            .join()
            .unwrap();
        let used = usage() - before;
        assert!(
            std::hint::black_box(memory).len() as u64 <= used.peak_memory,
            "{used:?}"
        );
        // Touching so much memory takes milliseconds on any machine.
        assert!(used.cpu > Nanos::ZERO, "{used:?}");
        assert!(used.voluntary_switches >= 1, "{used:?}");
        assert_eq!(used.processes, 1);
    }
}
