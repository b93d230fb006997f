//! Values, the one expression evaluator, and every scalar function and aggregate.
//!
//! Nulls, NaN, overflow and ordering are decided here, once, for both engines.
//!
//! Architecture invariant: no Arrow types, no plans, no I/O, no clock, no randomness. Boundaries are plain slices.

pub mod aggregate;
pub mod calendar;
pub mod column;
pub mod decimal;
pub mod eval;
pub mod events;
pub mod exact;
pub mod finish;
pub mod identity;
pub mod ratio;
pub mod rows;
pub mod tables;
pub mod tag;
pub mod value;

pub use column::{Batch, Column, Data, StrData, set_room};
pub use tag::Tag;
pub use value::Value;
