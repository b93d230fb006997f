//! How files hold the columns of a source: `from "Trip ID" as epoch_millis`.

use super::format::{Says, says};
use super::zone::check_zone;
use crate::errors;
use crate::res;
use featc_ir::{ColumnForm, EpochUnit, ReadAs, Type};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span, suggest};
use std::collections::BTreeMap;

/// What others call the forms.
const FOREIGN: [(&str, &str); 4] = [
    (
        "epoch unix unixtime unix_time unix_timestamp unix_seconds epoch_s epoch_sec s sec seconds posix",
        "epoch_seconds",
    ),
    (
        "unix_millis unix_ms epoch_ms epoch_milliseconds ms millis milliseconds",
        "epoch_millis",
    ),
    (
        "unix_micros unix_us epoch_us epoch_microseconds us micros microseconds",
        "epoch_micros",
    ),
    ("day days dates date32", "date"),
];

/// What is written after the type of a column; `zone` is that of the source.
pub(super) fn form(
    written: &ast::Column,
    ty: Option<Type>,
    zone: Option<&str>,
    complaints: &mut Vec<Diagnostic>,
) -> ColumnForm {
    let field = written.field.as_ref();
    complaints.extend(
        field
            .filter(|field| field.value.is_empty())
            .map(|field| errors::field_without_name(field.span)),
    );
    let read_as = written.read_as.as_ref();
    ColumnForm {
        field: field
            .map(|field| field.value.clone())
            .filter(|field| *field != written.name.text && !field.is_empty()),
        read_as: read_as.and_then(|form| read(form, (written, ty), zone, complaints)),
    }
}

fn read(
    written: &ast::ReadAs,
    (column, ty): (&ast::Column, Option<Type>),
    zone: Option<&str>,
    complaints: &mut Vec<Diagnostic>,
) -> Option<ReadAs> {
    written.zone.iter().for_each(|zone| check_zone(zone, complaints));
    let name = &column.name.text;
    let own = written.zone.as_ref().map(|zone| zone.value.as_str());
    let zone_of = |what: &str, complaints: &mut Vec<Diagnostic>| {
        if own.or(zone).is_none() {
            complaints.push(errors::local_without_zone(what, name, written.span));
        }
        own.or(zone).map(str::to_owned)
    };
    let no_zone = |why: &str, complaints: &mut Vec<Diagnostic>| {
        let needless = written.zone.as_ref().map(|zone| zone.span);
        complaints.extend(needless.map(|at| errors::zone_of_nothing_local(why, at)));
    };
    let (form, at): (String, Span) = match &written.form {
        ast::Form::Word(word) => (word.text.clone(), word.span),
        ast::Form::Format(format) => (format!("{:?}", format.value), format.span),
    };
    let is_other = |wanted: &[Type]| ty.is_some_and(|ty| !wanted.contains(&ty));
    let other = |complaints: &mut Vec<Diagnostic>| {
        complaints.extend(ty.map(|ty| errors::form_of_another_type(&form, ty, at, column.ty.span)));
        None
    };
    match &written.form {
        ast::Form::Word(word) if word.text == ReadAs::DATE => {
            if is_other(&[Type::Timestamp]) {
                return other(complaints);
            }
            zone_of("dates", complaints).map(|zone| ReadAs::Date { zone })
        }
        ast::Form::Word(word) => {
            if is_other(&[Type::Timestamp, Type::Date]) && meant(&word.text).is_none() {
                complaints.extend(ty.map(|ty| errors::form_of_no_instant(&word.text, name, ty, word.span)));
                return None;
            }
            let Some(unit) = EpochUnit::ALL.into_iter().find(|unit| unit.name() == word.text) else {
                complaints.push(errors::unknown_form(&word.text, word.span, meant(&word.text)));
                return None;
            };
            if is_other(&[Type::Timestamp]) {
                return other(complaints);
            }
            no_zone("a count of time, which is an instant", complaints);
            Some(ReadAs::Epoch(unit))
        }
        ast::Form::Format(written) if !written.value.contains('%') && is_other(&[Type::Timestamp, Type::Date]) => {
            complaints.push(errors::name_as_a_format(&form, name, at));
            None
        }
        ast::Form::Format(format) => {
            if is_other(&[Type::Timestamp, Type::Date]) {
                return other(complaints);
            }
            let said = match says(&format.value) {
                Ok(said) => said,
                Err(why) => {
                    complaints.push(errors::unusable_format(&format.value, &why, format.span));
                    return None;
                }
            };
            let zone = match said {
                _ if ty == Some(Type::Date) => {
                    no_zone("texts of a date column", complaints);
                    None
                }
                Says::Instant => {
                    no_zone("a format with an offset", complaints);
                    None
                }
                Says::Date => Some(zone_of("dates", complaints)?),
                Says::Local if ends_with_a_zone(&format.value) && !own.or(zone).is_some_and(is_utc) => {
                    complaints.push(errors::letter_for_a_zone(&format.value, format.span));
                    return None;
                }
                Says::Local => Some(zone_of("local times", complaints)?),
            };
            let format = format.value.clone();
            Some(ReadAs::Format { format, zone })
        }
    }
}

