//! `POST /v1/answer`: the features of one or many entities, as JSON or as Arrow.

use crate::body;
use crate::head::{self, ARROW, JSON};
use crate::refusal::Refusal;
use crate::shared::{Server, Shared, blocking};
use arrow::array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};
use arrow::ipc::writer::StreamWriter;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use featc_ir::Type;
use featr::JsonColumns;
use featr_online::{Answer, Question};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What a request says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<'a> {
    service: String,
    #[serde(borrow)]
    entity: Option<&'a RawValue>,
    #[serde(borrow)]
    entities: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    at: Option<&'a RawValue>,
    request_id: Option<String>,
}

const HELP: &str = "send {\"service\": NAME, \"entities\": [{KEY: VALUE, …}, …]}, fields of requests among the keys, and `at` and `request_id` if you like; \
                    GET /v1/services tells the keys";

pub async fn answer(server: &Shared, request: Request) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let in_head = head::request_id(&head.headers)?;
    let wants_arrow = head::wants_arrow(&head.headers);
    let read = body::read(server, &head.headers, body).await?;
    let shared = server.clone();
    let answered = blocking(move || {
        let (question, is_one) = question(&shared, &read.bytes, in_head)?;
        drop(read);
        let answer = shared.runtime.answer_wait(&question);
        let answer = answer.map_err(|refused| Refusal::of(&refused))?;
        if let Some(gated) = answer.gated.first().filter(|_| is_one) {
            return Err(Refusal::gated(&question.service, gated, 1));
        }
        match wants_arrow {
            true => Ok((ARROW, as_arrow(&shared, &question, &answer)?)),
            false => Ok((JSON, as_json(&shared, &question, &answer)?)),
        }
    });
    let (media, bytes) = answered.await?;
    let mut response = Response::new(Body::from(bytes));
    let media = HeaderValue::from_static(media);
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    Ok(response)
}

/// What is asked, and whether it is asked about one `entity`.
fn question(server: &Server, bytes: &[u8], in_head: Option<String>) -> Result<(Question, bool), Refusal> {
    let asked: Asked<'_> = serde_json::from_slice(bytes)
        .map_err(|error| Refusal::unreadable(format!("the body is no request for answers: {error}"), HELP))?;
    let count = asked.entities.as_ref().map_or(1, Vec::len);
    server.limits.check_entities(count)?;
    let lines: Vec<&str> = match (asked.entity, &asked.entities) {
        (Some(one), None) if one.get().starts_with('[') => {
            return Err(Refusal {
                help: "send `\"entities\": [{KEY: VALUE, …}, …]` in place of `entity`, or one object in `entity`"
                    .to_owned(),
                ..Refusal::wrong_question("`entity` is a list: several are asked about in `entities`")
            });
        }
        (Some(one), None) => vec![one.get()],
        (None, Some(many)) => many.iter().map(|entity| entity.get()).collect(),
        (Some(_), Some(_)) => return Err(Refusal::unreadable("`entity` and `entities` are both there", HELP)),
        (None, None) => return Err(Refusal::unreadable("neither `entity` nor `entities` is there", HELP)),
    };
    let at_us = asked.at.map(at).transpose()?;
    if asked
        .request_id
        .as_ref()
        .is_some_and(|id| id.len() > head::ID_BYTES_MAX)
    {
        let message = format!("`request_id` has more than {} bytes", head::ID_BYTES_MAX);
        return Err(Refusal::unreadable(message, HELP));
    }
    let rows = server.runtime.program().questions(&asked.service, &lines);
    let question = Question {
        rows: rows.map_err(|error| Refusal::of_error(&error))?,
        service: asked.service,
        at_us,
        request_id: asked.request_id.or(in_head),
        is_whole: false,
    };
    Ok((question, asked.entity.is_some()))
}

/// An instant as it is written in a program.
fn at(written: &RawValue) -> Result<i64, Refusal> {
    // What is no text is shown as it came.
    let text = serde_json::from_str::<String>(written.get()).unwrap_or_else(|_| written.get().to_owned());
    match featr::parse_value(&text, Type::Timestamp) {
        Some(featr::Value::Timestamp(us)) => Ok(us),
        _ => Err(Refusal::unreadable(
            format!("`at` is `{text}`, which is no instant with an offset"),
            "write it like 2013-03-01T12:00:00Z",
        )),
    }
}

