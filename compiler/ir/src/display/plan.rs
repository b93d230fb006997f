//! The text of plans. Columns, lifts, slots and lookbacks go by their names and expressions, and never by their positions: a
//! feature more is a few lines more.

use super::program::slot_text;
use super::{duration, expression, files, literal, reach, within};
use crate::id::{ColumnId, LiftId};
use crate::plan::{
    Accept, BatchPlan, Dedup, Derive, DeriveInput, Finish, FinishKind, Fold, FoldSlot, Method, Order, OrderKey, Pages,
    Rows, Scan, Spine, StreamGraph, StreamLog, Visibility,
};
use crate::program::{Arrival, Key, Lateness, Step};
use std::fmt::Write as _;

fn keys(keys: &[Key]) -> String {
    keys.iter()
        .map(|key| format!("{}: {}", key.name, key.ty))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The names of a transform's row.
pub(super) struct Names<'a> {
    pub scan: &'a Scan,
    pub rows: &'a Rows,
}

impl Names<'_> {
    pub fn column(&self, id: ColumnId) -> String {
        let declared = self.scan.columns.get(id.index()).map(|column| &column.name);
        let width = self.scan.columns.len();
        let added = || self.rows.steps.lets.get(id.index().wrapping_sub(width));
        declared.or_else(added).cloned().unwrap_or_else(|| format!("#{}", id.0))
    }

    fn columns(&self, ids: &[ColumnId]) -> String {
        ids.iter().map(|id| self.column(*id)).collect::<Vec<_>>().join(", ")
    }

    fn lift(&self, id: LiftId) -> String {
        let lift = self.rows.lift.0.get(id.index());
        lift.map_or_else(|| format!("${}", id.0), |lift| expression(lift, &|id| self.column(id)))
    }

    fn slot(&self, fold: &Fold, at: usize) -> String {
        let Some(slot) = fold.slots.get(at) else {
            return format!("%{at}");
        };
        slot_text(&slot.slot(), &|lift| self.lift(lift))
    }
}

fn spine_lines(out: &mut String, spine: &Spine, indent: &str) {
    let _ = writeln!(out, "{indent}Spine ({})", keys(&spine.keys));
    if !spine.self_columns.is_empty() {
        let _ = writeln!(out, "{indent}  self ({})", keys(&spine.self_columns));
    }
    if !spine.request.is_empty() {
        let _ = writeln!(out, "{indent}  request ({})", keys(&spine.request));
    }
}

fn scan_lines(out: &mut String, scan: &Scan, accept: &Accept, indent: &str) {
    let column = |id: &ColumnId| scan.columns.get(id.index()).map_or("?", |column| column.name.as_str());
    let list = |ids: &[ColumnId]| ids.iter().map(column).collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "{indent}Scan {} (", scan.source);
    for column in &scan.columns {
        let _ = writeln!(out, "{indent}    {}: {}{}", column.name, column.ty, column.form);
    }
    let _ = writeln!(out, "{indent}  ) reads {}", list(&scan.read));
    if let Some(zone) = &scan.zone {
        let _ = writeln!(out, "{indent}  zone {zone:?}");
    }
    if scan.keep_nan {
        let _ = writeln!(out, "{indent}  keep nan");
    }
    for (side, set) in [("batch", &scan.batch), ("stream", &scan.stream)] {
        if let Some(set) = set {
            let _ = writeln!(out, "{indent}  {side} {}", files(set));
        }
    }
    let arrival = match accept.arrival {
        None => "no arrival".to_owned(),
        Some(Arrival::Column(id)) => format!("arrival {}", column(&id)),
        Some(Arrival::AfterTime { offset_us }) => format!("arrival time + {}", duration(offset_us)),
        Some(Arrival::Static) => "static".to_owned(),
    };
    let late = match accept.lateness {
        Lateness::Unbounded => "however late".to_owned(),
        Lateness::Within { bound_us } => {
            format!(
                "late by at most {}, ahead by at most {}",
                duration(bound_us),
                duration(accept.skew_us)
            )
        }
    };
    let _ = writeln!(out, "{indent}Accept time {}, {arrival}, {late}", column(&accept.time));
    let _ = writeln!(out, "{indent}  without null in {}", list(&accept.required));
}

