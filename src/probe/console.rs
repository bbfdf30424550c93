//! The same run, seen by a real tokio-console: console-subscriber, served on loopback.
//!
//! Its aggregator takes only some 128 events each time it is woken, because its channel obeys tokio's cooperative budget;
//! under load a console then shows what happened a minute ago. Run unconstrained, on a thread and a runtime of its own, it
//! keeps up.

use console_subscriber::{ConsoleLayer, ServerParts};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use tokio::runtime::Builder;
use tokio::task::unconstrained;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tracing::Metadata;
use tracing::subscriber::NoSubscriber;

/// Serves consoles on `address` until the process ends. The layer must become part of the process's subscriber.
///
/// # Errors
/// When the address cannot be listened on, for instance because somebody else does.
pub fn serve(address: SocketAddr) -> io::Result<ConsoleLayer> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (layer, server) = ConsoleLayer::builder().build();
    let ServerParts {
        instrument_server,
        aggregator,
        ..
    } = server.into_parts();
    thread::Builder::new().name("tasklab-console".into()).spawn(move || {
        // The console does not watch itself.
        let _nobody = tracing::subscriber::set_default(NoSubscriber::default());
        runtime.block_on(async {
            let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?);
            tokio::spawn(unconstrained(aggregator.run()));
            let service = Server::builder().add_service(instrument_server);
            service.serve_with_incoming(incoming).await.map_err(io::Error::other)
        })
    })?;
    Ok(layer)
}

/// The spans and events that the console lives on.
pub(super) fn wants(meta: &Metadata<'_>) -> bool {
    let own = if meta.is_event() { meta.target() } else { meta.name() };
    own.starts_with("runtime") || meta.target().starts_with("tokio")
}
