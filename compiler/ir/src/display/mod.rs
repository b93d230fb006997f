//! Printers: what people read and goldens compare. Own text, no types of any engine.

mod clauses;
mod expr;
mod lookups;
mod mermaid;
mod plan;
mod program;

pub use crate::calendar::render_timestamp as instant;
pub use clauses::{Clause, clauses};
pub use expr::{expression, literal};
pub use mermaid::mermaid;
pub use plan::{batch_plan, stream_graph};
pub use program::program;

use crate::program::{Arrival, At, FileSet, Lateness, Source};
use crate::window::format_duration;
use std::fmt::Write as _;

fn duration(us: u64) -> String {
    i64::try_from(us).map_or_else(|_| format!("{us}us"), format_duration)
}

/// A length, or that there is no bound.
fn reach(us: Option<u64>) -> String {
    us.map_or_else(|| "lifetime".to_owned(), duration)
}

fn files(set: &FileSet) -> String {
    let format = set.format.name();
    let paths: Vec<String> = set.paths.iter().map(|path| format!("{path:?}")).collect();
    let version = set
        .version
        .map_or(String::new(), |version| format!(" version {version}"));
    format!("{format} {}{version}", paths.join(", "))
}

/// ` within 2d`, where an event time is bounded.
fn within(at: Option<At>) -> String {
    let bound = at.and_then(|at| at.within_us);
    bound.map_or(String::new(), |us| format!(" within {}", duration(us)))
}

/// A source in several lines, each indented by `indent`.
fn source_lines(out: &mut String, source: &Source, indent: &str) {
    let name = |id: crate::ColumnId| source.columns[id.index()].name.as_str();
    for (position, column) in source.columns.iter().enumerate() {
        let mark = if column.nullable { "?" } else { "" };
        let _ = writeln!(
            out,
            "{indent}#{position} {}: {}{mark}{}",
            column.name, column.ty, column.form
        );
    }
    let unique: Vec<&str> = source.unique.iter().map(|id| name(*id)).collect();
    let _ = writeln!(out, "{indent}unique ({})", unique.join(", "));
    let _ = writeln!(out, "{indent}time {}", name(source.time));
    match source.arrival {
        None => {}
        Some(Arrival::Column(id)) => {
            let _ = writeln!(out, "{indent}arrival {}", name(id));
        }
        Some(Arrival::AfterTime { offset_us }) => {
            let _ = writeln!(out, "{indent}arrival time + {}", duration(offset_us));
        }
        Some(Arrival::Static) => {
            let _ = writeln!(out, "{indent}static");
        }
    }
    let lateness = match source.lateness {
        Lateness::Unbounded => "unbounded".to_owned(),
        Lateness::Within { bound_us } => duration(bound_us),
    };
    let _ = writeln!(
        out,
        "{indent}delay {}, lateness {lateness}, skew {}",
        duration(source.delay_us),
        duration(source.skew_us)
    );
    if let Some(begins) = source.begins_us {
        let _ = writeln!(out, "{indent}begins @{}", instant(begins));
    }
    if let Some(zone) = &source.zone {
        let _ = writeln!(out, "{indent}zone {zone:?}");
    }
    if source.keep_nan {
        let _ = writeln!(out, "{indent}keep nan");
    }
}