fn row_lines(out: &mut String, names: &Names<'_>, indent: &str) {
    let rows = names.rows;
    let name = |id: ColumnId| names.column(id);
    let _ = writeln!(out, "{indent}Steps {}", rows.steps.transform);
    let mut lets = rows.steps.lets.iter();
    for step in &rows.steps.steps {
        let _ = match step {
            Step::Where(predicate) => writeln!(out, "{indent}  where {}", expression(predicate, &name)),
            Step::Let(value) => {
                let column = lets.next().map_or("?", String::as_str);
                writeln!(out, "{indent}  let {column} = {}", expression(value, &name))
            }
        };
    }
    let within = within(rows.place.at);
    let _ = writeln!(out, "{indent}Place at {}{within}", expression(&rows.place.time, &name));
    let key = names.columns(&rows.key.columns);
    let _ = writeln!(out, "{indent}KeyBy ({key}) as ({})", keys(&rows.key.entity));
    let _ = writeln!(out, "{indent}Lift");
    for lift in &rows.lift.0 {
        let _ = writeln!(out, "{indent}  {}: {}", expression(lift, &name), lift.ty);
    }
}

fn event_lines(out: &mut String, dedup: &Dedup, order: &Order, names: &Names<'_>, indent: &str) {
    let identity = names.columns(&dedup.identity);
    let _ = writeln!(
        out,
        "{indent}Dedup ({identity}), equal rows once, with the least arrival"
    );
    let by = order.by.iter().map(|key| match key {
        OrderKey::Time => "time",
        OrderKey::Identity => "identity",
        OrderKey::Digest => "digest",
    });
    let _ = writeln!(out, "{indent}Order by {}", by.collect::<Vec<_>>().join(", "));
}

fn seen(visibility: Visibility) -> String {
    match visibility {
        Visibility::Always => "always visible".to_owned(),
        Visibility::AsOf { delay_us } => format!("visible {} after arrival", duration(delay_us)),
    }
}

fn method(slot: &FoldSlot) -> &'static str {
    match slot.method {
        Method::Prefix => "prefix difference",
        Method::Extreme => "ordered extreme",
        Method::Edge => "edge lookup",
        Method::Values => "window deltas of values",
        Method::Ranks => "window deltas of ranks",
        Method::Deltas => "window deltas",
        Method::States => "states",
        Method::Pages => "pages",
    }
}

fn fold_lines(out: &mut String, (fold, pages): (&Fold, Option<&Pages>), names: &Names<'_>, indent: &str) {
    let by = fold.asked_by.as_ref();
    let by = by.map_or_else(String::new, |by| format!(" asked by ({})", keys(by)));
    let _ = writeln!(out, "{indent}Fold{by}");
    if !fold.self_columns.is_empty() {
        let _ = writeln!(out, "{indent}  self ({})", keys(&fold.self_columns));
    }
    let window = |at: usize| fold.windows.get(at).map_or_else(|| "?".to_owned(), ToString::to_string);
    for (place, slot) in fold.slots.iter().enumerate() {
        let _ = writeln!(
            out,
            "{indent}  {} {}: {} v{}, {}, by {}",
            names.slot(fold, place),
            window(slot.window.index()),
            slot.ty,
            slot.version,
            seen(slot.visibility),
            method(slot)
        );
    }
    for presence in &fold.presence {
        let (reach, seen) = (reach(presence.reach_us), seen(presence.visibility));
        let _ = writeln!(out, "{indent}  presence {reach}, {seen}");
    }
    for walk in pages.iter().flat_map(|pages| &pages.walks) {
        let saves = if walk.saves { ", remembering states" } else { "" };
        let _ = writeln!(out, "{indent}  walk{saves}");
        for stop in &walk.stops {
            let slots: Vec<String> = stop.slots.iter().map(|slot| names.slot(fold, *slot as usize)).collect();
            let _ = writeln!(
                out,
                "{indent}    {} of {}",
                window(stop.window.index()),
                slots.join(", ")
            );
        }
    }
}

