//! Online features over HTTP: rows in, answers out.
//!
//! ```text
//! accept ─▶ token or this machine, room ─▶ POST /v1/push/SOURCE ─▶ decode ─▶ Runtime::push ─▶ durable
//!                                          POST /v1/answer ──────▶ decode ─▶ Runtime::answer_wait
//!                                          POST /get-online-features: the same, in Feast's form
//!                                          what is known without the engine: see `endpoints`
//! ```
//!
//! Every refusal is one JSON object with a code of featc's registry: `{"error": {"code", "message", "help"}}`. 5xx are faults
//! of the server alone.
//!
//! Architecture invariant: nothing waits for the engine, the disk or the processor on the threads that connections are served
//! on; see `shared::blocking`.

mod about;
mod answer;
mod body;
mod connections;
mod endpoints;
mod feast;
mod head;
mod log;
mod metrics;
mod patient;
mod push;
mod refusal;
mod routes;
mod shared;
#[cfg(test)]
mod testing;
mod tls;
mod watch;

use featr_online::{Runtime, StateError};
use log::Log;
use serde_json::json;
use shared::Server;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

pub use refusal::CODES;
pub use shared::{End, Limits};
pub use tls::{Tls, TlsFile, TlsFiles, TlsProblem};

/// How to serve.
#[derive(Debug, Clone)]
pub struct Config {
    /// What requests have to bring, if anything.
    pub token: Option<String>,
    /// How connections are encrypted, if they are.
    pub tls: Option<Tls>,
    pub limits: Limits,
    pub end: End,
}

/// Why a server ended before it was told to, or not in order.
#[derive(Debug)]
pub enum ServeError {
    /// The system gives no threads, or no connections.
    System(io::Error),
    /// The last checkpoint could not be written; the log holds everything.
    State(StateError),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::System(error) => f.write_str(&featr::plain(error)),
            ServeError::State(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ServeError {}

/// An address that is taken. Who connects waits until [`Listener::run`].
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Takes an address, before anything is done that costs time or cannot be undone.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn bind(listen: SocketAddr) -> io::Result<Listener> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Listener { listener, address })
    }

    /// The address, with the port that the system gave.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to end, then answers what is open and makes a checkpoint. `ready` is called once requests are
    /// taken. What changes meanwhile is told on standard error, a line of JSON each.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub fn run(self, runtime: Runtime, config: Config, ready: impl FnOnce()) -> Result<(), ServeError> {
        let (listener, address) = (self.listener, self.address);
        // Requests that wait for the engine have a thread each, up to 512; more of them wait for a thread.
        let waiting = config.limits.requests.clamp(1, 512);
        let server = Arc::new(Server::new(
            runtime,
            address,
            (config.token, config.tls),
            config.limits,
            Log::stderr(),
        ));
        let threads = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(waiting)
            .build()
            .map_err(ServeError::System)?;
        let (end, ends) = channel();
        let watched = server.clone();
        let watcher = std::thread::Builder::new().name("featr-watch".to_owned());
        let watcher = watcher.spawn(move || watch::watch(&watched, &ends));
        let watcher = watcher.map_err(ServeError::System)?;
        let begin = || {
            ready();
            server.log.tell("listening", [("address", json!(address.to_string()))]);
        };
        let served = threads.block_on(connections::serve(server.clone(), listener, config.end, begin));
        let stopped = server.runtime.stop();
        drop(end);
        let _ = watcher.join();
        let checkpoints = server.runtime.counters().checkpoints.load(Ordering::Relaxed);
        match &stopped {
            Ok(()) => server.log.tell("ended", [("checkpoints", json!(checkpoints))]),
            Err(error) => server.log.tell("failed", [("why", json!(error.to_string()))]),
        }
        served.map_err(ServeError::System)?;
        stopped.map_err(ServeError::State)
    }
}