/// The instant and the cuts of an answer, as JSON: `"2026-01-01T00:00:00Z"` and an object.
pub fn instants(answer: &Answer) -> Result<(String, String), Refusal> {
    let all = std::iter::once(answer.at_us).chain(answer.cuts.values().copied());
    let all: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(all).with_timezone("UTC"));
    let batch = RecordBatch::try_from_iter([("instant", all)]).map_err(Refusal::bug_of)?;
    let texts = texts(&batch)?;
    let cuts = answer.cuts.keys().enumerate();
    let cuts = cuts.map(|(place, source)| format!("{}:{}", json!(source), texts.value(0, place + 1)));
    let cuts = cuts.collect::<Vec<_>>().join(",");
    Ok((texts.value(0, 0).to_owned(), format!("{{{cuts}}}")))
}

/// The values of a batch as JSON.
pub fn texts(batch: &RecordBatch) -> Result<JsonColumns, Refusal> {
    let texts = JsonColumns::of(batch, "the answer as JSON");
    texts.map_err(|error| Refusal::of_error(&featr::Error::Decode(error)))
}

/// The answer as a document; in the place of an entity that is not answered stands the error.
fn as_json(server: &Server, question: &Question, answer: &Answer) -> Result<Vec<u8>, Refusal> {
    let texts = texts(&answer.features)?;
    let fields = server.runtime.fields(&question.service);
    let names: Vec<String> = fields.iter().map(|(name, _)| json!(name).to_string()).collect();
    let (at, cuts) = instants(answer)?;
    let mut out = format!(
        "{{\"service\":{},\"program\":{},\"request_id\":{},\"at\":{at},\"cuts\":{cuts},\"answers\":[",
        json!(question.service),
        json!(server.runtime.program().hash()),
        json!(question.request_id),
    );
    let mut gated = answer.gated.iter().peekable();
    for row in 0..question.rows.num_rows() {
        if row > 0 {
            out.push(',');
        }
        if let Some(gated) = gated.next_if(|gated| gated.row == row) {
            out.push_str(&Refusal::gated(&question.service, gated, 1).document().to_string());
            continue;
        }
        let entries = |out: &mut String, offset: usize| {
            for (place, name) in names.iter().enumerate() {
                let comma = if place > 0 { "," } else { "" };
                out.extend([comma, name, ":", texts.value(2 * place + offset, row)]);
            }
        };
        out.push_str("{\"values\":{");
        entries(&mut out, 0);
        out.push_str("},\"statuses\":{");
        entries(&mut out, 1);
        out.push_str("}}");
    }
    out.push_str("]}");
    Ok(out.into_bytes())
}

/// The answer as a stream of Arrow IPC: a row per entity, per feature its value and its status; what is said of all of them
/// stands in the metadata of the schema. The row of an entity that is not answered is null, and the metadata has why.
fn as_arrow(server: &Server, question: &Question, answer: &Answer) -> Result<Vec<u8>, Refusal> {
    let (at, cuts) = instants(answer)?;
    let mut about = HashMap::from([
        ("featc.service".to_owned(), question.service.clone()),
        ("featc.program".to_owned(), server.runtime.program().hash().to_owned()),
        ("featc.at".to_owned(), at.trim_matches('"').to_owned()),
        ("featc.cuts".to_owned(), cuts),
    ]);
    about.extend(
        question
            .request_id
            .clone()
            .map(|id| ("featc.request_id".to_owned(), id)),
    );
    if !answer.gated.is_empty() {
        let gated = answer.gated.iter().map(|gated| {
            let features: BTreeMap<_, _> = gated.features.iter().cloned().collect();
            json!({ "row": gated.row, "features": features })
        });
        let gated = gated.collect::<Value>().to_string();
        about.insert("featc.gated".to_owned(), gated);
    }
    let schema = answer.features.schema().as_ref().clone().with_metadata(about);
    let rows = answer
        .features
        .clone()
        .with_schema(Arc::new(schema))
        .map_err(Refusal::bug_of)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema()).map_err(Refusal::bug_of)?;
    writer.write(&rows).map_err(Refusal::bug_of)?;
    writer.into_inner().map_err(Refusal::bug_of)
}
