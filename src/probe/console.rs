//! Serves the run to tokio-console on a loopback address, through console-subscriber.
//!
//! The aggregator of console-subscriber takes only about 128 events after each wake-up, because its
//! channel obeys tokio's cooperative budget. Under load, a console would then show events that are
//! a minute old. So the aggregator runs unconstrained, on its own thread and runtime.

use console_subscriber::{ConsoleLayer, ServerParts};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::task::unconstrained;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tracing::Metadata;
use tracing::subscriber::NoSubscriber;

/// The server pings an idle console at this interval. It closes the connection if no answer arrives
/// within the same time.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// The maximum number of requests of one connection that are answered at the same time. A console
/// sends two requests.
const REQUESTS: u32 = 16;

/// A server for consoles.
pub struct Served {
    /// The caller must add this layer to the process's subscriber.
    pub layer: ConsoleLayer,
    /// Where consoles can connect. If the given port was 0, the system has chosen the port.
    pub address: SocketAddr,
}

/// Serves consoles on `address` until the process ends.
///
/// # Errors
/// Returns an error if tasklab cannot listen on the address, for example because another program
/// already uses it.
pub fn serve(address: SocketAddr) -> io::Result<Served> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (layer, server) = ConsoleLayer::builder().build();
    let ServerParts {
        instrument_server,
        aggregator,
        ..
    } = server.into_parts();
    thread::Builder::new().name("tasklab-console".into()).spawn(move || {
        // The console does not observe its own tasks.
        let _subscriber = tracing::subscriber::set_default(NoSubscriber::default());
        runtime.block_on(async {
            let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?);
            tokio::spawn(unconstrained(aggregator.run()));
            let service = Server::builder()
                .max_concurrent_streams(REQUESTS)
                .http2_max_pending_accept_reset_streams(Some(REQUESTS as usize))
                .http2_keepalive_interval(Some(KEEPALIVE))
                .http2_keepalive_timeout(Some(KEEPALIVE))
                .add_service(instrument_server);
            service.serve_with_incoming(incoming).await.map_err(io::Error::other)
        })
    })?;
    Ok(Served { layer, address })
}

/// Whether the console needs this span or event.
pub(super) fn wants(meta: &Metadata<'_>) -> bool {
    let source = if meta.is_event() { meta.target() } else { meta.name() };
    source.starts_with("runtime") || meta.target().starts_with("tokio")
}
