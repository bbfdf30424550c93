//! Fills the figures of deadlocks, and of the locks, channels and pools that tasks share.

use super::gather::{clean, rounded};
use crate::figures::{Age, Deadlock, DeadlockedWait, Level, Resource};
use crate::model::{self, Model};
use crate::record::{ResourceKind, TaskId};

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

/// The figures of one resource.
pub(super) fn resource(model: &Model, resource: &model::Resource) -> Resource {
    let now = model.now();
    let info = &resource.info;
    let is_channel = info.kind == ResourceKind::Channel;
    let is_rwlock = info.kind == ResourceKind::Rwlock;
    let is_barrier = info.kind == ResourceKind::Barrier;
    let is_notify = info.kind == ResourceKind::Notify;
    let can_be_held = !(is_channel || is_barrier || is_notify);
    let notifications = resource.notifications;
    let holders = resource.holders();
    let name = |task: &TaskId| clean(&model.task_name(*task).to_string());
    let (held, waiting) = (resource.held(now).into(), resource.waiting(now).into());
    Resource {
        name: clean(&info.name),
        kind: info.kind.into_str(),
        capacity: info.capacity,
        length: if is_channel { held } else { waiting },
        holders: can_be_held.then_some(held),
        waiting_to_read: is_rwlock.then(|| resource.waiting_to_read(now).into()),
        held_by: holders.iter().take(LISTED).map(name).collect(),
        held_unpolled_ns: can_be_held.then(|| model.held_unpolled(resource).0),
        waiting: is_channel.then_some(waiting),
        wait_ns: resource.wait_time(now).into(),
        read_wait_ns: is_rwlock.then(|| resource.read_wait_time(now).into()),
        receive_wait_ns: is_channel.then(|| resource.message_wait_time(now).into()),
        held_ns: can_be_held.then(|| resource.held_time().into()),
        message_age_ns: is_channel.then(|| resource.held_time().into()),
        oldest_message_ns: is_channel.then(|| Age {
            now: resource.oldest_message_age(now).0,
            max: resource.max_message_age(now).0,
        }),
        acquired: can_be_held.then_some(resource.acquired),
        reads: is_rwlock.then_some(resource.reads),
        sent: match info.kind {
            ResourceKind::Channel => Some(resource.acquired),
            ResourceKind::Notify => Some(notifications.sent),
            _ => None,
        },
        received: match info.kind {
            ResourceKind::Channel => Some(resource.released),
            ResourceKind::Notify => Some(resource.acquired),
            _ => None,
        },
        stored: is_notify.then(|| notifications.stored()),
        lost: is_notify.then_some(notifications.lost),
        arrived: is_barrier.then(|| resource.arrived()),
        generations: is_barrier.then(|| resource.completions()),
        abandoned: resource.abandoned,
        given_to_cancelled: resource.handed_to_cancelled,
    }
}

/// The figures of the pool of threads, if the run has used the pool.
pub(super) fn pool(model: &Model) -> Option<Resource> {
    let pool = model.pool().filter(|pool| pool.is_used())?;
    let now = model.now();
    Some(Resource {
        name: pool.info.name.to_owned(),
        kind: "pool",
        capacity: pool.info.threads,
        length: pool.queue(now).into(),
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
