//! Values, columns and the evaluator on drawn data; the evaluator against the one of the model.

mod arbitrary;
mod columns;
mod eval;
mod scalars;
