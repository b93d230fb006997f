//! The text of plans, and the stream graph as Mermaid. Columns, lifts and slots go by their names and expressions.

use super::program::slot_text;
use super::{duration, expression, files, literal, within};
use crate::id::{ColumnId, LiftId};
use crate::plan::{
    Accept, BatchPlan, Dedup, Finish, FinishKind, Fold, FoldSlot, Method, Order, OrderKey, Pages, Rows, Scan, Spine,
    StreamGraph, StreamLog, Visibility,
};
use crate::program::{Arrival, Key, Lateness, Step};
use std::fmt::Write as _;

fn keys(keys: &[Key]) -> String {
    keys.iter()
        .map(|key| format!("{}: {}", key.name, key.ty))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A length, or that there is no bound.
fn reach(us: Option<u64>) -> String {
    us.map_or_else(|| "lifetime".to_owned(), duration)
}

/// The names of a transform's row.
struct Names<'a> {
    scan: &'a Scan,
    rows: &'a Rows,
}

impl Names<'_> {
    fn column(&self, id: ColumnId) -> String {
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
}

fn scan_lines(out: &mut String, scan: &Scan, accept: &Accept, indent: &str) {
    let column = |id: &ColumnId| scan.columns.get(id.index()).map_or("?", |column| column.name.as_str());
    let list = |ids: &[ColumnId]| ids.iter().map(column).collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "{indent}Scan {} (", scan.source);
    for column in &scan.columns {
        let _ = writeln!(out, "{indent}    {}: {}{}", column.name, column.ty, column.held);
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
        Method::Deltas => "window deltas",
        Method::States => "states",
        Method::Pages => "pages",
    }
}

fn fold_lines(out: &mut String, (fold, pages): (&Fold, Option<&Pages>), names: &Names<'_>, indent: &str) {
    let _ = writeln!(out, "{indent}Fold");
    if !fold.self_columns.is_empty() {
        let _ = writeln!(out, "{indent}  self ({})", keys(&fold.self_columns));
    }
    let window = |at: usize| fold.windows.get(at).map_or_else(|| "?".to_owned(), ToString::to_string);
    for (place, slot) in fold.slots.iter().enumerate() {
        let part = pages.and_then(|pages| pages.of_slots.get(place));
        let part = part.map_or_else(String::new, |part| format!(" of part {part}"));
        let _ = writeln!(
            out,
            "{indent}  %{place}: {} = {} v{} {}, {}, by {}{part}",
            slot.ty,
            names.slot(fold, place),
            slot.version,
            window(slot.window.index()),
            seen(slot.visibility),
            method(slot)
        );
    }
    for (place, presence) in fold.presence.iter().enumerate() {
        let _ = writeln!(
            out,
            "{indent}  presence ?{place}: {}, {}",
            reach(presence.reach_us),
            seen(presence.visibility)
        );
    }
    for walk in pages.iter().flat_map(|pages| &pages.walks) {
        let stops = walk.stops.iter().map(|stop| {
            let slots: Vec<String> = stop.slots.iter().map(|slot| format!("%{slot}")).collect();
            format!("{} ({})", window(stop.window.index()), slots.join(", "))
        });
        let saves = if walk.saves { ", remembering states" } else { "" };
        let _ = writeln!(out, "{indent}  walk {}{saves}", stops.collect::<Vec<_>>().join(", "));
    }
}

fn finish_lines(out: &mut String, spec: &Finish, indent: &str) {
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
                let text = expression(expr, &|id| format!("%{}", slots[id.index()]));
                let ttl = ttl_us.map_or_else(String::new, |ttl| format!(" ttl {}", duration(ttl)));
                write!(out, "{text} {window} missing ?{presence}{ttl}")
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

fn compose_lines(out: &mut String, columns: Vec<(&str, crate::Type)>) {
    let columns: Vec<&str> = columns.into_iter().map(|(name, _)| name).collect();
    let _ = writeln!(out, "Compose ({})", columns.join(", "));
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
        finish_lines(&mut out, &pipeline.finish, indent);
    }
    compose_lines(&mut out, plan.columns());
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
        "{indent}State {} by ({}): time, identity ({}), digest, poison, lifts ({}){waits}",
        log.state_key,
        types(&log.state.entity),
        keys(&log.state.identity),
        types(&log.state.lifts)
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
        }
        finish_lines(&mut out, &answer.finish, "  ");
    }
    compose_lines(&mut out, graph.columns());
    out
}

/// The graph as a Mermaid flowchart.
pub fn mermaid(graph: &StreamGraph) -> String {
    let mut out = "flowchart LR\n".to_owned();
    let mut node = |name: String, (open, close): (&str, &str), title: String, input: Option<String>| {
        let _ = writeln!(out, "  {name}{open}\"{title}\"{close}");
        if let Some(input) = input {
            let _ = writeln!(out, "  {input} --> {name}");
        }
    };
    for (place, source) in graph.sources.iter().enumerate() {
        node(
            format!("s{place}"),
            ("([", "])"),
            format!("Scan {}", source.scan.source),
            None,
        );
        node(
            format!("a{place}"),
            ("[", "]"),
            "Accept".to_owned(),
            Some(format!("s{place}")),
        );
    }
    for (place, rows) in graph.rows.iter().enumerate() {
        let title = format!("Steps {}", rows.rows.steps.transform);
        node(
            format!("r{place}"),
            ("[", "]"),
            title,
            Some(format!("a{}", rows.input.0)),
        );
    }
    for (place, log) in graph.logs.iter().enumerate() {
        let entity = graph.rows.get(log.input.index()).map(|node| &node.rows.key.entity);
        let names: Vec<&str> = entity.into_iter().flatten().map(|key| key.name.as_str()).collect();
        let title = format!("Log by ({}), {}", names.join(", "), reach(log.retention.keep_us));
        node(
            format!("l{place}"),
            ("[(", ")]"),
            title,
            Some(format!("r{}", log.input.0)),
        );
    }
    for (place, answer) in graph.answers.iter().enumerate() {
        let title = format!("Fold, finish {} features", answer.finish.outputs().len());
        node(
            format!("f{place}"),
            ("[", "]"),
            title,
            Some(format!("l{}", answer.input.0)),
        );
    }
    let _ = writeln!(out, "  service{{{{\"service {}\"}}}}", graph.service);
    for place in 0..graph.answers.len() {
        let _ = writeln!(out, "  f{place} -.-> service");
    }
    out
}
