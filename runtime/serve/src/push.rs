//! `POST /v1/push/SOURCE`: rows of a source, as JSON lines or as an Arrow IPC stream.

use crate::body;
use crate::head;
use crate::refusal::Refusal;
use crate::shared::{Server, Shared, blocking};
use axum::extract::Request;
use featc_ir::display::instant;
use featc_ir::{FileFormat, Source, SourceColumn};
use featr::{Bounds, Incoming, Undecoded};
use featr_online::{Pushed, Refused};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::OwnedSemaphorePermit;

/// Rows that are looked at for keys which no column has, and such keys that a reply shows: the first, and no longer ones.
const LOOKED_ROWS: usize = 100;
const UNDECLARED_MAX: usize = 20;
const UNDECLARED_BYTES_MAX: usize = 200;
/// Rejected rows that a reply shows.
const EXAMPLES_MAX: usize = 10;

pub async fn push(server: &Shared, source: String, request: Request) -> Result<Value, Refusal> {
    let (head, body) = request.into_parts();
    let format = head::form_of_rows(&head.headers)?;
    let request_id = head::request_id(&head.headers)?;
    let body::Read { bytes, room } = body::read(server, &head.headers, body).await?;
    if bytes.starts_with(b"ARROW1") {
        let help = "write it as a stream, for example by `pyarrow.ipc.new_stream`";
        return Err(Refusal::unreadable("the body is an Arrow file, and no stream", help));
    }
    if bytes.starts_with(b"PAR1") || bytes.starts_with(b"\x1f\x8b") {
        let what = if bytes.starts_with(b"PAR1") {
            "a Parquet file"
        } else {
            "packed by gzip"
        };
        let help = "send JSON lines as they are, or an Arrow IPC stream, for example by `pyarrow.ipc.new_stream`";
        return Err(Refusal::unreadable(format!("the body is {what}, and not rows"), help));
    }
    let text = bytes.trim_ascii();
    if format == FileFormat::Jsonl && text.starts_with(b"[") && text.ends_with(b"]") {
        let help = "send an object a line: `{…}`, and a line break after each";
        return Err(Refusal::unreadable("the body is one JSON array, and not rows", help));
    }
    let bounds = Bounds {
        rows: server.limits.rows,
        rejects: server.limits.rejects,
        unpacked_bytes: server.limits.body_bytes as u64,
    };
    let (shared, name) = (server.clone(), source.clone());
    let decoded = blocking(move || {
        let program = shared.runtime.program();
        let undeclared = match format {
            FileFormat::Jsonl => undeclared(&program.inputs(), &source, &bytes),
            _ => Vec::new(),
        };
        // The room goes with the rows: who hangs up does not give it back before they are gone.
        (
            program.incoming_within(&source, format, bytes, &bounds),
            room,
            undeclared,
        )
    });
    let (incoming, room, undeclared) = decoded.await;
    let incoming = incoming.map_err(|error| refused(server, &name, &error))?;
    if format == FileFormat::Jsonl
        && let Some(first) = all_unparsable(&incoming)
    {
        let message = format!(
            "no line of the body can be read; line {}: {}",
            first.place, first.detail
        );
        let help = "send an object a line, `{…}`, and a line break after each; of curl that takes `--data-binary @FILE`: \
                    `-d @FILE` leaves the line breaks out";
        return Err(Refusal::unreadable(message, help));
    }
    let mut reply = Reply::of(&incoming);
    let pushed = wait(server, (incoming, room), request_id.clone()).await?;
    reply.add(&pushed);
    reply.undeclared = undeclared;
    Ok(reply.json(request_id, &pushed))
}

/// Rows of what is no source of the program; it may be a table that is not pushed.
fn refused(server: &Shared, name: &str, error: &featr::Error) -> Refusal {
    let refusal = Refusal::of_error(error);
    let is_static = server.runtime.program().tables().iter().any(|table| table.name == name);
    match error {
        featr::Error::UnknownSource { .. } if is_static => Refusal {
            message: format!("table `{name}` is static: it is read when the server starts, and takes no rows"),
            help: format!(
                "start the server with the rows that it is to have, from its files or `--source {name}=PATH`"
            ),
            ..refusal
        },
        _ => refusal,
    }
}

/// Keys of the first rows that are no columns of their source, in order, those inside of objects by their paths: misspelt ones
/// are among them.
fn undeclared(sources: &[Source], name: &str, body: &[u8]) -> Vec<String> {
    let Some(source) = sources.iter().find(|source| source.name == name) else {
        return Vec::new();
    };
    let mut found = BTreeSet::new();
    for line in body.split(|byte| *byte == b'\n').take(LOOKED_ROWS) {
        add_undeclared(&source.columns, line, "", &mut found);
    }
    found.into_iter().collect()
}

