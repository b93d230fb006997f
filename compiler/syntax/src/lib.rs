//! Text to syntax tree, formatter and diagnostics.
