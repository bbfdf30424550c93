//! The records of a task that waits for a resource, acquires it or releases it.

use super::TaskHandle;
use crate::probe::lane;
use crate::probe::now;
use crate::record::{
    Acquired, CompactDuration, HolderLate, Missed, Nanos, Notification, ProcessInstant, Received, Record, Released,
    ResourceId, WaitBegan, WaitEnded, Wanted,
};

impl TaskHandle {
    /// Records that the task begins to wait. `waiting` is the number of tasks that now wait for the
    /// same resource, and `limited` says whether a timeout can end the wait. Returns the present
    /// instant.
    pub fn record_wait_began(
        &self,
        resource: ResourceId,
        wanted: Wanted,
        waiting: u32,
        limited: bool,
    ) -> ProcessInstant {
        let at = now();
        let began = WaitBegan {
            at,
            task: self.id(),
            waiting,
            resource,
            wanted,
            limited,
        };
        lane::write(self.registry(), Record::WaitBegan(began));
        at
    }

    /// Records the end of the wait that began at `since`. The task has not received what it waited
    /// for. If `handed_over` is true, the task had been given what it waited for, but was cancelled
    /// before it ran.
    pub fn record_wait_ended(&self, resource: ResourceId, wanted: Wanted, since: ProcessInstant, handed_over: bool) {
        let at = now();
        let ended = WaitEnded {
            at,
            task: self.id(),
            waited: CompactDuration::new(at - since),
            resource,
            wanted,
            handed_over,
        };
        lane::write(self.registry(), Record::WaitEnded(ended));
    }

    /// Records that the task has acquired the resource. `since` is the start of the wait, if the
    /// task waited, and `level` is the number of permits or slots that are now held. Returns the
    /// present instant.
    pub fn record_acquired(
        &self,
        resource: ResourceId,
        wanted: Wanted,
        since: Option<ProcessInstant>,
        level: u32,
    ) -> ProcessInstant {
        let at = now();
        let acquired = Acquired {
            at,
            task: self.id(),
            waited: waited(since, at),
            level,
            resource,
            wanted,
        };
        lane::write(self.registry(), Record::Acquired(acquired));
        self.record_lateness(at, resource, false);
        at
    }

    /// Records that the task is about to release the resource. `since` is the start of the wait for
    /// a message, if the task waited. The resource has been held since `acquired`.
    pub fn record_released(
        &self,
        resource: ResourceId,
        wanted: Wanted,
        since: Option<ProcessInstant>,
        acquired: ProcessInstant,
    ) {
        let at = now();
        let released = Released {
            at,
            task: self.id(),
            waited: waited(since, at),
            held: CompactDuration::new(at - acquired),
            resource,
            wanted,
        };
        lane::write(self.registry(), Record::Released(released));
        self.record_lateness(at, resource, true);
    }

    /// If this is a branch that has been late, records how long, together with its acquisition or
    /// release of the resource.
    fn record_lateness(&self, at: ProcessInstant, resource: ResourceId, released: bool) {
        if !self.is_branch() {
            return;
        }
        let lateness = self.0.lateness(|since| lane::lateness(self.id(), since));
        let lateness = CompactDuration::new(lateness);
        if lateness > CompactDuration::ZERO {
            let late = HolderLate {
                at,
                task: self.id(),
                lateness,
                resource,
                released,
            };
            lane::write(self.registry(), Record::HolderLate(late));
        }
    }

    /// Records that the task has sent a notification, which woke `woken` tasks or is now stored.
    /// `passed_on` says whether the notification had first woken a task that was then cancelled.
    pub fn record_notification(&self, resource: ResourceId, woken: u32, stored: bool, passed_on: bool) {
        let notification = Notification {
            at: now(),
            task: self.id(),
            woken,
            resource,
            stored,
            passed_on,
        };
        lane::write(self.registry(), Record::Notification(notification));
    }

    /// Records that the task has received an item that was sent at `sent`, and that the task has
    /// missed the `missed` items before this item. `since` is the start of the wait for the item,
    /// if the task waited.
    pub fn record_received(
        &self,
        resource: ResourceId,
        since: Option<ProcessInstant>,
        sent: ProcessInstant,
        missed: u64,
    ) {
        let at = now();
        let received = Received {
            at,
            task: self.id(),
            waited: waited(since, at),
            age: CompactDuration::new(at - sent),
            resource,
        };
        lane::write(self.registry(), Record::Received(received));
        if missed > 0 {
            let missed = Missed {
                at,
                task: self.id(),
                count: missed,
                resource,
            };
            lane::write(self.registry(), Record::Missed(missed));
        }
    }
}

/// The duration of a wait, which is zero only if the task did not wait.
fn waited(since: Option<ProcessInstant>, at: ProcessInstant) -> CompactDuration {
    let waited = since.map_or(Nanos::ZERO, |since| (at - since).max(Nanos(1)));
    CompactDuration::new(waited)
}