fn finish_lines(out: &mut String, (spec, fold): (&Finish, &Fold), names: &Names<'_>, indent: &str) {
    let begins = spec.begins_us.map_or_else(String::new, |us| {
        format!(
            ", complete from {}, moved by at most {}",
            super::instant(us),
            duration(spec.moved_us)
        )
    });
    let _ = writeln!(out, "{indent}Finish{begins}");
    for feature in &spec.features {
        let _ = write!(
            out,
            "{indent}  {} {}: {} = ",
            if feature.output { "feature" } else { "input" },
            feature.name,
            feature.ty
        );
        let _ = match &feature.kind {
            FinishKind::Aggregate {
                slots,
                expr,
                presence,
                window,
                ttl_us,
            } => {
                let text = expression(expr, &|id| names.slot(fold, slots[id.index()] as usize));
                let ttl = ttl_us.map_or_else(String::new, |ttl| format!(" ttl {}", duration(ttl)));
                let presence = fold.presence.get(*presence as usize);
                let presence = presence.map_or_else(|| "?".to_owned(), |presence| reach(presence.reach_us));
                write!(out, "{text} {window} missing {presence}{ttl}")
            }
            FinishKind::Derived { inputs, expr } => {
                let text = expression(expr, &|id| spec.features[inputs[id.index()] as usize].name.clone());
                write!(out, "{text}")
            }
        };
        if let Some(default) = &feature.default {
            let _ = write!(out, " default {}", literal(default, feature.ty));
        }
        out.push('\n');
    }
}

/// Features of the service's own, and what leaves.
fn compose_lines(
    out: &mut String,
    (spine, derive): (&Spine, &Derive),
    finishes: &[&Finish],
    (columns, gated): (Vec<(&str, crate::Type)>, &[u32]),
) {
    let answer = |answer: u32, place: u32| {
        let finish = finishes.get(answer as usize)?;
        finish.outputs().get(place as usize).map(|(name, _)| (*name).to_owned())
    };
    let name = |input: &DeriveInput| match input {
        DeriveInput::At => Some("at".to_owned()),
        DeriveInput::Field(field) => spine
            .request
            .get(*field as usize)
            .map(|key| format!("request.{}", key.name)),
        DeriveInput::Answer(from, place) => answer(*from, *place),
        DeriveInput::Own(own) => derive.0.get(*own as usize).map(|feature| feature.name.clone()),
    };
    if !derive.is_empty() {
        let _ = writeln!(out, "Derive");
    }
    for feature in &derive.0 {
        let named = |id: ColumnId| feature.inputs.get(id.index()).and_then(&name);
        let text = expression(&feature.expr, &|id| named(id).unwrap_or_else(|| format!("#{}", id.0)));
        let _ = write!(out, "  feature {}: {} = {text}", feature.name, feature.ty);
        if let Some(default) = &feature.default {
            let _ = write!(out, " default {}", literal(default, feature.ty));
        }
        out.push('\n');
    }
    let column = |(at, (name, _)): (u32, (&str, crate::Type))| match gated.contains(&at) {
        true => format!("{name} gated"),
        false => name.to_owned(),
    };
    let columns: Vec<String> = (0..).zip(columns).map(column).collect();
    let _ = writeln!(out, "Compose");
    for column in columns {
        let _ = writeln!(out, "  {column}");
    }
}

