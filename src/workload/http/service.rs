//! The loopback service: a real HTTP/1.1 server on 127.0.0.1. The service has its own thread and
//! its own runtime, which are not measured.
//!
//! The service uses tokio's timer for the latency. The timer counts whole milliseconds and rounds
//! up, so the real latency of a reply is up to 1 ms longer than the drawn latency. This rounding
//! does not affect the lateness of tasks, because lateness counts from the instant at which the
//! service really sends the reply.

use super::notifying_stream::{NotifyingStream, PresentReply};
use super::{DRAW, WAIT};
use crate::record::TaskId;
use crate::scenario::{Draw, HttpSpec};
use crate::workload::draw::{Seed, happens, sample};
use crate::workload::readiness::{Readiness, ReadyToken};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::http::uri::PathAndQuery;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// The maximum number of connections that wait to be accepted. The number is large, because all
/// tasks of a scenario may connect at the same time.
const BACKLOG: u32 = 4096;
/// If the process has no descriptor left for a connection, the service tries to accept the next
/// connection after this pause.
const ACCEPT_RETRY: Duration = Duration::from_millis(20);

/// How long the service waits for the first request of a connection. A task that has a connection
/// sends its request when it runs next. But before that, the task's worker may be blocked for a
/// while.
const FIRST_REQUEST: Duration = Duration::from_secs(60);

/// The loopback service. Dropping it stops it.
pub struct HttpService {
    address: SocketAddr,
    state: Arc<ServerState>,
    /// Sends the requests of threads.
    agent: ureq::Agent,
    /// `None`: the service has been stopped, or another process runs it.
    thread: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

/// The state that all connections of the service share.
struct ServerState {
    behaviour: Mutex<HttpSpec>,
    /// The readiness of each task that sends requests.
    tasks: Mutex<HashMap<TaskId, Arc<Readiness>>>,
    /// The tokens of tasks whose connection was not accepted immediately. The key is the address of
    /// the client.
    connecting: Mutex<HashMap<SocketAddr, ReadyToken>>,
    seed: Seed,
    /// The number of requests so far without a valid [`DRAW`] header.
    unnumbered_requests: AtomicU64,
}

impl ServerState {
    fn new(behaviour: HttpSpec, seed: u64) -> ServerState {
        ServerState {
            behaviour: Mutex::new(behaviour),
            tasks: Mutex::default(),
            connecting: Mutex::default(),
            seed: Seed::of_service(seed),
            unnumbered_requests: AtomicU64::new(0),
        }
    }

    /// The latency of this reply, and whether it is a failure.
    fn draw(&self, request: &Request<Incoming>) -> (Duration, bool) {
        let number = request
            .headers()
            .get(DRAW)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let mut rng = match number {
            Some(number) => Seed::from_draw(number).generator(0),
            None => self.seed.generator(self.unnumbered_requests.fetch_add(1, Relaxed)),
        };
        let behaviour = *self.behaviour.lock();
        // The failure is drawn before the latency. So if a cue changes the latency, the same
        // requests fail as before.
        let fails = happens(behaviour.failure_rate, &mut rng);
        (sample(&behaviour.latency, &mut rng), fails)
    }

    /// The service has accepted a connection: marks the waiting task as ready.
    fn mark_connected(&self, client: SocketAddr) {
        if let Some(token) = self.connecting.lock().remove(&client) {
            token.ready();
        }
    }

    /// The token of the task that waits for the reply to this request. `None` if the client is not
    /// a registered task.
    fn ready_token(&self, request: &Request<Incoming>) -> Option<ReadyToken> {
        let (task, wait) = request.headers().get(WAIT)?.to_str().ok()?.split_once(':')?;
        let task = TaskId::new(task.parse().ok()?)?;
        Some(self.tasks.lock().get(&task)?.token(wait.parse().ok()?))
    }
}

/// The client for threads.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        // The environment may name a proxy. A proxy cannot reach the loopback service of this
        // process.
        .proxy(None)
        .http_status_as_error(false)
        .max_idle_connections(1024)
        .max_idle_connections_per_host(1024)
        .build()
        .new_agent()
}

