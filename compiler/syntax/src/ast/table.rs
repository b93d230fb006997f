//! Tables and their clauses.

use super::{Columns, Doc, Files, Name, TextClause};
use crate::diag::Span;

/// `table planes { … }`. Which clauses are required is checked later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub doc: Option<Doc>,
    pub name: Name,
    pub columns: Option<Columns>,
    pub key: Option<KeyClause>,
    /// The place of `static`.
    pub static_rows: Option<Span>,
    /// `valid from since`
    pub valid_from: Option<ColumnClause>,
    /// `valid to until`
    pub valid_to: Option<ColumnClause>,
    /// `arrival loaded_at`
    pub arrival: Option<ColumnClause>,
    pub zone: Option<TextClause>,
    /// The place of `keep nan`.
    pub keep_nan: Option<Span>,
    pub batch: Option<Files>,
    pub span: Span,
}

/// `key tailnum`, `key (origin, carrier)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyClause {
    /// Never empty.
    pub columns: Vec<Name>,
    pub span: Span,
}

/// A word and a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnClause {
    pub column: Name,
    pub span: Span,
}
