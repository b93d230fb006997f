//! The rows that travel between our nodes.
//!
//! | rows | columns |
//! |---|---|
//! | events | `entity` (its number), `time`, `id` (a word, or a key as bytes), `digest` when ids occur twice, `arrival` when the truth asks, `poison` if a `where` or an `at` can fail, then the lifts |
//! | answers | `row` (position in the spine), `time`, per slot its value; when statuses are wanted, per slot its status as a byte, and per presence a bool |
//! | features | `row`, per output feature its value in its final type and, when wanted, its status as a byte, all [packed](crate::packed); the rows of one block of the spine after those of another |

use crate::codec::Wire;
use crate::packed::Layout;
use crate::scan::IdColumn;
use arrow::datatypes::{DataType, Field, Schema};
use featc_ir::plan::{FinishSpec, FoldSpec, RowSpec};
use featc_ir::{Expr, Source, Step};
use featr_decode::arrow_type;

/// Bytes of a row digest.
pub(crate) const DIGEST_BYTES: i32 = 16;

/// How the events of a `Rows` node travel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct EventLayout {
    /// Whether ids are words; else they are keys as bytes.
    pub words: bool,
    /// Whether events carry their arrivals.
    pub arrival: bool,
    pub poison: bool,
    pub lifts: Vec<Wire>,
}

impl EventLayout {
    pub fn new(source: &Source, spec: &RowSpec, arrival: bool) -> EventLayout {
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
            arrival: arrival && source.arrival.is_some(),
            poison,
            lifts: lifts.collect(),
        }
    }

    /// The columns of events; with digests when ids occur twice.
    pub fn schema(&self, digests: bool) -> Schema {
        let id = if self.words { DataType::Int64 } else { DataType::Binary };
        let mut fields = vec![
            Field::new("entity", DataType::UInt32, false),
            Field::new("time", DataType::Int64, false),
            Field::new("id", id, false),
        ];
        if digests {
            fields.push(Field::new("digest", DataType::FixedSizeBinary(DIGEST_BYTES), false));
        }
        if self.arrival {
            fields.push(Field::new("arrival", DataType::Int64, false));
        }
        if self.poison {
            fields.push(Field::new("poison", DataType::UInt8, false));
        }
        for (position, lift) in self.lifts.iter().enumerate() {
            fields.extend(lift.fields(&format!("lift{position}")));
        }
        Schema::new(fields)
    }
}

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
pub(crate) fn answer_fields(spec: &FoldSpec, with_status: bool) -> Vec<Field> {
    let mut fields = vec![
        Field::new("row", DataType::UInt32, false),
        Field::new("time", DataType::Int64, false),
    ];
    for (position, wire) in slot_wires(spec).into_iter().enumerate() {
        fields.extend(wire.fields(&format!("slot{position}")));
    }
    if with_status {
        fields.extend((0..spec.slots.len()).map(|at| Field::new(format!("status{at}"), DataType::UInt8, false)));
        fields.extend((0..spec.presence.len()).map(|at| Field::new(format!("present{at}"), DataType::Boolean, false)));
    }
    fields
}

/// How the features of a node travel.
pub(crate) fn feature_layout(spec: &FinishSpec, with_status: bool) -> Layout {
    let mut columns = vec![];
    for feature in spec.features.iter().filter(|feature| feature.output) {
        columns.push(Field::new(&feature.name, arrow_type(feature.ty), true));
        if with_status {
            columns.push(Field::new(format!("{}__status", feature.name), DataType::UInt8, false));
        }
    }
    Layout::new(columns)
}

/// The columns of features.
pub(crate) fn feature_fields(layout: &Layout) -> Vec<Field> {
    let row = Field::new("row", DataType::UInt32, false);
    std::iter::once(row).chain(layout.fields()).collect()
}
