//! The operators. Each one's documentation begins with what it denotes.

use super::spec::FinishFeature;
use crate::aggregate::Aggregate;
use crate::expr::{Expr, Literal};
use crate::form::ColumnForm;
use crate::id::{ColumnId, LiftId, WindowId};
use crate::method::Method;
use crate::program::{Arrival, At, FileSet, Key, Lateness, Source, Step};
use crate::types::Type;
use crate::window::Window;
use serde::{Deserialize, Serialize};

/// The questions: a list of (entity, t). A question brings the keys of every entity of the service, the identities that
/// `excluding self` compares with, and what features of the service read of it, each column once, by name. In the stream it
/// is a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spine {
    pub keys: Vec<Key>,
    pub self_columns: Vec<Key>,
    /// Fields of requests, which features of the service read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request: Vec<Key>,
}

/// The set of decoded rows of a source: those of its files (in batch) or of what is delivered (in the stream), each a value
/// per column, in declared order. `read` are the columns whose values anything below looks at, ascending; the others
/// count only to tell copies from different rows of one identity, and an engine may leave them unread where no identity
/// occurs twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    pub source: String,
    pub columns: Vec<ScanColumn>,
    pub read: Vec<ColumnId>,
    /// Time zone of timestamps that carry no offset; without it such values are refused.
    pub zone: Option<String>,
    /// Whether NaN stays NaN; otherwise it decodes to null.
    pub keep_nan: bool,
    pub batch: Option<FileSet>,
    pub stream: Option<FileSet>,
}

/// A column of decoded rows, and how files hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanColumn {
    pub name: String,
    pub ty: Type,
    #[serde(default, skip_serializing_if = "ColumnForm::is_plain")]
    pub form: ColumnForm,
}

/// The rows of a set that came in time, each judged by itself: no null in a `required` column (ascending) nor in `time`
/// nor in the arrival column; and where lateness is bounded, α − τ ≤ bound and τ − α ≤ skew. The others are counted by
/// reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    pub required: Vec<ColumnId>,
    pub time: ColumnId,
    pub arrival: Option<Arrival>,
    pub lateness: Lateness,
    pub skew_us: u64,
}

/// What a transform makes of each row: a `let` appends a column, a `where` keeps the row if true, drops it if false or
/// null, and poisons it if an error. Row by row, in the order written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// The transform's name, for messages.
    pub transform: String,
    /// Over the source's columns and the lets before.
    pub steps: Vec<Step>,
    /// The names of the lets, in order.
    pub lets: Vec<String>,
}

/// Gives each row its event time. Null: it does not count. An error: it stays at the source's time, poisoned. Where
/// `at` bounds it, a row before the source's time or later than the bound allows is rejected for the view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub time: Expr,
    /// What holds for `time` where it is not the source's time column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
}

/// Gives each row its entity: these columns of the transform's row, in the entity's order. A null among them: the row
/// does not count. An error: it is rejected for the view. A question finds the entity by the columns in `entity`, unless
/// the fold says others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBy {
    pub columns: Vec<ColumnId>,
    pub entity: Vec<Key>,
}

/// What an event carries on: the value of each expression over the transform's row, and nothing else of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lift(pub Vec<Expr>);

/// From accepted rows to events: the four operators that look at one row at a time, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    pub steps: Steps,
    pub place: Place,
    pub key: KeyBy,
    pub lift: Lift,
}

/// Copies become one event: rows that are equal in every declared column but the arrival. Its arrival is the least of
/// theirs. The event's identity are these columns, in declared order; different rows of one identity stay different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dedup {
    pub identity: Vec<ColumnId>,
}

/// The events of an entity in a total order, so that "first", "last" and ties have one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub by: Vec<OrderKey>,
}

/// What events are ordered by, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKey {
    /// τ.
    Time,
    /// The identity, column by column, null first.
    Identity,
    /// The hash of the row without its arrival: arbitrary, always the same.
    Digest,
}

impl Order {
    /// The order of `docs/semantics.md` §5.
    pub const EVENTS: [OrderKey; 3] = [OrderKey::Time, OrderKey::Identity, OrderKey::Digest];
}

/// The events that some question may read: those of entities that the spine names, after the first question less
/// `after_us` (`None`: no bound) and until the last one. It drops nothing that any window or presence of the fold below
/// reaches, so no answer depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restrict {
    pub after_us: Option<u64>,
}

/// Which events a question at `t` may see: a function of an event's arrival. Whether arrival is asked at all is a parameter
/// of the run, the *truth*: in truth `complete` all of these are `Always`, and in truth `as_served` the question brings the
/// last arrival that it sees, in place of t − delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Every accepted event: rows that never change.
    Always,
    /// Those with α ≤ t − delay. A run may put another delay in place of this one. In the stream it is a gate in front of
    /// the log: an event waits there until the cut has reached α + delay.
    AsOf { delay_us: u64 },
}

impl Visibility {
    /// Of the events of a source.
    pub fn of(source: &Source) -> Visibility {
        match source.arrival {
            Some(Arrival::Static) => Visibility::Always,
            Some(Arrival::Column(_) | Arrival::AfterTime { .. }) | None => Visibility::AsOf {
                delay_us: source.delay_us,
            },
        }
    }
}

