//! What a changed program reads and the state does not have: whether it is filled from history, and what was.

use crate::args::ServeArgs;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use crate::state::duration;
use featc_ir::display::instant;
use featr_online::{Fill, Filled};
use std::path::Path;

/// What `--fill` and `--fill-from` ask for; files that are given are those of the program from now on.
pub fn of(args: &ServeArgs, program: &mut featr::Program, reporter: &Reporter) -> Result<Option<Fill>, Refused> {
    if !args.fill && args.fill_from.is_empty() {
        return Ok(None);
    }
    let delay = args.delay.as_deref();
    let mut fill = Fill {
        delay_us: delay.map(|text| duration("--delay", text, reporter)).transpose()?,
        ..Fill::default()
    };
    for given in &args.fill_from {
        let Some((source, path)) = given.split_once('=') else {
            let help = "write it like `--fill-from payments=history/*.parquet`";
            return reporter.refuse(errors::argument("--fill-from", given, "no `=` in it", help));
        };
        // A static table is read at each start, and what versions were given up is not known: neither can be filled.
        let sources: Vec<String> = program.sources().into_iter().map(|source| source.name).collect();
        if !sources.iter().any(|known| known == source) {
            let (why, help) = (
                format!("unknown source `{source}`"),
                format!("the program reads: {}", sources.join(", ")),
            );
            return reporter.refuse(errors::argument("--fill-from", given, &why, &help));
        }
        let read = program.read_from(source, Path::new(path));
        read.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
        fill.given.insert(source.to_owned());
    }
    Ok(Some(fill))
}

/// What was filled, a line for the events of each entity.
pub fn told(filled: &Filled) -> Vec<String> {
    let brought = &filled.brought;
    let mut from = match (brought.known, filled.has_files) {
        (0, true) if brought.rejected == 0 => String::new(),
        (known, _) => format!("from {} pushed here", counted(known, "row")),
    };
    if brought.rejected > 0 {
        from.push_str(&format!(
            " ({} more are rejected as the source is declared now)",
            brought.rejected
        ));
    }
    if filled.has_files {
        let used = brought.of_files - brought.again - brought.later - brought.unusable;
        let and = if from.is_empty() { "from" } else { ", and" };
        from.push_str(&format!("{and} {} of files", counted(used, "row")));
        if let Some(cut_us) = filled.cut_us {
            from.push_str(&format!(" that arrived up to {}", instant(cut_us)));
        }
        let left = [
            (brought.again, "pushed here as well"),
            (brought.later, "later"),
            (brought.unusable, "of no use"),
        ];
        let left = left.iter().filter(|(count, _)| *count > 0);
        let left: Vec<String> = left.map(|(count, why)| format!("{count} {why}")).collect();
        if !left.is_empty() {
            from.push_str(&format!(" (left out: {})", left.join(", ")));
        }
        if let Some(lacks) = &filled.lacks {
            from.push_str(&format!("; {lacks}"));
        }
    }
    let line = |missing: &featr::ToRebuild| format!("{missing}; {from}");
    filled.events.iter().map(line).collect()
}
