//! The columns of the report's tables about what tasks share.

use super::grid::Column;
use super::table::{column, dash, percent, time};
use crate::figures::{Level, Percentiles, Receiver, Resource};
use crate::record::Nanos;
use crate::text;

/// The columns for each kind of resource, in the order of the tables.
pub(super) const RESOURCE_COLUMNS: &[(&str, &[Column<Resource>])] = &[
    ("lock", HOLD_COLUMNS),
    ("rwlock", RWLOCK_COLUMNS),
    ("semaphore", HOLD_COLUMNS),
    ("pool", HOLD_COLUMNS),
    ("channel", CHANNEL_COLUMNS),
    ("watch", FAN_OUT_COLUMNS),
    ("broadcast", FAN_OUT_COLUMNS),
    ("barrier", BARRIER_COLUMNS),
    ("notify", NOTIFY_COLUMNS),
    ("results", RESULTS_COLUMNS),
];

/// The columns for the figures of each lock and semaphore.
const HOLD_COLUMNS: &[Column<Resource>] = &[
    column(1, "", "capacity", |it| {
        it.capacity.map_or_else(dash, |capacity| text::count(capacity.into()))
    }),
    column(0, "", "acquired", |it| text::count(it.acquired.unwrap_or(0))),
    column(2, "held", "mean", |it| mean(it.holders)),
    column(1, "held", "p99", |it| percentile(it.held_ns, |times| times.p99)),
    column(3, "held", "unpolled", |it| {
        it.held_unpolled_ns
            .filter(|held| *held > 0)
            .map_or_else(dash, |held| text::duration(Nanos(held)))
    }),
    column(0, "", "waits", |it| text::count(it.wait_ns.count)),
    column(2, "wait", "p50", |it| time(it.wait_ns.count, it.wait_ns.p50)),
    column(0, "wait", "p99", |it| time(it.wait_ns.count, it.wait_ns.p99)),
    column(1, "wait", "max", |it| time(it.wait_ns.count, it.wait_ns.max)),
    column(1, "wait", "now", |it| text::count(it.length.now)),
    column(2, "wait", "most", |it| text::count(it.length.max)),
    column(3, "", "abandoned", |it| text::count(it.abandoned)),
    column(4, "given to", "cancelled", |it| text::count(it.given_to_cancelled)),
];

/// The columns for the figures of each channel.
const CHANNEL_COLUMNS: &[Column<Resource>] = &[
    column(1, "", "capacity", |it| {
        it.capacity.map_or_else(dash, |capacity| text::count(capacity.into()))
    }),
    column(0, "", "sent", |it| text::count(it.sent.unwrap_or(0))),
    column(0, "", "received", |it| text::count(it.received.unwrap_or(0))),
    column(0, "length", "now", |it| text::count(it.length.now)),
    column(2, "length", "mean", |it| mean(Some(it.length))),
    column(1, "length", "max", |it| text::count(it.length.max)),
    column(0, "oldest", "now", |it| {
        it.oldest_message_ns
            .map_or_else(dash, |age| text::duration(Nanos(age.now)))
    }),
    column(2, "age", "p50", |it| percentile(it.message_age_ns, |times| times.p50)),
    column(1, "age", "max", |it| {
        it.oldest_message_ns
            .map_or_else(dash, |age| text::duration(Nanos(age.max)))
    }),
    column(3, "send wait", "p99", |it| time(it.wait_ns.count, it.wait_ns.p99)),
    column(3, "recv wait", "p99", |it| {
        percentile(it.receive_wait_ns, |times| times.p99)
    }),
    column(4, "", "abandoned", |it| text::count(it.abandoned)),
    column(4, "given to", "cancelled", |it| text::count(it.given_to_cancelled)),
];

/// The columns for the figures of each read-write lock.
const RWLOCK_COLUMNS: &[Column<Resource>] = &[
    column(0, "", "acquired", |it| text::count(it.acquired.unwrap_or(0))),
    column(0, "to", "read", |it| text::count(it.reads.unwrap_or(0))),
    column(2, "held", "mean", |it| mean(it.holders)),
    column(1, "held", "p99", |it| percentile(it.held_ns, |times| times.p99)),
    column(0, "write", "waits", |it| text::count(it.wait_ns.count)),
    column(0, "wait", "p99", |it| time(it.wait_ns.count, it.wait_ns.p99)),
    column(0, "read", "waits", |it| {
        text::count(it.read_wait_ns.map_or(0, |times| times.count))
    }),
    column(0, "wait", "p99", |it| percentile(it.read_wait_ns, |times| times.p99)),
    column(3, "", "abandoned", |it| text::count(it.abandoned)),
    column(4, "given to", "cancelled", |it| text::count(it.given_to_cancelled)),
];

