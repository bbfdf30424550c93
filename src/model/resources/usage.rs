//! Which tasks hold a resource and wait for it at one instant, and because of whom a task waits.
//!
//! The answers for a past instant come from the holds and waits that are kept. The model never
//! guesses: if a record that matters is missing, it returns `None`.

use super::stays::Stay;
use super::traffic::Traffic;
use super::waits::OpenWait;
use super::*;
use crate::record::Reason;

/// Which tasks hold a resource and wait for it at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    /// The number of holds, of messages in the channel, or of arrivals at the barrier. `None` if
    /// this is not known.
    pub held: Option<u64>,
    /// The task that has held the resource longest, and when it acquired the resource.
    pub holder: Option<(TaskId, Option<RunInstant>)>,
    /// The number of tasks that hold the resource.
    pub holders: usize,
    /// Whether a task holds the read-write lock to write.
    pub is_written: bool,
    /// The number of tasks that wait to acquire the resource. At a read-write lock, these tasks
    /// wait to write.
    pub waiting: u64,
    /// The number of tasks that wait for a message of the channel, or to read with the read-write
    /// lock.
    pub waiting_for_other: u64,
}

/// For how much of a span tasks held a resource.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HeldTime {
    /// The share of the span in which at least one task held the resource, 0–1.
    pub share: f64,
    /// The task that held the resource longest, and its share of the span.
    pub main: Option<(TaskId, f64)>,
}

/// A wait of a task at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    /// The resource that the task waits for. `None` if the task waits for its children.
    pub resource: Option<&'a Resource>,
    /// The task because of which the task waits.
    pub because: Option<Because>,
}

/// The task because of which another task waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Because {
    /// Why the other task waits for this task.
    pub relation: Relation,
    /// The task.
    pub task: TaskId,
    /// The number of further tasks for which the same is true.
    pub others: usize,
}

/// Why a task waits for another task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// The other task holds the resource.
    Holds,
    /// The other task waits to write with the same read-write lock, and is served first.
    IsBefore,
    /// The other task receives from the full channel.
    Receives,
    /// The other task sends to the empty channel.
    Sends,
    /// The other task is a child of the waiting task.
    IsChild,
}

impl Resource {
    /// Whether the resource was used in a span: whether a task acquired it or released it, or began
    /// or stopped waiting for it.
    pub fn has_records(&self, from: RunInstant, to: RunInstant) -> bool {
        self.traffic.has_records(from, to)
    }

    /// What came to the resource and left it during a span. The span is extended to complete
    /// buckets of [`SERIES_BUCKET`], and to at least one second.
    pub fn traffic(&self, from: RunInstant, to: RunInstant) -> Traffic {
        let waiting = self.waiting_for_access.count.now + self.waiting_for_other.count.now;
        let has_items = matches!(self.info.kind, ResourceKind::Channel | ResourceKind::Results);
        let items = has_items.then_some(self.level.now);
        self.traffic.traffic(from, to, waiting, items)
    }

    /// How long the longest of the waits has lasted that are open at the instant `at`. Waits for a
    /// message are not counted: most of these tasks are idle. `None` if no task waits, or if this
    /// is not known.
    pub fn longest_open_wait(&self, at: RunInstant) -> Option<Nanos> {
        let waits = self.waits_at(at)?;
        let waits = waits.iter().filter(|wait| wait.wanted != Wanted::Message);
        waits.map(|wait| at - wait.from).max()
    }

    /// For how much of a span tasks held the resource. `None` if holds of that time are missing.
    pub fn held_time_of(&self, from: RunInstant, to: RunInstant) -> Option<HeldTime> {
        let from = from.max(self.past_holds.known_from());
        let past = self
            .past_holds
            .within(from, to)
            .map(|hold| (hold.task, hold.from, hold.to));
        let mut holds: Vec<_> = past.collect();
        for (task, _) in self.holders.iter() {
            holds.push((task, self.holders.since(task)?, to));
        }
        holds.sort_unstable_by_key(|&(_, start, _)| start);
        let mut by_task = BTreeMap::<TaskId, Nanos>::new();
        let (mut all, mut covered) = (Nanos::ZERO, from);
        for (task, start, end) in holds {
            let (start, end) = (start.max(from), end.min(to));
            *by_task.entry(task).or_default() += end - start;
            all += end - start.max(covered);
            covered = covered.max(end);
        }
        let share = |time: Nanos| time.0 as f64 / (to - from).0.max(1) as f64;
        let main = by_task.iter().max_by_key(|(_, time)| **time);
        Some(HeldTime {
            share: share(all),
            main: main.map(|(task, time)| (*task, share(*time))),
        })
    }

