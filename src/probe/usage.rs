//! The resources of the machine that this process has used, as counted by the kernel.

use crate::record::{Nanos, Usage};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::fs;

/// The resources that this process has used since its start. The CPU time is rounded to
/// microseconds. If the kernel does not report a usage, all values except the number of processes
/// are zero.
pub fn usage() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return Usage {
            processes: 1,
            ..Usage::default()
        };
    };
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let micros = number((usage.user_time() + usage.system_time()).num_microseconds());
    Usage {
        cpu: Nanos::from_micros(micros),
        // The peak that `getrusage` reports may be the peak of the process that started this
        // process.
        peak_memory: 1024 * peak_kib().unwrap_or_else(|| number(usage.max_rss())),
        voluntary_switches: number(usage.voluntary_context_switches()),
        involuntary_switches: number(usage.involuntary_context_switches()),
        processes: 1,
    }
}

/// The peak of this program's physical memory, in KiB.
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
        // A thread that waits leaves its core. The count includes threads that have ended.
        std::thread::spawn(|| std::thread::sleep(std::time::Duration::from_millis(1)))
            .join()
            .unwrap();
        let used = usage() - before;
        assert!(
            std::hint::black_box(memory).len() as u64 <= used.peak_memory,
            "{used:?}"
        );
        // Writing this much memory takes milliseconds on any machine.
        assert!(used.cpu > Nanos::ZERO, "{used:?}");
        assert!(used.voluntary_switches >= 1, "{used:?}");
        assert_eq!(used.processes, 1);
    }
}
