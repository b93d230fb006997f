//! What every request works with: the runtime, the token, the limits.

use crate::log::Log;
use crate::refusal::Refusal;
use crate::tls::Tls;
use featr_online::{Counts, Runtime};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Semaphore;

/// When a server ends.
#[derive(Debug, Clone)]
pub enum End {
    /// When the process is told to: SIGTERM, SIGINT.
    Signals,
    /// Soon after somebody sets it: of a server in a process whose signals are another's.
    Flag(Arc<AtomicBool>),
}

/// What is refused before it costs much.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request's body, and of what compressed Arrow in it becomes.
    pub body_bytes: usize,
    /// Bytes of the bodies of all requests that are worked on.
    pub memory_bytes: usize,
    /// Rows of one push.
    pub rows: usize,
    /// Rows of one push that do not decode; more, and nothing of it is taken.
    pub rejects: usize,
    /// Entities of one request.
    pub entities: usize,
    /// Requests that are worked on or wait.
    pub requests: usize,
    /// Open connections.
    pub connections: usize,
    /// How long the head of a request, and its body, may take, and how long a client may read nothing of its answer.
    pub request_time: Duration,
    /// How long open requests are waited for at the end.
    pub end_time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 32 << 20,
            memory_bytes: 256 << 20,
            rows: 250_000,
            rejects: 10_000,
            entities: 1_000,
            requests: 256,
            connections: 1_024,
            request_time: Duration::from_secs(10),
            end_time: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// Refuses a question about more entities than may be.
    pub fn check_entities(&self, count: usize) -> Result<(), Refusal> {
        match count > self.entities {
            true => Err(Refusal::too_many_entities(count, self.entities)),
            false => Ok(()),
        }
    }
}

/// Bodies are counted in units of so many bytes.
pub const MEMORY_UNIT: usize = 1 << 10;

/// What all requests share.
pub struct Server {
    pub runtime: Runtime,
    pub listen: SocketAddr,
    pub token: Option<String>,
    pub tls: Option<Tls>,
    pub limits: Limits,
    pub requests: Semaphore,
    /// Room for bodies, in units of [`MEMORY_UNIT`].
    pub memory: Arc<Semaphore>,
    /// Requests that were refused, by code.
    pub refused: Counts,
    /// Handshakes of TLS that failed, by reason.
    pub handshakes: Counts,
    pub log: Log,
    pub ending: AtomicBool,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

impl Server {
    pub fn new(
        runtime: Runtime,
        listen: SocketAddr,
        (token, tls): (Option<String>, Option<Tls>),
        limits: Limits,
        log: Log,
    ) -> Server {
        Server {
            runtime,
            listen,
            token,
            tls,
            requests: Semaphore::new(limits.requests),
            memory: Arc::new(Semaphore::new(limits.memory_bytes / MEMORY_UNIT)),
            limits,
            refused: Counts::default(),
            handshakes: Counts::default(),
            log,
            ending: AtomicBool::new(false),
        }
    }
}

impl Server {
    /// Whether nobody is answered who has not brought a certificate.
    pub fn asks_clients(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.asks_clients)
    }
}

/// One server, for all requests.
pub type Shared = Arc<Server>;

/// Runs what waits for locks, the disk or the processor on a thread where no other request waits for it.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only at the end of the process, when nobody is answered any more.
            Err(_) => std::future::pending().await,
        },
    }
}