    /// The holds at a past instant.
    fn holds_at(&self, at: RunInstant) -> Option<Vec<Stay>> {
        let mut holds: Vec<Stay> = self.past_holds.at(at)?.copied().collect();
        for (task, _) in self.holders.iter() {
            let from = self.holders.since(task)?;
            holds.extend((from <= at).then(|| self.open_hold(task, from)));
        }
        Some(holds)
    }

    /// The holds during a span. `None` if holds of that time may be missing.
    pub(in crate::model) fn holds_during(&self, from: RunInstant, to: RunInstant) -> Option<Vec<Stay>> {
        if from < self.past_holds.known_from() {
            return None;
        }
        let mut holds: Vec<Stay> = self.past_holds.within(from, to).copied().collect();
        for (task, _) in self.holders.iter() {
            let since = self.holders.since(task)?;
            holds.extend((since < to).then(|| self.open_hold(task, since)));
        }
        Some(holds)
    }

    fn open_hold(&self, task: TaskId, from: RunInstant) -> Stay {
        Stay {
            task,
            from,
            to: RunInstant::MAX,
            wanted: match self.writers.contains_key(&task) {
                false if self.info.kind == ResourceKind::Rwlock => Wanted::Read,
                _ => Wanted::Access,
            },
        }
    }

    /// The waits at a past instant.
    fn waits_at(&self, at: RunInstant) -> Option<Vec<Stay>> {
        let open = self.waits.iter().filter(|(_, wait)| wait.since <= at);
        let open = open.map(|(&(task, wanted), wait)| open_wait(task, wanted, wait));
        Some(self.past_waits.at(at)?.copied().chain(open).collect())
    }

    /// The wait of a task for this resource: now, or at a past instant.
    pub(in crate::model) fn wait_of(&self, task: TaskId, past: Option<RunInstant>) -> Option<Stay> {
        let open = [Wanted::Access, Wanted::Read, Wanted::Message]
            .into_iter()
            .find_map(|wanted| {
                let wait = self.waits.latest.get(&(task, wanted)).filter(|wait| wait.is_open())?;
                Some(open_wait(task, wanted, wait))
            });
        match (open, past) {
            (Some(open), Some(at)) if open.from <= at => Some(open),
            (open, None) => open,
            (_, Some(at)) => self.past_waits.at(at)?.find(|stay| stay.task == task).copied(),
        }
    }

    /// The usage now. `level` is the number of holds, messages or arrivals.
    fn present_usage(&self, held: Option<u64>) -> Usage {
        let since = |(task, _)| (task, self.holders.since(task));
        let holders = self.holders.iter().map(since);
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        Usage {
            held,
            holder: first_holder(holders),
            holders: self.holders.iter().count(),
            is_written: !self.writers.is_empty(),
            waiting: number(self.waiting_for_access.count.now),
            waiting_for_other: number(self.waiting_for_other.count.now),
        }
    }

    fn past_usage(&self, at: RunInstant, held: Option<u64>) -> Option<Usage> {
        let (holds, waits) = (self.holds_at(at)?, self.waits_at(at)?);
        let is_for_other = |wait: &&Stay| wait.wanted != Wanted::Access;
        let for_other = waits.iter().filter(is_for_other).count();
        let mut holders = BTreeMap::new();
        for hold in &holds {
            let is_only_hold = !holders.contains_key(&hold.task);
            holders.insert(hold.task, Some(hold.from).filter(|_| is_only_hold));
        }
        Some(Usage {
            held,
            holder: first_holder(holders.iter().map(|(task, since)| (*task, *since))),
            holders: holders.len(),
            is_written: self.info.kind == ResourceKind::Rwlock
                && holds.iter().any(|hold| hold.wanted == Wanted::Access),
            waiting: (waits.len() - for_other) as u64,
            waiting_for_other: for_other as u64,
        })
    }
}

/// The holder that acquired the resource first. If a task has several holds, it is not known when
/// it acquired the resource.
fn first_holder(holders: impl Iterator<Item = (TaskId, Option<RunInstant>)>) -> Option<(TaskId, Option<RunInstant>)> {
    holders.min_by_key(|(task, since)| (since.is_none(), *since, *task))
}

