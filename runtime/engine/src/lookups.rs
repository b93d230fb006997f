//! What lookups find: counts of a run, and why one finds nothing.

use crate::error::Error;
use crate::program::Program;
use crate::search::nearest;
use featc_ir::display::instant;
use featc_ir::plan::{BatchPlan, Pipeline, RowSpec};
use featc_ir::window::format_duration;
use featc_ir::{ColumnId, Key, Literal, Lookup, TableRows, Versions};
use featr_kernels::eval::Sought;
use featr_kernels::{Batch, Value, rows};
use std::fmt;

/// The keys that a transform looks up in a table: of each row that was read one, unless it is null or an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct LookupReport {
    pub transform: String,
    pub table: String,
    /// As the program says it: `shops(lower(shop)) within 30d`.
    pub lookup: String,
    pub asked: u64,
    /// Those that no row of the table has.
    pub unknown: u64,
    /// Those that rows of the table have, none of which holds, and is known, at the event's instant.
    pub not_then: u64,
    /// What the first of the unknown ones, or else of the others, asks.
    #[serde(skip)]
    first: Option<Vec<Literal>>,
}

impl LookupReport {
    /// Those that find nothing.
    pub fn missing(&self) -> u64 {
        self.unknown + self.not_then
    }

    /// How many there are, and how many of those that find nothing do so for the instant.
    pub fn counts(&self) -> String {
        let keys = if self.asked == 1 { "key" } else { "keys" };
        let not_then = match self.not_then {
            0 => String::new(),
            all if all == self.missing() => ", the table has rows of them that do not hold then".to_owned(),
            some => format!(", the table has rows of {some} of them that do not hold then"),
        };
        format!("{} {keys}{not_then}", self.asked)
    }
}

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
            first: unknown.first.clone().or_else(|| not_then.first.clone()),
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
            // Behind a `where` there are fewer rows.
            Some(known) if known.asked < report.asked => *known = report,
            Some(_) => {}
            None => found.push(report),
        }
    }
    found.sort_by(|left, right| (&left.transform, &left.lookup).cmp(&(&right.transform, &right.lookup)));
    found
}

/// Why a lookup finds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stray {
    /// The table has no rows.
    NoRows,
    /// No row has the key.
    Key {
        /// `tail "n1"`.
        asked: String,
        /// The nearest that a row has, if one is near.
        nearest: Option<String>,
    },
    /// No version of the key held, and was known, at that instant; in microseconds.
    NotYet {
        asked: String,
        at_us: i64,
        /// From when on the first one holds, and since when one is known.
        valid_from_us: i64,
        known_us: i64,
    },
    /// The last version then had ended.
    Ended { asked: String, at_us: i64, end_us: i64 },
    /// The last version then was too old for the lookup.
    TooOld {
        asked: String,
        at_us: i64,
        valid_from_us: i64,
    },
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stray::NoRows => f.write_str("the table has no rows"),
            Stray::Key { asked, nearest: None } => write!(f, "no row has {asked}"),
            Stray::Key {
                asked,
                nearest: Some(nearest),
            } => write!(f, "no row has {asked}; the nearest is {nearest}"),
            Stray::NotYet {
                asked,
                at_us,
                valid_from_us,
                known_us,
            } => write!(
                f,
                "of {asked} nothing held and was known at {}; its rows hold from {} on and are known from {} on",
                instant(*at_us),
                instant(*valid_from_us),
                instant(*known_us)
            ),
            Stray::Ended { asked, at_us, end_us } => write!(
                f,
                "of {asked} nothing held at {}; the last row had ended at {}",
                instant(*at_us),
                instant(*end_us)
            ),
            Stray::TooOld {
                asked,
                at_us,
                valid_from_us,
            } => write!(
                f,
                "of {asked} nothing held at {} that is young enough; the last row is of {}",
                instant(*at_us),
                instant(*valid_from_us)
            ),
        }
    }
}

impl Program {
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
            .and_then(|(lookup, first)| why(lookup, first)))
    }
}

fn why(lookup: &Lookup, asked: &[Literal]) -> Option<Stray> {
    let (table, held) = (&lookup.table, lookup.rows.as_ref()?);
    let keys: Vec<Key> = table.keys().collect();
    let (key, now) = asked.split_at_checked(keys.len())?;
    let words = |key: &[Literal]| -> Vec<String> {
        let values = keys.iter().zip(key);
        values
            .map(|(key, value)| Value::from_literal(value).render(key.ty))
            .collect()
    };
    if held.rows().is_empty() {
        return Some(Stray::NoRows);
    }
    if held.of_key(key).next().is_none() {
        let own = |row: &Vec<Literal>| -> Vec<Literal> { table.key.iter().map(|id| row[id.index()].clone()).collect() };
        let mut known: Vec<Vec<Literal>> = held.rows().iter().map(own).collect();
        // Versions of a key stand side by side.
        known.dedup();
        let (asked, nearest) = nearest(&keys, words(key), known.iter().map(|key| words(key)));
        return Some(Stray::Key { asked, nearest });
    }
    let asked = nearest(&keys, words(key), std::iter::empty()).0;
    let [Literal::Timestamp(at_us)] = *now else { return None };
    not_then(lookup, table.versions?, held, key, (asked, at_us))
}

fn not_then(
    lookup: &Lookup,
    versions: Versions,
    held: &TableRows,
    key: &[Literal],
    (asked, at_us): (String, i64),
) -> Option<Stray> {
    let at = |row: &[Literal], id: ColumnId| match row[id.index()] {
        Literal::Timestamp(us) => Some(us),
        _ => None,
    };
    let is_past = |row: &[Literal], id: ColumnId| at(row, id).is_some_and(|us| us <= at_us);
    let seen = |row: &&[Literal]| is_past(row, versions.valid_from) && is_past(row, versions.arrival);
    let Some(last) = held.of_key(key).rev().find(seen) else {
        let first = |id: ColumnId| held.of_key(key).filter_map(|row| at(row, id)).min();
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