impl HttpService {
    /// Starts to listen on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Returns an error if no port, thread or descriptor is left.
    pub fn start(behaviour: HttpSpec, seed: u64) -> io::Result<HttpService> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            socket.listen(BACKLOG)?
        };
        let address = listener.local_addr()?;
        let state = Arc::new(ServerState::new(behaviour, seed));
        let (stop, stopped) = oneshot::channel();
        let served = state.clone();
        let thread = std::thread::Builder::new()
            .name("tasklab-http".into())
            .spawn(move || serve(&runtime, listener, served, stopped))?;
        Ok(HttpService {
            address,
            state,
            agent: agent(),
            thread: Mutex::new(Some((stop, thread))),
        })
    }

    /// A service that another process runs at this address. The other process controls how the
    /// service behaves.
    pub(in crate::workload) fn remote(address: SocketAddr, seed: u64) -> HttpService {
        let behaviour = HttpSpec {
            latency: Draw::Fixed(Duration::ZERO),
            failure_rate: 0.0,
        };
        HttpService {
            address,
            state: Arc::new(ServerState::new(behaviour, seed)),
            agent: agent(),
            thread: Mutex::new(None),
        }
    }

    /// The address at which the service listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how the service answers future requests. `failure_rate` is the share of requests
    /// that fail, 0–1. `None` keeps the current value.
    pub fn set_behaviour(&self, latency: Option<Draw>, failure_rate: Option<f64>) {
        let mut behaviour = self.state.behaviour.lock();
        behaviour.latency = latency.unwrap_or(behaviour.latency);
        behaviour.failure_rate = failure_rate.unwrap_or(behaviour.failure_rate);
    }

    /// From now on, the service marks this task as ready when it sends a reply to the task.
    pub(in crate::workload) fn register_task(&self, task: TaskId, readiness: Arc<Readiness>) {
        self.state.tasks.lock().insert(task, readiness);
    }

    /// Marks a task as ready when the service accepts the connection from this address.
    pub(in crate::workload) fn mark_when_accepted(&self, client: SocketAddr, ready: ReadyToken) {
        self.state.connecting.lock().insert(client, ready);
    }

    /// Removes a task that sends no more requests.
    pub(in crate::workload) fn unregister_task(&self, task: TaskId) {
        self.state.tasks.lock().remove(&task);
    }

    /// Sends a request and reads the whole reply. Blocks the calling thread. Threads share
    /// connections, which are kept alive.
    pub(in crate::workload) fn get_sync(&self, path: &PathAndQuery, draw: u64) -> Result<StatusCode, ureq::Error> {
        let mut reply = self
            .agent
            .get(format!("http://{}{path}", self.address))
            .header(DRAW, draw.to_string())
            .call()?;
        reply.body_mut().read_to_vec()?;
        Ok(reply.status())
    }

    /// Ends all connections and the thread of the service. Does nothing if another process runs the
    /// service.
    pub fn stop(&self) {
        // The lock is held during the join, so that a second caller returns only after the thread
        // has ended.
        if let Some((stop, thread)) = self.thread.lock().take() {
            // Both calls fail only if the thread has panicked, and the panic has already been
            // reported.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

impl Drop for HttpService {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(runtime: &Runtime, listener: TcpListener, state: Arc<ServerState>, stopped: oneshot::Receiver<()>) {
    let connections = LocalSet::new();
    connections.block_on(runtime, async {
        tokio::select! {
            never = accept(listener, state) => match never {},
            _ = stopped => {}
        }
    });
}

async fn accept(listener: TcpListener, state: Arc<ServerState>) -> Infallible {
    loop {
        let Ok((stream, client)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_RETRY).await;
            continue;
        };
        state.mark_connected(client);
        // This call fails only if the peer has already closed the connection.
        let _ = stream.set_nodelay(true);
        let state = state.clone();
        tokio::task::spawn_local(async move {
            if sends_within(&stream, FIRST_REQUEST).await {
                serve_connection(stream, state).await;
            }
        });
    }
}

/// Whether the peer sends at least one byte before the timeout. Without this check, programs that
/// connect and send nothing would use up all descriptors.
async fn sends_within(stream: &TcpStream, timeout: Duration) -> bool {
    matches!(tokio::time::timeout(timeout, stream.peek(&mut [0])).await, Ok(Ok(1)))
}

async fn serve_connection(stream: TcpStream, state: Arc<ServerState>) {
    let present_reply = PresentReply::default();
    let stream = TokioIo::new(NotifyingStream::new(stream, present_reply.clone()));
    let service = service_fn(move |request| answer(request, state.clone(), present_reply.clone()));
    // The error is ignored: it usually means that a cancelled task has closed its connection.
    let _ = http1::Builder::new().serve_connection(stream, service).await;
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<ServerState>,
    present_reply: PresentReply,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (latency, fails) = state.draw(&request);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let (status, body) = if fails {
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            r#"{"error":"injected by the scenario"}"#.to_owned(),
        )
    } else {
        (StatusCode::OK, body(request.uri().path()))
    };
    present_reply.replace(state.ready_token(&request));
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    Ok(response)
}

/// The body of a successful reply.
fn body(path: &str) -> String {
    match path {
        "/weather" => r#"{"city":"Reykjavik","celsius":4.5,"wind":"NW 9 m/s","sky":"sleet"}"#.into(),
        "/currencies" => r#"{"base":"EUR","rates":{"CHF":0.94,"GBP":0.85,"JPY":163.2,"USD":1.09}}"#.into(),
        path => serde_json::json!({ "path": path }).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_connection_that_sends_nothing_is_closed() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        assert!(!sends_within(&server, Duration::from_millis(10)).await);
        client.try_write(b"GET / HTTP/1.1\r\n").unwrap();
        assert!(sends_within(&server, Duration::from_secs(60)).await);
    }
}
