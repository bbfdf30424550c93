//! The async client: one connection per task, kept alive, driven by the task itself.
//!
//! hyper's usual way spawns the connection as a task of its own. Then half of every request would belong to a task that the
//! scenario does not name. Here the task polls its connection while it waits for the reply, and no one else does.

use super::reentrant_waker::ReentrantWaker;
use super::{DRAW, WAIT};
use crate::record::TaskId;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper::http::uri::PathAndQuery;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};
use tokio::net::TcpStream;

/// hyper's half that moves the bytes.
type Driven = Pin<Box<Connection<TokioIo<TcpStream>, Empty<Bytes>>>>;

/// A connection to the service.
pub(in crate::workload) struct Link {
    sender: SendRequest<Empty<Bytes>>,
    /// `None` once it is closed.
    connection: Option<Driven>,
    address: SocketAddr,
    door: Arc<ReentrantWaker>,
    /// The door's own.
    waker: Waker,
}

/// Why there was no reply.
#[derive(Debug)]
pub(in crate::workload) enum LinkError {
    /// No connection.
    Connect(io::Error),
    /// The connection broke.
    Broken(hyper::Error),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::Connect(error) => write!(f, "cannot connect to the loopback service: {error}"),
            LinkError::Broken(error) => write!(f, "the connection broke: {error}"),
        }
    }
}

impl Link {
    /// Connects.
    pub(in crate::workload) async fn connect(address: SocketAddr) -> Result<Link, LinkError> {
        let stream = TcpStream::connect(address).await.map_err(LinkError::Connect)?;
        // Requests are small and alone; waiting for more to send with them would only delay them.
        stream.set_nodelay(true).map_err(LinkError::Connect)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(LinkError::Broken)?;
        let door = Arc::new(ReentrantWaker::default());
        let waker = Waker::from(door.clone());
        Ok(Link {
            sender,
            connection: Some(Box::pin(connection)),
            address,
            door,
            waker,
        })
    }

    /// Whether another request can go over it.
    pub(in crate::workload) fn is_open(&self) -> bool {
        self.connection.is_some() && !self.sender.is_closed()
    }

    /// Sends a request and reads the whole reply. A link whose request was abandoned is of no more use: drop it.
    ///
    /// `draw` and the numbers of the task's wait go with the request for the service to use.
    pub(in crate::workload) async fn get(
        &mut self,
        path: &PathAndQuery,
        draw: u64,
        (task, wait): (TaskId, u64),
    ) -> Result<StatusCode, LinkError> {
        let request = Request::get(Uri::from(path.clone()))
            .header(header::HOST, self.address.to_string())
            .header(DRAW, draw)
            .header(WAIT, format!("{}:{wait}", task.get()))
            .body(Empty::new())
            .expect("every part is valid: a parsed path, and headers of digits");
        let Link {
            sender,
            connection,
            door,
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
            door.poll(waker, context, |inner| {
                if let Poll::Ready(status) = reply.as_mut().poll(inner) {
                    return Poll::Ready(status.map_err(LinkError::Broken));
                }
                if let Some(open) = connection
                    && open.as_mut().poll(inner).is_ready()
                {
                    *connection = None;
                }
                reply.as_mut().poll(inner).map_err(LinkError::Broken)
            })
        })
        .await
    }
}
