//! How far the event time of a transform may lie from the source's own time, as far as the program says so.
//!
//! Bounds of instants are relative to the source's time, those of durations are the durations themselves. They hold for
//! values that are neither null nor errors, and for rows that every `where` keeps as true. The engines do not rely on
//! them: a row outside of [`At`](crate::At) is rejected when it comes.

use crate::expr::{BinaryOp, Expr, ExprKind, Literal, UnaryOp};
use crate::function::Function;
use crate::id::ColumnId;
use crate::program::Step;

/// Bounds in microseconds, both included; `None`: no bound is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shift {
    pub least: Option<i128>,
    pub greatest: Option<i128>,
    /// Whether the value is never null.
    never_null: bool,
}

impl Shift {
    fn exactly(us: i128) -> Shift {
        Shift {
            least: Some(us),
            greatest: Some(us),
            never_null: true,
        }
    }

    fn plus(self, other: Shift) -> Shift {
        let add = |(left, right): (i128, i128)| left.saturating_add(right);
        Shift {
            least: self.least.zip(other.least).map(add),
            greatest: self.greatest.zip(other.greatest).map(add),
            never_null: self.never_null && other.never_null,
        }
    }

    fn negated(self) -> Shift {
        let negate = |us: i128| us.saturating_neg();
        Shift {
            least: self.greatest.map(negate),
            greatest: self.least.map(negate),
            never_null: self.never_null,
        }
    }

    /// Of a value that is one of these.
    fn any_of(all: &[Shift]) -> Shift {
        let least: Option<Vec<i128>> = all.iter().map(|shift| shift.least).collect();
        let greatest: Option<Vec<i128>> = all.iter().map(|shift| shift.greatest).collect();
        Shift {
            least: least.and_then(|all| all.into_iter().min()),
            greatest: greatest.and_then(|all| all.into_iter().max()),
            never_null: false,
        }
    }

    /// Of the greatest of these that is not null.
    fn greatest_of(all: &[Shift]) -> Shift {
        let any = Shift::any_of(all);
        let never_null = || all.iter().filter(|shift| shift.never_null);
        Shift {
            least: never_null().filter_map(|shift| shift.least).max().or(any.least),
            greatest: any.greatest,
            never_null: never_null().next().is_some(),
        }
    }
}

/// What is known of `time` after `steps`, in rows of a source with `width` columns whose time is `source_time`.
pub fn shift<'a>(
    width: usize,
    source_time: ColumnId,
    steps: impl Iterator<Item = &'a Step> + Clone,
    time: &Expr,
) -> Shift {
    let mut rows = Rows {
        width,
        source_time,
        lets: Vec::new(),
    };
    for step in steps.clone() {
        if let Step::Let(value) = step {
            let known = rows.of(value);
            rows.lets.push(known);
        }
    }
    let mut known = rows.of(time);
    for step in steps {
        if let Step::Where(condition) = step {
            rows.learn(condition, time, &mut known);
        }
    }
    known
}

struct Rows {
    width: usize,
    source_time: ColumnId,
    /// By position.
    lets: Vec<Shift>,
}

