//! The loopback service: a real HTTP/1.1 server on 127.0.0.1, on a thread and a runtime of its own, which are not measured.
//!
//! Its latency rests on tokio's timer, which counts whole milliseconds and rounds up: replies come up to 1 ms after the
//! latency that was drawn. Lateness is not touched by that, for it counts from when the reply really left.

use super::notifying_stream::{NotifyingStream, Outgoing};
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
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// Connections that may wait to be accepted: a scenario's tasks all come at once.
const BACKLOG: u32 = 4096;
/// How long to wait when the process has no descriptor left for another connection.
const BREATH: Duration = Duration::from_millis(20);

/// The service, until it is dropped.
pub struct HttpService {
    address: SocketAddr,
    desk: Arc<ServerState>,
    agent: ureq::Agent,
    thread: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

/// What requests are served from.
struct ServerState {
    behaviour: Mutex<HttpSpec>,
    /// The waits of the tasks that talk to the service.
    tasks: Mutex<HashMap<TaskId, Arc<Readiness>>>,
    seed: Seed,
    /// Requests that brought no number to draw from.
    strangers: AtomicU64,
}

impl ServerState {
    fn new(behaviour: HttpSpec, seed: u64) -> ServerState {
        ServerState {
            behaviour: Mutex::new(behaviour),
            tasks: Mutex::default(),
            seed: Seed::of_service(seed),
            strangers: AtomicU64::new(0),
        }
    }
}

/// Asks on behalf of threads.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        // An environment's proxy knows nothing of this process's loopback service.
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
    /// When there is no port, no thread or no descriptor for it.
    pub fn start(behaviour: HttpSpec, seed: u64) -> io::Result<HttpService> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            socket.listen(BACKLOG)?
        };
        let address = listener.local_addr()?;
        let desk = Arc::new(ServerState::new(behaviour, seed));
        let (stop, stopped) = oneshot::channel();
        let served = desk.clone();
        let thread = std::thread::Builder::new()
            .name("tasklab-http".into())
            .spawn(move || serve(&runtime, listener, served, stopped))?;
        Ok(HttpService {
            address,
            desk,
            agent: agent(),
            thread: Mutex::new(Some((stop, thread))),
        })
    }

    /// One that another process serves at this address. How it behaves is decided there.
    pub(in crate::workload) fn elsewhere(address: SocketAddr, seed: u64) -> HttpService {
        let behaviour = HttpSpec {
            latency: Draw::Fixed(Duration::ZERO),
            failure_rate: 0.0,
        };
        HttpService {
            address,
            desk: Arc::new(ServerState::new(behaviour, seed)),
            agent: agent(),
            thread: Mutex::new(None),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how it behaves towards requests that have yet to come; `None` leaves as it is.
    pub fn set(&self, latency: Option<Draw>, failure_rate: Option<f64>) {
        let mut behaviour = lock(&self.desk.behaviour);
        behaviour.latency = latency.unwrap_or(behaviour.latency);
        behaviour.failure_rate = failure_rate.unwrap_or(behaviour.failure_rate);
    }

    /// Lets the service note the replies to this task.
    pub(in crate::workload) fn introduce(&self, task: TaskId, readiness: Arc<Readiness>) {
        lock(&self.desk.tasks).insert(task, readiness);
    }

    /// The task asks for nothing more.
    pub(in crate::workload) fn forget(&self, task: TaskId) {
        lock(&self.desk.tasks).remove(&task);
    }

    /// Sends a request and reads the whole reply, while the calling thread waits. Connections are kept and shared.
    pub(in crate::workload) fn get_sync(&self, path: &PathAndQuery, draw: u64) -> Result<StatusCode, ureq::Error> {
        let mut reply = self
            .agent
            .get(format!("http://{}{path}", self.address))
            .header(DRAW, draw.to_string())
            .call()?;
        reply.body_mut().read_to_vec()?;
        Ok(reply.status())
    }

    /// Ends all connections and the thread.
    pub fn stop(&self) {
        if let Some((stop, thread)) = lock(&self.thread).take() {
            // The thread is gone already if nobody listens; a panic of its own has been reported by then.
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

fn serve(runtime: &Runtime, listener: TcpListener, desk: Arc<ServerState>, stopped: oneshot::Receiver<()>) {
    let connections = LocalSet::new();
    connections.block_on(runtime, async {
        tokio::select! {
            never = accept(listener, desk) => match never {},
            _ = stopped => {}
        }
    });
}

async fn accept(listener: TcpListener, desk: Arc<ServerState>) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        // Fails only if the peer has gone already.
        let _ = stream.set_nodelay(true);
        let outgoing = Outgoing::default();
        let socket = TokioIo::new(NotifyingStream::new(stream, outgoing.clone()));
        let desk = desk.clone();
        let answering = service_fn(move |request| answer(request, desk.clone(), outgoing.clone()));
        tokio::task::spawn_local(async move {
            // A task that was cancelled breaks its connection: nothing to report.
            let _ = http1::Builder::new().serve_connection(socket, answering).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    desk: Arc<ServerState>,
    outgoing: Outgoing,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (latency, fails) = desk.draw(&request);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let (status, body) = if fails {
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            r#"{"error":"so the scenario wants it"}"#.to_owned(),
        )
    } else {
        (StatusCode::OK, body(request.uri().path()))
    };
    outgoing.replace(desk.note(&request));
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    Ok(response)
}

impl ServerState {
    /// How long this reply takes, and whether it is a failure.
    fn draw(&self, request: &Request<Incoming>) -> (Duration, bool) {
        let number = request
            .headers()
            .get(DRAW)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let mut rng = match number {
            Some(number) => Seed::drawn(number).turn(0),
            None => self.seed.turn(self.strangers.fetch_add(1, Relaxed)),
        };
        let behaviour = *lock(&self.behaviour);
        // In this order, so that another latency does not change who fails.
        let fails = happens(behaviour.failure_rate, &mut rng);
        (sample(&behaviour.latency, &mut rng), fails)
    }

    /// Whom to tell when the reply leaves.
    fn note(&self, request: &Request<Incoming>) -> Option<ReadyToken> {
        let (task, wait) = request.headers().get(WAIT)?.to_str().ok()?.split_once(':')?;
        let task = TaskId::new(task.parse().ok()?)?;
        Some(lock(&self.tasks).get(&task)?.note(wait.parse().ok()?))
    }
}

/// What a path answers.
fn body(path: &str) -> String {
    match path {
        "/weather" => r#"{"city":"Reykjavik","celsius":4.5,"wind":"NW 9 m/s","sky":"sleet"}"#.into(),
        "/currencies" => r#"{"base":"EUR","rates":{"CHF":0.94,"GBP":0.85,"JPY":163.2,"USD":1.09}}"#.into(),
        path => serde_json::json!({ "path": path }).to_string(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics between the changes of one critical section.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
