//! `Program`: a typed feature program. No sugar, no names to look up, no user errors.

mod service;
mod view;

pub use crate::columns::{FileFormat, FileSet, Key, SourceColumn};
pub use service::{AskedFeature, Role, ServiceFeature, ServiceInput};
pub use view::{Feature, FeatureKind, View};

use crate::expr::Expr;
use crate::id::{ColumnId, EntityId, FeatureId, RoleId, SourceId, TransformId, ViewId};
use crate::types::{Cut, Truth, Type};
use crate::window::WindowKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a thing is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The name of the file in the program's folder.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// Where everything is declared, for people only: no meaning, no hash and no plan depends on it. By kind and name:
/// `view spend`, `feature spend.total`. It has a wire form of its own, and is no part of the program's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origins(pub BTreeMap<String, Origin>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    pub module: String,
    pub entities: Vec<Entity>,
    pub sources: Vec<Source>,
    /// Those that views read, with all steps from the source on: what they come from is part of them.
    pub transforms: Vec<Transform>,
    pub views: Vec<View>,
    pub services: Vec<Service>,
    #[serde(skip)]
    pub origins: Origins,
}

/// A thing that features are about, with its ordered key columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    pub name: String,
    pub doc: Option<String>,
    pub keys: Vec<Key>,
}

/// An event source. Rows of `Scan` and of the transforms begin with `columns`, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub name: String,
    pub doc: Option<String>,
    pub columns: Vec<SourceColumn>,
    /// The identity of an event, in declared order; never empty. `unique all` lists every column but the arrival.
    pub unique: Vec<ColumnId>,
    /// The event time: a timestamp column.
    pub time: ColumnId,
    pub arrival: Option<Arrival>,
    /// The pipeline delay δ, in microseconds; 0 without a clause.
    pub delay_us: u64,
    pub lateness: Lateness,
    /// How far the event time may lie after the arrival, in microseconds (5 minutes without a clause).
    pub skew_us: u64,
    /// The instant from which the source is complete.
    pub begins_us: Option<i64>,
    /// Time zone of timestamps that carry no offset; without it such values are refused.
    pub zone: Option<String>,
    /// Whether NaN stays NaN; otherwise it decodes to null.
    pub keep_nan: bool,
    pub batch: Option<FileSet>,
    pub stream: Option<FileSet>,
}

impl Source {
    /// One with no clauses but those that every source has, and no files.
    pub fn plain(name: &str, columns: Vec<SourceColumn>, unique: Vec<ColumnId>, time: ColumnId) -> Source {
        Source {
            name: name.to_owned(),
            doc: None,
            columns,
            unique,
            time,
            arrival: None,
            delay_us: 0,
            lateness: Lateness::Unbounded,
            skew_us: 0,
            begins_us: None,
            zone: None,
            keep_nan: false,
            batch: None,
            stream: None,
        }
    }

    /// The `unique` columns, in declared order.
    pub fn identity(&self) -> impl Iterator<Item = &SourceColumn> {
        self.unique.iter().map(|id| &self.columns[id.index()])
    }

    /// What a question calls an identity column whose name something else of the service has too: `payments.id`.
    pub fn qualified(&self, column: &str) -> String {
        format!("{}.{column}", self.name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// A timestamp column of the source.
    Column(ColumnId),
    /// Event time plus this many microseconds: an assumption said aloud.
    AfterTime { offset_us: u64 },
    /// The rows never change: each is known at every instant.
    Static,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lateness {
    Unbounded,
    /// Accepted iff `arrival − event time ≤ bound_us` (and `event time − arrival ≤ skew`).
    Within {
        bound_us: u64,
    },
}

impl Lateness {
    /// By how much an accepted row may be late, in microseconds, as far as retention asks: 0 where there is no bound.
    pub fn bound_us(self) -> u64 {
        match self {
            Lateness::Unbounded => 0,
            Lateness::Within { bound_us } => bound_us,
        }
    }
}

/// Row-level steps from a source's rows. Its rows are the source's columns, then one column per `Let`, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transform {
    /// The name of the source itself when a view reads the source directly.
    pub name: String,
    pub doc: Option<String>,
    pub source: SourceId,
    pub steps: Vec<Step>,
    /// The event time of the row: the source's time column, or the `at` expression. A row where it is null does not
    /// count; one where it is an error stays at the source's time, poisoned.
    pub time: Expr,
    /// What holds for `time` where it is an `at` expression; `None`: it is the source's time column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// All columns of the row: the source's, then the lets.
    pub columns: Vec<TransformColumn>,
}

/// Bounds of an event time that is not the source's own. A row whose event time lies before the source's, or later
/// by more than the bound, is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct At {
    /// The source's time column.
    pub source_time: ColumnId,
    /// How much later than the source's time it may lie, in microseconds: declared, or known from the expression. Always
    /// there if the source has `begins`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_us: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Keeps rows for which it is true. A row for which it is an error stays, poisoned by that error.
    Where(Expr),
    /// Appends a column.
    Let(Expr),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TransformColumn {
    pub name: String,
    pub ty: Type,
}

/// A named feature vector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub name: String,
    pub doc: Option<String>,
    /// In declared order; each is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// In declared order, globs expanded in the views' order.
    pub fields: Vec<ServiceField>,
    /// Those of its own, in declared order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<ServiceFeature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServiceField {
    /// The output column: `view__feature`, `role__feature`, or a name of its own.
    pub name: String,
    pub view: ViewId,
    pub feature: FeatureId,
    /// Of the view; `None`: the view itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
    /// Whether an answer in which the feature has any status but `ok` is an error (`fallback gate`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gate: bool,
}

/// What the names of columns with statuses end with.
const STATUS: &str = "__status";

/// The column of the statuses of an output column.
pub fn status_column(output: &str) -> String {
    format!("{output}{STATUS}")
}

/// The output column whose statuses a column has, by its name.
pub fn of_status_column(name: &str) -> Option<&str> {
    name.strip_suffix(STATUS)
}

impl Source {
    /// What the names of columns with cuts begin with.
    pub const CUT: &'static str = "cut_";

