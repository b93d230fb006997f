//! Windows since an event: the condition by which they begin.

use super::Context;
use crate::infer::{Row, Typer};
use crate::res::{self, FeatureKind};
use featc_ir::{Expr, ExprKind, Literal, Type};

/// Of which events windows begin with the last one; `None` if one of these conditions is broken.
pub(super) fn check_since(
    feature: &res::Feature,
    row: &[Option<Type>],
    context: &mut Context<'_>,
) -> Option<Vec<Option<Expr>>> {
    let FeatureKind::Aggregate { expansions } = &feature.kind else {
        return Some(Vec::new());
    };
    let mut leaves = Row(row);
    let mut typer = Typer {
        leaves: &mut leaves,
        texts: context.texts,
        complaints: &mut context.complaints,
    };
    let mut condition = |since: &res::Expr| typer.condition(since, "since");
    let of = |expansion: &res::Expansion| match &expansion.since {
        Some(since) => condition(since).map(Some),
        None => Some(None),
    };
    expansions.iter().map(of).collect()
}

/// A filter that is an error as well where it is one since when its window holds events.
pub(super) fn erring_as(since: &Expr, filter: Option<&Expr>) -> Expr {
    let all = Expr::new(ExprKind::Literal(Literal::Bool(true)), Type::Bool);
    let filter = filter.unwrap_or(&all);
    Expr::new(
        ExprKind::Case {
            branches: vec![(since.clone(), filter.clone())],
            otherwise: Some(Box::new(filter.clone())),
        },
        Type::Bool,
    )
}
