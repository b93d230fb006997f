//! The body of a request, within its limits.

use crate::refusal::Refusal;
use crate::shared::Limits;
use axum::body::Body;
use futures::StreamExt as _;
use http::{HeaderMap, header};

/// Reads a body.
///
/// # Errors
/// It is too long, comes too slowly, or breaks off.
pub async fn read(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Vec<u8>, Refusal> {
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
        let mut bytes = Vec::new();
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Refusal::unreadable("the body breaks off", "send all of it"))?;
            if bytes.len() + chunk.len() > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let within = tokio::time::timeout(limits.request_time, all).await;
    within.unwrap_or_else(|_| Err(Refusal::slow(limits.request_time.as_secs())))
}
