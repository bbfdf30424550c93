//! The rules, one per file.

pub(super) mod blocked_worker;
pub(super) mod busy_cores;
pub(super) mod deadlock;
pub(super) mod full_channel;
pub(super) mod full_pool;
pub(super) mod growing_queue;
pub(super) mod hogged_worker;
pub(super) mod lock_convoy;
pub(super) mod never_awaited;
pub(super) mod starved_driver;
pub(super) mod unobserved_failure;
pub(super) mod wasted_work;
