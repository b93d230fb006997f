//! `featc get`: one entity, one instant, from online state.

use crate::args::GetArgs;
use crate::errors;
use crate::outputs::{Aside, check_overwrites};
use crate::replay;
use crate::report::{Refused, Reporter};
use crate::run::{Prepared, prepare};
use crate::settle::settle;
use arrow::array::RecordBatch;
use featc_driver::diag::printable;
use featc_ir::{Key, Type};
use featr::{Spine, Value};
use std::fmt::Write as _;

/// The name of the instant in the one-row spine; no column of a program can be called so.
const AT: &str = "at instant";

/// One feature's answer.
pub struct Answered {
    pub feature: String,
    pub value: String,
    pub json: serde_json::Value,
    pub status: String,
}

/// Answers one question from the state that the recorded streams leave.
pub fn answer(prepared: &Prepared, args: &GetArgs, reporter: &Reporter) -> Result<Vec<Answered>, Refused> {
    check_overwrites(prepared, &args.program.run, None, None, reporter)?;
    let spine = question(prepared, args, reporter)?;
    let aside = Aside::new(&args.program.run, reporter)?;
    let rejects = aside.as_ref().map(|aside| aside.sink(reporter)).transpose()?;
    let options = crate::args::ReplayOptions {
        chunk: 4096,
        shuffle: None,
        restart_every: None,
    };
    let training = replay::stream(prepared, &options, &spine, true, rejects, reporter)?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&training.report, &args.program.run, reporter)?;
    let own = spine.schema.fields().len();
    let service = prepared.ir.service(&prepared.service);
    let Some((service, batch)) = service.zip(training.batches.first()) else {
        return reporter.refuse(errors::bug("a question without an answer"));
    };
    if let Some(beyond) = featr::beyond_text(batch) {
        return reporter.refuse(errors::beyond_answer(&beyond.column, &beyond.why));
    }
    let mut answers = Vec::new();
    for (place, field) in service.fields.iter().enumerate() {
        let ty = prepared.ir.view(field.view).feature(field.feature).ty;
        let text = |column: usize, ty: Type| {
            let read = featr::from_arrow(batch.column(own + column), ty).map(|column| column.value(0));
            read.or_else(|why| reporter.refuse(errors::bug(&why)))
        };
        let value = text(2 * place, ty)?;
        let status = text(2 * place + 1, Type::String)?;
        answers.push(Answered {
            feature: field.name.clone(),
            json: featr::json_value(&value, ty),
            value: if value.is_null() {
                "null".to_owned()
            } else {
                // On one line.
                value.render(ty).replace('\n', "\\n").replace('\t', "\\t")
            },
            status: status.render(Type::String),
        });
    }
    Ok(answers)
}

/// The question as a spine of one row.
fn question(prepared: &Prepared, args: &GetArgs, reporter: &Reporter) -> Result<Spine, Refused> {
    let Ok(service) = prepared.program.service(&prepared.service) else {
        return reporter.refuse(errors::bug("the service was there a moment ago"));
    };
    let mut wanted: Vec<Key> = service.keys.clone();
    wanted.extend(
        service
            .self_columns
            .iter()
            .filter(|key| !service.keys.iter().any(|k| k.name == key.name))
            .cloned(),
    );
    let names: Vec<&str> = wanted.iter().map(|key| key.name.as_str()).collect();
    let known = format!("the service asks for: {}", names.join(", "));
    let mut values: Vec<Option<Value>> = vec![None; wanted.len()];
    for given in &args.keys {
        let Some((name, text)) = given.split_once('=') else {
            return reporter.refuse(errors::argument(
                "--key",
                given,
                "no `=` in it",
                "write it like --key origin=JFK",
            ));
        };
        let Some(place) = names.iter().position(|known| *known == name) else {
            let qualified = |key: &&Key| key.name.split_once('.').is_some_and(|(_, plain)| plain == name);
            let shared: Vec<String> = wanted.iter().filter(qualified).map(|key| key.name.clone()).collect();
            if !shared.is_empty() {
                return reporter.refuse(errors::shared_identity(name, false, &shared));
            }
            return reporter.refuse(errors::argument("--key", given, "the service has no such key", &known));
        };
        match featr::parse_value(text, wanted[place].ty) {
            Some(_) if values[place].is_some() => {
                let help = "give each key once";
                return reporter.refuse(errors::argument("--key", given, "the key is given twice", help));
            }
            Some(value) => values[place] = Some(value),
            None => {
                let why = format!("`{text}` is no {}", wanted[place].ty);
                return reporter.refuse(errors::argument("--key", given, &why, "give a value of the key's type"));
            }
        }
    }
    for (key, value) in service.keys.iter().zip(&values) {
        if value.is_none() {
            let why = format!("missing: the service needs the key `{}`", key.name);
            return reporter.refuse(errors::argument("--key", &format!("{}=…", key.name), &why, &known));
        }
    }
    let Some(at) = featr::parse_value(&args.at, Type::Timestamp) else {
        let help = "write it like 2013-03-01T12:00:00Z";
        return reporter.refuse(errors::argument(
            "--at",
            &args.at,
            "not an instant with an offset",
            help,
        ));
    };
    let column = |name: &str, ty: Type, value: Value| {
        (
            name.to_owned(),
            featr::to_arrow(&featr::Column::from_values(ty, &[value])),
        )
    };
    let mut columns = vec![column(AT, Type::Timestamp, at)];
    for (key, value) in wanted.iter().zip(values) {
        columns.push(column(&key.name, key.ty, value.unwrap_or(Value::Null)));
    }
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
    let batch = batch.or_else(|error| reporter.refuse(errors::bug(&error.to_string())))?;
    let spine = prepared.program.spine(&prepared.service, vec![batch], AT);
    spine.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

/// Answers as aligned lines.
pub fn lines(answers: &[Answered]) -> String {
    // Aligned as they are shown.
    let values: Vec<_> = answers.iter().map(|answer| printable(&answer.value)).collect();
    let width = answers.iter().map(|answer| answer.feature.len()).max().unwrap_or(0);
    let widest = values.iter().map(|value| value.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (answer, value) in answers.iter().zip(&values) {
        let _ = writeln!(text, "{:width$}  {value:widest$}  {}", answer.feature, answer.status);
    }
    text.trim_end().to_owned()
}

pub fn run(args: &GetArgs, reporter: &Reporter) -> Result<(), Refused> {
    let prepared = prepare(&args.program, reporter)?;
    let answers = answer(&prepared, args, reporter)?;
    let features: Vec<serde_json::Value> = answers
        .iter()
        .map(|a| serde_json::json!({ "name": a.feature, "value": a.json, "status": a.status }))
        .collect();
    let value = serde_json::json!({
        "program": prepared.program.hash(),
        "service": prepared.service,
        "truth": prepared.truth_text(),
        "seen_early": prepared.seen_early,
        "at": args.at,
        "features": features,
    });
    reporter.result(&lines(&answers), &value);
    Ok(())
}
