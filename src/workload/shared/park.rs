//! Waiting for a future on a thread that has nothing else to do.

use std::future::Future;

/// Polls a future to its end, and parks the calling thread between the polls. The future must need
/// no runtime. The thread may belong to a runtime.
pub(in crate::workload) fn block_on<F: Future>(future: F) -> F::Output {
    // On a thread of a runtime, this is called within a poll. Without `unconstrained`, a future
    // that is ready would return `Pending` once that poll has used up tokio's cooperative budget,
    // and would never be ready again during this poll.
    pollster::block_on(tokio::task::unconstrained(future))
}
