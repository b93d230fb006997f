//! The streaming engine: deterministic step and read.
