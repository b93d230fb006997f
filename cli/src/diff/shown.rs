//! A comparison for people, for machines, and for a pull request.

use crate::args::DiffArgs;
use crate::report::counted;
use featc_driver::diff::{Diff, FeatureChange, Kept, LogDiff, Part, ServiceDiff};
use featc_ir::window::format_duration;
use serde_json::{Value, json};
use std::fmt::Write as _;

pub fn text(diff: &Diff) -> String {
    let mut out = String::new();
    for feature in &diff.features {
        let name = &feature.name;
        let _ = match &feature.change {
            FeatureChange::Same => continue,
            FeatureChange::Renamed { from } => writeln!(out, "renamed  {name}, was {from}"),
            FeatureChange::Changed { parts } => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| format!("\n           {}", part_text(part, "")))
                    .collect();
                writeln!(out, "changed  {name}{}", parts.concat())
            }
            FeatureChange::Added => writeln!(out, "added    {name}"),
            FeatureChange::Removed => writeln!(out, "removed  {name}"),
        };
    }
    let _ = writeln!(out, "{}", same(diff));
    for service in &diff.services {
        let _ = writeln!(
            out,
            "service {}: {}",
            service.name,
            service_text(service, "").join("; ")
        );
    }
    for log in diff.state.iter().filter(|log| log.kept != Kept::Whole) {
        let _ = writeln!(out, "state: {}: {}", log_name(log), kept_text(log.kept));
    }
    out.trim_end().to_owned()
}

pub fn markdown(args: &DiffArgs, diff: &Diff) -> String {
    let mut out = format!(
        "### Features of `{}` beside `{}`\n\n",
        args.new.display(),
        args.old.display()
    );
    let differing: Vec<_> = diff
        .features
        .iter()
        .filter(|feature| feature.change != FeatureChange::Same)
        .collect();
    if !differing.is_empty() {
        out += "| feature | | what |\n|---|---|---|\n";
    }
    for feature in differing {
        let (word, what) = match &feature.change {
            FeatureChange::Same => continue,
            FeatureChange::Renamed { from } => ("renamed", format!("was `{from}`, with the same values")),
            FeatureChange::Changed { parts } => {
                let parts: Vec<String> = parts.iter().map(|part| part_text(part, "`")).collect();
                ("**changed**", parts.join("<br>"))
            }
            FeatureChange::Added => ("added", String::new()),
            FeatureChange::Removed => ("**removed**", String::new()),
        };
        let _ = writeln!(out, "| `{}` | {word} | {} |", feature.name, what.replace('|', "\\|"));
    }
    let _ = writeln!(out, "\n{}", same(diff));
    if !diff.services.is_empty() {
        out += "\n| service | what |\n|---|---|\n";
    }
    for service in &diff.services {
        let _ = writeln!(
            out,
            "| `{}` | {} |",
            service.name,
            service_text(service, "`").join("<br>")
        );
    }
    out += "\n| events in the state of a server | |\n|---|---|\n";
    for log in &diff.state {
        let _ = writeln!(out, "| {} | {} |", log_name(log), kept_text(log.kept));
    }
    out.trim_end().to_owned()
}

/// Shapes: `features` and `services` as in the text, `state` for each log; instants and lengths in microseconds.
pub fn json(diff: &Diff) -> Value {
    let features = diff.features.iter().map(|feature| {
        let (change, from, parts) = match &feature.change {
            FeatureChange::Same => ("same", None, vec![]),
            FeatureChange::Renamed { from } => ("renamed", Some(from), vec![]),
            FeatureChange::Changed { parts } => ("changed", None, parts.iter().map(part_json).collect()),
            FeatureChange::Added => ("added", None, vec![]),
            FeatureChange::Removed => ("removed", None, vec![]),
        };
        json!({ "feature": feature.name, "change": change, "from": from, "parts": parts })
    });
    let services = diff.services.iter().map(|service| {
        let change = match service.is_new {
            Some(true) => "added",
            Some(false) => "removed",
            None => "changed",
        };
        json!({
            "service": service.name, "change": change, "values": service.changed,
            "added": service.added, "removed": service.removed, "reordered": service.reordered,
            "gated": service.gated, "released": service.released,
            "asks": service.asks, "unasked": service.unasked,
        })
    });
    let state = diff.state.iter().map(|log| {
        let (kept, why) = match log.kept {
            Kept::Whole => (true, None),
            kept => (false, Some(kept_text(kept))),
        };
        json!({ "source": log.source, "transform": log.transform, "keys": log.keys, "kept": kept, "why": why })
    });
    json!({
        "old": diff.old, "new": diff.new, "keeps_everything": diff.keeps_everything(),
        "features": features.collect::<Vec<Value>>(),
        "services": services.collect::<Vec<Value>>(),
        "state": state.collect::<Vec<Value>>(),
    })
}

