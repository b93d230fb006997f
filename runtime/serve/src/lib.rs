//! Online features over HTTP: rows in, answers out.
//!
//! ```text
//! accept ─▶ limits, token ─▶ POST /v1/push/SOURCE ─▶ decode ─▶ Runtime::push ─▶ durable
//!                            POST /v1/answer ──────▶ decode ─▶ Runtime::answer
//!                            GET  /v1/services  /openapi.json  /health  /ready  /metrics
//! ```
//!
//! Every refusal is one JSON object with a code of featc's registry: `{"error": {"code", "message", "help"}}`. 5xx are faults
//! of the server alone.

mod about;
mod answer;
mod body;
mod connections;
mod metrics;
mod push;
mod refusal;
mod routes;
mod shared;

use featr_online::Runtime;
use shared::Server;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Semaphore;

pub use refusal::CODES;
pub use shared::Limits;

/// How to serve.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// What requests have to bring, if anything.
    pub token: Option<String>,
    pub limits: Limits,
}

/// Serves until the process is told to end (SIGTERM, SIGINT), then answers what is open and makes a checkpoint. `ready` is
/// told the address.
///
/// # Errors
/// The address cannot be had; the last checkpoint cannot be written, in which case the log holds everything.
pub fn run(runtime: Runtime, config: Config, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let server = Arc::new(Server {
        runtime,
        token: config.token,
        requests: Semaphore::new(config.limits.requests),
        limits: config.limits,
        ending: AtomicBool::new(false),
    });
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    threads.block_on(connections::serve(server.clone(), config.listen, ready))?;
    server.runtime.stop().map_err(io::Error::other)
}
