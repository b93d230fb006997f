//! Parameters, templates, and the holes in which they are put.

use super::{Broken, Doc, Expr, Feature, Name};
use crate::diag::Span;

/// `param week = 7d`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    pub doc: Option<Doc>,
    pub name: Name,
    /// A literal, or a negated literal.
    pub value: Expr,
    pub span: Span,
}

/// `template spend(col) { feature {col}_sum = sum({col}) over 7d }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub doc: Option<Doc>,
    pub name: Name,
    pub parameter: Name,
    /// In order; their names have holes.
    pub features: Vec<Feature>,
    /// Statements not understood or refused, reported.
    pub broken: Vec<Broken>,
    pub span: Span,
}

/// `use spend for (amount, fee, tip)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub template: Name,
    /// Never empty.
    pub arguments: Vec<Name>,
    pub span: Span,
}

/// The names in the holes of a text: `col` of `{col}_sum`; none of a text without holes.
pub fn holes(text: &str) -> impl Iterator<Item = &str> {
    let pieces = text.split('{').skip(1);
    pieces.filter_map(|piece| Some(piece.split_once('}')?.0))
}

/// The text with its holes filled; a hole that `fill` knows nothing for stays.
pub fn filled<'a>(text: &str, fill: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut pieces = text.split('{');
    let mut out = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let hole = piece.split_once('}');
        match hole.and_then(|(name, after)| Some((fill(name)?, after))) {
            Some((value, after)) => {
                out.push_str(value);
                out.push_str(after);
            }
            None => {
                out.push('{');
                out.push_str(piece);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_and_other_braces_stay() {
        let fill = |name: &str| (name == "col").then_some("fee");
        assert_eq!(filled("{col}_per_{col}", fill), "fee_per_fee");
        assert_eq!(filled("a {set} of {col}, {", fill), "a {set} of fee, {");
        assert_eq!(holes("{col}_of_{week}").collect::<Vec<_>>(), ["col", "week"]);
        assert_eq!(holes("sum").count(), 0);
    }
}
