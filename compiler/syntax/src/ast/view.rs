//! Views and their features.

use super::{Broken, Doc, Duration, DurationClause, Expr, Integer, Name, Text, TextClause, Use};
use crate::diag::Span;

/// `view carrier_delay of carrier from landed by (carrier) { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub doc: Option<Doc>,
    pub name: Name,
    pub entity: Name,
    /// A source or a transform.
    pub from: Name,
    pub by: Option<By>,
    pub owner: Option<TextClause>,
    pub tags: Option<Tags>,
    pub ttl: Option<DurationClause>,
    /// In order.
    pub features: Vec<Feature>,
    /// In order.
    pub uses: Vec<Use>,
    /// Statements not understood, reported.
    pub broken: Vec<Broken>,
    pub span: Span,
}

/// `by (carrier)`: key columns, one per key of the entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Never empty.
    pub columns: Vec<Name>,
    pub span: Span,
}

/// `tags [delay, demo]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    pub names: Vec<Name>,
    pub span: Span,
}

/// `feature late_share = count(where late) / count() over 7d default 0.0`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    pub doc: Option<Doc>,
    /// As written, in templates with holes: `{col}_sum`. With a list of windows the features are named by
    /// [`Feature::name_over`].
    pub name: Name,
    pub value: Expr,
    /// Without it the feature is derived from other features of the view.
    pub over: Option<Over>,
    pub cap: Option<Cap>,
    pub default: Option<DefaultClause>,
    pub span: Span,
}

/// `over [1h, 7d] excluding now`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    pub windows: Windows,
    pub excluding: Option<Excluding>,
    pub span: Span,
}

/// One window, or a list that makes one feature per window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Windows {
    One(Window),
    /// Never empty; `[1h]` is a list.
    List(Vec<Window>),
}

/// A window as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    Lifetime(Span),
    Last(Duration),
    /// `7d offset 7d`, `lifetime offset 7d`
    Offset {
        /// `None` is `lifetime`.
        length: Option<Duration>,
        offset: Duration,
        span: Span,
    },
    /// `10 events`, `10 events max 90d`
    Events {
        count: Integer,
        max: Option<Duration>,
        span: Span,
    },
    /// `since (status = "start") max 1d`
    Since {
        /// Of which event the window begins with the last one.
        condition: Box<Expr>,
        max: Duration,
        span: Span,
    },
    /// `7d every 1h`, `7d every 1d after 2h`, `7d every 1d in "Europe/Paris"`
    Grid {
        length: Duration,
        every: Duration,
        after: Option<Duration>,
        zone: Option<Text>,
        span: Span,
    },
    /// `this day`, `this month in "Europe/Paris"`
    This {
        /// `hour`, `day`, `week`, `month`, `quarter`, `year`.
        unit: &'static str,
        zone: Option<Text>,
        span: Span,
    },
    /// `last 3 months`, `last 1 day in "Europe/Paris"`
    Past {
        count: Integer,
        /// As of `This`.
        unit: &'static str,
        zone: Option<Text>,
        span: Span,
    },
}

/// `excluding now`, `excluding self`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluding {
    pub kind: ExcludingKind,
    pub span: Span,
}

/// What a window leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExcludingKind {
    Now,
    SelfEvent,
}

/// `cap 1000`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    pub value: Integer,
    pub span: Span,
}

/// `default 0.0`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultClause {
    /// A literal, a negated literal, or a hole.
    pub value: Expr,
    pub span: Span,
}
