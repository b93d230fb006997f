//! Hand-computed answers, one small world each.

mod aggregates;
mod sources;
mod statuses;
mod world;
