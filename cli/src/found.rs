//! What a training set tells of its answers beside them: questions and lookups that find nothing, and answers that are not
//! what was asked for.

use crate::answered::Answered;
use crate::report::Reporter;
use crate::run::Prepared;
use featr::{LookupReport, RunReport, Silence, Truth};

/// So many views, and so many features, get a line.
const LINES_MAX: usize = 8;

/// So many features that say nothing are named.
const NAMES_MAX: usize = 5;

/// So many questions say something of a feature that says nothing to them.
const SILENT_ROWS_MIN: u64 = 10;

/// A line per view with questions that find nothing, and a line per feature with answers that are errors, truncated or
/// stale.
pub fn tell(prepared: &Prepared, training: &Answered, reporter: &Reporter) {
    let report = &training.report;
    let mut lines = Vec::new();
    for view in report.views.iter().filter(|view| view.missing > 0) {
        // Nobody reads it: the files need not be looked at again.
        let rows = report.missing_rows.get(&view.view).filter(|_| !reporter.json);
        let example = training
            .questions()
            .zip(rows)
            .filter(|_| lines.len() < LINES_MAX)
            .and_then(|(questions, rows)| {
                let program = &prepared.program;
                program.unfound(&prepared.service, &view.view, questions, rows)
            });
        let example = example.map_or(String::new(), |example| format!(": {example}"));
        let (missing, questions) = (view.missing, view.questions);
        lines.push(format!(
            "view {}: {missing} of {questions} questions find nothing{example}",
            view.view
        ));
    }
    let silent = report
        .silent_views
        .iter()
        .map(|view| format!("view {view}: every answer is null or 0, but for defaults"));
    lines.extend(silent);
    shortened(lines, "view", reporter);
    shortened(lookups(prepared, report, reporter), "lookup", reporter);
    let features = report.features.iter();
    let features = features.map(|feature| format!("{feature} of {} answers", report.rows));
    shortened(features.collect(), "feature", reporter);
    if report.rows >= SILENT_ROWS_MIN && !report.silent_features.is_empty() {
        reporter.note(&silent_features(report, prepared.truth));
    }
}

/// The features that say nothing beside others of their views, and why.
fn silent_features(report: &RunReport, truth: Truth) -> String {
    let silent = &report.silent_features;
    let named = silent.iter().take(NAMES_MAX).map(|silent| {
        let why = silent.why.map_or("", |why| match why {
            Silence::WhereOfNone => " (no event in its window fulfils its `where`)",
            Silence::WhereOrValues => " (events lie in its window: look at its `where`, and at what it takes of them)",
            Silence::Values => " (events lie in its window: look at what it takes of them)",
            Silence::NoEvents if truth == Truth::Complete => " (no event lies in its window)",
            Silence::NoEvents => " (no event that had arrived by then lies in its window)",
        });
        format!("{}{why}", silent.feature)
    });
    let named: Vec<String> = named.collect();
    let more = match silent.len().saturating_sub(NAMES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "null, zero or false in all {} answers, but for defaults: {}{more}",
        report.rows,
        named.join(", ")
    )
}

/// A line per lookup a tenth of whose keys, or more, find no row.
pub fn lookups(prepared: &Prepared, report: &RunReport, reporter: &Reporter) -> Vec<String> {
    let many = |lookup: &&LookupReport| lookup.missing() > 0 && lookup.missing() >= lookup.asked.div_ceil(10);
    let lines = report.lookups.iter().filter(many).map(|lookup| {
        // Nobody reads it: the table need not be looked at again.
        let why = match reporter.json {
            true => None,
            false => prepared.program.stray(&prepared.service, lookup).unwrap_or_default(),
        };
        let why = why.map_or(String::new(), |why| format!(": for example {why}"));
        let keys = if lookup.asked == 1 { "key" } else { "keys" };
        let then = match lookup.not_then {
            0 => String::new(),
            some => format!(" (the table has rows of {some} of them, which were not valid then)"),
        };
        format!(
            "lookup {} of transform {}: {} of {} {keys} find no row{then}{why}",
            lookup.lookup,
            lookup.transform,
            lookup.missing(),
            lookup.asked
        )
    });
    lines.collect()
}

/// At most [`LINES_MAX`] lines, and how many more there are.
pub fn shortened(lines: Vec<String>, what: &str, reporter: &Reporter) {
    for line in lines.iter().take(LINES_MAX) {
        reporter.note(line);
    }
    match lines.len().saturating_sub(LINES_MAX) {
        0 => {}
        1 => reporter.note(&format!("and one more {what}")),
        more => reporter.note(&format!("and {more} more {what}s")),
    }
}
