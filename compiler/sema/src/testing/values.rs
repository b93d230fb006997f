//! Values in tests: by the type of the column, the key or the feature that they belong to.

use super::Judge;
use crate::errors;
use crate::infer::literal_in;
use featc_ir::testing::Wanted;
use featc_ir::{Literal, Source, Type};
use featc_syntax::ast::Cell;
use featc_syntax::written;

/// `null`, or nothing.
pub(super) fn is_null(cell: &Cell) -> bool {
    cell.quoted.is_none() && matches!(cell.text.as_str(), "" | "null")
}

impl Judge<'_> {
    /// A cell of a table; null where something was wrong with it.
    pub(super) fn cell(&mut self, source: &Source, column: usize, cell: &Cell) -> Wanted {
        let column = &source.columns[column];
        let of = format!("column `{}`", column.name);
        if let Type::List(item) = column.ty
            && !is_null(cell)
        {
            return self.list(cell, (column.ty, *item), source.keep_nan, &of);
        }
        let value = self.value(cell, column.ty, &of);
        let is_nan = value == Literal::float(f64::NAN) && !source.keep_nan;
        if is_nan && !column.nullable {
            self.complaints.push(errors::nan_in_a_column(&column.name, cell.span));
        } else if is_null(cell) && !column.nullable {
            self.complaints.push(errors::null_in_a_column(&column.name, cell.span));
        }
        Wanted::One(if is_nan { Literal::Null } else { value })
    }

    /// A list in brackets, with commas between its items; a text stands in it without quotes. All of it may be quoted, since `//`
    /// begins a comment elsewhere.
    fn list(&mut self, cell: &Cell, (ty, item): (Type, Type), keep_nan: bool, of: &str) -> Wanted {
        let written = cell.quoted.as_deref().unwrap_or(&cell.text);
        let inside = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let Some(inside) = inside else {
            let refused = errors::not_a_value(&cell.text, &ty.to_string(), of, cell.span, forms(ty));
            self.complaints.push(refused);
            return Wanted::One(Literal::Null);
        };
        let items = inside
            .split(',')
            .filter(|_| !inside.trim().is_empty())
            .map(|item| Cell {
                text: item.trim().to_owned(),
                quoted: None,
                span: cell.span,
            });
        let of = format!("an item of {of}");
        let values = items.map(|written| self.value(&written, item, &of));
        Wanted::List(
            values
                .map(|value| match value == Literal::float(f64::NAN) && !keep_nan {
                    true => Literal::Null,
                    false => value,
                })
                .collect(),
        )
    }

    /// A value of a type, or null; null also where it is none, which is reported.
    pub(super) fn value(&mut self, cell: &Cell, ty: Type, of: &str) -> Literal {
        if is_null(cell) {
            return Literal::Null;
        }
        read(cell, ty).unwrap_or_else(|| {
            self.complaints.push(match fraction(cell, ty) {
                Some(places) if of.starts_with("column") => {
                    errors::fraction_in_a_column(&cell.text, of, &decimal(places), cell.span)
                }
                _ => errors::not_a_value(&cell.text, &ty.to_string(), of, cell.span, forms(ty)),
            });
            Literal::Null
        })
    }
}

/// How many digits stand after the point of a number that should be a whole one.
fn fraction(cell: &Cell, ty: Type) -> Option<usize> {
    let (whole, places) = cell.text.split_once('.')?;
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = is_digits(whole.trim_start_matches('-')) && is_digits(places);
    (ty == Type::Int64 && cell.quoted.is_none() && is_number).then_some(places.len())
}

/// A type for numbers with so many digits after the point.
fn decimal(places: usize) -> String {
    match places {
        ..=4 => format!("decimal({}, {places})", 10 + places),
        _ => "float64".to_owned(),
    }
}

fn read(cell: &Cell, ty: Type) -> Option<Literal> {
    match (ty, &cell.quoted) {
        (Type::String, Some(text)) => return Some(Literal::String(text.clone())),
        (Type::String, None) => return Some(Literal::String(cell.text.clone())),
        (_, Some(_)) => return None,
        (_, None) => {}
    }
    let infinite = match (ty, cell.text.as_str()) {
        (Type::Float64, "nan") => Some(f64::NAN),
        (Type::Float64, "inf") => Some(f64::INFINITY),
        (Type::Float64, "-inf") => Some(f64::NEG_INFINITY),
        _ => None,
    };
    if let Some(value) = infinite {
        return Some(Literal::float(value));
    }
    let (is_negative, literal) = written(&cell.text)?;
    literal_in(&literal, is_negative, ty)
}

/// How values of a type are written.
fn forms(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "write `true` or `false`; nothing, or `null`, is null",
        Type::Int64 => "write a whole number of 64 bits, such as `5`; nothing, or `null`, is null",
        Type::Float64 => "write a number such as `1.5`, `nan` or `inf`; nothing, or `null`, is null",
        Type::Decimal { .. } => {
            "write a number with at most as many digits as the type has, and a point before those of the fraction, such as `5.0`; nothing, \
             or `null`, is null"
        }
        Type::List(_) => "write the items in brackets, such as `[a, b, null]`; nothing, or `null`, is null",
        Type::String => "write a text; nothing, or `null`, is null, `\"\"` the empty text",
        Type::Timestamp => {
            "write an instant with its offset, such as `2026-01-01T00:00:00Z`; nothing, or `null`, is null"
        }
        Type::Date => "write a day such as `2026-01-01`; nothing, or `null`, is null",
        Type::Duration => "write a duration such as `90m` or `1h30m`; nothing, or `null`, is null",
    }
}
