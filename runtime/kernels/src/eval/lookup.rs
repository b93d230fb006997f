//! Lookups into tables that have been read: by the index of keys, and from the last version that holds by now back.

use super::operand::Operand;
use crate::column::{Column, Tag};
use crate::value::Value;
use featc_ir::{ColumnId, Literal, Lookup, TableRows, Type};
use std::borrow::Cow;

/// What a lookup found in the rows of a batch that bring its whole key, and instant. Rows in which an operand is null or an
/// error ask nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    pub found: u64,
    /// No row of the table has the key.
    pub unknown: Astray,
    /// Rows of the table have the key, and none of them holds at the instant.
    pub not_then: Astray,
}

/// Rows whose lookup finds nothing, for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Astray {
    pub rows: u64,
    /// What the first of them asked: the key, and the instant where the table has versions.
    pub first: Option<Vec<Literal>>,
}

impl Astray {
    fn count(&mut self, rows: u64, asked: &[Literal]) {
        self.rows += rows;
        self.first.get_or_insert_with(|| asked.to_vec());
    }

    fn add(&mut self, later: Astray) {
        self.rows += later.rows;
        self.first = self.first.take().or(later.first);
    }
}

impl Sought {
    /// Rows that asked.
    pub fn asked(&self) -> u64 {
        self.found + self.unknown.rows + self.not_then.rows
    }

    /// Adds what was found in rows that come later.
    pub fn add(&mut self, later: Sought) {
        self.found += later.found;
        self.unknown.add(later.unknown);
        self.not_then.add(later.not_then);
    }
}

/// The value of a lookup in every row, and what was found.
pub fn lookup<'a>(lookup: &Lookup, ty: Type, operands: &[Operand<'_>], rows: usize) -> (Operand<'a>, Sought) {
    let mut sought = Sought::default();
    let constant = operands.iter().all(|operand| operand.constant);
    let count = if constant { rows.min(1) } else { rows };
    let alike = if constant { rows as u64 } else { 1 };
    let mut key: Vec<Literal> = Vec::with_capacity(operands.len());
    let mut values = Vec::with_capacity(count);
    for row in 0..count {
        key.clear();
        let mut tag = Tag::VALID;
        for operand in operands {
            tag = Tag::merge(tag, operand.tag(row));
        }
        if let Some(code) = Tag::as_error(tag) {
            values.push(Value::Error(code));
            continue;
        }
        if tag == Tag::NULL {
            values.push(Value::Null);
            continue;
        }
        let cell = |operand: &Operand<'_>| operand.column.value(if operand.constant { 0 } else { row });
        key.extend(operands.iter().map(|operand| cell(operand).to_literal()));
        let found = lookup.rows.as_ref().and_then(|rows| find(lookup, rows, &key));
        match (found, &lookup.rows) {
            (Some(_), _) => sought.found += alike,
            (None, Some(rows)) if rows.of_key(&key[..lookup.table.key.len()]).next().is_some() => {
                sought.not_then.count(alike, &key);
            }
            (None, _) => sought.unknown.count(alike, &key),
        }
        values.push(found.map_or(Value::Null, Value::from_literal));
    }
    let column = Column::from_values(ty, &values);
    let value = match constant && rows > 0 {
        true => Operand::constant(column),
        false => Operand {
            column: Cow::Owned(column),
            constant: false,
        },
    };
    (value, sought)
}

/// What stands in the row that holds; `None` where there is none.
fn find<'a>(lookup: &Lookup, rows: &'a TableRows, operands: &[Literal]) -> Option<&'a Literal> {
    let (key, now) = operands.split_at(lookup.table.key.len());
    let Some(versions) = lookup.table.versions else {
        return rows.of_key(key).next().map(|row| &row[lookup.column.index()]);
    };
    let instant = |row: &[Literal], id: ColumnId| match row[id.index()] {
        Literal::Timestamp(us) => Some(us),
        _ => None,
    };
    let now_us = instant(now, ColumnId(0))?;
    let is_past = |row: &[Literal], id: ColumnId| instant(row, id).is_some_and(|us| us <= now_us);
    let begun = rows.of_key_while(key, |row| is_past(row, versions.valid_from));
    let row = begun.rev().find(|row| is_past(row, versions.arrival))?;
    let age_us = now_us.abs_diff(instant(row, versions.valid_from)?);
    if lookup.within_us.is_some_and(|within_us| age_us > within_us) {
        return None;
    }
    let end_us = versions.valid_to.and_then(|id| instant(row, id));
    match end_us.is_some_and(|end_us| end_us <= now_us) {
        true => None,
        false => Some(&row[lookup.column.index()]),
    }
}
