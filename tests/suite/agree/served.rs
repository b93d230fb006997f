//! Truth `as_served`: the cuts of questions, and changes of them.

use super::clauses::Found;
use crate::evaluators::{Asked, Case};
use featc_ir::{Arrival, Cut, Program, Source, Table, Truth};
use featc_tests::rng::Rng;
use featr_kernels::Value;

/// The sources of a program whose cuts questions bring.
fn cut_sources(program: &Program) -> impl Iterator<Item = (usize, &Source)> {
    let sources = program.sources.iter().enumerate();
    sources.filter(|(_, source)| source.cut_under(Truth::AsServed) == Cut::Given)
}

/// When a row was known.
fn arrival(source: &Source, row: &[Value]) -> Option<i64> {
    let instant = |column: usize| match row[column] {
        Value::Timestamp(us) => Some(us),
        _ => None,
    };
    match source.arrival? {
        Arrival::Column(column) => instant(column.index()),
        Arrival::AfterTime { offset_us } => instant(source.time.index())?.checked_add_unsigned(offset_us),
        Arrival::Static => None,
    }
}

/// Gives each question a cut per source, which owes nothing to its instant: at arrivals and beside them, at the ends of
/// time, or none.
pub fn add_cuts(rng: &mut Rng, program: &Program, rows: &[Vec<Vec<Value>>], questions: &mut [Asked]) {
    for asked in questions {
        for (place, source) in cut_sources(program) {
            let known = match rows[place].is_empty() {
                true => None,
                false => arrival(source, rng.pick::<Vec<_>>(&rows[place])),
            };
            let beside = rng.below(3) as i64 - 1;
            let cut = match rng.below(14) {
                0 => Value::Null,
                1 => Value::Timestamp(*rng.pick(&[i64::MIN, i64::MAX])),
                2 => Value::Timestamp(asked.at_us.saturating_add(beside)),
                3 => Value::Timestamp(asked.at_us.saturating_add(3_600_000_000)),
                4 => Value::Timestamp(asked.at_us.saturating_sub(86_400_000_000)),
                _ => Value::Timestamp(known.unwrap_or(asked.at_us).saturating_add(beside)),
            };
            asked.values.push((source.cut_key().name, cut));
        }
        add_cuts_of_tables(rng, program, rows, asked);
    }
}

/// The tables with versions whose cuts questions bring beside those of sources: a view of a table makes it a source.
fn cut_tables(program: &Program) -> Vec<Table> {
    let is_source = |table: &Table| program.sources.iter().any(|source| source.name == table.name);
    let mut tables = program.tables();
    tables.retain(|table| table.versions.is_some() && !is_source(table));
    tables
}

/// Of each such table: at instants of events and beside them, or where it lets all in, or none.
fn add_cuts_of_tables(rng: &mut Rng, program: &Program, rows: &[Vec<Vec<Value>>], asked: &mut Asked) {
    for table in cut_tables(program) {
        let place = rng.below(rows.len());
        let time = program.sources[place].time.index();
        let instant = match rows[place].is_empty() {
            true => None,
            false => match rng.pick(&rows[place])[time] {
                Value::Timestamp(us) => Some(us),
                _ => None,
            },
        };
        let beside = rng.below(3) as i64 - 1;
        let cut = match rng.below(12) {
            0 => Value::Null,
            1..4 => Value::Timestamp(i64::MAX),
            4 => Value::Timestamp(asked.at_us.saturating_add(beside)),
            _ => Value::Timestamp(instant.unwrap_or(asked.at_us).saturating_add(beside)),
        };
        asked.values.push((table.cut_key().name, cut));
    }
}

/// Changes the cuts of all questions: of the instant, the source, and the cut.
fn change(case: &mut Case, to: impl Fn(i64, &Source, &Value) -> Value) {
    let sources: Vec<Source> = cut_sources(&case.program).map(|(_, source)| source.clone()).collect();
    for asked in &mut case.questions {
        for source in &sources {
            let name = source.cut_key().name;
            if let Some((_, value)) = asked.values.iter_mut().find(|(known, _)| *known == name) {
                *value = to(asked.at_us, source, value);
            }
        }
    }
}

/// What of the cuts of a case may matter.
pub fn cuts(case: &Case, found: &mut Found) {
    if case.truth != Truth::AsServed {
        return;
    }
    found.add("truth as served", |case| case.truth = Truth::Complete);
    found.add("null cut", |case| {
        change(case, |_, _, cut| match cut {
            Value::Null => Value::Timestamp(i64::MAX),
            known => known.clone(),
        });
    });
    found.add("cut later than the instant", |case| {
        change(case, |at_us, _, cut| match cut {
            Value::Timestamp(us) if *us > at_us => Value::Timestamp(at_us),
            known => known.clone(),
        });
    });
    found.add("cut earlier than the instant", |case| {
        change(case, |at_us, _, cut| match cut {
            Value::Timestamp(us) if *us < at_us => Value::Timestamp(at_us),
            known => known.clone(),
        });
    });
    found.add("cut at an arrival", |case| {
        change(case, |_, _, cut| match cut {
            Value::Timestamp(us) => Value::Timestamp(us.saturating_sub(1)),
            known => known.clone(),
        });
    });
    if case.questions.len() > 1 {
        found.add("cut of each question", |case| {
            let first = case.questions[0].values.clone();
            change(case, |_, source, cut| {
                let name = source.cut_key().name;
                let of_first = first.iter().find(|(known, _)| *known == name);
                of_first.map_or_else(|| cut.clone(), |(_, cut)| cut.clone())
            });
        });
    }
    if cut_sources(&case.program).count() > 1 {
        found.add("cuts of several sources", |case| {
            let first = cut_sources(&case.program)
                .map(|(_, source)| source.cut_key().name)
                .next();
            for asked in &mut case.questions {
                let of_first = asked.values.iter().find(|(name, _)| Some(name) == first.as_ref());
                let Some((_, cut)) = of_first.cloned() else { continue };
                let is_cut = |name: &str| name.starts_with(Source::CUT);
                asked
                    .values
                    .iter_mut()
                    .filter(|(name, _)| is_cut(name))
                    .for_each(|(_, value)| *value = cut.clone());
            }
        });
    }
    for table in cut_tables(&case.program) {
        let name = table.cut_key().name;
        found.add("cut of a table", move |case| {
            for asked in &mut case.questions {
                let cut = asked.values.iter_mut().find(|(known, _)| *known == name);
                if let Some((_, cut)) = cut {
                    *cut = Value::Timestamp(i64::MAX);
                }
            }
        });
    }
    if case.program.views.iter().any(|view| view.ttl_us.is_some()) {
        found.add("ttl as served", |case| {
            case.program.views.iter_mut().for_each(|view| view.ttl_us = None)
        });
    }
}
