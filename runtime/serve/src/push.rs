//! `POST /v1/push/SOURCE`: rows of a source, as JSON lines or as an Arrow IPC stream.

use crate::body;
use crate::refusal::Refusal;
use crate::shared::{Server, Shared};
use axum::extract::Request;
use featc_ir::FileFormat;
use featr::Incoming;
use featr_online::{Pushed, Refused};
use http::{HeaderMap, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rejected rows that a reply shows.
const EXAMPLES_MAX: usize = 10;

pub async fn push(server: &Shared, source: String, request: Request) -> Result<Value, Refusal> {
    let (head, body) = request.into_parts();
    let format = format_of(&head.headers)?;
    let request_id = request_id(&head.headers)?;
    let bytes = body::read(&head.headers, body, &server.limits).await?;
    let shared = server.clone();
    let decoded = tokio::task::spawn_blocking(move || shared.runtime.program().incoming(&source, format, bytes));
    let decoded = decoded.await.map_err(|error| Refusal::bug(error.to_string()))?;
    let incoming = decoded.map_err(|error| Refusal::of_error(&error))?;
    let (source, examples) = (incoming.source.clone(), undecoded(&incoming));
    let places = incoming.places.clone();
    let pushed = wait(server, incoming, request_id.clone()).await?;
    Ok(reply(&source, request_id, &pushed, examples, &places))
}

async fn wait(server: &Server, incoming: Incoming, request_id: Option<String>) -> Result<Pushed, Refusal> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let then = Box::new(move |result| drop(tell.send(result)));
    let sent = server.runtime.push(incoming, request_id, then);
    sent.map_err(|refused| Refusal::of(&refused))?;
    let done = told.await.unwrap_or(Err(Refused::Stopping));
    done.map_err(|refused| Refusal::of(&refused))
}

fn format_of(headers: &HeaderMap) -> Result<FileFormat, Refusal> {
    let said = headers
        .get(header::CONTENT_TYPE)
        .map(|said| said.to_str().unwrap_or("?"));
    let media = said.map(|said| said.split(';').next().unwrap_or_default().trim());
    match media {
        None
        | Some(
            "application/jsonl"
            | "application/x-ndjson"
            | "application/jsonlines"
            | "application/json"
            | "text/plain"
            | "application/x-www-form-urlencoded",
        ) => Ok(FileFormat::Jsonl),
        Some("application/vnd.apache.arrow.stream") => Ok(FileFormat::Arrow),
        Some(other) => Err(Refusal::unreadable(
            format!("`{other}` is no form of rows"),
            "send application/jsonl (an object a line) or application/vnd.apache.arrow.stream",
        )),
    }
}

/// The id that a request says in its head.
pub fn request_id(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(said) = headers.get("x-request-id") else {
        return Ok(None);
    };
    let text = said.to_str().ok().filter(|text| text.len() <= 200);
    let help = "send at most 200 visible characters of ASCII";
    text.map_or_else(
        || Err(Refusal::unreadable("the header x-request-id is no id", help)),
        |text| Ok(Some(text.to_owned())),
    )
}

fn example(place: u64, reason: &str, detail: &str) -> Value {
    json!({ "place": place, "reason": reason, "detail": detail })
}

fn undecoded(incoming: &Incoming) -> Vec<(&'static str, Value)> {
    let rows = incoming.rejected.iter();
    rows.map(|row| (row.reason, example(row.place, row.reason, &row.detail)))
        .collect()
}

fn reply(
    source: &str,
    request_id: Option<String>,
    pushed: &Pushed,
    mut rejected: Vec<(&'static str, Value)>,
    places: &[u64],
) -> Value {
    let report = &pushed.report;
    let place = |row: u64| places.get(row as usize).copied().unwrap_or(row + 1);
    let refused = report.rejected.iter();
    rejected.extend(refused.map(|row| (row.reason, example(place(row.row), row.reason, &row.detail))));
    rejected.sort_by_key(|(_, example)| example["place"].as_u64());
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, _) in &rejected {
        *counts.entry(reason).or_default() += 1;
    }
    let mut by_view: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for (_, transform, reason) in &report.rejected_by_view {
        *by_view.entry(transform).or_default().entry(reason).or_default() += 1;
    }
    json!({
        "source": source,
        "request_id": request_id,
        "rows": pushed.rows,
        "accepted": report.accepted,
        "rejected": counts,
        "rejected_by_view": by_view,
        "late_for_cut": report.overdue,
        "expired": report.expired,
        "examples": rejected.into_iter().take(EXAMPLES_MAX).map(|(_, example)| example).collect::<Vec<_>>(),
    })
}
