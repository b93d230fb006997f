//! Sources and their clauses.

use super::{Broken, Column, Doc, Duration, Integer, Name, Text, Timestamp};
use crate::diag::Span;

/// `source departures { … }`. Which clauses are required is checked later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub doc: Option<Doc>,
    pub name: Name,
    pub columns: Option<Columns>,
    pub unique: Option<Unique>,
    pub time: Option<TimeClause>,
    pub arrival: Option<Arrival>,
    /// The place of `static`.
    pub static_rows: Option<Span>,
    /// `delay 5s`
    pub delay: Option<DurationClause>,
    pub lateness: Option<Lateness>,
    /// `skew 5m`
    pub skew: Option<DurationClause>,
    pub begins: Option<Begins>,
    pub zone: Option<TextClause>,
    /// The place of `keep nan`.
    pub keep_nan: Option<Span>,
    pub batch: Option<Files>,
    pub stream: Option<Files>,
    /// Clauses not understood, reported.
    pub broken: Vec<Broken>,
    pub span: Span,
}

/// `columns (a: int64, b: string?)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    pub columns: Vec<Column>,
    pub span: Span,
}

/// `unique a`, `unique (a, b)` or `unique all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    pub kind: UniqueKind,
    pub span: Span,
}

/// What identifies an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UniqueKind {
    All,
    /// Never empty.
    Columns(Vec<Name>),
}

/// `time event_at`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeClause {
    pub column: Name,
    pub span: Span,
}

/// `arrival known_at` or `arrival time + 5m`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub kind: ArrivalKind,
    pub span: Span,
}

/// When an event is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArrivalKind {
    Column(Name),
    AfterTime(Duration),
}

/// `delay 5s`, `skew 5m`, `ttl 2h`, `within 2d`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationClause {
    pub value: Duration,
    pub span: Span,
}

/// `lateness 24h` or `lateness unbounded`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lateness {
    /// `None` is `unbounded`.
    pub bound: Option<Duration>,
    pub span: Span,
}

/// `begins @2013-01-01T00:00:00Z`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begins {
    pub at: Timestamp,
    pub span: Span,
}

/// `zone "America/New_York"`, `owner "ops"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextClause {
    pub value: Text,
    pub span: Span,
}

/// `batch parquet "data/*.parquet"`, `stream csv "a.csv", "b.csv"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The word of a format.
    pub format: Name,
    /// Never empty.
    pub paths: Vec<Text>,
    /// Of a Delta table: `version 12`.
    pub version: Option<Integer>,
    pub span: Span,
}
