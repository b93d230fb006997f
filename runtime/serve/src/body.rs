//! The body of a request, within its limits.

use crate::refusal::Refusal;
use crate::shared::{MEMORY_UNIT, Server};
use axum::body::Body;
use futures::StreamExt as _;
use http::{HeaderMap, header};
use tokio::sync::OwnedSemaphorePermit;

/// A body that was read, and the room that it takes until it is dropped.
#[derive(Debug)]
pub struct Read {
    pub bytes: Vec<u8>,
    pub room: Option<OwnedSemaphorePermit>,
}

impl Read {
    /// Puts bytes after the others, if there is room for them.
    fn add(&mut self, server: &Server, chunk: &[u8]) -> Result<(), Refusal> {
        let wanted = (self.bytes.len() + chunk.len()).div_ceil(MEMORY_UNIT);
        let has = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(wanted.saturating_sub(has)).unwrap_or(u32::MAX);
        if more > 0 {
            let more = server.memory.clone().try_acquire_many_owned(more);
            let more = more.map_err(|_| Refusal::no_memory())?;
            match &mut self.room {
                Some(room) => room.merge(more),
                None => self.room = Some(more),
            }
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

/// Reads a body. It counts as it comes: one that is announced and does not come takes no room.
///
/// # Errors
/// It is too long, comes too slowly, or breaks off; there is no room for it.
pub async fn read(server: &Server, headers: &HeaderMap, body: Body) -> Result<Read, Refusal> {
    let limits = &server.limits;
    let most = limits.body_bytes;
    let too_large = || {
        let message = format!("the body has more than {most} bytes");
        Refusal::too_large(message, "send it in smaller parts, or raise --max-body")
    };
    let said = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let all = async {
        let mut read = Read {
            // The system gives memory where it is written to.
            bytes: Vec::with_capacity(said.and_then(|said| usize::try_from(said).ok()).unwrap_or(0)),
            room: None,
        };
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Refusal::unreadable("the body breaks off", "send all of it"))?;
            if read.bytes.len() + chunk.len() > most {
                return Err(too_large());
            }
            read.add(server, &chunk)?;
        }
        Ok(read)
    };
    let within = tokio::time::timeout(limits.request_time, all).await;
    within.unwrap_or_else(|_| Err(Refusal::slow(limits.request_time.as_secs())))
}
