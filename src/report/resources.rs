//! Fills the figures of deadlocks, and of the locks, channels and pools that tasks share.

use super::gather::{clean, rounded};
use crate::figures::{Age, Deadlock, DeadlockedWait, Level, Receiver, Resource};
use crate::model::{self, Model, Receptions};
use crate::record::{GroupId, ResourceKind, TaskId};

/// The maximum number of holders that are listed.
const LISTED: usize = 100;

impl From<model::Level> for Level {
    fn from(level: model::Level) -> Level {
        Level {
            now: level.now,
            mean: rounded(level.mean),
            max: level.max,
        }
    }
}

impl Level {
    /// The total size of this number of items, if each item has `bytes` bytes.
    fn times(self, bytes: u64) -> Level {
        Level {
            now: self.now * bytes,
            mean: rounded(self.mean * bytes as f64),
            max: self.max * bytes,
        }
    }
}

/// The figures of one resource.
pub(super) fn resource(model: &Model, resource: &model::Resource) -> Resource {
    let now = model.now();
    let info = &resource.info;
    let is_channel = info.kind.is_channel();
    let is_fan_out = info.kind.is_fan_out();
    let is_results = info.kind == ResourceKind::Results;
    let receivers = is_fan_out.then(|| receivers(model, resource));
    let is_rwlock = info.kind == ResourceKind::Rwlock;
    let is_barrier = info.kind == ResourceKind::Barrier;
    let is_notify = info.kind == ResourceKind::Notify;
    let is_held = info.kind.is_held();
    let notifications = resource.notifications;
    let holders = resource.holders();
    let name = |task: &TaskId| clean(&model.task_name(*task).to_string());
    let (held, waiting): (Level, Level) = (resource.held(now).into(), resource.waiting(now).into());
    Resource {
        name: clean(&info.name),
        kind: info.kind.into_str(),
        capacity: info.capacity,
        length: if is_channel || is_results { held } else { waiting },
        length_bytes: (info.item_bytes > 0).then(|| held.times(info.item_bytes)),
        holders: is_held.then_some(held),
        waiting_to_read: is_rwlock.then(|| resource.waiting_to_read(now).into()),
        held_by: holders.iter().take(LISTED).map(name).collect(),
        held_unpolled_ns: is_held.then(|| model.held_unpolled(resource).0),
        waiting: is_channel.then_some(waiting),
        wait_ns: resource.wait_time(now).into(),
        read_wait_ns: is_rwlock.then(|| resource.read_wait_time(now).into()),
        receive_wait_ns: is_channel.then(|| resource.message_wait_time(now).into()),
        held_ns: is_held.then(|| resource.held_time().into()),
        message_age_ns: match info.kind {
            ResourceKind::Channel => Some(resource.held_time().into()),
            _ => is_fan_out.then(|| resource.reception_age().into()),
        },
        oldest_message_ns: (info.kind == ResourceKind::Channel).then(|| Age {
            now: resource.oldest_message_age(now).0,
            max: resource.max_message_age(now).0,
        }),
        acquired: (is_held || is_results).then_some(resource.acquired),
        reads: is_rwlock.then_some(resource.reads),
        sent: match info.kind {
            ResourceKind::Notify => Some(notifications.sent),
            _ => is_channel.then_some(resource.acquired),
        },
        received: match info.kind {
            ResourceKind::Channel => Some(resource.released),
            ResourceKind::Notify => Some(resource.acquired),
            _ => receivers.as_ref().map(|all| all.iter().map(|it| it.received).sum()),
        },
        stored: is_notify.then(|| notifications.stored()),
        lost: is_notify.then_some(notifications.lost),
        arrived: is_barrier.then(|| resource.arrived()),
        generations: is_barrier.then(|| resource.completions()),
        missed: receivers.as_ref().map(|all| all.iter().map(|it| it.missed).sum()),
        receivers,
        abandoned: resource.abandoned,
        given_to_cancelled: resource.handed_to_cancelled,
    }
}

/// What each group has received, in the order of the groups.
fn receivers(model: &Model, resource: &model::Resource) -> Vec<Receiver> {
    let receiver = |(group, receptions): (Option<GroupId>, Receptions)| Receiver {
        name: clean(group.and_then(|id| model.group(id)).map_or("", |group| &group.name)),
        received: receptions.received,
        missed: receptions.missed,
    };
    model.receptions(resource).into_iter().map(receiver).collect()
}

/// The figures of the pool of threads, if the run has used the pool.
pub(super) fn pool(model: &Model) -> Option<Resource> {
    let pool = model.pool().filter(|pool| pool.is_used())?;
    let now = model.now();
    Some(Resource {
        name: pool.info.name.to_owned(),
        kind: "pool",
        capacity: Some(pool.info.threads),
        length: pool.queue(now).into(),
        length_bytes: None,
        holders: Some(pool.busy(now).into()),
        waiting_to_read: None,
        held_by: Vec::new(),
        held_unpolled_ns: None,
        waiting: None,
        read_wait_ns: None,
        wait_ns: pool.wait_time().into(),
        receive_wait_ns: None,
        held_ns: Some(pool.held_time().into()),
        message_age_ns: None,
        oldest_message_ns: None,
        acquired: Some(pool.jobs),
        reads: None,
        sent: None,
        received: None,
        stored: None,
        lost: None,
        arrived: None,
        generations: None,
        missed: None,
        receivers: None,
        abandoned: 0,
        given_to_cancelled: 0,
    })
}

/// The figures of one deadlock.
pub(super) fn deadlock(deadlock: &model::Deadlock) -> Deadlock {
    let wait = |blocked: &model::Blocked| DeadlockedWait {
        task: clean(&blocked.name),
        kind: blocked.kind,
        waits_for: clean(&blocked.waits_for),
        since_ns: blocked.since.0,
        held_by: blocked.held_by.iter().map(|name| clean(name)).collect(),
    };
    Deadlock {
        sentence: clean(&deadlock.sentence),
        since_ns: deadlock.since.0,
        waits: deadlock.waits.iter().map(wait).collect(),
    }
}
