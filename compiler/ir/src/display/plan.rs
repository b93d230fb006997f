//! The text of plans, and the stream graph as Mermaid.

use super::program::slot_text;
use super::{duration, expression, literal, source_lines, within};
use crate::id::ColumnId;
use crate::plan::{
    BatchNode, BatchPlan, FinishKind, FinishSpec, FoldSpec, Operator, OperatorKind, RowSpec, StreamGraph,
};
use crate::program::{Key, Step};
use std::fmt::Write as _;

fn keys(keys: &[Key]) -> String {
    keys.iter()
        .map(|key| format!("{}: {}", key.name, key.ty))
        .collect::<Vec<_>>()
        .join(", ")
}

fn position(id: ColumnId) -> String {
    format!("#{}", id.0)
}

fn row_lines(out: &mut String, spec: &RowSpec, indent: &str) {
    for step in &spec.steps {
        let _ = match step {
            Step::Where(predicate) => writeln!(out, "{indent}where {}", expression(predicate, &position)),
            Step::Let(value) => writeln!(out, "{indent}let {}", expression(value, &position)),
        };
    }
    let within = within(spec.at);
    let _ = writeln!(out, "{indent}at {}{within}", expression(&spec.time, &position));
    let key: Vec<String> = spec.key.iter().map(|id| position(*id)).collect();
    let _ = writeln!(out, "{indent}key ({})", key.join(", "));
    for (place, lift) in spec.lifts.iter().enumerate() {
        let _ = writeln!(
            out,
            "{indent}lift ${place}: {} = {}",
            lift.ty,
            expression(lift, &position)
        );
    }
}

fn fold_lines(out: &mut String, spec: &FoldSpec, indent: &str) {
    let _ = writeln!(out, "{indent}entity ({})", keys(&spec.entity));
    if !spec.self_columns.is_empty() {
        let _ = writeln!(out, "{indent}self ({})", keys(&spec.self_columns));
    }
    for (place, slot) in spec.slots.iter().enumerate() {
        let text = slot_text(slot, &|lift| format!("${}", lift.0));
        let _ = writeln!(
            out,
            "{indent}slot %{place}: {} = {text} {}",
            slot.ty,
            spec.windows[slot.window.index()]
        );
    }
    for (place, presence) in spec.presence.iter().enumerate() {
        let text = presence.map_or_else(|| "lifetime".to_owned(), duration);
        let _ = writeln!(out, "{indent}presence ?{place}: {text}");
    }
}

