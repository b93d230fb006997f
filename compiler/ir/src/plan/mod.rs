//! Plans as inert data: an algebra of a few operators, and the two plans that are made of them.
//!
//! ```text
//! BatchPlan    Spine ┐
//!              Scan ─ Accept ─ Steps ─ Place ─ KeyBy ─ Lift ─ Dedup ─ Order ─ Restrict ─ Fold ─ Finish ┴─ Compose ─ Derive
//! StreamGraph  Scan ─ Accept ─ Steps ─ Place ─ KeyBy ─ Lift ─ Gate ─ Dedup ─ Order (a log) ─ Fold ─ Finish ─ Compose ─ Derive
//! ```
//!
//! Every operator says in its documentation which function it is: of a set of rows, or of an entity and an instant. The
//! plans are structs in which their order cannot be written otherwise. They name columns by position, and say every
//! choice that does not depend on data; engines run them, and never see a `Program`.

mod batch;
mod operators;
mod regroup;
mod spec;
mod stream;

pub use crate::method::Method;
pub use batch::{BatchPlan, Pipeline};
pub use operators::{
    Accept, Compose, Dedup, Derive, DeriveFeature, DeriveInput, Finish, Fold, FoldSlot, KeyBy, Lift, Order, OrderKey,
    Pages, Part, Place, Presence, Restrict, Rows, Scan, ScanColumn, Spine, Steps, Stop, Visibility, Walk,
};
pub use spec::{FinishFeature, FinishKind, FinishSpec, FoldSpec, RowSpec};
pub use stream::{
    AnswerId, LogId, Retention, RowsId, StateSchema, StreamAnswer, StreamGraph, StreamLog, StreamRows, StreamSource,
    StreamSourceId,
};
