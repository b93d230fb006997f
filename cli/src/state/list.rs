//! `featc state list`: what is kept, in numbers.

use super::{Opened, opened};
use crate::args::StateArgs;
use crate::report::{Refused, Reporter, counted};
use featc_ir::display::instant;
use featc_ir::{Program, View, ViewId};
use featr::LogName;
use std::fmt::Write as _;

pub fn run(args: &StateArgs, reporter: &Reporter) -> Result<(), Refused> {
    let Opened { ir, program, found } = opened(args, reporter)?;
    let folder = args.folder.state.display().to_string();
    let mut text = format!(
        "{folder}: checkpoint {}, {} of log after it, program {}",
        found.checkpoint,
        counted(found.replayed, "row"),
        found.program
    );
    if found.program != program.hash() {
        let _ = write!(text, " (this one is {})", program.hash());
    }
    let sources: Vec<serde_json::Value> = program
        .inputs()
        .iter()
        .map(|source| {
            let cut = found.cuts.get(&source.name).map(|cut| instant(*cut));
            let shown = cut.as_deref().unwrap_or("none");
            let _ = write!(text, "\nsource {}: cut {shown}", source.name);
            serde_json::json!({ "name": source.name, "cut": cut })
        })
        .collect();
    let mut logs = Vec::new();
    for log in found.online.stats() {
        let views = views(&ir, &log.name);
        let _ = write!(
            text,
            "\n{}: {} of {}, {} more before their cut, about {}; read by {}",
            log.name,
            counted(log.events, "event"),
            if log.entities == 1 {
                "1 entity".to_owned()
            } else {
                format!("{} entities", log.entities)
            },
            log.waiting,
            counted(log.bytes, "byte"),
            views.join(", "),
        );
        logs.push(serde_json::json!({
            "source": log.name.source, "transform": log.name.transform, "keys": log.name.keys, "views": views,
            "entities": log.entities, "events": log.events, "waiting": log.waiting, "bytes": log.bytes,
            "asked_from": log.horizon_us.map(instant),
        }));
    }
    let value = serde_json::json!({
        "state": folder, "program": found.program, "epoch": found.epoch, "checkpoint": found.checkpoint,
        "ended": found.has_ended, "replayed": found.replayed, "answered": found.answered_us.map(instant),
        "sources": sources, "logs": logs,
    });
    reporter.result(&text, &value);
    Ok(())
}

/// The views of services that read the events of a transform by these keys; those of all keys of what waits for tables, and those
/// that look into a table.
fn views(program: &Program, log: &LogName) -> Vec<String> {
    let served = |id: ViewId| {
        program
            .services
            .iter()
            .any(|service| service.reads().iter().any(|read| read.view == id))
    };
    let reads = |(place, view): &(usize, &View)| {
        let entity = program.entity(view.entity);
        let keys = entity.keys.iter().map(|key| &key.name);
        let transform = program.transform(view.transform);
        let is_log = transform.name == log.transform && (log.keys.is_empty() || keys.eq(&log.keys));
        let tables = featc_ir::table::awaited(&transform.steps, &transform.time);
        let looks_up = tables.iter().any(|table| table.name == log.source);
        (is_log || looks_up) && served(ViewId::from(*place))
    };
    let views = program.views.iter().enumerate().filter(reads);
    views.map(|(_, view)| view.name.clone()).collect()
}
