//! `POST /v1/answer`: the features of one or many entities.

use crate::body;
use crate::push::request_id;
use crate::refusal::Refusal;
use crate::shared::Shared;
use arrow::array::RecordBatch;
use axum::extract::Request;
use featc_ir::Type;
use featc_ir::display::instant;
use featr::json_value;
use featr_online::{Answer, Question, Refused};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// What a request says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<'a> {
    service: String,
    #[serde(borrow)]
    entity: Option<&'a RawValue>,
    #[serde(borrow)]
    entities: Option<Vec<&'a RawValue>>,
    at: Option<String>,
    request_id: Option<String>,
}

const HELP: &str = "send {\"service\": NAME, \"entities\": [{KEY: VALUE, …}, …]}, and `at` and `request_id` if you like; \
                    GET /v1/services tells the keys";

pub async fn answer(server: &Shared, request: Request) -> Result<Value, Refusal> {
    let (head, body) = request.into_parts();
    let in_head = request_id(&head.headers)?;
    let bytes = body::read(&head.headers, body, &server.limits).await?;
    let asked: Asked<'_> = serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::unreadable(format!("the body is no request for answers: {error}"), HELP))?;
    let lines: Vec<&str> = match (asked.entity, &asked.entities) {
        (Some(one), None) => vec![one.get()],
        (None, Some(many)) => many.iter().map(|entity| entity.get()).collect(),
        (Some(_), Some(_)) => return Err(Refusal::unreadable("`entity` and `entities` are both there", HELP)),
        (None, None) => return Err(Refusal::unreadable("neither `entity` nor `entities` is there", HELP)),
    };
    let most = server.limits.entities;
    if lines.len() > most {
        let message = format!("{} entities are asked about, and at most {most} may be", lines.len());
        return Err(Refusal::too_large(
            message,
            "ask about fewer at a time, or raise --max-entities",
        ));
    }
    let at_us = asked.at.as_deref().map(at).transpose()?;
    let rows = server.runtime.program().questions(&asked.service, &lines);
    let question = Question {
        rows: rows.map_err(|error| Refusal::of_error(&error))?,
        service: asked.service,
        at_us,
        request_id: asked.request_id.or(in_head),
    };
    let answer = wait(server, &question).await?;
    reply(server, &question, &answer)
}

/// An instant as it is written in a program.
fn at(text: &str) -> Result<i64, Refusal> {
    match featr::parse_value(text, Type::Timestamp) {
        Some(featr::Value::Timestamp(us)) => Ok(us),
        _ => Err(Refusal::unreadable(
            format!("`at` is `{text}`, which is no instant with an offset"),
            "write it like 2013-03-01T12:00:00Z",
        )),
    }
}

async fn wait(server: &Shared, question: &Question) -> Result<Answer, Refusal> {
    loop {
        let answer = server.runtime.answer(question);
        if let Some(answer) = answer.map_err(|refused| Refusal::of(&refused))? {
            return Ok(answer);
        }
        let (tell, told) = tokio::sync::oneshot::channel();
        let then = Box::new(move |result| drop(tell.send(result)));
        let sent = server.runtime.extend(then);
        sent.map_err(|refused| Refusal::of(&refused))?;
        let done = told.await.unwrap_or(Err(Refused::Stopping));
        done.map_err(|refused| Refusal::of(&refused))?;
    }
}

fn reply(server: &Shared, question: &Question, answer: &Answer) -> Result<Value, Refusal> {
    let fields = server.runtime.fields(&question.service);
    let columns = columns(&fields, &answer.features).map_err(Refusal::bug)?;
    let mut answers = Vec::with_capacity(question.rows.num_rows());
    for row in 0..question.rows.num_rows() {
        let mut values = Map::new();
        let mut statuses = Map::new();
        for (name, column) in &columns {
            values.insert((*name).to_owned(), column.values[row].clone());
            statuses.insert((*name).to_owned(), column.statuses[row].clone());
        }
        answers.push(json!({ "values": values, "statuses": statuses }));
    }
    let cuts: Map<String, Value> = answer
        .cuts
        .iter()
        .map(|(source, cut)| (source.clone(), instant(*cut).into()))
        .collect();
    Ok(json!({
        "service": question.service,
        "program": server.runtime.program().hash(),
        "request_id": question.request_id,
        "at": instant(answer.at_us),
        "cuts": cuts,
        "answers": answers,
    }))
}

struct Feature {
    values: Vec<Value>,
    statuses: Vec<Value>,
}

fn columns<'a>(fields: &'a [(String, Type)], features: &RecordBatch) -> Result<Vec<(&'a str, Feature)>, String> {
    let json = |place: usize, ty: Type| -> Result<Vec<Value>, String> {
        let column = featr::from_arrow(features.column(place), ty)?;
        Ok((0..features.num_rows())
            .map(|row| json_value(&column.value(row), ty))
            .collect())
    };
    let mut all = Vec::with_capacity(fields.len());
    for (place, (name, ty)) in fields.iter().enumerate() {
        let feature = Feature {
            values: json(2 * place, *ty)?,
            statuses: json(2 * place + 1, Type::String)?,
        };
        all.push((name.as_str(), feature));
    }
    Ok(all)
}