/// The answer to (entity, t): per slot a value and a status, per presence whether there is an event. A slot folds the
/// events of the entity that are visible, lie in its window and pass its filter, in their order. How it does so, its method,
/// changes no bit, by the law of the method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// The columns of the question by which it finds the entity, in the order of its keys, where they are others than those
    /// of the key that its events are under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Vec<Key>>,
    pub windows: Vec<Window>,
    pub slots: Vec<FoldSlot>,
    /// Distinct lookbacks for the status `missing`. Exclusions play no role here.
    pub presence: Vec<Presence>,
    /// The columns of the question that `excluding self` compares with the event's identity; empty when no window says so.
    pub self_columns: Vec<Key>,
}

/// An aggregate over a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldSlot {
    pub aggregate: Aggregate,
    /// [`Aggregate::version`] of the engines that the plan was made for.
    pub version: u32,
    pub argument: Option<LiftId>,
    /// The second argument, of aggregates that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<LiftId>,
    /// A boolean lift: the aggregate's own `where`.
    pub filter: Option<LiftId>,
    /// A boolean lift: of which event a window `since` begins with the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<LiftId>,
    pub window: WindowId,
    pub ty: Type,
    pub visibility: Visibility,
    pub method: Method,
}

/// How a log is read for a fold: what is kept per page, and in which order windows are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    pub parts: Vec<Part>,
    /// Per slot of the fold, the position of its part.
    pub of_slots: Vec<u32>,
    /// In the order in which they are taken. Every slot is answered in exactly one of them.
    pub walks: Vec<Walk>,
}

/// What slots share whatever their window: a state per page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Part {
    pub aggregate: Aggregate,
    pub argument: Option<LiftId>,
    /// The second argument, of aggregates that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<LiftId>,
    pub filter: Option<LiftId>,
}

/// Windows that are answered one after the other from what the one before left. They end alike, and one lies within the
/// other; a window that chooses among events is alone, with slots of one filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// Whether states may be remembered on the way: where to copy one is cheaper than to fold half a page.
    pub saves: bool,
    /// From the shortest window to the longest.
    pub stops: Vec<Stop>,
}

/// Where a walk answers the slots of one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub window: WindowId,
    /// Positions in [`Fold::slots`].
    pub slots: Vec<u32>,
}

/// Whether any visible event of the entity has τ in (t − reach, t]; `None`: τ ≤ t.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    pub reach_us: Option<u64>,
    pub visibility: Visibility,
}

/// From the slots of (entity, t) to features: expression, status, default, then what is derived from other features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// The instant from which the source is complete.
    pub begins_us: Option<i64>,
    /// How much later than the source's time event times may lie: 0 where nothing asks.
    pub moved_us: u64,
    /// In evaluation order: inputs come before what is derived from them.
    pub features: Vec<FinishFeature>,
}

/// One row per question: the question's own columns, then these features, each an answer and a position among the
/// features that leave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Compose(pub Vec<(u32, u32)>);

impl Rows {
    /// Every column that the steps, the time, the key and the lifts look at.
    pub fn for_each_column(&self, look: &mut dyn FnMut(ColumnId)) {
        for step in &self.steps.steps {
            match step {
                Step::Where(expr) | Step::Let(expr) => expr.for_each_column(&mut |id| look(id)),
            }
        }
        self.place.time.for_each_column(&mut |id| look(id));
        self.place.at.iter().for_each(|at| look(at.source_time));
        self.key.columns.iter().for_each(|id| look(*id));
        self.lift
            .0
            .iter()
            .for_each(|lift| lift.for_each_column(&mut |id| look(id)));
    }
}

impl Method {
    /// Whether the merge can compute an aggregate so.
    pub fn serves(self, aggregate: Aggregate) -> bool {
        match self {
            Method::Prefix | Method::Extreme | Method::Edge | Method::Values | Method::Ranks => {
                aggregate.row().method == Some(self)
            }
            Method::Deltas => aggregate.is_group(),
            // States of `first` and `last` compare identities, which the merge reads for `excluding self` alone.
            Method::States => !matches!(aggregate, Aggregate::First { .. } | Aggregate::Last { .. }),
            Method::Pages => false,
        }
    }
}

/// Features of the service's own: what is computed per question of its own columns and of the features of the answers. A
/// value is the expression over the inputs' final values, then the default where it is null; its status is the worst of the
/// inputs' and of its own error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Derive(pub Vec<DeriveFeature>);

impl Derive {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a feature reads a field, by its position in [`Spine::request`].
    pub fn reads_field(&self, field: u32) -> bool {
        let mut inputs = self.0.iter().flat_map(|feature| &feature.inputs);
        inputs.any(|input| *input == DeriveInput::Field(field))
    }

    /// What it takes from the answers: pairs as of [`Compose`], each once.
    pub fn reads(&self) -> Vec<(u32, u32)> {
        let mut reads = Vec::new();
        for input in self.0.iter().flat_map(|feature| &feature.inputs) {
            if let DeriveInput::Answer(answer, place) = input
                && !reads.contains(&(*answer, *place))
            {
                reads.push((*answer, *place));
            }
        }
        reads
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeriveFeature {
    pub name: String,
    pub ty: Type,
    /// Column i of `expr` is the i-th.
    pub inputs: Vec<DeriveInput>,
    pub expr: Expr,
    pub default: Option<Literal>,
}

/// What a feature of the service's own reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeriveInput {
    /// The instant.
    At,
    /// A position in [`Spine::request`].
    Field(u32),
    /// An answer, and a position among the features that leave it.
    Answer(u32, u32),
    /// A position among the features of the service's own, before this one's.
    Own(u32),
}