fn open_wait(task: TaskId, wanted: Wanted, wait: &OpenWait) -> Stay {
    Stay {
        task,
        from: wait.since,
        to: RunInstant::MAX,
        wanted,
    }
}

impl Model {
    /// Which tasks hold a resource and wait for it at the instant `at`. `None` if records that
    /// matter may be missing.
    pub fn usage(&self, resource: &Resource, at: RunInstant) -> Option<Usage> {
        let kind = resource.info.kind;
        if at >= self.now {
            let held = match kind {
                ResourceKind::Barrier => Some(u64::from(resource.arrived())),
                _ if resource.info.kind.is_held() => Some(resource.held(at).now),
                _ => self.length_at(resource, at),
            };
            return Some(resource.present_usage(held));
        }
        let held = match kind.is_held() {
            true => Some(resource.holds_at(at)?.len() as u64),
            false => self.length_at(resource, at),
        };
        resource.past_usage(at, held)
    }

    /// The number of messages or results at the instant `at`, by the last sample until then. Each
    /// sample is of the channel with the name of its label.
    fn length_at(&self, resource: &Resource, at: RunInstant) -> Option<u64> {
        let is_this = |channel: &&Channel| self.label(channel.latest.label) == resource.info.name;
        let channel = self.channels.iter().find(is_this)?;
        channel.len_at(at).map(u64::from)
    }

    /// The wait of a task for a resource or for its children at the instant `at`, and because of
    /// whom the task waits. `None` if the task does not wait, or if this is not known.
    pub fn wait(&self, task: TaskId, at: RunInstant) -> Option<Wait<'_>> {
        let past = Some(at).filter(|at| *at < self.now);
        let mut waits = self.resources.list.iter();
        let found = waits.find_map(|resource| Some((resource, resource.wait_of(task, past)?)));
        if let Some((resource, wait)) = found {
            return Some(Wait {
                resource: Some(resource),
                because: self.because(resource, wait, past),
            });
        }
        // It is not known which children the task had at a past instant.
        let waits_for_children = || matches!(self.state(task), State::Waiting(Reason::Join | Reason::Offload));
        let is_waiting = past.is_none() && waits_for_children();
        is_waiting.then(|| Wait {
            resource: None,
            because: self.resources.only_child(task).map(|child| Because {
                relation: Relation::IsChild,
                task: child,
                others: 0,
            }),
        })
    }

    /// Because of whom a task waits for a resource.
    fn because(&self, resource: &Resource, wait: Stay, past: Option<RunInstant>) -> Option<Because> {
        let kind = resource.info.kind;
        match wait.wanted {
            _ if kind.is_held() => self.holder_or_writer(resource, wait, past.unwrap_or(self.now)),
            Wanted::Access if kind.is_channel() => {
                let last = resource.last_receiver.filter(|_| past.is_none())?;
                self.other_side(Relation::Receives, last.1, &resource.info.receivers)
            }
            Wanted::Message => {
                let last = resource.last_sender.filter(|_| past.is_none())?;
                self.other_side(Relation::Sends, last.1, &resource.info.senders)
            }
            _ => None,
        }
    }

    fn holder_or_writer(&self, resource: &Resource, wait: Stay, at: RunInstant) -> Option<Because> {
        let usage = self.usage(resource, at)?;
        if wait.wanted == Wanted::Read && !usage.is_written {
            let is_before = |other: &Stay| other.wanted == Wanted::Access && other.from <= wait.from;
            let writers: Vec<Stay> = resource.waits_at(at)?.into_iter().filter(is_before).collect();
            let first = writers.iter().min_by_key(|writer| (writer.from, writer.task))?;
            return Some(Because {
                relation: Relation::IsBefore,
                task: first.task,
                others: writers.len() - 1,
            });
        }
        Some(Because {
            relation: Relation::Holds,
            task: usage.holder?.0,
            others: usage.holders - 1,
        })
    }

    /// The task on the other side of a channel that used the channel last, if it has not ended.
    fn other_side(&self, relation: Relation, task: TaskId, groups: &[String]) -> Option<Because> {
        self.task(task).filter(|task| task.ended.is_none())?;
        let groups = self.groups.iter().filter(|group| stuck::is_one_of(group, groups));
        let alive: usize = groups.map(|group| group.counts().alive()).sum();
        Some(Because {
            relation,
            task,
            others: alive.saturating_sub(1),
        })
    }
}