fn finish_lines(out: &mut String, spec: &FinishSpec, indent: &str) {
    for feature in &spec.features {
        let _ = write!(
            out,
            "{indent}{} {}: {} = ",
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

/// One batch plan as an indented tree, root first.
pub fn batch_plan(plan: &BatchPlan) -> String {
    let mut out = format!("batch plan of service {} (program {})\n", plan.service, plan.program);
    batch_node(&mut out, &plan.root, 0);
    out
}

fn batch_node(out: &mut String, node: &BatchNode, depth: usize) {
    let indent = "  ".repeat(depth);
    let inner = format!("{indent}    ");
    let mut children = Vec::new();
    match node {
        BatchNode::Spine {
            keys: entity,
            self_columns,
        } => {
            let _ = writeln!(out, "{indent}Spine ({})", keys(entity));
            if !self_columns.is_empty() {
                let _ = writeln!(out, "{inner}self ({})", keys(self_columns));
            }
        }
        BatchNode::Scan { source } => {
            let _ = writeln!(out, "{indent}Scan {}", source.name);
            source_lines(out, source, &inner);
        }
        BatchNode::Accept { input } => {
            let _ = writeln!(out, "{indent}Accept");
            children.push(&**input);
        }
        BatchNode::Rows { input, spec } => {
            let _ = writeln!(out, "{indent}Rows {}", spec.name);
            row_lines(out, spec, &inner);
            children.push(input);
        }
        BatchNode::PointInTime { events, spine, spec } => {
            let _ = writeln!(out, "{indent}PointInTime");
            fold_lines(out, spec, &inner);
            children.extend([&**events, &**spine]);
        }
        BatchNode::Finish { input, spec } => {
            let _ = writeln!(out, "{indent}Finish");
            finish_lines(out, spec, &inner);
            children.push(input);
        }
        BatchNode::Zip { spine, inputs, columns } => {
            let columns: Vec<String> = columns
                .iter()
                .map(|(input, place)| format!("{input}.{place}"))
                .collect();
            let _ = writeln!(out, "{indent}Zip ({})", columns.join(", "));
            children.push(spine);
            children.extend(inputs);
        }
    }
    for child in children {
        batch_node(out, child, depth + 1);
    }
}

fn operator_title(operator: &Operator) -> String {
    match &operator.kind {
        OperatorKind::Source { source } => format!("Source {}", source.name),
        OperatorKind::Accept => "Accept".to_owned(),
        OperatorKind::Rows { spec } => format!("Rows {}", spec.name),
        OperatorKind::Log { spec, .. } => {
            let names: Vec<&str> = spec.entity.iter().map(|key| key.name.as_str()).collect();
            format!("Log by ({})", names.join(", "))
        }
        OperatorKind::Finish { spec } => {
            format!(
                "Finish {} features",
                spec.features.iter().filter(|feature| feature.output).count()
            )
        }
    }
}

/// The graph, operator by operator, with its services.
pub fn stream_graph(graph: &StreamGraph) -> String {
    let mut out = format!("stream graph (program {})\n", graph.program);
    for (place, operator) in graph.operators.iter().enumerate() {
        let inputs: Vec<String> = operator.inputs.iter().map(|id| format!("@{}", id.0)).collect();
        let from = if inputs.is_empty() {
            String::new()
        } else {
            format!(" <- {}", inputs.join(", "))
        };
        let _ = writeln!(out, "@{place} {}{from}", operator_title(operator));
        match &operator.kind {
            OperatorKind::Source { source } => source_lines(&mut out, source, "    "),
            OperatorKind::Accept => {}
            OperatorKind::Rows { spec } => row_lines(&mut out, spec, "    "),
            OperatorKind::Log { spec, state_key } => {
                let _ = writeln!(out, "    state {state_key}: events by (time, id, digest)");
                fold_lines(&mut out, spec, "    ");
            }
            OperatorKind::Finish { spec } => finish_lines(&mut out, spec, "    "),
        }
    }
    for service in &graph.services {
        let _ = writeln!(out, "service {} ({})", service.name, keys(&service.keys));
        if !service.self_columns.is_empty() {
            let _ = writeln!(out, "    self ({})", keys(&service.self_columns));
        }
        let columns: Vec<String> = service
            .columns
            .iter()
            .map(|(id, place)| format!("@{}.{place}", id.0))
            .collect();
        let _ = writeln!(out, "    read ({})", columns.join(", "));
    }
    out
}

/// The graph as a Mermaid flowchart.
pub fn mermaid(graph: &StreamGraph) -> String {
    let mut out = "flowchart LR\n".to_owned();
    for (place, operator) in graph.operators.iter().enumerate() {
        let (open, close) = match operator.kind {
            OperatorKind::Source { .. } => ("([", "])"),
            OperatorKind::Log { .. } => ("[(", ")]"),
            OperatorKind::Accept | OperatorKind::Rows { .. } | OperatorKind::Finish { .. } => ("[", "]"),
        };
        let _ = writeln!(out, "  o{place}{open}\"{}\"{close}", operator_title(operator));
        for input in &operator.inputs {
            let _ = writeln!(out, "  o{} --> o{place}", input.0);
        }
    }
    for (place, service) in graph.services.iter().enumerate() {
        let _ = writeln!(out, "  s{place}{{{{\"service {}\"}}}}", service.name);
        let mut readers: Vec<u32> = service.columns.iter().map(|(id, _)| id.0).collect();
        readers.sort_unstable();
        readers.dedup();
        for reader in readers {
            let _ = writeln!(out, "  o{reader} -.-> s{place}");
        }
    }
    out
}
