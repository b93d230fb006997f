//! `featc state show`: what is kept of an entity, and its values.

use super::{Opened, duration, opened};
use crate::args::ShowArgs;
use crate::errors;
use crate::get::{self, Answered};
use crate::report::{Refused, Reporter, counted};
use featc_driver::diag::printable;
use featc_ir::Type;
use featc_ir::display::instant;
use featr::{Kept, Value, from_arrow, json_value};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Events that people are shown of a log; `--json` has all.
const SHOWN: usize = 20;

pub fn run(args: &ShowArgs, reporter: &Reporter) -> Result<(), Refused> {
    let Opened { program, mut found, .. } = opened(&args.state, reporter)?;
    let asked = program.service(&args.service);
    let asked = asked.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    let entity = get::keys(asked, &args.keys, reporter)?;
    let at_us = get::instant("--at", &args.at, reporter)?;
    let delay = args
        .delay
        .as_deref()
        .map(|text| duration("--delay", text, reporter))
        .transpose()?;
    let cuts = found.cuts_at(at_us, &program.inputs(), delay);
    let moved = found.online.let_in(&cuts);
    moved.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    let rows = get::question_row(&entity, reporter)?;
    let columns = found.online.read(&args.service, &rows, &[at_us], true);
    let columns = columns.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    let mut answers = Vec::new();
    for (place, (feature, ty)) in program.fields(&args.service).into_iter().enumerate() {
        let value = |column: usize, ty: Type| {
            let read = from_arrow(columns.column(column), ty).map(|column| column.value(0));
            read.or_else(|why| reporter.refuse(errors::bug(&why)))
        };
        answers.push(Answered::of(
            feature,
            &value(2 * place, ty)?,
            ty,
            &value(2 * place + 1, Type::String)?,
        ));
    }
    get::mark_gated(&mut answers, &program.gated(&args.service));
    let by_name: BTreeMap<String, Value> = entity.into_iter().map(|(key, value)| (key.name, value)).collect();
    let entities = program.entities(&args.service);
    let entities = entities.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    let mut kept: Vec<(String, Kept)> = Vec::new();
    for keys in entities {
        let named = keys.iter().filter_map(|(own, asked)| Some((own, by_name.get(asked)?)));
        let entity: BTreeMap<String, Value> = named.map(|(own, value)| (own.clone(), value.clone())).collect();
        // Of a role, which column brings the key.
        let by: Vec<&str> = keys.iter().map(|(_, asked)| asked.as_str()).collect();
        let is_role = keys.iter().any(|(own, asked)| own != asked);
        let by = if is_role {
            format!(", asked by ({})", by.join(", "))
        } else {
            String::new()
        };
        let of_entity = found.online.kept(&entity).into_iter();
        let of_entity = of_entity.filter(|log| log.log.keys.iter().eq(keys.iter().map(|(own, _)| own)));
        let new: Vec<_> = of_entity.map(|log| (by.clone(), log)).collect();
        kept.extend(new);
    }
    let sources = program.service_inputs(&args.service);
    let sources = sources.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    // As an answer has them.
    let of_service = |(source, cut): (&String, &i64)| {
        let is_read = sources.iter().any(|read| read.name == *source);
        is_read.then(|| (source.clone(), instant(*cut)))
    };
    let cuts: BTreeMap<String, String> = cuts.iter().filter_map(of_service).collect();
    let mut text = format!("at {}", instant(at_us));
    for (source, cut) in &cuts {
        let _ = write!(text, ", {source} up to {cut}");
    }
    let _ = write!(text, "\n{}", get::lines(&answers));
    kept.iter().for_each(|(by, log)| put_events(&mut text, (by, log)));
    let value = serde_json::json!({
        "at": instant(at_us), "cuts": cuts, "features": answers.iter().map(Answered::as_json).collect::<Vec<_>>(),
        "logs": kept.iter().map(|(_, log)| events(log)).collect::<Vec<_>>(),
    });
    reporter.result(&text, &value);
    Ok(())
}

fn put_events(text: &mut String, (by, log): (&str, &Kept)) {
    let _ = write!(text, "\n{}{by}: {}", log.log, counted(log.times.len(), "event"));
    let from = log.times.len().saturating_sub(SHOWN);
    if from > 0 {
        let _ = write!(text, ", the last {SHOWN} of which are");
    }
    for row in from..log.times.len() {
        let _ = write!(text, "\n  {}", instant(log.times[row]));
        for (name, column) in &log.columns {
            let value = column.value(row);
            let shown = match value.is_null() {
                true => "null".to_owned(),
                false => value.render(column.ty),
            };
            let _ = write!(text, "  {name} = {}", printable(&shown));
        }
        if let Some(arrival_us) = log.arrivals[row] {
            let _ = write!(text, "  waits for the cut {}", instant(arrival_us));
        }
    }
}

fn events(log: &Kept) -> serde_json::Value {
    let event = |row: usize| {
        let carried = log.columns.iter();
        let carried: serde_json::Map<String, serde_json::Value> = carried
            .map(|(name, column)| (name.clone(), json_value(&column.value(row), column.ty)))
            .collect();
        serde_json::json!({ "at": instant(log.times[row]), "waits_for": log.arrivals[row].map(instant), "carries": carried })
    };
    serde_json::json!({
        "source": log.log.source, "transform": log.log.transform, "keys": log.log.keys,
        "events": (0..log.times.len()).map(event).collect::<Vec<_>>(),
    })
}
