//! A socket that tells when a reply leaves through it.

use crate::workload::readiness::ReadyToken;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Where the service leaves the note for the reply that it hands over next.
pub(super) type Outgoing = Rc<RefCell<Option<ReadyToken>>>;

/// The service's end of a connection.
///
/// The note is given in the moment *before* the bytes go to the kernel. Over loopback, `write` delivers them and wakes the
/// receiver before it returns, so that a note afterwards could come after the task has run. The price is that "ready" is
/// early by the length of a `write`, some ten microseconds.
pub(super) struct NotifyingStream {
    stream: TcpStream,
    outgoing: Outgoing,
}

impl NotifyingStream {
    pub(super) fn new(stream: TcpStream, outgoing: Outgoing) -> NotifyingStream {
        NotifyingStream { stream, outgoing }
    }

    fn leaving(&self) {
        if let Some(note) = self.outgoing.take() {
            note.ready();
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
        self.leaving();
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.leaving();
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