/// Whether a format ends with letters that say UTC, which are mere letters there.
fn ends_with_a_zone(format: &str) -> bool {
    let format = format.trim_end();
    let last = |word: &str| format.strip_suffix(word).is_some_and(|before| !before.ends_with('%'));
    last("Z") || last("UTC") || last("GMT")
}

fn is_utc(zone: &str) -> bool {
    let name = zone.rsplit('/').next().unwrap_or(zone);
    matches!(name, "UTC" | "GMT" | "UCT" | "Universal" | "Zulu" | "Greenwich")
}

/// The form that a word that is none stands for.
fn meant(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    // Another unit than any of ours: the nearest word would be wrong by a power of ten.
    if ["nano", "_ns", "minute", "hour"]
        .iter()
        .any(|other| lower.contains(other))
        || lower == "ns"
    {
        return None;
    }
    let foreign = FOREIGN
        .iter()
        .find(|(words, _)| words.split(' ').any(|word| word == lower));
    let known = EpochUnit::ALL.map(EpochUnit::name).into_iter().chain([ReadAs::DATE]);
    foreign.map(|(_, ours)| *ours).or_else(|| suggest::nearest(word, known))
}

/// The columns that clauses name for instants.
#[derive(Clone, Copy)]
pub(super) struct Instants<'a> {
    /// `time` of a source.
    time: Option<&'a str>,
    /// `valid from` of a table.
    valid_from: Option<&'a str>,
    arrival: Option<&'a str>,
}

impl<'a> Instants<'a> {
    pub(super) fn of_source(source: &'a ast::Source) -> Instants<'a> {
        let arrival = source.arrival.as_ref().and_then(|arrival| match &arrival.kind {
            ast::ArrivalKind::Column(name) => Some(name.text.as_str()),
            ast::ArrivalKind::AfterTime(_) => None,
        });
        Instants {
            time: source.time.as_ref().map(|time| time.column.text.as_str()),
            valid_from: None,
            arrival,
        }
    }

    pub(super) fn of_table(table: &'a ast::Table) -> Instants<'a> {
        let named = |clause: Option<&'a ast::ColumnClause>| clause.map(|clause| clause.column.text.as_str());
        Instants {
            time: None,
            valid_from: named(table.valid_from.as_ref()),
            arrival: named(table.arrival.as_ref()),
        }
    }

    /// What two columns of one field are.
    fn shared<'b>(self, (name, other): (&'b str, &'b str)) -> errors::Shared<'b> {
        let (arrival, copy) = match self.arrival {
            Some(arrival) if arrival == name => (name, other),
            Some(arrival) if arrival == other => (other, name),
            Some(_) | None => return errors::Shared::Value,
        };
        match copy {
            _ if self.time == Some(copy) => errors::Shared::Time(copy),
            _ if self.valid_from == Some(copy) => errors::Shared::Validity(copy),
            _ => errors::Shared::Arrival { arrival, copy },
        }
    }
}

/// Reports columns that are read from one field.
pub(super) fn one_column_each(
    written: &[ast::Column],
    columns: &[res::Column],
    instants: Instants<'_>,
    complaints: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<&str, (&res::Column, Span)> = BTreeMap::new();
    for (column, written) in columns.iter().zip(written) {
        let field = column.form.field.as_deref().unwrap_or(&column.name);
        let at = written.field.as_ref().map_or(column.at, |field| field.span);
        match seen.get(field) {
            Some((other, _)) if other.name == column.name => {} // reported as declared twice
            Some((other, first)) => {
                let names = (column.name.as_str(), other.name.as_str());
                let shared = instants.shared(names);
                complaints.push(errors::two_columns_of_a_field(names, field, at, *first, shared));
            }
            None => drop(seen.insert(field, (column, at))),
        }
    }
}
