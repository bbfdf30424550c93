//! A notification, for which tasks wait.
//!
//! A notification works like `tokio::sync::Notify`. `notify_one` wakes the task that has waited
//! longest. If no task waits, the notification is kept for the next task that waits.
//! `notify_waiters` wakes all tasks that wait now. If `notify_one` has woken a task that is then
//! cancelled before it runs, the notification is passed on. Unlike tokio's `Notify`, this type
//! records the effect of each notification, so that the report can count lost notifications.

use super::Resource;
use crate::probe::TaskHandle;
use crate::record::{ProcessInstant, ResourceId};
use parking_lot::Mutex;
use std::collections::VecDeque;
use tokio::sync::oneshot;

#[derive(Debug)]
pub(in crate::workload) struct Notify {
    /// Records which tasks wait, and each notification.
    pub(in crate::workload) resource: Resource,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The tasks that wait, each with its number. The task that has waited longest comes first.
    waiting: VecDeque<(u64, oneshot::Sender<Sent>)>,
    /// The number of the next task that waits.
    next: u64,
    /// Whether a notification is kept for the next task that waits.
    is_stored: bool,
}

/// How a notification was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sent {
    ToOne,
    ToAll,
}

/// What became of a notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Effect {
    /// The number of tasks that the notification woke.
    woken: u32,
    /// Whether the notification is kept. False if another notification was already kept.
    stored: bool,
}

impl State {
    fn notify_one(&mut self) -> Effect {
        if let Some((_, waiter)) = self.waiting.pop_front() {
            // A task leaves the queue before its receiver is dropped.
            let _ = waiter.send(Sent::ToOne);
            return Effect {
                woken: 1,
                stored: false,
            };
        }
        Effect {
            woken: 0,
            stored: !std::mem::replace(&mut self.is_stored, true),
        }
    }

    fn notify_all(&mut self) -> Effect {
        let woken = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        for (_, waiter) in self.waiting.drain(..) {
            let _ = waiter.send(Sent::ToAll);
        }
        Effect { woken, stored: false }
    }
}

impl Notify {
    pub(super) fn new(id: ResourceId) -> Notify {
        Notify {
            resource: Resource::new(id),
            state: Mutex::default(),
        }
    }

    /// Wakes the task that has waited longest, or all tasks that wait. Records the notification.
    pub(in crate::workload) fn notify(&self, all: bool, task: &TaskHandle) {
        let effect = {
            let mut state = self.state.lock();
            if all { state.notify_all() } else { state.notify_one() }
        };
        self.resource.notified(task, effect.woken, effect.stored, false);
    }

    /// Waits for a notification. If the result is dropped without [`Received::accept`], the
    /// notification is passed on.
    pub(in crate::workload) async fn notified<'a>(&'a self, task: &'a TaskHandle) -> Received<'a> {
        let sent = match self.join_queue(task) {
            None => Sent::ToOne,
            // The sender is dropped only after it has sent.
            Some(mut waiter) => (&mut waiter.receiver).await.unwrap_or(Sent::ToAll),
        };
        Received {
            notify: self,
            task,
            is_for_one: sent == Sent::ToOne,
        }
    }

    /// Takes the stored notification, or joins the queue.
    fn join_queue<'a>(&'a self, task: &'a TaskHandle) -> Option<Waiter<'a>> {
        let mut state = self.state.lock();
        if std::mem::take(&mut state.is_stored) {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        let number = state.next;
        state.next += 1;
        state.waiting.push_back((number, sender));
        Some(Waiter {
            notify: self,
            task,
            number,
            receiver,
        })
    }

    /// Passes on a notification that a task was given and cannot use.
    fn pass_on(&self, task: &TaskHandle) {
        let effect = self.state.lock().notify_one();
        self.resource.notified(task, effect.woken, effect.stored, true);
    }

    /// Records that the task continues. `waited_since` is the start of the wait, if the task
    /// waited.
    pub(in crate::workload) fn pass(&self, task: &TaskHandle, waited_since: Option<ProcessInstant>) {
        self.resource.pass(task, waited_since, 0);
    }
}

/// The place of a task in the queue.
struct Waiter<'a> {
    notify: &'a Notify,
    task: &'a TaskHandle,
    number: u64,
    receiver: oneshot::Receiver<Sent>,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        {
            let waiting = &mut self.notify.state.lock().waiting;
            if let Ok(index) = waiting.binary_search_by_key(&self.number, |(number, _)| *number) {
                waiting.remove(index);
            }
        }
        // Nothing is left to receive if the task has received its notification.
        if self.receiver.try_recv() == Ok(Sent::ToOne) {
            self.notify.pass_on(self.task);
        }
    }
}

/// A notification that a task was given.
pub(in crate::workload) struct Received<'a> {
    notify: &'a Notify,
    task: &'a TaskHandle,
    is_for_one: bool,
}

impl Received<'_> {
    /// Uses the notification.
    pub(in crate::workload) fn accept(mut self) {
        self.is_for_one = false;
    }
}

impl Drop for Received<'_> {
    fn drop(&mut self) {
        if self.is_for_one {
            self.notify.pass_on(self.task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::try_now;
    use super::*;
    use crate::probe::{Collector, Registry};
    use crate::record::Record;
    use std::pin::pin;

    #[test]
    fn a_notification_of_one_is_stored_once_and_one_of_all_is_not() {
        let mut state = State::default();
        let effect = |woken, stored| Effect { woken, stored };
        assert_eq!(state.notify_all(), effect(0, false), "lost");
        assert_eq!(state.notify_one(), effect(0, true));
        assert_eq!(state.notify_one(), effect(0, false), "lost: one is stored already");
    }

    #[test]
    fn the_first_task_in_the_queue_is_woken_and_a_cancelled_task_passes_its_notification_on() {
        let registry = Registry::new();
        let task = TaskHandle::new(&registry, &registry.group_named("a"));
        let notify = Notify::new(ResourceId(0));
        let mut third = pin!(notify.notified(&task));
        {
            let mut first = pin!(notify.notified(&task));
            let mut second = pin!(notify.notified(&task));
            assert!(try_now(first.as_mut()).is_none());
            assert!(try_now(second.as_mut()).is_none());
            assert!(try_now(third.as_mut()).is_none());
            notify.notify(false, &task);
            assert!(try_now(second.as_mut()).is_none());
            try_now(first.as_mut()).expect("the first task is woken").accept();
            // The second task is woken, and cancelled before it runs.
            notify.notify(false, &task);
        }
        try_now(third.as_mut())
            .expect("the third task is woken instead")
            .accept();
        let mut records = Collector::new(registry, None).batch().records.into_iter();
        let notifications: Vec<_> = std::iter::from_fn(|| records.next())
            .filter_map(|(_, record)| match record {
                Record::Notification(it) => Some((it.woken, it.stored, it.passed_on)),
                _ => None,
            })
            .collect();
        assert_eq!(notifications, [(1, false, false), (1, false, false), (1, false, true)]);
        let mut fourth = pin!(notify.notified(&task));
        assert!(try_now(fourth.as_mut()).is_none(), "nothing is stored");
    }
}
