//! A TCP stream that marks the waiting task as ready when the service sends a part of a reply.

use crate::workload::readiness::ReadyToken;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The token of the task that waits for the present reply of a connection. The service stores the
/// token here before it hands the reply to hyper.
pub(super) type PresentReply = Rc<RefCell<Option<ReadyToken>>>;

/// The service's end of a connection.
///
/// The stream marks the task as ready just *before* it passes the bytes to the kernel. Over
/// loopback, `write` delivers the bytes and wakes the receiver before `write` returns. So if the
/// stream marked the task after the `write`, the task could already have run. The disadvantage is
/// that the recorded instant is too early by the duration of a `write`, about ten microseconds.
pub(super) struct NotifyingStream {
    stream: TcpStream,
    reply: PresentReply,
}

impl NotifyingStream {
    pub(super) fn new(stream: TcpStream, reply: PresentReply) -> NotifyingStream {
        NotifyingStream { stream, reply }
    }

    fn mark_ready(&self) {
        // A reply may have several parts, and each part can wake the task.
        if let Some(token) = &*self.reply.borrow() {
            token.ready();
        }
    }
}

impl AsyncRead for NotifyingStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for NotifyingStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.mark_ready();
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.mark_ready();
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
