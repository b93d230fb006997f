//! The stream graph as Mermaid.

use super::reach;
use crate::plan::StreamGraph;
use std::fmt::Write as _;

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
