//! Counts what lookups find, and looks for why one finds nothing.

use crate::error::Error;
use crate::program::Program;
use crate::search::nearest;
use crate::sought::{LookupReport, Stray};
use featc_ir::plan::{BatchPlan, Pipeline, RowSpec};
use featc_ir::window::format_duration;
use featc_ir::{ColumnId, Key, Literal, Lookup, TableRows, Versions};
use featr_kernels::eval::Sought;
use featr_kernels::{Batch, Value, rows};

/// What a pipeline's lookups found. `sought` are in their order.
pub(crate) fn reports(pipeline: &Pipeline, sought: &[Sought]) -> Vec<LookupReport> {
    let lookups = pipeline.lookups().into_iter().zip(sought);
    let report = |((lookup, text), sought): ((&Lookup, String), &Sought)| {
        let Sought { unknown, not_then, .. } = sought;
        LookupReport {
            transform: pipeline.rows.steps.transform.clone(),
            table: lookup.table.name.clone(),
            lookup: told(lookup, &text),
            asked: sought.asked(),
            unknown: unknown.rows,
            not_then: not_then.rows,
            first: match unknown.rows < not_then.rows {
                true => not_then.first.clone(),
                false => unknown.first.clone(),
            },
        }
    };
    lookups.map(report).collect()
}

/// With the bound on the age of what is found.
fn told(lookup: &Lookup, text: &str) -> String {
    let within = |us: u64| {
        format!(
            "{text} within {}",
            format_duration(i64::try_from(us).unwrap_or(i64::MAX))
        )
    };
    lookup.within_us.map_or_else(|| text.to_owned(), within)
}

/// The lookups of a service's plan, while rows are read that do not run through it.
pub(crate) struct Looking(Vec<(Pipeline, RowSpec, Vec<Sought>)>);

impl Looking {
    pub(crate) fn of(plan: BatchPlan) -> Looking {
        let looking = plan
            .pipelines
            .into_iter()
            .filter(|pipeline| !pipeline.lookups().is_empty());
        let looking = looking.map(|pipeline| {
            let mut rows = pipeline.rows.spec();
            rows.lifts.clear();
            (pipeline, rows, Vec::new())
        });
        Looking(looking.collect())
    }

    /// Counts what accepted rows of a source look up, in the order of its files.
    pub(crate) fn add(&mut self, source: &str, accepted: &Batch) {
        for (_, spec, all) in self
            .0
            .iter_mut()
            .filter(|(pipeline, ..)| pipeline.scan.source == source)
        {
            let found = rows::apply(spec, accepted).sought;
            all.resize_with(found.len().max(all.len()), Sought::default);
            all.iter_mut().zip(found).for_each(|(all, found)| all.add(found));
        }
    }

    pub(crate) fn reports(self) -> Vec<LookupReport> {
        distinct(
            self.0
                .iter()
                .flat_map(|(pipeline, _, sought)| reports(pipeline, sought)),
        )
    }
}

/// Puts reports together: what several columns, or several views, look up alike is told once.
pub(crate) fn distinct(all: impl IntoIterator<Item = LookupReport>) -> Vec<LookupReport> {
    let mut found: Vec<LookupReport> = Vec::new();
    for report in all {
        let same = |known: &&mut LookupReport| known.transform == report.transform && known.lookup == report.lookup;
        match found.iter_mut().find(same) {
            // After a `where` there are fewer rows.
            Some(known) if known.asked < report.asked => *known = report,
            Some(_) => {}
            None => found.push(report),
        }
    }
    found.sort_by(|left, right| (&left.transform, &left.lookup).cmp(&(&right.transform, &right.lookup)));
    found
}

impl Program {
    /// What the transforms of a service look up for accepted rows of a source.
    ///
    /// # Errors
    /// As [`Program::contents`].
    pub fn looked_up(&self, service: &str, source: &str, rows: &Batch) -> Result<Vec<LookupReport>, Error> {
        let mut looking = Looking::of(self.batch_plan(service)?);
        looking.add(source, rows);
        Ok(looking.reports())
    }

    /// Why a lookup of a service finds nothing, by an example. `None` where none is at hand.
    ///
    /// # Errors
    /// As [`Program::contents`].
    pub fn stray(&self, service: &str, report: &LookupReport) -> Result<Option<Stray>, Error> {
        let plan = self.batch_plan(service)?;
        let of_transform = |pipeline: &&Pipeline| pipeline.rows.steps.transform == report.transform;
        let lookups = plan.pipelines.iter().filter(of_transform).flat_map(Pipeline::lookups);
        let mut lookups = lookups.filter(|(lookup, text)| told(lookup, text) == report.lookup);
        let found = lookups.next().map(|(lookup, _)| lookup);
        Ok(found
            .zip(report.first.as_deref())
            .and_then(|(lookup, first)| why(lookup, first, report.missing() < report.asked)))
    }
}

/// `finds` says whether the lookup finds something elsewhere: then a key like others is another key.
fn why(lookup: &Lookup, asked: &[Literal], finds: bool) -> Option<Stray> {
    let (table, rows) = (&lookup.table, lookup.rows.as_ref()?);
    let keys: Vec<Key> = table.keys().collect();
    let (key, now) = asked.split_at_checked(keys.len())?;
    let words = |key: &[Literal]| -> Vec<String> {
        let values = keys.iter().zip(key);
        values
            .map(|(key, value)| Value::from_literal(value).render(key.ty))
            .collect()
    };
    if rows.rows().is_empty() {
        return Some(Stray::NoRows);
    }
    if rows.of_key(key).next().is_none() {
        let own = |row: &Vec<Literal>| -> Vec<Literal> { table.key.iter().map(|id| row[id.index()].clone()).collect() };
        let mut known: Vec<Vec<Literal>> = rows.rows().iter().map(own).collect();
        // Versions of a key stand side by side.
        known.dedup();
        let (asked, nearest) = nearest(&keys, words(key), known.iter().map(|key| words(key)), finds);
        return Some(Stray::Key { asked, nearest });
    }
    let asked = nearest(&keys, words(key), std::iter::empty(), finds).0;
    let [Literal::Timestamp(at_us)] = *now else { return None };
    not_then(lookup, table.versions?, rows, key, (asked, at_us))
}

fn not_then(
    lookup: &Lookup,
    versions: Versions,
    rows: &TableRows,
    key: &[Literal],
    (asked, at_us): (String, i64),
) -> Option<Stray> {
    let at = |row: &[Literal], id: ColumnId| match row[id.index()] {
        Literal::Timestamp(us) => Some(us),
        _ => None,
    };
    let is_past = |row: &[Literal], id: ColumnId| at(row, id).is_some_and(|us| us <= at_us);
    let seen = |row: &&[Literal]| is_past(row, versions.valid_from) && is_past(row, versions.arrival);
    let Some(last) = rows.of_key(key).rev().find(seen) else {
        let first = |id: ColumnId| rows.of_key(key).filter_map(|row| at(row, id)).min();
        return Some(Stray::NotYet {
            asked,
            at_us,
            valid_from_us: first(versions.valid_from)?,
            known_us: first(versions.arrival)?,
        });
    };
    let valid_from_us = at(last, versions.valid_from)?;
    if lookup
        .within_us
        .is_some_and(|within_us| at_us.abs_diff(valid_from_us) > within_us)
    {
        return Some(Stray::TooOld {
            asked,
            at_us,
            valid_from_us,
        });
    }
    let end_us = at(last, versions.valid_to?)?;
    Some(Stray::Ended { asked, at_us, end_us })
}