/// The columns for the figures of each barrier.
const BARRIER_COLUMNS: &[Column<Resource>] = &[
    column(0, "", "tasks", |it| {
        it.capacity.map_or_else(dash, |capacity| text::count(capacity.into()))
    }),
    column(0, "gene-", "rations", |it| {
        text::count(it.generations.unwrap_or(0).into())
    }),
    column(0, "arrived", "now", |it| text::count(it.arrived.unwrap_or(0).into())),
    column(0, "", "waits", |it| text::count(it.wait_ns.count)),
    column(1, "wait", "p50", |it| time(it.wait_ns.count, it.wait_ns.p50)),
    column(0, "wait", "p99", |it| time(it.wait_ns.count, it.wait_ns.p99)),
    column(1, "wait", "max", |it| time(it.wait_ns.count, it.wait_ns.max)),
    column(3, "", "abandoned", |it| text::count(it.abandoned)),
];

/// The columns for the figures of each notification.
const NOTIFY_COLUMNS: &[Column<Resource>] = &[
    column(0, "", "sent", |it| text::count(it.sent.unwrap_or(0))),
    column(0, "", "received", |it| text::count(it.received.unwrap_or(0))),
    column(0, "", "lost", |it| text::count(it.lost.unwrap_or(0))),
    column(1, "stored", "now", |it| text::count(it.stored.unwrap_or(0))),
    column(0, "", "waits", |it| text::count(it.wait_ns.count)),
    column(0, "wait", "p99", |it| time(it.wait_ns.count, it.wait_ns.p99)),
    column(1, "wait", "now", |it| text::count(it.length.now)),
    column(2, "wait", "most", |it| text::count(it.length.max)),
    column(3, "", "abandoned", |it| text::count(it.abandoned)),
    column(4, "given to", "cancelled", |it| text::count(it.given_to_cancelled)),
];

/// The columns for the figures of each channel that gives each message to every receiver.
const FAN_OUT_COLUMNS: &[Column<Resource>] = &[
    column(1, "", "capacity", |it| {
        it.capacity.map_or_else(dash, |capacity| text::count(capacity.into()))
    }),
    column(0, "", "sent", |it| text::count(it.sent.unwrap_or(0))),
    column(0, "", "received", |it| text::count(it.received.unwrap_or(0))),
    column(0, "", "missed", |it| text::count(it.missed.unwrap_or(0))),
    column(1, "length", "now", |it| text::count(it.length.now)),
    column(2, "length", "mean", |it| mean(Some(it.length))),
    column(1, "length", "max", |it| text::count(it.length.max)),
    column(2, "age", "p50", |it| percentile(it.message_age_ns, |times| times.p50)),
    column(1, "age", "max", |it| percentile(it.message_age_ns, |times| times.max)),
    column(3, "recv wait", "p99", |it| {
        percentile(it.receive_wait_ns, |times| times.p99)
    }),
    column(4, "", "abandoned", |it| text::count(it.abandoned)),
    column(4, "given to", "cancelled", |it| text::count(it.given_to_cancelled)),
];

/// The columns for the memory of items, if items have a size.
pub(super) const MEMORY_COLUMNS: &[Column<Resource>] = &[
    column(2, "memory", "now", |it| {
        it.length_bytes.map_or_else(dash, |bytes| text::bytes(bytes.now))
    }),
    column(0, "memory", "max", |it| {
        it.length_bytes.map_or_else(dash, |bytes| text::bytes(bytes.max))
    }),
];

/// The columns for the results that each group keeps.
const RESULTS_COLUMNS: &[Column<Resource>] = &[
    column(1, "", "kept", |it| text::count(it.acquired.unwrap_or(0))),
    column(0, "kept", "now", |it| text::count(it.length.now)),
    column(2, "kept", "mean", |it| mean(Some(it.length))),
    column(0, "kept", "max", |it| text::count(it.length.max)),
];

/// The columns for what each group has received from a channel that gives each message to every
/// receiver.
pub(super) const RECEIVER_COLUMNS: &[Column<Receiver>] = &[
    column(0, "", "received", |it| text::count(it.received)),
    column(0, "", "missed", |it| text::count(it.missed)),
    column(0, "", "missed", |it| {
        percent(it.missed as f64 / (it.received + it.missed).max(1) as f64)
    }),
];

fn mean(level: Option<Level>) -> String {
    level.map_or_else(dash, |level| format!("{:.1}", level.mean))
}

fn percentile(times: Option<Percentiles>, which: fn(Percentiles) -> u64) -> String {
    times.map_or_else(dash, |times| time(times.count, which(times)))
}
