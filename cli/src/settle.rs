//! What train, replay, verify and get tell of the rows that were read, and what they refuse for it.

use crate::args::RunArgs;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use crate::run::Prepared;
use featc_driver::diag::{Diagnostic, SourceMap};
use featc_ir::Type;
use featr::{RunReport, Side, SourceReport, Spine, log_columns};
use std::collections::BTreeMap;

/// Tells people what was rejected; under `--strict`, or beyond `--max-rejected`, that ends the command.
pub fn settle(report: &RunReport, args: &RunArgs, reporter: &Reporter) -> Result<(), Refused> {
    let mut rejected = 0;
    let mut told = Vec::new();
    for source in &report.sources {
        rejected += source.rejected_total();
        if source.rejected_total() > 0 {
            let line = format!(
                "source {}: {} of {} rejected ({})",
                source.source,
                source.rejected_total(),
                counted(source.rejected_total() + source.accepted, "row"),
                words(&source.rejected)
            );
            reporter.note(&line);
            told.push(line);
            for example in &source.examples {
                reporter.note(&format!("  {}", example.text));
            }
            if source.accepted == 0 {
                return reporter.refuse(errors::nothing_accepted(
                    &source.source,
                    source.rejected_total(),
                    &source.examples,
                ));
            }
        }
        rejected += source.rejected_by_any_view;
        for (view, counts) in &source.rejected_by_view {
            let line = format!("{view}: rows rejected there: {}", words(counts));
            reporter.note(&line);
            told.push(line);
        }
        for example in &source.view_examples {
            reporter.note(&format!("  {}", example.text));
        }
        if source.differing_copies > 0 {
            reporter.note(&differing_copies(source));
        }
        for (view, counts) in &source.dropped {
            reporter.note(&format!("{view}: events that do not count there: {}", words(counts)));
        }
    }
    let conflicts = report.sources.iter().filter(|source| source.conflicting_ids > 0);
    let conflicts = conflicts.map(|source| {
        let shown = examples(&source.conflict_examples, source.conflicting_ids);
        errors::several_rows_of_an_id(&source.source, source.conflicting_ids, &shown)
    });
    let warnings: Vec<Diagnostic> = conflicts.chain(report.warnings.iter().map(errors::warning)).collect();
    reporter.diagnostics(&warnings, &SourceMap::new())?;
    if args.strict && rejected > 0 {
        return reporter.refuse(errors::strict(rejected, if reporter.json { &told } else { &[] }));
    }
    let checked = report.check_rejected(&args.limits());
    checked.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

/// Warns of a run that asks nothing; under `--strict`, that ends the command. `why` nothing is asked: `the spine has no rows`.
pub fn check_asked(rows: u64, why: &str, args: &RunArgs, reporter: &Reporter) -> Result<(), Refused> {
    match (rows, args.strict) {
        (0, true) => reporter.refuse(errors::nothing_asked_strict(why)),
        (0, false) => reporter.diagnostics(&[errors::nothing_asked(why)], &SourceMap::new()),
        _ => Ok(()),
    }
}

/// What is wrong with a spine that has every column of the service, as a training set has.
fn answered(prepared: &Prepared, spine: &Spine) -> Option<featr::Error> {
    let service = prepared.ir.service(&prepared.service)?;
    let has = |(name, _): (&str, Type)| spine.schema.column_with_name(name).is_some();
    let (first, _) = service.columns(&prepared.ir).next()?;
    let is_set = prepared.served_log.is_empty() && service.columns(&prepared.ir).all(has);
    is_set.then(|| featr::Error::ColumnClash {
        column: first.to_owned(),
        of_spine: true,
    })
}

/// As [`check_asked`], of a spine; one that is a training set is refused.
pub fn check_spine(prepared: &Prepared, spine: &Spine, args: &RunArgs, reporter: &Reporter) -> Result<(), Refused> {
    if let Some(error) = answered(prepared, spine) {
        let has = |name: &&str| spine.schema.column_with_name(name).is_some();
        let is_log = [log_columns::SERVICE, log_columns::PROGRAM, log_columns::REQUEST]
            .iter()
            .all(has);
        return reporter.refuse(if is_log {
            errors::served_log(&error)
        } else {
            errors::answered(&error)
        });
    }
    let why = format!("{} has no rows", prepared.questions());
    check_asked(spine.times.len() as u64, &why, args, reporter)
}

/// Refuses questions that find nothing, beyond `--max-missing`. `side` is what was read.
pub fn check_found(
    prepared: &Prepared,
    report: &RunReport,
    questions: &Spine,
    side: Side,
    args: &RunArgs,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let checked = prepared
        .program
        .check_limits(&prepared.service, report, questions, side, &args.limits());
    checked.or_else(|error| reporter.refuse(errors::not_found(&error, prepared.truth)))
}

/// `3 late, 1 null_time`
fn words(counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    counts.join(", ")
}

/// Tells of events whose copies differ in columns that the source does not declare.
fn differing_copies(source: &SourceReport) -> String {
    let events = if source.differing_copies == 1 {
        "1 event has".to_owned()
    } else {
        format!("{} events have", source.differing_copies)
    };
    format!(
        "source {}: {events} copies that differ in undeclared columns and count once; declare the columns if these are \
         different events ({})",
        source.source,
        examples(&source.differing_copy_examples, source.differing_copies)
    )
}

/// The examples, and how many more there are.
fn examples(shown: &[String], all: u64) -> String {
    match all.saturating_sub(shown.len() as u64) {
        0 => shown.join("; "),
        more => format!("{} and {more} more", shown.join("; ")),
    }
}
