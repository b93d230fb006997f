//! Lookups: every row of the table is looked at for every event.

use featc_ir::{ColumnId, Lookup};
use featr_kernels::Value;

/// What is looked up for operands of which none is null or an error. Null where nothing is found.
pub fn value(lookup: &Lookup, operands: &[Value]) -> Value {
    let table = &lookup.table;
    let rows = lookup.rows.iter().flat_map(|rows| rows.rows());
    let rows = rows.map(|row| row.iter().map(Value::from_literal).collect::<Vec<Value>>());
    let at = |row: &Vec<Value>, id: ColumnId| row[id.index()].clone();
    let of_key = rows.filter(|row| {
        let key = table.key.iter().zip(operands);
        key.into_iter().all(|(id, value)| at(row, *id) == *value)
    });
    let Some(versions) = table.versions else {
        return of_key.map(|row| at(&row, lookup.column)).next().unwrap_or(Value::Null);
    };
    // τ, the last operand.
    let now = &operands[table.key.len()];
    let known = of_key.filter(|row| at(row, versions.valid_from) <= *now && at(row, versions.arrival) <= *now);
    let greatest = known.max_by_key(|row| (at(row, versions.valid_from), at(row, versions.arrival), row.clone()));
    let Some(row) = greatest else {
        return Value::Null;
    };
    let (Value::Timestamp(from_us), Value::Timestamp(now_us)) = (at(&row, versions.valid_from), now) else {
        return Value::Null;
    };
    let age_us = i128::from(*now_us) - i128::from(from_us);
    let is_old = lookup.within_us.is_some_and(|within_us| age_us > i128::from(within_us));
    let has_ended = versions.valid_to.is_some_and(|id| {
        let end = at(&row, id);
        !end.is_null() && end <= *now
    });
    match is_old || has_ended {
        true => Value::Null,
        false => at(&row, lookup.column),
    }
}
