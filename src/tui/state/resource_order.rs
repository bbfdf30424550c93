//! Which resources have a gauge, and in which order.
//!
//! A resource that no task uses during the visible time has no gauge. The resources with the
//! longest waits come first. Waits for a message do not count. The order changes at most once a
//! second, and durations are compared only by powers of two. A frozen view keeps its order until
//! the user pans or zooms.

use super::viewport::{FrozenView, Viewport};
use crate::model::{Model, Resource};
use crate::record::{Nanos, RunInstant};
use std::cmp::Reverse;

/// The minimum time between two changes of the order.
const REORDER_INTERVAL: Nanos = Nanos::from_millis(1_000);
/// How long a pool whose jobs are queued counts as waiting. The waits of these jobs are not known
/// before the jobs begin.
const POOL_WAIT: Nanos = Nanos::from_millis(100);

/// What tasks share: a resource, or the threads on which jobs run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shared {
    /// The resource with this index.
    Resource(usize),
    Pool,
}

/// The resources that have a gauge, in the order of their gauges.
#[derive(Default)]
pub(crate) struct ResourceOrder {
    shown: Vec<Shared>,
    sorted_at: Option<RunInstant>,
    /// The view at the last refresh; `None` if it was live.
    view: Option<FrozenView>,
    /// The last instant at which jobs waited for a thread of the pool.
    pool_queued_at: Option<RunInstant>,
}

impl ResourceOrder {
    /// The resources in the order of their gauges.
    pub(crate) fn shown(&self) -> &[Shared] {
        &self.shown
    }

    /// Updates the order from the model, if an update is due.
    pub(crate) fn refresh(&mut self, model: &Model, viewport: &Viewport) {
        if model.pool().is_some_and(|pool| pool.queued_now() > 0) {
            self.pool_queued_at = Some(model.now());
        }
        let view = viewport.frozen();
        let has_just_frozen = self.view.is_none() && view.is_some();
        let is_due = match (self.sorted_at, view) {
            (None, _) => true,
            (Some(at), None) => self.view.is_some() || model.now() - at >= REORDER_INTERVAL,
            (Some(_), Some(_)) => self.view != view && !has_just_frozen,
        };
        self.view = view;
        if is_due {
            self.sorted_at = Some(model.now());
            self.sort(model, viewport);
        }
    }

    fn sort(&mut self, model: &Model, viewport: &Viewport) {
        let (from, at) = (viewport.span(model.now()).from, viewport.instant(model.now()));
        let used = model.resources().iter().enumerate();
        let used = used.filter(|(_, resource)| is_used(model, resource, from, at));
        let ranked = used.map(|(index, resource)| (resource.longest_open_wait(at), Shared::Resource(index)));
        let pool_is_used = viewport.is_live() && self.pool_queued_at.is_some_and(|queued| queued >= from);
        let pool = pool_is_used.then_some((Some(POOL_WAIT), Shared::Pool));
        let mut ranked: Vec<_> = ranked.chain(pool).collect();
        let magnitude = |wait: Option<Nanos>| wait.map_or(0, |wait| 64 - wait.0.leading_zeros());
        ranked.sort_by_key(|(wait, _)| Reverse(magnitude(*wait)));
        self.shown = ranked.into_iter().map(|(_, shared)| shared).collect();
    }
}

/// Whether a task uses a resource at the instant `at`, or has used it since `from`.
fn is_used(model: &Model, resource: &Resource, from: RunInstant, at: RunInstant) -> bool {
    let is_in_use = || {
        let usage = model.usage(resource, at)?;
        Some(usage.held.unwrap_or(0) + usage.waiting + usage.waiting_for_other > 0)
    };
    resource.has_records(from, at) || is_in_use().unwrap_or(false)
}
