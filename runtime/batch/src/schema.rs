//! The rows that travel between our nodes.
//!
//! | rows | columns |
//! |---|---|
//! | spine | the questions' own columns, then `time`, per kind of entity its number (or [`NOBODY`](crate::entities::NOBODY)), and the columns that are handed on: what `excluding self` compares with, and cuts |
//! | events, as dealt to partitions | `entity` (its number), `time`, `id` (a word, or a key as bytes), `digest` when ids occur twice, `arrival` when the truth asks, `poison` if a `where` or an `at` can fail, then the lifts |
//! | events, in order | `entity`, `time`, `tie` (its place among the entity's events of that time), `id` if a window excludes by it, and the rest as above; each event once |
//! | answers | `row` (position in the spine), `time`, `lag` (how far the cut is behind, where questions bring it), per slot its value; when statuses are wanted, per slot its status as a byte, and per presence a bool |
//! | features | `row`, per output feature its value in its final type and, when wanted, its status as a byte; the rows of one block of the spine after those of another |

use crate::id_column::IdColumn;
use crate::wire::Wire;
use arrow::datatypes::{DataType, Field, Schema};
use featc_ir::plan::{FinishSpec, FoldSpec, RowSpec};
use featc_ir::{Cut, Expr, Source, Step};
use featr_decode::arrow_type;
use serde::{Deserialize, Serialize};

/// Bytes of a row digest.
pub(crate) const DIGEST_BYTES: i32 = 16;

/// How the events of a pipeline travel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct EventLayout {
    /// Whether ids are words; else they are keys as bytes.
    pub words: bool,
    /// Whether ids are read once events are in order.
    pub ids: bool,
    /// Whether events carry their arrivals.
    pub arrival: bool,
    /// Whether these are when the tables that an event looks into were known, too.
    pub awaits: bool,
    pub poison: bool,
    pub lifts: Vec<Wire>,
}

impl EventLayout {
    pub fn new(source: &Source, spec: &RowSpec, fold: &FoldSpec, (arrival, awaits): (bool, bool)) -> EventLayout {
        // Source columns hold no errors; a let column does if its expression can fail or reads one that does.
        let mut failing = vec![false; source.columns.len()];
        let mut poison = false;
        for step in &spec.steps {
            match step {
                Step::Where(expr) => poison |= can_fail(expr, &failing),
                Step::Let(expr) => failing.push(can_fail(expr, &failing)),
            }
        }
        poison |= can_fail(&spec.time, &failing);
        let lifts = spec.lifts.iter().map(|lift| Wire {
            ty: lift.ty,
            tagged: can_fail(lift, &failing),
        });
        EventLayout {
            words: IdColumn::is_words(source),
            ids: !fold.self_columns.is_empty(),
            arrival: arrival && source.arrival.is_some(),
            awaits: arrival && awaits,
            poison,
            lifts: lifts.collect(),
        }
    }

    fn id(&self) -> Field {
        let id = if self.words { DataType::Int64 } else { DataType::Binary };
        Field::new("id", id, false)
    }

    /// The columns of events as they are dealt; with digests when ids occur twice.
    pub fn dealt(&self, has_digests: bool) -> Schema {
        let mut fields = vec![
            Field::new("entity", DataType::UInt32, false),
            Field::new("time", DataType::Int64, false),
            self.id(),
        ];
        if has_digests {
            fields.push(Field::new("digest", DataType::FixedSizeBinary(DIGEST_BYTES), false));
        }
        self.others(&mut fields);
        Schema::new(fields)
    }

    /// The columns of events in order.
    pub fn sorted(&self) -> Schema {
        let mut fields = vec![
            Field::new("entity", DataType::UInt32, false),
            Field::new("time", DataType::Int64, false),
            Field::new("tie", DataType::UInt32, false),
        ];
        if self.ids {
            fields.push(self.id());
        }
        self.others(&mut fields);
        Schema::new(fields)
    }

    fn others(&self, fields: &mut Vec<Field>) {
        if self.arrival {
            fields.push(Field::new("arrival", DataType::Int64, false));
        }
        if self.poison {
            fields.push(Field::new("poison", DataType::UInt8, false));
        }
        for (position, lift) in self.lifts.iter().enumerate() {
            fields.extend(lift.fields(&format!("lift{position}")));
        }
    }

    /// What events take while they are sorted and answered, in bytes, about: as they come, as the merge reads them, their
    /// order, and prefix totals. `bytes` is what they take as they come.
    pub fn work_bytes(&self, rows: usize, bytes: usize) -> usize {
        2 * bytes + rows * (32 + 32 * self.lifts.len())
    }
}

/// Columns that order events: entity, time, tie.
pub(crate) const EVENT_ORDER: [&str; 3] = ["entity", "time", "tie"];

fn can_fail(expr: &Expr, failing: &[bool]) -> bool {
    let mut reads_failing = false;
    expr.for_each_column(&mut |id| reads_failing |= failing.get(id.index()).copied().unwrap_or(true));
    reads_failing || expr.can_fail()
}

/// How the value of a slot travels: an error is its tag.
pub(crate) fn slot_wires(spec: &FoldSpec) -> Vec<Wire> {
    spec.slots
        .iter()
        .map(|slot| Wire {
            ty: slot.ty,
            tagged: true,
        })
        .collect()
}

/// The columns of answers.
pub(crate) fn answer_fields(spec: &FoldSpec, cut: Cut, with_status: bool) -> Vec<Field> {
    let mut fields = vec![
        Field::new("row", DataType::UInt32, false),
        Field::new("time", DataType::Int64, false),
    ];
    if cut == Cut::Given {
        fields.push(Field::new("lag", DataType::UInt64, false));
    }
    for (position, wire) in slot_wires(spec).into_iter().enumerate() {
        fields.extend(wire.fields(&format!("slot{position}")));
    }
    if with_status {
        fields.extend((0..spec.slots.len()).map(|at| Field::new(format!("status{at}"), DataType::UInt8, false)));
        fields.extend((0..spec.presence.len()).map(|at| Field::new(format!("present{at}"), DataType::Boolean, false)));
    }
    fields
}

/// The columns of the features of a node: where each row belongs, and per feature its value and, when wanted, its status.
pub(crate) fn feature_fields(spec: &FinishSpec, with_status: bool) -> Vec<Field> {
    let mut columns = vec![Field::new("row", DataType::UInt32, false)];
    for feature in spec.features.iter().filter(|feature| feature.output) {
        columns.push(Field::new(&feature.name, arrow_type(feature.ty), true));
        if with_status {
            columns.push(Field::new(
                featc_ir::status_column(&feature.name),
                DataType::UInt8,
                false,
            ));
        }
    }
    columns
}
