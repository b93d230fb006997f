//! Sources: time, arrival, lateness.

use super::Context;
use crate::errors;
use crate::res;
use featc_ir::{Arrival, DEFAULT_SKEW_US, Lateness, Source, SourceColumn, Type};

pub(super) fn check(source: &res::Source, context: &mut Context<'_>) -> Option<Source> {
    let declared = &source.declared;
    if let Some(time) = source.time {
        timestamp(source, "time", time, context);
    }
    let arrival = match source.arrival {
        Some(res::Arrival::Column(column)) => {
            timestamp(source, "arrival", column, context);
            let name = source.columns.get(column.id.index()).map(|column| column.name.as_str());
            if source.time.is_some_and(|time| time.id == column.id) {
                context
                    .complaints
                    .extend(name.map(|name| errors::arrival_is_time(name, column.at)));
            } else if source.unique.contains(&column.id) && source.table_key.is_none() {
                context
                    .complaints
                    .extend(name.map(|name| errors::arrival_is_identity(name, column.at)));
            }
            Some(Arrival::Column(column.id))
        }
        Some(res::Arrival::AfterTime { offset_us }) => Some(Arrival::AfterTime { offset_us }),
        Some(res::Arrival::Static) => Some(Arrival::Static),
        Some(res::Arrival::Broken) | None => None,
    };
    let lateness = match source.lateness {
        Some(res::Lateness {
            bound_us: Some(bound_us),
            at,
        }) => {
            if source.arrival.is_none() {
                context.push(errors::lateness_without_arrival(&declared.name, at));
            }
            Lateness::Within { bound_us }
        }
        Some(res::Lateness { bound_us: None, .. }) | None => Lateness::Unbounded,
    };
    let columns = source.columns.iter().map(|column| {
        Some(SourceColumn {
            name: column.name.clone(),
            ty: column.ty?,
            nullable: column.nullable.is_some(),
            form: column.form.clone(),
        })
    });
    Some(Source {
        name: declared.name.clone(),
        doc: declared.doc.clone(),
        columns: columns.collect::<Option<Vec<_>>>()?,
        unique: source.unique.clone(),
        time: source.time?.id,
        arrival,
        delay_us: source.delay_us,
        lateness,
        skew_us: source.skew_us.unwrap_or(DEFAULT_SKEW_US),
        begins_us: source.begins_us,
        zone: source.zone.clone(),
        keep_nan: source.keep_nan,
        batch: source.batch.clone(),
        stream: source.stream.clone(),
    })
}

fn timestamp(source: &res::Source, clause: &'static str, column: res::ColumnRef, context: &mut Context<'_>) {
    let Some(declared) = source.columns.get(column.id.index()) else {
        return;
    };
    if let Some(ty) = declared.ty.filter(|ty| *ty != Type::Timestamp) {
        context.push(errors::not_a_timestamp(clause, ty, column.at, Some(declared.ty_at)));
    }
}