/// Of an object to which this path leads, with the `.` after it. Objects, and arrays of them, are looked into where columns lie
/// inside.
fn add_undeclared(columns: &[SourceColumn], object: &[u8], path: &str, found: &mut BTreeSet<String>) {
    let keys: BTreeMap<String, &RawValue> = serde_json::from_slice(object).unwrap_or_default();
    for (key, value) in keys {
        let key = format!("{path}{key}");
        let mut inside = columns.iter().filter(|column| column.is_in(&key));
        match inside.next() {
            None if found.len() < UNDECLARED_MAX && key.len() <= UNDECLARED_BYTES_MAX => drop(found.insert(key)),
            None => {}
            Some(first) if first.field() == key || inside.any(|column| column.field() == key) => {}
            Some(_) => {
                let objects: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_else(|_| vec![value]);
                for object in objects {
                    add_undeclared(columns, object.get().as_bytes(), &format!("{key}."), found);
                }
            }
        }
    }
}

/// The first line of a body of which no line is a record.
fn all_unparsable(incoming: &Incoming) -> Option<&Undecoded> {
    let is_none = |row: &Undecoded| row.reason == "unparsable";
    let has_none = incoming.rows.num_rows() == 0 && incoming.rejected.iter().all(is_none);
    incoming.rejected.first().filter(|_| has_none)
}

async fn wait(
    server: &Server,
    (incoming, room): (Incoming, Option<OwnedSemaphorePermit>),
    request_id: Option<String>,
) -> Result<Pushed, Refusal> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let then = Box::new(move |result| {
        // Until now the rows were in memory.
        drop(room);
        drop(tell.send(result));
    });
    let sent = server.runtime.push(incoming, request_id, then);
    sent.map_err(|refused| Refusal::of(&refused))?;
    let done = told.await.unwrap_or(Err(Refused::Stopping));
    done.map_err(|refused| Refusal::of(&refused))
}

/// What became of rows that cannot be used: all are counted, the first are shown.
struct Reply {
    source: String,
    /// Per row, its line.
    places: Vec<u64>,
    counts: BTreeMap<&'static str, u64>,
    /// The first that do not decode, and the first that are refused, in order of their lines.
    examples: Vec<Example>,
    /// See [`undeclared`].
    undeclared: Vec<String>,
}

struct Example {
    place: u64,
    reason: &'static str,
    detail: String,
    /// What to do about it, where that is known.
    help: Option<String>,
}

impl Example {
    fn json(&self) -> Value {
        let mut json = json!({ "place": self.place, "reason": self.reason, "detail": self.detail });
        if let Some(help) = &self.help {
            json["help"] = json!(help);
        }
        json
    }
}

impl Reply {
    /// What does not decode.
    fn of(incoming: &Incoming) -> Reply {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        incoming
            .rejected
            .iter()
            .for_each(|row| *counts.entry(row.reason).or_default() += 1);
        let first = incoming.rejected.iter().take(EXAMPLES_MAX);
        let example = |row: &featr::Undecoded| Example {
            place: row.place,
            reason: row.reason,
            detail: row.detail.clone(),
            help: row.help.clone(),
        };
        Reply {
            source: incoming.source.clone(),
            places: incoming.places.clone(),
            counts,
            examples: first.map(example).collect(),
            undeclared: Vec::new(),
        }
    }

    /// What the engine refuses.
    fn add(&mut self, pushed: &Pushed) {
        let refused = &pushed.report.rejected;
        refused
            .iter()
            .for_each(|row| *self.counts.entry(row.reason).or_default() += 1);
        let place = |row: u64| self.places.get(row as usize).copied().unwrap_or(row + 1);
        let first = refused.iter().take(EXAMPLES_MAX).map(|row| Example {
            place: place(row.row),
            reason: row.reason,
            detail: row.detail.clone(),
            help: row.help.as_deref().map(str::to_owned),
        });
        let first: Vec<Example> = first.collect();
        self.examples.extend(first);
        self.examples.sort_by_key(|example| example.place);
        self.examples.truncate(EXAMPLES_MAX);
    }

    fn json(&self, request_id: Option<String>, pushed: &Pushed) -> Value {
        let report = &pushed.report;
        let mut by_view: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for (_, transform, reason) in &report.rejected_by_view {
            *by_view.entry(transform).or_default().entry(reason).or_default() += 1;
        }
        let examples = self.examples.iter().map(Example::json);
        json!({
            "source": self.source,
            "request_id": request_id,
            "rows": pushed.rows,
            "accepted": report.accepted,
            "rejected": self.counts,
            "rejected_by_view": by_view,
            "arrival": pushed.arrival_us.map(instant),
            "late_for_cut": report.overdue,
            "expired": report.expired,
            "examples": examples.collect::<Vec<_>>(),
            "undeclared": self.undeclared,
        })
    }
}
