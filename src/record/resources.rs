//! What a run has used of the machine.

use super::Nanos;
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, Sub};

/// What one process, or all processes of a run together, have used of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Resources {
    /// CPU time, in user and in kernel mode, of all threads.
    pub cpu: Nanos,
    /// The largest amount of physical memory at any time, in bytes. For several processes, the sum
    /// of their largest amounts.
    pub peak_memory: u64,
    /// How often a thread gave its core away because it had to wait.
    pub voluntary_switches: u64,
    /// How often the kernel took the core away from a thread.
    pub involuntary_switches: u64,
    /// The number of processes.
    pub processes: u32,
}

impl AddAssign for Resources {
    /// Adds what another process has used. Saturates, because a worker process may report any
    /// number.
    fn add_assign(&mut self, other: Resources) {
        self.cpu += other.cpu;
        self.peak_memory = self.peak_memory.saturating_add(other.peak_memory);
        self.voluntary_switches = self.voluntary_switches.saturating_add(other.voluntary_switches);
        self.involuntary_switches = self.involuntary_switches.saturating_add(other.involuntary_switches);
        self.processes = self.processes.saturating_add(other.processes);
    }
}

impl Sub for Resources {
    type Output = Resources;

    /// What a process has used since `before` was measured. The peak of memory stays as it is,
    /// whenever it was.
    fn sub(self, before: Resources) -> Resources {
        Resources {
            cpu: self.cpu - before.cpu,
            voluntary_switches: self.voluntary_switches.saturating_sub(before.voluntary_switches),
            involuntary_switches: self.involuntary_switches.saturating_sub(before.involuntary_switches),
            ..self
        }
    }
}
