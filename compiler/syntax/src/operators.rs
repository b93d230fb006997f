//! The operator table: one line per level, weakest first. `grammar/precedence.md` says the same for people, which a test
//! below checks; the builder and the formatter read it.

use crate::ast::{BinaryOp, ExprKind, UnaryOp};

/// The level of `is null` and `in (…)`, and of comparisons: they do not chain.
pub(crate) const COMPARISON: u8 = 4;

/// Above every operator: what needs no parentheses anywhere.
pub(crate) const PRIMARY: u8 = 8;

/// How strongly an operator between two operands binds.
pub(crate) fn binary_level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => COMPARISON,
        BinaryOp::Add | BinaryOp::Subtract => 5,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Quotient | BinaryOp::Remainder => 6,
    }
}

/// How strongly an operator before its operand binds.
pub(crate) fn unary_level(op: UnaryOp) -> u8 {
    match op {
        UnaryOp::Not => 3,
        UnaryOp::Negate => 7,
    }
}

/// The level of the outermost operator, parentheses not counted.
pub(crate) fn level(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Unary { op, .. } => unary_level(*op),
        ExprKind::Binary { op, .. } => binary_level(*op),
        ExprKind::IsNull { .. } | ExprKind::In { .. } => COMPARISON,
        ExprKind::Literal(_)
        | ExprKind::Name(_)
        | ExprKind::Dotted(_)
        | ExprKind::Holed(_)
        | ExprKind::Item { .. }
        | ExprKind::Call(_)
        | ExprKind::Lookup(_)
        | ExprKind::Cast { .. }
        | ExprKind::Case { .. } => PRIMARY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows `| level | operators | place | groups |` of precedence.md.
    fn documented() -> Vec<(u8, Vec<String>, String, String)> {
        featc_grammar::PRECEDENCE
            .lines()
            .filter_map(|line| {
                let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
                let level = cells.first()?.parse().ok()?;
                let operators = cells[1].trim_matches('`').split("` `").map(str::to_owned).collect();
                Some((level, operators, cells[2].to_owned(), cells[3].to_owned()))
            })
            .collect()
    }

    #[test]
    fn table_is_the_documented_one() {
        let mut rows: Vec<(u8, Vec<String>, String, String)> = vec![];
        for op in BinaryOp::ALL {
            let level = binary_level(*op);
            match rows.last_mut().filter(|row| row.0 == level) {
                Some(row) => row.1.push(op.symbol().to_owned()),
                None => {
                    let groups = if level == COMPARISON { "none" } else { "left" };
                    rows.push((
                        level,
                        vec![op.symbol().to_owned()],
                        "between".to_owned(),
                        groups.to_owned(),
                    ));
                }
            }
        }
        for op in [UnaryOp::Not, UnaryOp::Negate] {
            rows.push((
                unary_level(op),
                vec![op.symbol().to_owned()],
                "before".to_owned(),
                "—".to_owned(),
            ));
        }
        let after = ["is null", "is not null", "in (…)", "not in (…)"]
            .map(str::to_owned)
            .to_vec();
        rows.push((COMPARISON, after, "after".to_owned(), "none".to_owned()));
        rows.sort_by_key(|row| row.0);
        assert_eq!(rows, documented());
    }
}