    /// The column that says when a row was known, if one does.
    pub fn arrival_column(&self) -> Option<ColumnId> {
        match self.arrival {
            Some(Arrival::Column(column)) => Some(column),
            Some(Arrival::AfterTime { .. } | Arrival::Static) | None => None,
        }
    }

    /// Whether its rows say when they arrived: as served it has a cut then.
    pub fn tells_arrival(&self) -> bool {
        match self.arrival {
            Some(Arrival::Column(_) | Arrival::AfterTime { .. }) => true,
            Some(Arrival::Static) | None => false,
        }
    }

    /// Up to which arrival questions see its events under a truth; rows that never change are seen whatever their arrival.
    pub fn cut_under(&self, truth: Truth) -> Cut {
        match self.arrival {
            Some(Arrival::Static) => Cut::Open,
            Some(Arrival::Column(_) | Arrival::AfterTime { .. }) | None => truth.cut(self.delay_us),
        }
    }

    /// The pipeline delay that holds under a truth, in microseconds; `None` where the cut is no function of the instant: in
    /// truths `complete` and `as_served`, and for rows that never change.
    pub fn delay_under(&self, truth: Truth) -> Option<u64> {
        match self.cut_under(truth) {
            Cut::Delayed { delay_us } => Some(delay_us),
            Cut::Open | Cut::Given => None,
        }
    }

    /// The column of questions that brings the cut of this source, in truth `as_served`.
    pub fn cut_key(&self) -> Key {
        Key {
            name: format!("{}{}", Source::CUT, self.name),
            ty: Type::Timestamp,
        }
    }
}

impl Program {
    /// Version of the wire form; a reader refuses any other.
    pub const VERSION: u32 = 2;

    pub fn entity(&self, id: EntityId) -> &Entity {
        &self.entities[id.index()]
    }

    pub fn source(&self, id: SourceId) -> &Source {
        &self.sources[id.index()]
    }

    pub fn transform(&self, id: TransformId) -> &Transform {
        &self.transforms[id.index()]
    }

    pub fn view(&self, id: ViewId) -> &View {
        &self.views[id.index()]
    }

    /// The source that a view reads.
    pub fn view_source(&self, view: &View) -> &Source {
        self.source(self.transform(view.transform).source)
    }

    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// How far back a feature looks for *any* event of its entity before it says `missing`, in microseconds:
    /// the farthest reach of a window + lateness + the default read skew of one hour. `None`: for ever.
    pub fn retention_us(&self, view: &View, feature: FeatureId) -> Option<u64> {
        let windows = view.windows_of(feature);
        retention_us(
            windows.iter().map(|window| window.kind),
            self.view_source(view).lateness,
        )
    }
}

/// Skew of a source that says none: five minutes.
pub const DEFAULT_SKEW_US: u64 = 300_000_000;

/// How long after its instant a question may still come: the default of this release.
pub const READ_SKEW_US: u64 = 3_600_000_000;

/// See [`Program::retention_us`].
pub(crate) fn retention_us(windows: impl IntoIterator<Item = WindowKind>, lateness: Lateness) -> Option<u64> {
    let mut longest: u64 = 0;
    for window in windows {
        longest = longest.max(window.bounds().reach_us()?);
    }
    longest.checked_add(lateness.bound_us())?.checked_add(READ_SKEW_US)
}