impl Rows {
    fn of(&self, expr: &Expr) -> Shift {
        let all = |items: &[Expr]| items.iter().map(|item| self.of(item)).collect::<Vec<Shift>>();
        match &expr.kind {
            ExprKind::Column(id) if *id == self.source_time => Shift::exactly(0),
            ExprKind::Column(id) => {
                let position = id.index().checked_sub(self.width);
                let known = position.and_then(|position| self.lets.get(position));
                known.copied().unwrap_or_default()
            }
            ExprKind::Literal(Literal::Duration(us)) => Shift::exactly(i128::from(*us)),
            ExprKind::Unary(UnaryOp::Negate, operand) => self.of(operand).negated(),
            ExprKind::Binary(BinaryOp::Add, left, right) => self.of(left).plus(self.of(right)),
            ExprKind::Binary(BinaryOp::Subtract, left, right) => self.of(left).plus(self.of(right).negated()),
            ExprKind::Case { branches, otherwise } => {
                let values = branches.iter().map(|(_, then)| then).chain(otherwise.as_deref());
                Shift::any_of(&values.map(|value| self.of(value)).collect::<Vec<Shift>>())
            }
            ExprKind::Coalesce(items) => Shift::any_of(&all(items)),
            ExprKind::Call(Function::Greatest, items) => Shift::greatest_of(&all(items)),
            ExprKind::Call(Function::Least, items) => {
                let negated: Vec<Shift> = all(items).into_iter().map(Shift::negated).collect();
                Shift::greatest_of(&negated).negated()
            }
            ExprKind::Call(Function::Abs, _) => Shift {
                least: Some(0),
                ..Shift::default()
            },
            ExprKind::Call(Function::Truncate, items) => match &items[..] {
                [instant, step] => {
                    let back = self.of(step).greatest.map(|step| 1 - step);
                    self.of(instant).plus(Shift {
                        least: back,
                        greatest: Some(0),
                        never_null: true,
                    })
                }
                _ => Shift::default(),
            },
            ExprKind::Literal(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::Cast(_)
            | ExprKind::Call(..)
            | ExprKind::Lookup(..) => Shift::default(),
        }
    }

    /// Narrows what is known of `time` by a condition that holds.
    fn learn(&self, condition: &Expr, time: &Expr, known: &mut Shift) {
        let ExprKind::Binary(op, left, right) = &condition.kind else {
            return;
        };
        match op {
            BinaryOp::And => {
                self.learn(left, time, known);
                self.learn(right, time, known);
            }
            BinaryOp::GreaterOrEqual | BinaryOp::Greater => self.ordered(right, left, time, known),
            BinaryOp::LessOrEqual | BinaryOp::Less => self.ordered(left, right, time, known),
            _ => {}
        }
    }

    /// Narrows by `low ≤ high`.
    fn ordered(&self, low: &Expr, high: &Expr, time: &Expr, known: &mut Shift) {
        if high == time {
            known.least = known.least.max(self.of(low).least);
        }
        if low == time
            && let Some(bound) = self.of(high).greatest
        {
            known.greatest = Some(known.greatest.map_or(bound, |greatest| greatest.min(bound)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Type;

    fn column(id: u32) -> Expr {
        Expr::column(ColumnId(id), Type::Timestamp)
    }

    fn us(us: i64) -> Expr {
        Expr::new(ExprKind::Literal(Literal::Duration(us)), Type::Duration)
    }

    fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
        Expr::new(ExprKind::Binary(op, Box::new(left), Box::new(right)), Type::Timestamp)
    }

    fn call(function: Function, items: Vec<Expr>) -> Expr {
        Expr::new(ExprKind::Call(function, items), Type::Timestamp)
    }

    /// Of rows with the time at 0, another instant at 1, and lets from 2 on.
    fn known(steps: &[Step], time: &Expr) -> (Option<i128>, Option<i128>) {
        let found = shift(2, ColumnId(0), steps.iter(), time);
        (found.least, found.greatest)
    }

    #[test]
    fn constants_are_known_and_columns_are_not() {
        let later = binary(BinaryOp::Add, column(0), us(5));
        assert_eq!(known(&[], &column(0)), (Some(0), Some(0)));
        assert_eq!(known(&[], &column(1)), (None, None));
        assert_eq!(known(&[], &later), (Some(5), Some(5)));
        let earlier = binary(BinaryOp::Subtract, column(2), us(7));
        assert_eq!(known(&[Step::Let(later)], &earlier), (Some(-2), Some(-2)));
    }

    #[test]
    fn a_choice_is_bounded_by_what_it_chooses_from() {
        let bounded = vec![column(1), binary(BinaryOp::Add, column(0), us(9))];
        assert_eq!(known(&[], &call(Function::Greatest, bounded.clone())), (Some(9), None));
        assert_eq!(known(&[], &call(Function::Least, bounded.clone())), (None, Some(9)));
        let both = Expr::new(ExprKind::Coalesce(bounded), Type::Timestamp);
        assert_eq!(known(&[], &both), (None, None));
        let two = vec![column(0), binary(BinaryOp::Add, column(0), us(9))];
        let both = Expr::new(ExprKind::Coalesce(two), Type::Timestamp);
        assert_eq!(known(&[], &both), (Some(0), Some(9)));
        let hour = call(Function::Truncate, vec![column(0), us(10)]);
        assert_eq!(known(&[], &hour), (Some(-9), Some(0)));
    }

    #[test]
    fn a_where_tells_what_it_keeps() {
        let day = binary(BinaryOp::Add, column(0), us(9));
        let later = binary(BinaryOp::GreaterOrEqual, column(1), column(0));
        let soon = binary(BinaryOp::Less, column(1), day);
        assert_eq!(known(&[Step::Where(later.clone())], &column(1)), (Some(0), None));
        let both = binary(BinaryOp::And, soon, later);
        assert_eq!(known(&[Step::Where(both.clone())], &column(1)), (Some(0), Some(9)));
        let either = binary(BinaryOp::Or, both.clone(), both);
        assert_eq!(known(&[Step::Where(either)], &column(1)), (None, None));
    }
}
