//! What every request works with: the runtime, the token, the limits.

use featr_online::Runtime;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What is refused before it costs much.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Entities of one request.
    pub entities: usize,
    /// Requests that are worked on or wait.
    pub requests: usize,
    /// Open connections.
    pub connections: usize,
    /// How long the head of a request, and its body, may take.
    pub request_time: Duration,
    /// How long open requests are waited for at the end.
    pub end_time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 32 << 20,
            entities: 1_000,
            requests: 256,
            connections: 1_024,
            request_time: Duration::from_secs(10),
            end_time: Duration::from_secs(10),
        }
    }
}

/// What all requests share.
pub struct Server {
    pub runtime: Runtime,
    pub token: Option<String>,
    pub limits: Limits,
    pub requests: Semaphore,
    pub ending: AtomicBool,
}

/// One server, for all requests.
pub type Shared = Arc<Server>;