/// One batch plan: the questions, every pipeline from its source to its features, what leaves.
pub fn batch_plan(plan: &BatchPlan) -> String {
    let mut out = format!("batch plan of service {} (program {})\n", plan.service, plan.program);
    spine_lines(&mut out, &plan.spine, "");
    for (place, pipeline) in plan.pipelines.iter().enumerate() {
        let names = Names {
            scan: &pipeline.scan,
            rows: &pipeline.rows,
        };
        let _ = writeln!(out, "pipeline {place}");
        let indent = "  ";
        scan_lines(&mut out, &pipeline.scan, &pipeline.accept, indent);
        row_lines(&mut out, &names, indent);
        event_lines(&mut out, &pipeline.dedup, &pipeline.order, &names, indent);
        let _ = writeln!(
            out,
            "{indent}Restrict to entities of the spine, from {} before the first question to the last",
            reach(pipeline.restrict.after_us)
        );
        fold_lines(&mut out, (&pipeline.fold, None), &names, indent);
        finish_lines(&mut out, (&pipeline.finish, &pipeline.fold), &names, indent);
    }
    let finishes: Vec<&Finish> = plan.pipelines.iter().map(|pipeline| &pipeline.finish).collect();
    let asked = (&plan.spine, &plan.derive);
    compose_lines(&mut out, asked, &finishes, (plan.columns(), &[]));
    out
}

fn log_lines(out: &mut String, log: &StreamLog, names: &Names<'_>, indent: &str) {
    let _ = match log.gate {
        Visibility::Always => writeln!(out, "{indent}Gate open: rows that never change"),
        Visibility::AsOf { delay_us } => writeln!(out, "{indent}Gate opens {} after arrival", duration(delay_us)),
    };
    event_lines(out, &log.dedup, &log.order, names, indent);
    let types = |types: &[crate::Type]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let waits = if log.state.waits {
        ", arrival while it waits"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "{indent}State {} by ({}): time, identity ({}), digest, poison, {} lifts{waits}",
        log.state_key,
        types(&log.state.entity),
        keys(&log.state.identity),
        log.state.lifts.len()
    );
    let retention = &log.retention;
    let _ = writeln!(
        out,
        "{indent}Retention {}: {}, lateness {}, questions up to {} late",
        reach(retention.keep_us),
        retention.window,
        duration(retention.lateness_us),
        duration(retention.read_skew_us)
    );
}

/// The graph of a service, operator by operator.
pub fn stream_graph(graph: &StreamGraph) -> String {
    let mut out = format!(
        "stream graph of service {} (program {})\n",
        graph.service, graph.program
    );
    spine_lines(&mut out, &graph.spine, "");
    for (place, source) in graph.sources.iter().enumerate() {
        let _ = writeln!(out, "source {place}");
        scan_lines(&mut out, &source.scan, &source.accept, "  ");
    }
    let names = |rows: &crate::plan::RowsId| {
        graph.rows.get(rows.index()).and_then(|node| {
            let scan = &graph.sources.get(node.input.index())?.scan;
            Some(Names { scan, rows: &node.rows })
        })
    };
    for (place, rows) in (0u32..).zip(&graph.rows) {
        let _ = writeln!(out, "rows {place} <- source {}", rows.input.0);
        if let Some(names) = names(&crate::plan::RowsId(place)) {
            row_lines(&mut out, &names, "  ");
        }
    }
    for (place, log) in graph.logs.iter().enumerate() {
        let _ = writeln!(out, "log {place} <- rows {}", log.input.0);
        if let Some(names) = names(&log.input) {
            log_lines(&mut out, log, &names, "  ");
        }
    }
    for (place, answer) in graph.answers.iter().enumerate() {
        let _ = writeln!(out, "answer {place} <- log {}", answer.input.0);
        let log = graph.logs.get(answer.input.index());
        if let Some(names) = log.and_then(|log| names(&log.input)) {
            fold_lines(&mut out, (&answer.fold, Some(&answer.pages)), &names, "  ");
            finish_lines(&mut out, (&answer.finish, &answer.fold), &names, "  ");
        }
    }
    let finishes: Vec<&Finish> = graph.answers.iter().map(|answer| &answer.finish).collect();
    let asked = (&graph.spine, &graph.derive);
    compose_lines(&mut out, asked, &finishes, (graph.columns(), &graph.gated));
    out
}