fn same(diff: &Diff) -> String {
    let same = diff.count(|change| *change == FeatureChange::Same);
    match same == diff.features.len() {
        true => format!("all {} mean the same", counted(same, "feature")),
        false => format!("{} of {} mean the same", same, counted(diff.features.len(), "feature")),
    }
}

/// `quote` stands around what is of the language.
fn part_text(part: &Part, quote: &str) -> String {
    let quoted = |text: &str| format!("{quote}{text}{quote}");
    match part {
        Part::Clause {
            clause,
            old: Some(old),
            new: Some(new),
        } => format!("{clause}: {}, was {}", quoted(new), quoted(old)),
        Part::Clause { clause, old: None, new } => {
            format!(
                "{clause}: {}, was not there",
                quoted(new.as_deref().unwrap_or_default())
            )
        }
        Part::Clause { clause, old, new: None } => {
            format!(
                "{clause}: no longer there, was {}",
                quoted(old.as_deref().unwrap_or_default())
            )
        }
        Part::Input { name } => format!("derived from {}, which means something else", quoted(name)),
        Part::Kernels => "computed in another way by this release".to_owned(),
    }
}

fn part_json(part: &Part) -> Value {
    match part {
        Part::Clause { clause, old, new } => json!({ "clause": clause, "old": old, "new": new }),
        Part::Input { name } => json!({ "input": name }),
        Part::Kernels => json!({ "kernels": true }),
    }
}

fn service_text(service: &ServiceDiff, quote: &str) -> Vec<String> {
    let quoted = |names: &[String]| {
        let names = names.iter().map(|name| format!("{quote}{name}{quote}"));
        names.collect::<Vec<String>>().join(", ")
    };
    match service.is_new {
        Some(true) => return vec![format!("is new, with {}", quoted(&service.added))],
        Some(false) => return vec!["is gone".to_owned()],
        None => {}
    }
    let mut found = Vec::new();
    for (what, names) in [
        ("other values in", &service.changed),
        ("new", &service.added),
        ("gone", &service.removed),
        ("now gated", &service.gated),
        ("no longer gated", &service.released),
        ("a question brings", &service.asks),
        ("a question no longer brings", &service.unasked),
    ] {
        if !names.is_empty() {
            found.push(format!("{what} {}", quoted(names)));
        }
    }
    if service.reordered {
        found.push("columns in another order".to_owned());
    }
    found
}

fn log_name(log: &LogDiff) -> String {
    let through = match log.transform == log.source {
        true => String::new(),
        false => format!(" through `{}`", log.transform),
    };
    format!("events of `{}`{through} by ({})", log.source, log.keys.join(", "))
}

fn kept_text(kept: Kept) -> String {
    let length = |us: Option<u64>| {
        let us = us.map(|us| i64::try_from(us).unwrap_or(i64::MAX));
        us.map_or_else(|| "for ever".to_owned(), |us| format!("for {}", format_duration(us)))
    };
    match kept {
        Kept::Whole => "kept".to_owned(),
        Kept::No => "not there: they have to be pushed".to_owned(),
        Kept::Columns { missing } => format!(
            "kept without {}: they have to be pushed again",
            counted(missing, "expression that is read now").replace("nows", "now")
        ),
        Kept::Released { kept_us, needed_us } => format!(
            "kept {}, and needed {}: older ones have to be pushed again",
            length(kept_us),
            length(needed_us)
        ),
        Kept::Unread => "no longer read: they go".to_owned(),
    }
}
