//! Blocks a thread until a future is ready.

use std::future::Future;

/// Polls a future until it is ready, and parks the calling thread between the polls. The future
/// must not need a runtime. The calling thread may belong to a runtime.
pub(in crate::workload) fn block_on<F: Future>(future: F) -> F::Output {
    // On a runtime's thread, a task calls this function during a poll. tokio limits the operations
    // of one poll (the cooperative budget). Without `unconstrained`, a ready future would return
    // `Pending` after the budget is used up, until the poll ends. But the poll cannot end before
    // this function returns.
    pollster::block_on(tokio::task::unconstrained(future))
}
