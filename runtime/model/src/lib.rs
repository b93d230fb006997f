//! The slow, obvious evaluator of a typed program.
