//! What this process has used of the machine, by the kernel's account.

use crate::record::{Nanos, Resources};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::fs;

/// Since the process's start; CPU time to the microsecond. All zero but the number of processes where the kernel does not tell.
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
        // What `getrusage` calls the peak may be that of the process which started this one.
        peak_memory: 1024 * peak_kib().unwrap_or_else(|| number(usage.max_rss())),
        voluntary_switches: number(usage.voluntary_context_switches()),
        involuntary_switches: number(usage.involuntary_context_switches()),
        processes: 1,
    }
}

/// The most physical memory that this program has had.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computing_memory_and_sleeping_are_all_counted() {
        let before = usage();
        let memory = vec![1u8; 64 << 20];
        // A thread that waits gives its core away, also when it is over by the time somebody asks.
        std::thread::spawn(|| std::thread::sleep(std::time::Duration::from_millis(1)))
            .join()
            .unwrap();
        let used = usage() - before;
        assert!(
            std::hint::black_box(memory).len() as u64 <= used.peak_memory,
            "{used:?}"
        );
        // To touch so much memory takes milliseconds anywhere.
        assert!(used.cpu > Nanos::ZERO, "{used:?}");
        assert!(used.voluntary_switches >= 1, "{used:?}");
        assert_eq!(used.processes, 1);
    }
}
