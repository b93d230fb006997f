//! Operands as they would have to be written: converted to one type, or narrowed.

use super::super::Typer;
use super::super::rule::{Rule, rule};
use super::{NARROW, Site};
use crate::errors;
use featc_ir::Type;
use featc_syntax::diag::Span;

impl Typer<'_> {
    /// The operation with its wide operands bounded to 18 digits, if that helps and no digit after the point is lost. Each
    /// operand has the type that it has and the one to which it is converted.
    pub(super) fn narrowed(&self, site: Site, left: [Type; 2], right: [Type; 2]) -> Option<String> {
        let bounded = |ty: Type| match ty {
            Type::Decimal { precision, scale } if precision > NARROW && scale < NARROW => Type::Decimal {
                precision: NARROW,
                scale,
            },
            _ => ty,
        };
        let (narrow_left, narrow_right) = (bounded(left[1]), bounded(right[1]));
        if !matches!(rule(site.op, narrow_left, narrow_right), Rule::Gives(_)) {
            return None;
        }
        let write = |at: Span, from: Type, to: Type| {
            let text = self.text(at);
            if from == to {
                text.to_owned()
            } else {
                format!("cast({text} as {to})")
            }
        };
        let (left, right) = (
            write(site.left_at, left[0], narrow_left),
            write(site.right_at, right[0], narrow_right),
        );
        Some(format!("{left} {} {right}", site.symbol))
    }

    /// Numbers of different types, one of which is to be converted.
    pub(super) fn mixed(&mut self, site: Site, left: Type, right: Type, convert_left: bool, to: Type) {
        let operand = if convert_left { site.left_at } else { site.right_at };
        let operands = site.operands(left, right);
        let (new_left, new_right) = if convert_left { (to, right) } else { (left, to) };
        let complaint = match (rule(site.op, new_left, new_right), self.text(operand)) {
            (Rule::TooWide(..), _) => {
                let narrowed = self.narrowed(site, [left, new_left], [right, new_right]);
                errors::mixed_wide_numbers(site.symbol, site.at, operands, narrowed.as_deref())
            }
            (_, "…") => errors::mixed_long_numbers(site.symbol, site.at, operands, to),
            (_, text) => errors::mixed_numbers(
                site.symbol,
                site.at,
                operands,
                operand,
                &format!("cast({text} as {to})"),
            ),
        };
        self.complaints.push(complaint);
    }
}
