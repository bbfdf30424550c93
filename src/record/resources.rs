//! What a run has used of the machine.

use super::Nanos;
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, Sub};

/// What one process, or all of a run's together, have used of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Resources {
    /// CPU time, in user and in kernel mode, of all threads.
    pub cpu: Nanos,
    /// The most physical memory at any time, in bytes; of several processes the sum of each one's most.
    pub peak_memory: u64,
    /// How often a thread gave its core away because it had to wait for something.
    pub voluntary_switches: u64,
    /// How often the kernel took a thread's core away.
    pub involuntary_switches: u64,
    /// How many processes that is.
    pub processes: u32,
}

impl AddAssign for Resources {
    /// With another process's. Saturates: a worker may claim anything.
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

    /// What a process has used since it had used `before`. Its peak is its peak, whenever that was.
    fn sub(self, before: Resources) -> Resources {
        Resources {
            cpu: self.cpu - before.cpu,
            voluntary_switches: self.voluntary_switches.saturating_sub(before.voluntary_switches),
            involuntary_switches: self.involuntary_switches.saturating_sub(before.involuntary_switches),
            ..self
        }
    }
}
