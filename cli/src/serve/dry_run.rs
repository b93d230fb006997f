//! `featc serve --dry-run`: what would become of the state that is there.

use crate::args::ServeArgs;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use crate::serve::fill::told;
use crate::serve::objects;
use featr_online::{Backup, Disk, Fill, Folder, Found, StateError, SystemClock, inspect};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

pub fn run(
    program: &featr::Program,
    (args, fill): (&ServeArgs, Option<&Fill>),
    reporter: &Reporter,
) -> Result<(), Refused> {
    let state = args.state.as_path();
    let folder = state.display().to_string();
    let disk: Option<Arc<dyn Disk>> = match Folder::existing(state) {
        Ok(Some(disk)) => Some(Arc::new(disk)),
        Ok(None) => return reporter.refuse(errors::busy_state(&folder)),
        Err(_) if !state.exists() => None,
        Err(error) => return reporter.refuse(errors::no_state(&folder, &error)),
    };
    if let Some(objects) = objects(args, reporter)? {
        let restored =
            Backup::look(&*objects, disk.as_deref()).or_else(|error| reporter.refuse(errors::state(&error)))?;
        if let Some(checkpoint) = restored {
            return restores(&folder, (checkpoint, &objects.name("")), reporter);
        }
    }
    let Some(disk) = disk else {
        return begin(&folder, reporter);
    };
    let found = inspect(program, &disk, fill).or_else(|error| reporter.refuse(errors::state(&error)))?;
    let Some(found) = found else {
        return begin(&folder, reporter);
    };
    tell(&folder, &found, reporter);
    match found.refusal(program, &folder) {
        None => {
            let clock = found.check_clock(&SystemClock);
            clock.or_else(|error| reporter.refuse(errors::state(&error)))?;
            let events = found.removed();
            match events.is_empty() || args.allow_removed {
                true => Ok(()),
                false => reporter.refuse(errors::state(&StateError::Removed { folder, events })),
            }
        }
        Some(error) => reporter.refuse(errors::state(&error)),
    }
}

fn begin(folder: &str, reporter: &Reporter) -> Result<(), Refused> {
    let text = format!("{folder}: there is no state yet; one would be begun");
    reporter.result(&text, &serde_json::json!({ "state": folder, "begins": true }));
    Ok(())
}

fn restores(folder: &str, (checkpoint, address): (u64, &str), reporter: &Reporter) -> Result<(), Refused> {
    let text = format!(
        "{folder}: there is no state yet; checkpoint {checkpoint} would be restored from `{address}`, and whether this program \
         can go on with it is known then"
    );
    let value = serde_json::json!({ "state": folder, "begins": false, "restores": checkpoint, "from": address });
    reporter.result(&text, &value);
    Ok(())
}

fn tell(folder: &str, found: &Found, reporter: &Reporter) {
    let mut text = format!(
        "{folder}: checkpoint {} of program {}, {} of log after it",
        found.checkpoint,
        found.program,
        counted(found.replayed, "row")
    );
    let report = found.restored.clone().unwrap_or_default();
    let names = |logs: &[featr::LogName]| {
        // A table and a view of it by its key are kept apart, and told alike.
        let all = logs.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
        all.into_iter().collect::<Vec<String>>()
    };
    let (kept, gone) = (names(&report.kept), found.removed());
    let filled: Vec<String> = found.filled.iter().flat_map(told).collect();
    let missing = report.to_rebuild.iter().filter(|_| filled.is_empty());
    let refused: Vec<String> = missing.map(ToString::to_string).collect();
    let unread = found
        .unread
        .iter()
        .map(|(source, why)| format!("rows of `{source}` in the log: {why}"));
    let refused: Vec<String> = refused.into_iter().chain(unread).collect();
    for (what, names) in [
        ("kept", &kept),
        ("filled", &filled),
        ("gone", &gone),
        ("refused", &refused),
    ] {
        for name in names {
            let _ = write!(text, "\n{what}: {name}");
        }
    }
    let value = serde_json::json!({
        "state": folder, "begins": false, "program": found.program, "checkpoint": found.checkpoint, "replayed": found.replayed,
        "kept": kept, "filled": filled, "gone": gone, "refused": refused,
    });
    reporter.result(&text, &value);
}
