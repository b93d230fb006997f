//! The body of a request, within its limits.

use crate::refusal::Refusal;
use crate::shared::{MEMORY_UNIT, Server};
use axum::body::{Body, BodyDataStream};
use futures::StreamExt as _;
use http::{HeaderMap, header};
use std::time::Duration;
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

/// What is read and dropped of a body that was refused, so that a client that sends all before it reads gets the refusal:
/// a connection that is closed over unread bytes is reset, and the answer is lost with it.
const DRAINED_BYTES_MAX: usize = 64 << 20;
const DRAINED_WITHIN: Duration = Duration::from_secs(2);

/// Reads a body. It counts as it comes: one that is announced and does not come takes no room.
///
/// # Errors
/// It is too long, comes too slowly, or breaks off; there is no room for it.
pub async fn read(server: &Server, headers: &HeaderMap, body: Body) -> Result<Read, Refusal> {
    let mut chunks = body.into_data_stream();
    let wait = server.limits.request_time;
    let within = tokio::time::timeout(wait, filled(server, headers, &mut chunks)).await;
    let read = within.unwrap_or_else(|_| Err(Refusal::slow(wait.as_secs())));
    let is_refused = read.as_ref().is_err_and(Refusal::leaves_a_body);
    // Who asks first has not begun to send.
    if is_refused && !headers.contains_key(header::EXPECT) {
        drain(&mut chunks).await;
    }
    read
}

/// Bytes of a body that are reserved before any have come.
const RESERVED_BYTES_MAX: u64 = 1 << 20;

async fn filled(server: &Server, headers: &HeaderMap, chunks: &mut BodyDataStream) -> Result<Read, Refusal> {
    let most = server.limits.body_bytes;
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
    let mut read = Read {
        // What is said is no more than said: a limit on addresses would be reached by heads alone.
        bytes: Vec::with_capacity(said.map_or(0, |said| said.min(RESERVED_BYTES_MAX) as usize)),
        room: None,
    };
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::unreadable("the body breaks off", "send all of it"))?;
        if read.bytes.len() + chunk.len() > most {
            return Err(too_large());
        }
        read.add(server, &chunk)?;
    }
    match packing(headers) {
        None => Ok(read),
        Some(packing) => {
            let message = format!("the body is packed (`Content-Encoding: {packing}`)");
            Err(Refusal::unreadable(message, "send it as it is, without this header"))
        }
    }
}

/// How a body is packed, if its head says that it is.
fn packing(headers: &HeaderMap) -> Option<&str> {
    let said = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut said = said.map(|said| said.to_str().unwrap_or("?").trim());
    said.find(|said| !said.eq_ignore_ascii_case("identity"))
}

/// Reads what is left, up to the limits above.
async fn drain(chunks: &mut BodyDataStream) {
    let all = async {
        let mut left = DRAINED_BYTES_MAX;
        while let Some(Ok(chunk)) = chunks.next().await {
            match left.checked_sub(chunk.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    let _ = tokio::time::timeout(DRAINED_WITHIN, all).await;
}
