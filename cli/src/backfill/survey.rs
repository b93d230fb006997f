//! Which entities and events there are, before anything is written.

use super::plan::{Questions, When};
use crate::args::BackfillArgs;
use crate::errors;
use crate::found::{lookups, shortened};
use crate::outputs::Aside;
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use crate::settle::{check_found, settle};
use arrow::datatypes::Schema;
use featr::{Column, Grid, RunReport, Side, Spine, Survey, SurveyOptions, ViewReport};
use std::ops::Range;
use std::sync::Arc;

/// Reads the sources once: what cannot be used is told before anything is written.
pub fn survey(
    args: &BackfillArgs,
    prepared: &Prepared,
    when: When,
    range: Range<i64>,
    reporter: &Reporter,
) -> Result<Questions, Refused> {
    let Ok(service) = prepared.program.service(&prepared.service) else {
        return reporter.refuse(errors::bug("the service was there a moment ago"));
    };
    let (program, name) = (&prepared.program, &prepared.service);
    let only = match (&args.run.given.entities, &args.entities) {
        (Some(rows), _) => Some(program.entities_in(name, rows)),
        (None, Some(path)) => Some(program.read_entities(name, path)),
        (None, None) => None,
    };
    let only = only
        .transpose()
        .or_else(|error| reporter.refuse(errors::of_questions(&error, None)))?;
    let listed = only.clone();
    let aside = Aside::new(&args.run, reporter)?;
    let options = SurveyOptions {
        events_in: (when == When::Events).then(|| range.clone()),
        only,
        grid: match when {
            When::Every { us } => Some(Grid {
                every_us: us,
                range: range.clone(),
                truth: prepared.truth,
            }),
            When::Events => None,
        },
        rejects: aside.as_ref().map(|aside| aside.sink(reporter)).transpose()?,
    };
    let known = prepared.program.survey(&prepared.service, options).or_else(|error| {
        reporter.refuse(match &error {
            featr::Error::Columns { why, .. } => errors::several_entities(&prepared.service, why),
            other => errors::run(other, None),
        })
    })?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    let report = RunReport {
        sources: known.sources.clone(),
        lookups: known.lookups.clone(),
        ..RunReport::default()
    };
    settle(&report, &args.run, reporter)?;
    let checked = program.check_lookups(name, &report, &args.run.limits());
    checked.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    shortened(lookups(prepared, &report, reporter), "lookup", reporter);
    if let (When::Every { .. }, Some(listed)) = (when, listed) {
        check_listed(args, prepared, &listed, &known, range.start, reporter)?;
    }
    let questions = Questions::new(when, range, known, &service.self_columns);
    check_seen(args, prepared, &questions, reporter)?;
    Ok(questions)
}

/// Refuses a grid of which no question finds anything in a view.
fn check_seen(
    args: &BackfillArgs,
    prepared: &Prepared,
    questions: &Questions,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let Some(ends) = questions.ends().filter(|_| !questions.unseen().is_empty()) else {
        return Ok(());
    };
    let all = u64::try_from(questions.len()).unwrap_or(u64::MAX);
    let views = questions.unseen().iter().map(|view| ViewReport {
        view: view.clone(),
        questions: all,
        missing: all,
    });
    let report = RunReport {
        views: views.collect(),
        ..RunReport::default()
    };
    check_found(prepared, &report, &ends, Side::Batch, &args.run, reporter)
}

/// Judges the entities of `--entities` by how many of them any event is about.
fn check_listed(
    args: &BackfillArgs,
    prepared: &Prepared,
    listed: &[Column],
    found: &Survey,
    from: i64,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let (Ok(service), Some(fields)) = (
        prepared.program.service(&prepared.service),
        prepared.ir.service(&prepared.service),
    ) else {
        return reporter.refuse(errors::bug("the service was there a moment ago"));
    };
    let rows = found.columns.first().map_or(0, |(_, column)| column.len());
    let has_all_keys = |read: &featc_ir::AskedFeature| {
        let keys = fields.keys_of(&prepared.ir, *read);
        service.keys.iter().all(|key| keys.contains(key))
    };
    let Some(view) = fields.reads().into_iter().find(has_all_keys) else {
        return Ok(());
    };
    let missing = (rows as u64).saturating_sub(found.known);
    let report = RunReport {
        views: vec![ViewReport {
            view: fields.name_of(&prepared.ir, view).to_owned(),
            questions: rows as u64,
            missing,
        }],
        ..RunReport::default()
    };
    let questions = Spine {
        schema: Arc::new(Schema::empty()),
        batches: Vec::new(),
        times: vec![from; listed.first().map_or(0, Column::len)].into(),
        columns: service.keys.iter().cloned().zip(listed.iter().cloned()).collect(),
    };
    check_found(prepared, &report, &questions, Side::Batch, &args.run, reporter)?;
    if missing > 0 {
        reporter.note(&format!(
            "entities: no event is about {missing} of the {rows} that are listed"
        ));
    }
    Ok(())
}
