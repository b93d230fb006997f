//! The contract between the compiler and the engines: types, expressions, programs and plans as inert data.
//!
//! ```text
//! ir::Program ─┬─ lower_batch ──▶ BatchPlan
//!              └─ lower_stream ─▶ StreamGraph
//! ```
//!
//! Everything here is plain data with a version, printable ([`std::fmt::Display`]) and serialisable (serde).
//! Columns are referred to by index, never by name: there is nothing left to look up.
//!
//! Architecture invariant: this crate knows no syntax, no Arrow, no DataFusion and does no I/O.

pub mod aggregate;
mod bounds;
pub mod build;
pub mod calendar;
mod columns;
mod contents;
pub mod display;
pub mod expr;
pub mod function;
pub mod hash;

mod form;
pub mod id;
pub mod manifest;
mod method;
mod period;
pub mod plan;
mod portion;
pub mod program;
mod questions;
pub mod shift;
mod slot;
pub mod table;
pub mod testing;
pub mod types;
pub mod typing;
pub mod wf;
pub mod window;
pub mod wire;
pub mod work;
mod zone;

pub use aggregate::Aggregate;
pub use bounds::{Bounds, by_reach};
pub use columns::{FileFormat, FileSet, KAFKA, Key, SourceColumn};
pub use contents::Contents;
pub use expr::{BinaryOp, Expr, ExprKind, Literal, Lookup, Table, TableRows, UnaryOp, Versions};
pub use form::{ColumnForm, EpochUnit, ReadAs};
pub use function::Function;
pub use id::{ColumnId, EntityId, FeatureId, LiftId, RoleId, SlotId, SourceId, TransformId, ViewId, WindowId};
pub use period::Unit;
pub use portion::Portion;
pub use program::{
    Arrival, AskedFeature, At, DEFAULT_SKEW_US, Entity, Feature, FeatureKind, Lateness, Origin, Origins, Program,
    READ_SKEW_US, Role, Service, ServiceFeature, ServiceField, ServiceInput, Source, Step, Transform, TransformColumn,
    View, of_status_column, status_column,
};
pub use slot::Slot;
pub use types::{Cut, ErrorCode, Status, Truth, Type};
pub use window::{Choice, Excluding, Window, WindowKind};
pub use zone::{NoZone, Zone};

/// A broken promise of an earlier phase: never the user's fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bug(pub String);

impl std::fmt::Display for Bug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "internal error: {}", self.0)
    }
}

impl std::error::Error for Bug {}
