//! The async client: one connection per task, which is kept alive and driven by the task itself.
//!
//! Programs with hyper usually spawn the connection as a separate task. If tasklab did so, half of
//! the work of every request would belong to a task that is not in the scenario. Here, the task
//! polls its own connection while it waits for the reply, and no other task polls this connection.

use super::HttpService;
use super::reentrant_waker::ReentrantWaker;
use super::{DRAW, WAIT};
use crate::record::TaskId;
use crate::workload::readiness::ReadyToken;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper::http::uri::PathAndQuery;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};
use tokio::net::{TcpSocket, TcpStream};

/// The part of hyper's connection that moves the bytes.
type Driver = Pin<Box<Connection<TokioIo<TcpStream>, Empty<Bytes>>>>;

/// A connection to the loopback service.
pub(in crate::workload) struct HttpClient {
    sender: SendRequest<Empty<Bytes>>,
    /// `None` once the connection is closed.
    driver: Option<Driver>,
    address: SocketAddr,
    reentrant: Arc<ReentrantWaker>,
    /// `reentrant` as a [`Waker`].
    waker: Waker,
}

/// Why there was no reply.
#[derive(Debug, thiserror::Error)]
pub(in crate::workload) enum RequestError {
    #[error("cannot connect to the loopback service: {0}")]
    Connect(io::Error),
    #[error("the connection broke: {0}")]
    Broken(hyper::Error),
}

/// Opens a connection as `TcpStream::connect` does, and marks the task as ready.
///
/// Over loopback, the kernel usually connects the two ends during the call of `connect`. If the
/// service's queue of connections is full, the kernel tries again later. In this case, the service
/// marks the task as ready when the service accepts the connection. Therefore the recorded instant
/// is slightly too late.
async fn connect(service: &HttpService, ready: ReadyToken) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let mut begun = Some(std::net::TcpStream::from(socket.as_fd().try_clone_to_owned()?));
    let mut connect = pin!(socket.connect(service.address()));
    poll_fn(|context| {
        let polled = connect.as_mut().poll(context);
        if let (Poll::Pending, Some(begun)) = (&polled, begun.take()) {
            if begun.peer_addr().is_err() {
                service.mark_when_accepted(begun.local_addr()?, ready.clone());
            }
            // The service may have accepted the connection since the first check.
            if begun.peer_addr().is_ok() {
                ready.ready();
            }
        }
        polled
    })
    .await
}

impl HttpClient {
    /// Connects to the service. Marks the task as ready when the kernel has connected both ends.
    pub(in crate::workload) async fn connect(
        service: &HttpService,
        ready: ReadyToken,
    ) -> Result<HttpClient, RequestError> {
        let address = service.address();
        let stream = connect(service, ready).await.map_err(RequestError::Connect)?;
        // A connection carries one small request at a time. If the socket waited for more data, the
        // wait would only delay the request.
        stream.set_nodelay(true).map_err(RequestError::Connect)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(RequestError::Broken)?;
        let reentrant = Arc::new(ReentrantWaker::default());
        let waker = Waker::from(reentrant.clone());
        Ok(HttpClient {
            sender,
            driver: Some(Box::pin(connection)),
            address,
            reentrant,
            waker,
        })
    }

    /// Whether the connection can carry another request.
    pub(in crate::workload) fn is_open(&self) -> bool {
        self.driver.is_some() && !self.sender.is_closed()
    }

    /// Sends a request and reads the whole reply. If the caller drops this future before it is
    /// ready, the caller must also drop the client, because the connection may contain part of a
    /// reply.
    ///
    /// The headers of the request contain `draw`, the task's id, and the number of the task's wait.
    pub(in crate::workload) async fn get(
        &mut self,
        path: &PathAndQuery,
        draw: u64,
        (task, wait): (TaskId, u64),
    ) -> Result<StatusCode, RequestError> {
        let request = Request::get(Uri::from(path.clone()))
            .header(header::HOST, self.address.to_string())
            .header(DRAW, draw)
            .header(WAIT, format!("{}:{wait}", task.get()))
            .body(Empty::new())
            .expect("every part is valid: a parsed path, and headers of digits");
        let HttpClient {
            sender,
            driver,
            reentrant,
            waker,
            ..
        } = self;
        let mut reply = pin!(async move {
            let mut response = sender.send_request(request).await?;
            while let Some(frame) = response.body_mut().frame().await {
                frame?;
            }
            Ok(response.status())
        });
        poll_fn(|context| {
            reentrant.poll(waker, context, |inner| {
                if let Poll::Ready(status) = reply.as_mut().poll(inner) {
                    return Poll::Ready(status.map_err(RequestError::Broken));
                }
                if let Some(open) = driver
                    && open.as_mut().poll(inner).is_ready()
                {
                    *driver = None;
                }
                reply.as_mut().poll(inner).map_err(RequestError::Broken)
            })
        })
        .await
    }
}
