//! The resources of the machine that a run has used.

use super::Nanos;
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, Sub};

/// The resources of the machine that have been used: by one process, or by all processes of a run
/// together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Usage {
    /// The CPU time of all threads, in user mode and in kernel mode.
    pub cpu: Nanos,
    /// The peak of the physical memory, in bytes. For several processes, the sum of their peaks.
    pub peak_memory: u64,
    /// How often a thread left its core because it had to wait.
    pub voluntary_switches: u64,
    /// How often the kernel preempted a thread.
    pub involuntary_switches: u64,
    /// The number of processes.
    pub processes: u32,
}

impl AddAssign for Usage {
    /// Adds the usage of another process. The sums saturate, because a worker process may
    /// report any number.
    fn add_assign(&mut self, other: Usage) {
        self.cpu += other.cpu;
        self.peak_memory = self.peak_memory.saturating_add(other.peak_memory);
        self.voluntary_switches = self.voluntary_switches.saturating_add(other.voluntary_switches);
        self.involuntary_switches = self.involuntary_switches.saturating_add(other.involuntary_switches);
        self.processes = self.processes.saturating_add(other.processes);
    }
}

impl Sub for Usage {
    type Output = Usage;

    /// What a process has used since `before` was measured. The peak of the memory is
    /// not changed, because it may have occurred at any time.
    fn sub(self, before: Usage) -> Usage {
        Usage {
            cpu: self.cpu - before.cpu,
            voluntary_switches: self.voluntary_switches.saturating_sub(before.voluntary_switches),
            involuntary_switches: self.involuntary_switches.saturating_sub(before.involuntary_switches),
            ..self
        }
    }
}
