//! Blocks a thread until a future is ready.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Polls a future until it is ready, and parks the calling thread between the polls. The future
/// must not need a runtime. The calling thread may belong to a runtime.
pub(in crate::workload) fn block_on<F: Future>(future: F) -> F::Output {
    // On a runtime's thread, a task calls this function during a poll. tokio limits the operations
    // of one poll (the cooperative budget). After the budget is used up, a ready future returns
    // `Pending` until the poll ends. But the poll cannot end before this function returns.
    // `unconstrained` switches the budget off.
    pollster::block_on(tokio::task::unconstrained(future))
}

/// Polls a future once. If the future is ready without a wait, returns its output. Otherwise, the
/// caller must poll the future again.
pub(in crate::workload) fn try_now<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    // The reason for `unconstrained` is the same as in `block_on`.
    let future = std::pin::pin!(tokio::task::unconstrained(future));
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
